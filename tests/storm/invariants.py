"""What must be true of the shop when the storm is over and nothing moves any more."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

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
        *money(shop),
        *told_once(shop),
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
    for level in shop.items["stock_level"]:
        place = (level.sku, level.location)
        on_hand, available, reserved = int(level.on_hand), int(level.available), int(level.reserved)
        if on_hand != available + reserved or min(on_hand, available, reserved) < 0:
            yield f"stock of {place}: {on_hand} on hand, {available} available, {reserved} reserved"
        if reserved != held[place]:
            yield f"stock of {place}: {reserved} reserved, but {held[place]} held by orders"
        if on_hand != counted[place] - consumed[place]:
            yield f"stock of {place}: {on_hand} on hand, but {counted[place]} counted and {consumed[place]} sent"


def orders(shop: Shop, books: Books) -> Iterator[str]:
    """Each order is the one of one cart, and one of each Idempotency-Key; none is left lying."""
    checked_out = Counter(cart.order_id for cart in shop.items["cart"] if cart.order_id)
    for order_id, order in shop.orders.items():
        if checked_out[order_id] != 1:
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
    snapshots = {snapshot.pk: snapshot for snapshot in shop.items["order_snapshot"]}
    for order_id, order in shop.orders.items():
        lines = snapshots[order.pk].lines
        if sum(line.quantity for line in lines) != int(order.quantity):
            yield f"{order_id} is of {order.quantity} pieces, its lines are of others"


def reservations(shop: Shop) -> Iterator[str]:
    """What is set aside for an order is what became of the order."""
    for order_id, order in shop.orders.items():
        mine = shop.reservations[order_id]
        if sum(int(reservation.quantity) for reservation in mine) != int(order.quantity):
            yield f"{order_id} is of {order.quantity} pieces and has other reservations"
        wanted = {"completed": "consumed", "canceled": "released", "expired": "released"}.get(order.state)
        states = sorted({reservation.state for reservation in mine})
        if wanted and states != [wanted]:
            yield f"{order_id} is {order.state} and its reservations are {states}"
        parcels = sorted({shipment.state for shipment in shop.shipments[order_id]})
        if order.state == "completed" and parcels != ["delivered"]:
            yield f"{order_id} is completed and its shipments are {parcels}"
        if order.state in ("canceled", "expired") and parcels not in ([], ["canceled"]):
            yield f"{order_id} is {order.state} and its shipments are {parcels}"
        seen = {shipment.id: shipment.state for shipment in shop.shipments[order_id]}
        marks = {shipment_id: mark.state for shipment_id, mark in order.shipments.items()}
        if seen != marks and order.state != "canceled":
            yield f"{order_id} shows its shipments as {marks}, and they are {seen}"
    for order_id in shop.reservations.keys() - shop.orders.keys():
        yield f"stock is reserved for {order_id}, which does not exist"


def money(shop: Shop) -> Iterator[str]:
    """Who got goods has paid for them once; who got none owes nothing."""
    for order_id, order in shop.orders.items():
        attempts = shop.attempts[order_id]
        captured = sum(attempt.captured.amount for attempt in attempts)
        if int(order.captured) != captured:
            yield f"{order_id} shows {order.captured} paid, its payments say {captured}"
        if order.state == "completed" and captured != order.total.amount:
            yield f"{order_id} is completed; of {order.total.amount} there were {captured} paid"
        if order.state in ("canceled", "expired") and captured:
            yield f"{order_id} is {order.state} and {captured} were paid"
        if order.state in ("canceled", "expired") and any(a.state not in ("canceled", "failed") for a in attempts):
            yield f"{order_id} is {order.state} and its payments are {[a.state for a in attempts]}"
    for order_id in shop.attempts.keys() - shop.orders.keys():
        yield f"there is a payment for {order_id}, which does not exist"


_OF_ORDERS = ("OrderPlaced", "OrderConfirmed", "OrderCompleted", "OrderCanceled")


def told_once(shop: Shop) -> Iterator[str]:
    """Each version of an aggregate is told of by one event, and each event stands on its order's timeline once."""
    versions = Counter((event["aggregate_id"], event["aggregate_version"]) for event in shop.events)
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
    for event in shop.events:
        if event["name"].startswith(("Order", "Shipment")) and entries[event["id"]] != 1:
            yield f"{event['name']} {event['id']} stands {entries[event['id']]} times on its order's timeline"
