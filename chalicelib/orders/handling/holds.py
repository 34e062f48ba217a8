"""An order on hold is neither packed nor sent until staff release it."""

from chalicelib.core import audit, clock, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy
from chalicelib.core.staff import Staff
from chalicelib.logistics import service as logistics
from chalicelib.orders import service, states
from chalicelib.orders.events import OrderEvent, OrderHeld, OrderReleased
from chalicelib.orders.service import Moved, Order
from chalicelib.orders.tables import Hold, OrderHeader

# Why the shop itself holds an order. A guest's large order is paid at the door.
COD_REVIEW = "cod_review"
# Its money, or a part of it, was taken back by the customer's bank.
DISPUTE = "dispute"
_ATTEMPTS = 8


def hold(order_id: str, reason: str, by: Staff) -> Order:
    """Let an order wait. Holding what is on hold changes nothing. 409 once it moves no more or all of it is sent."""
    for _ in range(_ATTEMPTS):
        order = service.find(order_id)
        header = order.header
        if header.hold is not None:
            return order
        _check(header)
        before = service.unmoved(header)
        event = begin(header, reason, by)
        told = service.record(order_id, event, {"reason": reason}, by)
        entry = audit.entry(by, "order.held", order_id)
        try:
            dynamo.transaction([dynamo.put(header, before, Moved()), *in_the_warehouse(header), *told, entry])
        except Moved:
            continue
        return service.find(order_id)
    raise busy()


def release(order_id: str, by: Staff) -> Order:
    """Let an order go on. Releasing what is not on hold changes nothing."""
    for _ in range(_ATTEMPTS):
        order = service.find(order_id)
        header = order.header
        if header.hold is None:
            return order
        before = service.unmoved(header)
        header.hold, header.version = None, int(header.version) + 1
        told = service.record(order_id, service.event(OrderReleased, header), {}, by)
        entry = audit.entry(by, "order.released", order_id)
        try:
            dynamo.transaction([dynamo.put(header, before, Moved()), *in_the_warehouse(header), *told, entry])
        except Moved:
            continue
        return service.find(order_id)
    raise busy()


def begin(header: OrderHeader, reason: str, by: Staff | None) -> OrderHeld:
    """Put a header on hold; what is to be told of it."""
    header.hold = Hold(reason, clock.stamp(clock.now()), by.id if by else None)
    header.version = int(header.version) + 1
    return service.event(OrderHeld, header)


def is_behind(header: OrderHeader) -> bool:
    """Whether a payment was disputed, or is not any more, and nobody has looked whether the order has to wait."""
    return _disputed(header) != int(header.disputed)


def follow_disputes(header: OrderHeader) -> list[Action]:
    """Let an order wait of whose money more is disputed than before, if anything of it is in the house; let it go on
    once nothing is. What was lost holds it until staff have decided. The write actions for that."""
    before, now = int(header.disputed), _disputed(header)
    event: OrderEvent
    facts: dict[str, str] = {}
    header.disputed = now
    if now > before and header.hold is None and _may_wait(header):
        facts, event = {"reason": DISPUTE}, begin(header, DISPUTE, None)
    elif not now and before and header.hold and (header.hold.reason, header.hold.by) == (DISPUTE, None):
        header.hold, header.version = None, int(header.version) + 1
        event = service.event(OrderReleased, header)
    else:
        return []
    return [*in_the_warehouse(header), *service.record(header.id, event, facts)]


def _disputed(header: OrderHeader) -> int:
    return sum(mark.disputed for mark in header.payments.values())


def _may_wait(header: OrderHeader) -> bool:
    return header.state not in states.OVER and bool(int(header.to_send)) and not _is_sent(header)


def in_the_warehouse(header: OrderHeader) -> list[Action]:
    """Write actions that tell the warehouse whether the order is on hold."""
    if header.hold is None:
        return logistics.let_go(header.id)
    return logistics.hold(header.id, header.hold.reason)


def _check(header: OrderHeader) -> None:
    if header.state in states.OVER:
        raise ShopError("wrong_state", 409, f"An order that is {header.state} can not be held.")
    if int(header.to_send) and _is_sent(header):
        raise ShopError("already_dispatched", 409, "All of this order is on its way.")


def _is_sent(header: OrderHeader) -> bool:
    return service.fulfillment_status(header) in ("dispatched", "delivered")
