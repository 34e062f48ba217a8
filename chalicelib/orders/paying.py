"""The money of an order: paid, tried again, given back."""

from datetime import datetime, timedelta

from chalicelib.core import clock, due, dynamo
from chalicelib.core.errors import ShopError
from chalicelib.orders import policy, service, states
from chalicelib.orders.service import Order
from chalicelib.orders.tables import OrderHeader
from chalicelib.payments import offering, settlement
from chalicelib.payments import service as payments
from chalicelib.payments.offering import Asking
from chalicelib.payments.service import Refund as Refund
from chalicelib.payments.settlement import Session as Session
from chalicelib.users import groups

# How many times `policy.pay_within` an unpaid order is kept at most, and by how little nobody writes it down.
_LONGEST = 3
_WORTH_A_WRITE = timedelta(minutes=1)


def pay(order: Order, method_id: str | None = None) -> Session:
    """The session in which an order can be paid now: that of its open payment, or of a new one if the last one failed
    or the order came to cost more. With a `method_id` it is paid in that way from now on, if that is offered for this
    order; the payment that waited is abandoned first.

    An unpaid order is kept for longer, up to three times as long as the policy says for its method. 409 if the order
    is off, or moves meanwhile, `payment_in_progress` if money by the other method is on its way.
    """
    header = order.header
    if header.state not in (states.PENDING_PAYMENT, states.CONFIRMED):
        raise ShopError("wrong_state", 409, f"An order that is {header.state} can not be paid.")
    if method_id is not None and method_id != header.payment_method:
        _change_method(order, method_id)
    attempt, make = payments.next_attempt(header.id, method_id)
    more_time = _more_time(header)
    if make or more_time:
        # A payment for an order that is just being called off must not begin, and nobody calls off what has moved.
        before = service.unmoved(header)
        if more_time:
            due.look_after(header, more_time)
        header.version = int(header.version) + 1
        dynamo.transaction([*make, dynamo.put(header, before, _changed())])
    return settlement.open_session(attempt)


def _change_method(order: Order, method_id: str) -> None:
    """The header as it will be once it is paid by another method."""
    header, method = order.header, offering.method(method_id)
    if method.on_trust or payments.is_on_trust(header.payment_method):
        detail = "An order that is sent before it is paid is so from the beginning."
        raise ShopError("payment_method_unavailable", 422, detail, pointer="/payment_method")
    country = order.snapshot.address.country if order.snapshot.address else None
    member_of = groups.of(header.customer_id) if header.customer_id else frozenset[str]()
    offering.check(method, Asking(header.total, country=country, groups=member_of))
    waiting = payments.waiting(header.id)
    if waiting is not None and waiting.method != method_id:
        settlement.abandon(waiting.id)
    header.payment_method = method_id


def _more_time(header: OrderHeader) -> datetime | None:
    """Until when an unpaid order is kept for a customer who is at it, if that is worth a write."""
    if header.state != states.PENDING_PAYMENT or header.due_at is None:
        return None
    within = policy.pay_within(header.payment_method)
    until = min(clock.now() + within, longest_wait(header))
    kept_until = datetime.fromisoformat(header.due_at.partition("#")[0])
    return until if until - kept_until >= _WORTH_A_WRITE else None


def longest_wait(header: OrderHeader) -> datetime:
    """How long an unpaid order holds its stock at most, for a customer who is about to pay."""
    return datetime.fromisoformat(header.placed_at) + _LONGEST * policy.pay_within(header.payment_method)


def _changed() -> ShopError:
    return ShopError("order_changed", 409, "The order was changed meanwhile. Look at it again.")
