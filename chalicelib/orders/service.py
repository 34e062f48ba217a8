"""The life of an order after checkout: shown, listed, called off. progress.py moves it on."""

from datetime import datetime
from typing import Any, TypeVar

import msgspec

from chalicelib.core import audit, clock, due, dynamo, ids, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import busy, not_found
from chalicelib.core.events import Event
from chalicelib.core.staff import Staff
from chalicelib.core.visitor import Visitor
from chalicelib.logistics import service as logistics
from chalicelib.orders import states, tables
from chalicelib.orders.events import NothingToSend, OrderCanceled, OrderCompleted, OrderConfirmed, OrderEvent
from chalicelib.orders.handling.handling_tables import Note
from chalicelib.orders.limits import hoarding, per_customer
from chalicelib.orders.promotions import coupons
from chalicelib.orders.returns.return_tables import Return
from chalicelib.orders.tables import OrderHeader, OrdersItem, OrderSnapshot, ShipmentMark, TimelineEntry

O = TypeVar("O", bound=OrderEvent)
_ATTEMPTS = 8
# What use cases commit with the end of an order: an audit entry, the record of their request.
_OF_CALLERS = 3

# What an order's timeline calls an event.
_TIMELINE = {
    "OrderPlaced": "placed",
    "OrderConfirmed": "confirmed",
    "NothingToSend": "nothing_to_send",
    "OrderAmended": "amended",
    "OrderCompleted": "completed",
    "OrderCanceled": "canceled",
    "ShipmentPlanned": "shipment_planned",
    "ShipmentPacked": "shipment_packed",
    "ShipmentChanged": "shipment_changed",
    "ShipmentDispatched": "shipment_dispatched",
    "ShipmentDelivered": "shipment_delivered",
    "OrderExpired": "expired",
    "PaymentAdjusted": "payment_adjusted",
    "PaymentAuthorized": "payment_authorized",
    "PaymentCaptured": "payment_captured",
    "PaymentFailed": "payment_failed",
    "PaymentOverdue": "payment_overdue",
    "RefundRequested": "refund_requested",
    "RefundSucceeded": "refund_succeeded",
    "RefundFailed": "refund_failed",
    "DisputeOpened": "dispute_opened",
    "DisputeClosed": "dispute_closed",
    "ReturnRequested": "return_requested",
    "ReturnApproved": "return_approved",
    "ReturnRejected": "return_rejected",
    "ReturnReceived": "return_received",
    "ReturnRefunded": "return_refunded",
    "ReturnExchanged": "return_exchanged",
    "ReturnClosed": "return_closed",
    "OrderHeld": "held",
    "OrderReleased": "released",
    "InvoiceRequested": "invoice_requested",
}
# What is between staff: why an order waits may be what they suspect of its customer.
INTERNAL = frozenset({"held", "released", "invoice_requested"})


class Order(msgspec.Struct, frozen=True):
    """An order as its page shows it; timeline and staff's notes are in the order of time."""

    header: OrderHeader
    snapshot: OrderSnapshot
    timeline: list[TimelineEntry]
    notes: list[Note] = []
    returns: list[Return] = []


class Moved(Exception):
    """An order, or something that belongs to it, moved between reading and writing."""


def find(order_id: str) -> Order:
    """An order; 404 if there is none with this id. One request."""
    items = tables.order_page(order_id) if ids.is_id("ord", order_id) else []
    headers = [item for item in items if isinstance(item, OrderHeader)]
    if not headers:
        raise not_found("order")
    wanted = tables.snapshot_key(order_id, int(headers[0].revision))["sk"]
    snapshots = [item for item in items if isinstance(item, OrderSnapshot) and item.sk == wanted]
    timeline = [item for item in items if isinstance(item, TimelineEntry)]
    notes = [item for item in items if isinstance(item, Note)]
    returns = [item for item in items if isinstance(item, Return)]
    # As text, the tenth would come before the second.
    returns.sort(key=lambda item: int(item.id.rpartition("-")[2]))
    return Order(headers[0], snapshots[0], timeline, notes, returns)


def of_visitor(order_id: str, visitor: Visitor) -> Order:
    """An order, for its customer or for the guest who holds its token; 404 for everyone else."""
    order = find(order_id)
    if not visitor.opens(order.header.customer_id, order.header.token_hash):
        raise not_found("order")
    return order


def cancel(order_id: str, reason: str, by: Staff | None) -> Order:
    """Call the order off and put its stock back on the shelf, in one transaction or, if it is large, soon after.

    Canceling what is canceled changes nothing. 409 once a parcel is on its way.
    """
    for _ in range(_ATTEMPTS):
        order = find(order_id)
        if order.header.state == states.CANCELED:
            return order
        states.check_move(order.header.state, states.CANCELED)
        try:
            ending = call_off(order.header, states.CANCELED, OrderCanceled, {"reason": reason}, Moved(), by)
            dynamo.transaction([*ending, *([audit.entry(by, "order.canceled", order_id)] if by else [])])
        except Moved:
            continue
        return find(order_id)
    raise busy()


def call_off(
    header: OrderHeader,
    state: str,
    kind: type[OrderEvent],
    facts: dict[str, str],
    otherwise: Exception,
    by: Staff | None = None,
) -> list[Action]:
    """Write actions that end an order of which nothing is on its way, and put its stock back on the shelf: at once, or
    where that is more than a transaction takes, soon.
    """
    before = unmoved(header)
    move(header, state)
    due.look_after(header, None)
    header.shipments = {key: called_back(mark) for key, mark in header.shipments.items()}
    no_longer_open = [*hoarding.let_go(header), *(logistics.let_go(header.id) if header.hold else [])]
    header.hold = None
    given_back = per_customer.give_back(header)
    ending = [
        dynamo.put(header, before, otherwise),
        *coupons.give_back(header),
        *no_longer_open,
        *given_back,
        *record(header.id, event(kind, header), facts, by),
    ]
    return [*ending, *logistics.cancel(header.id, otherwise, dynamo.MOST_ACTIONS - _OF_CALLERS - len(ending))]


def look_again(header: OrderHeader, at: datetime) -> Action:
    """A write action that gives an unpaid order more time; raises Moved if it moved meanwhile."""
    before = unmoved(header)
    due.look_after(header, at)
    header.version = int(header.version) + 1
    return dynamo.put(header, before, Moved())


def called_back(mark: ShipmentMark) -> ShipmentMark:
    return msgspec.structs.replace(mark, state=states.CANCELED)


def fulfillment_status(header: OrderHeader) -> str:
    if not int(header.to_send):
        return "delivered" if header.state == states.COMPLETED else "unfulfilled"
    marks = ((mark.state, mark.quantity) for mark in header.shipments.values())
    return states.fulfillment_status(int(header.to_send), marks)


def payment_status(header: OrderHeader) -> str:
    marks = header.payments.values()
    return states.payment_status(
        header.total.amount,
        # What an order that is off was promised is not asked for.
        0 if header.state in states.OFF else sum(mark.authorized for mark in marks),
        sum(mark.captured for mark in marks),
        sum(mark.refunded for mark in marks),
        sum(mark.disputed for mark in marks),
    )


def agreed(header: OrderHeader) -> int:
    """What has to be promised for an order to stand, in minor units: what was added later may be paid later."""
    return header.total.amount if header.agreed is None else int(header.agreed)


def event(kind: type[O], header: OrderHeader, **facts: Any) -> O:
    """An event about the order in its present version."""
    return kind(
        **facts,
        aggregate_id=header.id,
        aggregate_version=int(header.version),
        total=header.total,
        payment_method=header.payment_method,
        to_send=int(header.to_send),
    )


def timeline_entry(order_id: str, event: Event, facts: dict[str, str], by: str | None = None) -> TimelineEntry:
    """The entry that `event` leaves; the same event leaves the same entry however often it comes."""
    at = clock.stamp(event.at)
    return TimelineEntry(
        **tables.timeline_key(order_id, at, event.id),
        name=_TIMELINE[event.name()],
        at=at,
        by=by,
        facts=facts,
    )


def record(order_id: str, event: Event, facts: dict[str, str], by: Staff | None = None) -> list[Action]:
    """Write actions that announce an event of the order and put it on the timeline."""
    return [
        dynamo.put(timeline_entry(order_id, event, facts, by.id if by else None)),
        dynamo.put_raw(OrdersItem, outbox.attributes(event)),
    ]


def confirmed(header: OrderHeader) -> list[OrderEvent]:
    """Move an order on that nothing stands in the way of any more; what is to be told of it.

    Of an order with nothing to send the money is what is waited for. It may be there already, as credit for returned
    goods, or there may be none to pay.
    """
    states.check_move(header.state, states.CONFIRMED)
    move(header, states.CONFIRMED)
    events: list[OrderEvent] = [event(OrderConfirmed, header)]
    if int(header.to_send):
        return events
    paid = sum(mark.captured for mark in header.payments.values()) >= header.total.amount
    move(header, states.COMPLETED if paid else states.CONFIRMED)
    return [*events, event(OrderCompleted if paid else NothingToSend, header)]


def move(header: OrderHeader, state: str) -> None:
    header.state = state
    header.status_key = tables.status_key(state, header.id, header.placed_at)
    header.version = int(header.version) + 1


def unmoved(header: OrderHeader) -> dynamo.Condition:
    return OrderHeader.version == int(header.version)
