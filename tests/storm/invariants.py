"""What must be true of the shop when the storm is over and nothing moves any more."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import accounts
import msgspec
from strict_stripe import StripeServer

from chalicelib.logistics.states import GONE
from chalicelib.orders import tables
from tests.storm import bookkeeping, changes, comebacks, gifts, paperwork, quarrels, ways
from tests.storm.dynamodb import DynamoDB
from tests.storm.shop import Books, Town


class Shop:
    """All that the tables hold, read past every page and index."""

    def __init__(self, database: DynamoDB) -> None:
        from chalicelib.core.settings import settings
        from chalicelib.logistics.tables import LogisticsItem
        from chalicelib.orders.tables import OrdersItem
        from chalicelib.payments.tables import PaymentsItem

        self.events: list[dict[str, Any]] = []
        self.items: defaultdict[str, list[Any]] = defaultdict(list)
        kinds = {"orders": OrdersItem, "payments": PaymentsItem, "logistics": LogisticsItem}
        for module, model in kinds.items():
            for raw in database.tables[settings.tables[module]].items():
                kind = raw["kind"]["S"]
                if kind == "outbox":
                    detail = msgspec.json.decode(raw["detail"]["S"])
                    self.events.append({"name": raw["name"]["S"], **detail})
                elif kind != "idempotency":
                    self.items[kind].append(model.from_raw_data(dict(raw)))
        self.orders = {order.id: order for order in self.items["order"]}
        self.reservations = _by_order(self.items["reservation"])
        self.shipments = _by_order(self.items["shipment"])
        self.attempts = _by_order(self.items["attempt"])
        self.refunds = _by_order(self.items["refund"])
        self.refund_ids = {refund.id for refund in self.items["refund"]}


def _by_order(items: list[Any]) -> defaultdict[str, list[Any]]:
    grouped: defaultdict[str, list[Any]] = defaultdict(list)
    for item in items:
        grouped[item.order_id].append(item)
    return grouped


def broken(database: DynamoDB, town: Town) -> list[str]:
    """The invariants that do not hold, each in a sentence; empty if the shop is sound."""
    shop = Shop(database)
    return [
        *(f"the shop's code: {error}" for error in town.aws.errors),
        *(f"a client was answered wrongly: {answer}" for answer in town.books.wrong),
        *(f"a transaction still holds {key}" for key in database.locks),
        *stock(shop),
        *orders(shop, town.books),
        *reservations(shop),
        *money(shop, town.books),
        *in_the_ledger(shop),
        *bookkeeping.sound(shop, town),
        *at_the_provider(shop, town.bank.server),
        *(f"Stripe: {what}" for what in town.bank.server.wrong),
        *changes.sound(shop),
        *comebacks.sound(shop, town.books.returns),
        *told_once(shop),
        *hoarding(shop),
        *holds(shop),
        *gifts.sound(shop),
        *paperwork.sound(shop, town.aws.bucket.files),
        *quarrels.sound(shop, town.bank.quarrels.book),
    ]


def stock(shop: Shop) -> Iterator[str]:
    """No piece is sold twice, and none gets lost."""
    counted: Counter[tuple[str, str]] = Counter()
    for count in shop.items["stock_count"]:
        counted[count.sku, count.location] += int(count.change)
    held: Counter[tuple[str, str]] = Counter()
    consumed: Counter[tuple[str, str]] = Counter()
    for reservation in shop.items["reservation"]:
        sums = {"held": held, "consumed": consumed}.get(reservation.state)
        if sums is not None:
            sums[reservation.sku, reservation.location] += int(reservation.quantity)
    levels: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for level in shop.items["stock_level"]:
        place = (level.sku, level.location)
        on_hand, available, reserved = int(level.on_hand), int(level.available), int(level.reserved)
        levels[place].update(on_hand=on_hand, reserved=reserved)
        if on_hand != available + reserved or min(on_hand, available, reserved) < 0:
            yield f"stock of {place}: {on_hand} on hand, {available} available, {reserved} reserved"
    for place, sums in levels.items():
        on_hand, reserved = sums["on_hand"], sums["reserved"]
        if reserved != held[place]:
            yield f"stock of {place}: {reserved} reserved, but {held[place]} held by orders"
        if on_hand != counted[place] - consumed[place]:
            yield f"stock of {place}: {on_hand} on hand, but {counted[place]} counted and {consumed[place]} sent"


def orders(shop: Shop, books: Books) -> Iterator[str]:
    """Each order is the one of one cart, and one of each Idempotency-Key; none is left lying."""
    checked_out = Counter(cart.order_id for cart in shop.items["cart"] if cart.order_id)
    for order_id, order in shop.orders.items():
        if checked_out[order_id] != (0 if order.exchange_of else 1):
            yield f"{order_id} belongs to {checked_out[order_id]} carts"
        if order.state not in ("completed", "canceled", "expired"):
            yield f"{order_id} is left {order.state}, with {[s.state for s in shop.shipments[order_id]]} shipments"
    for order_id in checked_out.keys() - shop.orders.keys():
        yield f"a cart became {order_id}, which does not exist"
    for key, told in (books.orders | books.carts).items():
        if len(told) != 1:
            yield f"under the key {key} clients were told of {sorted(told)}"
    for told in books.orders.values():
        yield from (f"a client was told of {order_id}, which does not exist" for order_id in told - shop.orders.keys())
    for order_id in books.canceled:
        if shop.orders[order_id].state != "canceled":
            yield f"{order_id} was canceled, its guest was told, and it is {shop.orders[order_id].state}"
    snapshots = {(snapshot.pk, snapshot.sk): snapshot for snapshot in shop.items["order_snapshot"]}
    for order_id, order in shop.orders.items():
        lines = snapshots[order.pk, tables.snapshot_key(order_id, int(order.revision))["sk"]].lines
        if sum(line.quantity for line in lines) != int(order.quantity):
            yield f"{order_id} is of {order.quantity} pieces, its lines are of others"


def reservations(shop: Shop) -> Iterator[str]:
    """What is set aside for an order is what became of the order."""
    for order_id, order in shop.orders.items():
        mine = shop.reservations[order_id]
        if sum(int(reservation.quantity) for reservation in mine) != int(order.to_send):
            yield f"of {order_id} {order.to_send} pieces are to be sent, and it has other reservations"
        wanted = {"completed": "consumed", "canceled": "released", "expired": "released"}.get(order.state)
        states = sorted({reservation.state for reservation in mine})
        if wanted and states != ([wanted] if order.to_send else []):
            yield f"{order_id} is {order.state} and its reservations are {states}"
        # A parcel out of which everything was taken is no parcel.
        parcels = sorted({s.state for s in shop.shipments[order_id] if s.lines or s.state != "canceled"})
        if order.state == "completed" and parcels != (["delivered"] if order.to_send else []):
            yield f"{order_id} is completed and its shipments are {parcels}"
        if order.state in ("canceled", "expired") and parcels not in ([], ["canceled"]):
            yield f"{order_id} is {order.state} and its shipments are {parcels}"
        seen = {shipment.id: shipment.state for shipment in shop.shipments[order_id]}
        marks = {shipment_id: mark.state for shipment_id, mark in order.shipments.items()}
        if seen != marks and order.state != "canceled":
            yield f"{order_id} shows its shipments as {marks}, and they are {seen}"
    for order_id in shop.reservations.keys() - shop.orders.keys():
        yield f"stock is reserved for {order_id}, which does not exist"


def money(shop: Shop, books: Books) -> Iterator[str]:
    """Who got goods has paid for them once; who got none has paid nothing, or has it back."""
    from chalicelib.payments import balance

    for order_id, order in shop.orders.items():
        attempts = shop.attempts[order_id]
        # Of an order that is off nobody asks what was promised for it.
        off = order.state in ("canceled", "expired")
        marks = {a.id: (0 if off else a.authorized.amount, a.captured.amount, int(a.refunded)) for a in attempts}
        shown = {k: (0 if off else mark.authorized, mark.captured, mark.refunded) for k, mark in order.payments.items()}
        if any(sums != shown.get(key, (0, 0, 0)) for key, sums in marks.items()):
            yield f"{order_id} shows its payments as {shown}, and they are {marks}"
        captured = sum(attempt.captured.amount for attempt in attempts)
        # What it came to cost later, changes.py looks at; of an exchange that is off perhaps only goods had paid.
        as_placed = int(order.revision) == 1 and not (off and order.exchange_of) and not ways.is_surplus(attempts)
        if captured not in (gifts.paid_at_once(attempts), order.total.amount) and as_placed:
            yield f"{order_id}: of {order.total.amount} there were {captured} paid"
        missing = balance.owed(attempts) - sum(map(balance.paid, attempts))
        if order.state == "completed" and missing > 0:
            yield f"{order_id} is completed, and {missing} were not paid"
        # What a bank kept the shop has not, and need not give back, even if it pays for an exchange already.
        kept = max(0, captured - sum(int(attempt.refunded) + attempt.with_banks for attempt in attempts))
        failed = any(_is_for_a_person(refund) for refund in shop.refunds[order_id])
        if order.state in ("canceled", "expired") and kept and not failed:
            yield f"{order_id} is {order.state} and {kept} are kept"
        if order.state in ("canceled", "expired") and any(
            a.state not in ("canceled", "failed", "captured") for a in attempts
        ):
            yield f"{order_id} is {order.state} and its payments are {[a.state for a in attempts]}"
        # Beside credit that went back at once, cash may have been counted only later.
        counted_later = gifts.paid_at_once(attempts) and order.payment_method == "cash_on_delivery"
        if kept and order_id in books.refunds and not failed and int(order.revision) == 1 and not counted_later:
            yield f"{order_id} was to be refunded and {kept} are kept"
    for order_id in shop.attempts.keys() - shop.orders.keys():
        yield f"there is a payment for {order_id}, which does not exist"


def _is_for_a_person(refund: Any) -> bool:
    """Whether a bank would not take it; what it has itself is settled with the dispute."""
    return refund.state == "failed" and refund.code not in ("not_needed", "charge_disputed")


def in_the_ledger(shop: Shop) -> Iterator[str]:
    """Every cent is written down twice, and of what is closed nothing is owed."""
    entries = _by_order(shop.items["ledger_entry"])
    for order_id, attempts in shop.attempts.items():
        refunds = shop.refunds[order_id]
        yield from accounts.wrong(attempts, refunds, entries[order_id])
        failed = any(map(_is_for_a_person, refunds))
        owed = accounts.left(entries[order_id])
        if owed and not failed:
            yield f"{order_id} is {shop.orders[order_id].state}, and {owed} are left on its ledger"


_AT_STRIPE = {
    "requires_payment_method": ("created",),
    "requires_action": ("requires_action", "created"),
    "requires_capture": ("authorized",),
    "succeeded": ("captured",),
    "canceled": ("canceled", "failed"),
}


def at_the_provider(shop: Shop, server: StripeServer) -> Iterator[str]:
    """Our books are the provider's, cent by cent, and nobody's money is held for an order that is off."""
    attempts = {attempt.id: attempt for each in shop.attempts.values() for attempt in each}
    charged: Counter[str] = Counter()
    for intent in server.intents.values():
        attempt = attempts.get(intent["metadata"].get("payment_id"))
        if attempt is None or attempt.provider_id != intent["id"]:
            yield f"{intent['id']} is nobody's, in {intent['status']}"
            continue
        if attempt.amount.amount != intent["amount"]:
            yield f"{attempt.id} is over {attempt.amount.amount}, at Stripe over {intent['amount']}"
        order = shop.orders[attempt.order_id]
        gone = server.given_back(intent["id"])
        succeeded = sum(
            r["amount"]
            for r in server.refunds.values()
            if (r["payment_intent"], r["status"]) == (intent["id"], "succeeded")
        )
        told = f"{attempt.id} of {order.id}, which is {order.state},"
        if attempt.state not in _AT_STRIPE[intent["status"]]:
            yield f"{told} is {attempt.state}, at Stripe {intent['status']}"
        # What pays for another order has not left the shop.
        moved = sum(
            r.amount.amount
            for r in shop.refunds[order.id]
            if (r.attempt_id, r.state, bool(r.to_order)) == (attempt.id, "succeeded", True)
        )
        if (attempt.captured.amount, int(attempt.refunded) - moved) != (intent["amount_received"], succeeded):
            sums = f"{attempt.captured.amount} captured, {attempt.refunded} refunded"
            yield f"{told} has {sums}, at Stripe {intent['amount_received']} and {succeeded}"
        if intent["status"] not in ("succeeded", "canceled"):
            yield f"{told} is left {intent['status']} at Stripe"
        charged[order.id] += intent["amount_received"]
        if gone > intent["amount_received"]:
            yield f"{told} was refunded {gone} of {intent['amount_received']}"
    for order_id, amount in charged.items():
        if amount > shop.orders[order_id].total.amount and int(shop.orders[order_id].revision) == 1:
            yield f"{order_id} was charged {amount}, more than once"
    asked = Counter(refund["metadata"].get("refund_id") for refund in server.refunds.values())
    yield from (f"the refund {refund_id} was made {n} times" for refund_id, n in asked.items() if n > 1)
    yield from (f"{refund_id} was refunded, and nobody here knows" for refund_id in asked.keys() - shop.refund_ids)


def hoarding(shop: Shop) -> Iterator[str]:
    """What is over, paid for or on its way counts as open for nobody, and every order is found by its number."""
    held = {(order_id, holder.pk) for holder in shop.items["holder"] for order_id in holder.orders or ()}
    noted = {(order.id, f"HOLDER#{name}") for order in shop.orders.values() for name in order.holders or ()}
    yield from (f"{pk} holds {order_id}, which does not know of it" for order_id, pk in sorted(held - noted))
    yield from (f"{order_id} is not held by {pk}, as it says" for order_id, pk in sorted(noted - held))
    for order_id in sorted({order_id for order_id, _ in held}):
        order = shop.orders[order_id]
        gone = any(parcel.state in GONE for parcel in shop.shipments[order_id])
        if order.state != "confirmed" or order.payment_method != "cash_on_delivery" or gone:
            yield f"{order_id} is {order.state} and still counts as open"
    numbers = {number.order_id: number.pk.removeprefix("NUMBER#") for number in shop.items["order_number"]}
    for order_id, order in shop.orders.items():
        if numbers.get(order_id) != order.number:
            yield f"{order_id} is number {order.number} and found as {numbers.get(order_id)}"
        if order.status_key != tables.status_key(order.state, order_id, order.placed_at):
            yield f"{order_id} is {order.state} and listed under {order.status_key}"


def holds(shop: Shop) -> Iterator[str]:
    """The warehouse holds what orders say is on hold, and nothing else."""
    in_the_warehouse = {hold.order_id for hold in shop.items["hold"]}
    for order_id, order in shop.orders.items():
        if (order.hold is not None) != (order_id in in_the_warehouse):
            yield f"{order_id} is {order.state} and on hold here or in the warehouse, not in both"


# What only moves stock on.
_OFF_TIMELINE = ("StockLeftBehind",)
_OF_ORDERS = ("OrderPlaced", "OrderConfirmed", "OrderCompleted", "OrderCanceled", "OrderExpired")


def told_once(shop: Shop) -> Iterator[str]:
    """Each version of an aggregate is told of by one event, and each event stands on its order's timeline once."""
    events = [event for event in shop.events if event["name"] not in _OFF_TIMELINE]
    versions = Counter((event["aggregate_id"], event["aggregate_version"]) for event in events)
    yield from (f"{what} version {version} is told {n} times" for (what, version), n in versions.items() if n > 1)
    stages = Counter((event["aggregate_id"], event["name"]) for event in shop.events)
    for order_id, order in shop.orders.items():
        for name in _OF_ORDERS:
            if stages[order_id, name] > 1:
                yield f"{name} of {order_id} is told {stages[order_id, name]} times"
        final = {"completed": "OrderCompleted", "canceled": "OrderCanceled", "expired": "OrderExpired"}.get(order.state)
        if final and stages[order_id, final] != 1:
            yield f"{order_id} is {order.state} and {final} is told {stages[order_id, final]} times"
    entries = Counter(entry.sk.rpartition("#")[2] for entry in shop.items["timeline"])
    for event in events:
        if not event["name"].startswith("Product") and entries[event["id"]] != 1:
            yield f"{event['name']} {event['id']} stands {entries[event['id']]} times on its order's timeline"
