"""An order in a new revision: lines, stock, money and header change in one transaction, or not at all.

Earlier revisions stay as they are. What is shipped keeps its price; shipping is given back where nothing is sent.
"""

from collections.abc import Callable, Mapping

import msgspec

from chalicelib.core import audit, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.staff import Staff
from chalicelib.logistics import service as logistics
from chalicelib.orders import progress, service, states, tables
from chalicelib.orders.address import Address
from chalicelib.orders.amending import revisions, sent_lines
from chalicelib.orders.events import NothingToSend, OrderAmended, OrderCanceled
from chalicelib.orders.limits import hoarding, per_customer
from chalicelib.orders.pricing import pricing
from chalicelib.orders.pricing.pricing import PricedLine, Shipping, Totals
from chalicelib.orders.returns import return_tables
from chalicelib.orders.service import Moved, Order
from chalicelib.orders.tables import OrderHeader, OrdersItem, OrderSnapshot
from chalicelib.payments import charging
from chalicelib.payments import service as payments
from chalicelib.payments.charging import Charged

_ATTEMPTS = 8
_MOST_REVISIONS = 999


class Draft(msgspec.Struct, frozen=True):
    """What an order is to become."""

    lines: list[PricedLine]
    shipping: Shipping | None
    totals: Totals
    address: Address | None


def draft(order: Order, lines: list[PricedLine], address: Address | None = None) -> Draft:
    """The order with these lines. Shipping costs what it cost, unless nothing is to be sent any more."""
    old = order.snapshot
    shipping = old.shipping if pricing.to_send(lines) else None
    totals = pricing.totals(lines, shipping, order.header.total.currency)
    return Draft(lines, shipping, totals, address or old.address)


def cancel_lines(order_id: str, pieces: Mapping[str, int], reason: str, once: Once, by: Staff | None) -> Order:
    """Take pieces by SKU out of an order while they are in the house: their stock is on the shelf again, and what was
    paid for them goes back, or is not taken. Where nothing is left the order is canceled.

    422 for what is not in the order; 409 `already_dispatched`, `wrong_state`. The same request again changes nothing.
    """

    def change(order: Order) -> list[Action]:
        left = revisions.less(order.snapshot.lines, pieces, return_tables.claimed(order.returns))
        entry = [audit.entry(by, "order.lines_canceled", order_id, pieces=sum(pieces.values()))] if by else []
        if not left:
            ended = service.call_off(order.header, states.CANCELED, OrderCanceled, {"reason": reason}, Moved(), by)
            return [*ended, *entry]
        if by is None:
            _check_buyers(order, pieces, left)
        gone, _ = revisions.stock_change(order.snapshot.lines, left)
        stock = logistics.shorten(order_id, gone, Moved()) if gone else []
        return [*revised(order, draft(order, left), {"reason": reason}, by), *stock, *entry]

    return apply(order_id, once, change)


def _check_buyers(order: Order, pieces: Mapping[str, int], left: list[PricedLine]) -> None:
    """What a customer can not take back by themselves: what they have already, and what pays for a gift that stays."""
    taken = any(mark.captured for mark in order.header.payments.values())
    if taken and any(line.sku in pieces and not line.parts for line in order.snapshot.lines):
        raise ShopError("already_dispatched", 409, "What is digital is delivered once it is paid.")
    if any(line.total.amount and not line.to_pay.amount for line in left):
        detail = "Something of this order is a gift that goes with the rest. Cancel all of it."
        raise ShopError("gift_would_stay", 409, detail)


def apply(order_id: str, once: Once, change: Callable[[Order], list[Action]]) -> Order:
    """Commit the write actions of `change` to an order that may change, once. It is made anew if something moved."""
    try:
        return _apply(order_id, once, change)
    except (AlreadyDone, ShopError):
        if once.made(OrdersItem) is None:
            raise
        return service.find(order_id)


def _apply(order_id: str, once: Once, change: Callable[[Order], list[Action]]) -> Order:
    for _ in range(_ATTEMPTS):
        order = service.find(order_id)
        if order.header.state not in (states.PENDING_PAYMENT, states.CONFIRMED):
            raise ShopError("wrong_state", 409, f"An order that is {order.header.state} can not be changed.")
        actions = change(order)
        if not actions:
            return order
        try:
            dynamo.transaction([*once.claim(OrdersItem, order_id), *actions])
        except Moved:
            continue
        return service.find(order_id)
    raise busy()


def revised(order: Order, to: Draft, facts: dict[str, str], by: Staff | None) -> list[Action]:
    """Write actions that put an order into a new revision and let its money follow; its stock is the caller's.

    Committing raises Moved if the order or a payment of it moved meanwhile.
    """
    header = order.header
    before, agreed = service.unmoved(header), service.agreed(header)
    had_parcels = int(header.to_send) > 0
    if int(header.revision) >= _MOST_REVISIONS:
        raise ShopError("too_many_changes", 409, "This order was changed too often.")
    header.version, header.revision = int(header.version) + 1, int(header.revision) + 1
    header.total = to.totals.total
    header.quantity = sum(line.quantity for line in to.lines)
    header.to_send = sum(pricing.to_send(to.lines).values())
    given_back = per_customer.give_back(header, per_customer.pieces_of(to.lines))
    dearer = header.state == states.CONFIRMED and header.total.amount > agreed
    header.agreed = agreed if dearer else None
    told = service.record(
        header.id, service.event(OrderAmended, header, revision=int(header.revision)), _told(facts, header), by
    )
    charged = charging.charge_anew(header.id, header.total, Moved())
    _check_paid(order, to, charged)
    following = progress.advance_paid(header, charged.attempts)
    if had_parcels and not int(header.to_send):
        following += _all_digital(header)
    following += hoarding.counts_less(header, to.lines, Moved())
    return [
        dynamo.put(header, before, Moved()),
        dynamo.insert(_snapshot(order, to), Moved()),
        *told,
        *given_back,
        *following,
        *charged.actions,
    ]


def _check_paid(order: Order, to: Draft, charged: Charged) -> None:
    """409 if what is taken out was paid back before, or what has left would not be paid any more."""
    gone = per_customer.pieces_of(order.snapshot.lines) - per_customer.pieces_of(to.lines)
    if charged.gives_back and payments.forgiven(charged.attempts) and _has_digital(order, gone):
        # Pieces that were sent are taken out no more. What is digital could be, and its money would go back once more.
        detail = "Money of this order was given back already. If it was not for this, give back what this cost as well."
        raise ShopError("refunded_already", 409, detail)
    paid, header = payments.covered(charged.attempts), order.header
    on_trust = header.state != states.CONFIRMED or payments.is_on_trust(header.payment_method)
    if on_trust or paid >= to.totals.total.amount or not (sent := logistics.sent(header.id)):
        return
    # What is not made worse may be mended step by step.
    if _sent_for(to, sent) > max(paid, _sent_for(order.snapshot, sent)):
        detail = "What has left the house would cost more than was paid. Take other lines out first."
        raise ShopError("payment_not_secured", 409, detail)


def _sent_for(lines: Draft | OrderSnapshot, sent: Mapping[str, int]) -> int:
    shipping = lines.shipping.to_pay.amount if lines.shipping else 0
    return shipping + sent_lines.worth(lines.lines, sent)


def _has_digital(order: Order, gone: Mapping[str, int]) -> bool:
    return any(line.sku in gone and not line.parts for line in order.snapshot.lines)


def _told(facts: dict[str, str], header: OrderHeader) -> dict[str, str]:
    return {**facts, "revision": str(int(header.revision))}


def _all_digital(header: OrderHeader) -> list[Action]:
    """What would have asked for the money is packed no more."""
    if payments.is_paid_on_delivery(header.payment_method):
        raise revisions.nothing_at_the_door()
    if header.state != states.CONFIRMED:
        return []
    service.move(header, states.CONFIRMED)
    return service.record(header.id, service.event(NothingToSend, header), {})


def _snapshot(order: Order, to: Draft) -> OrderSnapshot:
    snapshot = OrderSnapshot()
    snapshot.attribute_values = {**order.snapshot.attribute_values}
    key = tables.snapshot_key(order.header.id, int(order.header.revision))
    snapshot.pk, snapshot.sk = key["pk"], key["sk"]
    snapshot.lines, snapshot.totals = to.lines, to.totals
    snapshot.shipping, snapshot.address = to.shipping, to.address
    return snapshot
