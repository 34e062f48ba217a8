"""What was paid for what came back goes back to the customer."""

import msgspec

from chalicelib.core import audit, dynamo
from chalicelib.core.errors import ShopError, busy, invalid
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.orders.events import ReturnRefunded
from chalicelib.orders.returns import return_rules, return_states, return_tables, returns
from chalicelib.orders.returns.return_tables import Return
from chalicelib.orders.service import Moved, Order
from chalicelib.orders.tables import OrdersItem
from chalicelib.payments import refunds
from chalicelib.payments import service as payments
from chalicelib.payments.refunds import Purpose

_ATTEMPTS = 8


class Wish(msgspec.Struct, frozen=True):
    """How much staff give back: what was paid for the goods, less `fee`, with the `shipping`; or just the `amount`."""

    fee: Money | None
    shipping: bool
    amount: Money | None


def refund(return_id: str, wish: Wish, once: Once, by: Staff) -> Return:
    """Ask for the money of a received return to go back. The same request again changes nothing.

    409 `nothing_to_refund` if that is nothing: then close it; `refund_too_large` if the order has not so much left;
    `shipping_refunded` if its shipping went back before.
    """
    for _ in range(_ATTEMPTS):
        made = once.made(OrdersItem)
        if made is not None:
            return returns.find(made)
        order, item = returns.with_order(return_id)
        before = returns.move(item, return_states.REFUNDED)
        amount = _amount(order, item, wish)
        asked, asking = refunds.request(payments.of_order(order.header.id), amount, Purpose(f"Return {return_id}.", by))
        item.refund_id, item.refunded = asked[0].id, amount
        item.shipping_refunded = wish.shipping
        actions = [
            *once.claim(OrdersItem, return_id),
            dynamo.put(item, before, Moved()),
            returns.one_at_a_time(order),
            *asking,
            *returns.told(ReturnRefunded, item, return_tables.came(item), by, refund_id=asked[0].id),
            audit.entry(by, "return.refunded", return_id, amount=amount.amount, currency=amount.currency),
        ]
        try:
            dynamo.transaction(actions)
        except (Moved, AlreadyDone):
            continue
        return item
    raise busy()


def _amount(order: Order, item: Return, wish: Wish) -> Money:
    shipping = _shipping(order, item) if wish.shipping else None
    amount = return_rules.to_refund(returns.value(item), shipping, wish.fee, wish.amount)
    if not amount.amount:
        raise ShopError("nothing_to_refund", 409, "Nothing is left to give back. Close the return instead.")
    return amount


def _shipping(order: Order, item: Return) -> Money:
    if order.snapshot.shipping is None:
        raise invalid("/shipping", "Nothing of this order was sent.")
    if any(other.shipping_refunded for other in order.returns if other.id != item.id):
        raise ShopError("shipping_refunded", 409, "The shipping was given back before.", pointer="/shipping")
    return order.snapshot.shipping.to_pay
