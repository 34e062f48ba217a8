"""The money of an order: paid, tried again, given back."""

from chalicelib.core import audit, dynamo
from chalicelib.core.errors import ShopError
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.staff import Staff
from chalicelib.orders import service, states
from chalicelib.orders.service import Order
from chalicelib.orders.tables import OrderHeader, OrdersItem
from chalicelib.payments import refunds, settlement
from chalicelib.payments import service as payments
from chalicelib.payments.service import Refund as Refund
from chalicelib.payments.settlement import Session as Session


def pay(order: Order) -> Session:
    """The session in which an order can be paid now: that of its open payment, or of a new one if the last one failed.

    409 if the order is off, or moves meanwhile.
    """
    header = order.header
    if header.state not in (states.PENDING_PAYMENT, states.CONFIRMED):
        raise ShopError("wrong_state", 409, f"An order that is {header.state} can not be paid.")
    attempt, make = payments.next_attempt(header.id)
    if make:
        # A payment for an order that is just being called off must not begin, and nobody calls off what has moved.
        begun = dynamo.update(
            header, [OrderHeader.version.set(OrderHeader.version + 1)], service.unmoved(header), _changed()
        )
        dynamo.transaction([*make, begun])
    return settlement.open_session(attempt)


def refund(order_id: str, reason: str, once: Once, by: Staff) -> Refund:
    """Give all of an order's money back, once everything of it has left the house, or none of it will.

    409 `not_all_sent` before that: canceling gives the money back too, and keeps the goods. The same request again
    answers with the same refund.
    """
    made = once.made(OrdersItem)
    if made is not None:
        return refunds.find(made)
    header = service.find(order_id).header
    if header.state not in states.OFF and not _is_sent(header):
        raise ShopError("not_all_sent", 409, "Not everything was sent. Cancel the order: that gives the money back.")
    asked, actions = refunds.request(order_id, reason)
    entry = audit.entry(by, "refund.requested", asked.id, amount=asked.amount.amount, currency=asked.amount.currency)
    try:
        dynamo.transaction([*once.claim(OrdersItem, asked.id), *actions, entry])
    except AlreadyDone:
        return refunds.find(str(once.made(OrdersItem)))
    return asked


def refunds_of(order_id: str) -> list[Refund]:
    """The refunds of an order; 404 if there is no such order."""
    return payments.of_order(service.find(order_id).header.id)[1]


def _is_sent(header: OrderHeader) -> bool:
    return service.fulfillment_status(header) in ("dispatched", "delivered")


def _changed() -> ShopError:
    return ShopError("order_changed", 409, "The order was changed meanwhile. Look at it again.")
