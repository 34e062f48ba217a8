"""Staff give money of an order back: all of it, some of it, or what was paid for some of its pieces."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.core import audit, dynamo
from chalicelib.core.errors import ShopError, invalid, pointer_part
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.orders import service, states
from chalicelib.orders.pricing import shares
from chalicelib.orders.returns import return_states, return_tables
from chalicelib.orders.service import Order
from chalicelib.orders.tables import OrderHeader, OrdersItem
from chalicelib.payments import refunds
from chalicelib.payments import service as payments
from chalicelib.payments.refunds import Purpose
from chalicelib.payments.service import Refund as Refund


class Wish(msgspec.Struct, frozen=True):
    """How much goes back, and why: an `amount`, what was paid for pieces of `lines` by SKU, or, neither being said, all
    that is left.
    """

    amount: Money | None
    lines: Mapping[str, int] | None
    reason: str


def refund(order_id: str, wish: Wish, once: Once, by: Staff) -> Refund:
    """Give an order's money back, once everything of it has left the house, or none of it will. The first refund comes
    back: what was paid in several ways goes back in several.

    409 `not_all_sent` before that: canceling gives the money back too, and keeps the goods; `line_refunded` if a line
    has not so many pieces that were not given back for. The same request again answers with the same refund.
    """
    if wish.amount is not None and wish.lines is not None:
        raise invalid("/lines", "Say an amount or lines, not both.")
    if (made := once.made(OrdersItem)) is not None:
        return refunds.find(made)
    order = service.find(order_id)
    if order.header.state not in states.OFF and not _is_sent(order.header):
        raise ShopError("not_all_sent", 409, "Not everything was sent. Cancel the order: that gives the money back.")
    paid = payments.of_order(order_id)
    amount = wish.amount if wish.lines is None else _worth(order, paid[1], wish.lines)
    asked, actions = refunds.request(paid, amount, Purpose(wish.reason, by, lines=wish.lines))
    together = sum(refund.amount.amount for refund in asked)
    entry = audit.entry(by, "refund.requested", asked[0].id, amount=together, currency=asked[0].amount.currency)
    try:
        dynamo.transaction([*once.claim(OrdersItem, asked[0].id), *actions, entry])
    except AlreadyDone:
        return refunds.find(str(once.made(OrdersItem)))
    return asked[0]


def of_order(order_id: str) -> list[Refund]:
    """The refunds of an order; 404 if there is no such order."""
    return payments.of_order(service.find(order_id).header.id)[1]


def _worth(order: Order, known: Sequence[Refund], lines: Mapping[str, int]) -> Money:
    """What was paid for these pieces, of which none was given back for before."""
    by_sku = {line.sku: line for line in order.snapshot.lines}
    before = _given_back_for(order, known)
    amount = 0
    for sku, pieces in lines.items():
        pointer = f"/lines/{pointer_part(sku)}"
        if (line := by_sku.get(sku)) is None:
            raise invalid(pointer, "The order has no such line.")
        if pieces > (left := line.quantity - before[sku]):
            detail = f"Of this line {left} pieces are left that were not given back for."
            raise ShopError("line_refunded", 409, detail, pointer=pointer, extra={"left": left})
        amount += shares.value(line, before[sku], pieces).amount
    return Money(amount, order.header.total.currency)


def _given_back_for(order: Order, known: Sequence[Refund]) -> Counter[str]:
    """Pieces by SKU whose money went back, or is on its way: by refunds of lines, and for what was returned."""
    pieces: Counter[str] = Counter()
    for refund in known:
        if refund.state != refunds.FAILED:
            pieces.update(refund.lines or {})
    for item in order.returns:
        if item.state == return_states.REFUNDED:
            pieces.update(return_tables.came(item))
    return pieces


def _is_sent(header: OrderHeader) -> bool:
    return service.fulfillment_status(header) in ("dispatched", "delivered")
