"""An order moves on by what payments and logistics report, in whatever order and however often they do."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from chalicelib.core import clock, due, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import busy, not_found
from chalicelib.logistics.events import (
    ShipmentChanged,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentPacked,
    ShipmentPlanned,
)
from chalicelib.orders import service, states, tables
from chalicelib.orders.events import OrderCompleted
from chalicelib.orders.handling import holds
from chalicelib.orders.limits import hoarding
from chalicelib.orders.tables import OrderHeader, PaymentMark, ShipmentMark
from chalicelib.payments import service as payments
from chalicelib.payments.events import DisputeClosed, PaymentEvent, PaymentFailed, RefundFailed
from chalicelib.payments.service import Attempt

Shipped = ShipmentPlanned | ShipmentChanged | ShipmentPacked | ShipmentDispatched | ShipmentDelivered
_ATTEMPTS = 8
_PAY_AGAIN_WITHIN = timedelta(hours=48)


def record_shipment(event: Shipped) -> None:
    """Write down how far a shipment is; the last delivery completes the order. Late and repeated events are fine."""
    mark = ShipmentMark(
        version=event.aggregate_version,
        state=event.state if isinstance(event, ShipmentChanged) else event.name().removeprefix("Shipment").lower(),
        quantity=event.quantity,
        location=event.location,
        carrier=event.carrier,
        tracking_number=event.tracking_number,
    )
    facts = {"shipment_id": event.aggregate_id, "location": event.location}
    if event.carrier and event.tracking_number:
        facts |= {"carrier": event.carrier, "tracking_number": event.tracking_number}

    def change(header: OrderHeader) -> bool:
        known = header.shipments.get(event.aggregate_id)
        if known and known.version >= mark.version:
            return False
        # Planning may be told of after the order that was planned for was canceled, and its parcels with it.
        now = service.called_back(mark) if header.state in states.OFF else mark
        header.shipments = {**header.shipments, event.aggregate_id: now}
        return True

    _apply(event.order_id, [dynamo.put(service.timeline_entry(event.order_id, event, facts, event.by))], change)


def record_payment(event: PaymentEvent) -> None:
    """Write down how much of the order is promised, paid and given back; what confirms it is that all is promised.

    An order that is off stays off: payments give back by themselves what came too late.
    """
    mark = PaymentMark(
        event.aggregate_version,
        event.authorized.amount,
        event.captured.amount,
        event.refunded.amount,
        (event.covers or event.authorized).amount,
        event.disputed.amount if event.disputed else 0,
    )
    facts = {"payment_id": event.aggregate_id}
    if isinstance(event, (PaymentFailed, RefundFailed)):
        facts["code"] = event.code
    if isinstance(event, DisputeClosed):
        facts["outcome"] = event.outcome

    def change(header: OrderHeader) -> bool:
        if not _is_news(header, event.aggregate_id, mark):
            return holds.is_behind(header)
        header.payments = {**header.payments, event.aggregate_id: mark}
        return True

    _apply(event.order_id, [dynamo.put(service.timeline_entry(event.order_id, event, facts, event.by))], change)


def catch_up(order_id: str) -> OrderHeader:
    """Write down what payments know now, without waiting for their events; they come, and find it written."""

    return _apply(order_id, [], lambda header: learn(header, payments.of_order(order_id)[0]))


def learn(header: OrderHeader, attempts: Iterable[Attempt]) -> bool:
    """Write into the header what payments know; whether any of it is new."""
    marks = {
        attempt.id: PaymentMark(
            int(attempt.version),
            attempt.authorized.amount,
            attempt.captured.amount,
            int(attempt.refunded),
            attempt.covers.amount,
            attempt.with_banks,
        )
        for attempt in attempts
    }
    news = {key: mark for key, mark in marks.items() if _is_news(header, key, mark)}
    header.payments = {**header.payments, **news}
    return bool(news)


def _is_news(header: OrderHeader, attempt_id: str, mark: PaymentMark) -> bool:
    known = header.payments.get(attempt_id)
    return known is None or known.version < mark.version


def _apply(order_id: str, entries: list[Action], change: Callable[[OrderHeader], bool]) -> OrderHeader:
    """Move the header by what was reported, if that is anything new; `entries` go on the timeline in any case."""
    for _ in range(_ATTEMPTS):
        header = tables.header(order_id)
        if header is None:
            raise not_found("order")
        before = service.unmoved(header)
        try:
            if not change(header):
                for entry in entries:
                    dynamo.write(entry)
                return header
            following = [*holds.follow_disputes(header), *advance(header)]
            if not following:
                header.version = int(header.version) + 1
            _mind_the_money(header)
            following += _hoards_no_more(header)
            dynamo.transaction([dynamo.put(header, before, service.Moved()), *entries, *following])
        except service.Moved:
            continue
        return header
    raise busy()


def advance_paid(header: OrderHeader, attempts: Iterable[Attempt]) -> list[Action]:
    """The same, by its payments as they are in the same transaction."""
    learn(header, attempts)
    following = advance(header)
    _mind_the_money(header)
    return following


def advance(header: OrderHeader) -> list[Action]:
    """Move an order on if nothing stands in its way any more; what is to be told of it."""
    return _confirm(header) or _complete(header)


def _confirm(header: OrderHeader) -> list[Action]:
    if header.state != states.PENDING_PAYMENT or _covered(header) < header.total.amount:
        return []
    due.look_after(header, None)
    told = [action for event in service.confirmed(header) for action in service.record(header.id, event, {})]
    return [*told, *hoarding.let_go(header)]


def _hoards_no_more(header: OrderHeader) -> list[Action]:
    """Of what is paid at the door the first parcel is on its way: staff believed in it, and so do the limits."""
    sent = any(mark.state not in states.IN_THE_HOUSE for mark in header.shipments.values())
    return hoarding.let_go(header) if sent or header.state in states.OVER else []


def _complete(header: OrderHeader) -> list[Action]:
    if header.state != states.CONFIRMED or not _is_done(header):
        return []
    service.move(header, states.COMPLETED)
    # Nothing is waited for any more, also where the money that completes the order is what was waited for.
    due.look_after(header, None)
    return service.record(header.id, service.event(OrderCompleted, header), {})


def _is_done(header: OrderHeader) -> bool:
    # What was added and not paid for may be digital, which no parcel waits for.
    on_trust = header.agreed is None or payments.is_on_trust(header.payment_method)
    if not on_trust and _covered(header) < header.total.amount:
        return False
    if int(header.to_send):
        return service.fulfillment_status(header) == "delivered"
    return _covered(header, taken=True) >= header.total.amount


def _covered(header: OrderHeader, *, taken: bool = False) -> int:
    """What of the order's total is promised and did not go back because it was too much; only what is `taken`."""
    marks = [mark for mark in header.payments.values() if mark.captured or not taken]
    return sum(mark.authorized if mark.covers is None else mark.covers for mark in marks)


def _mind_the_money(header: OrderHeader) -> None:
    """An order that was confirmed on a promise which has lapsed is called off if nobody pays again in time.

    One that was made dearer is not: it only has to wait, since nothing is sent that is not paid.
    """
    if header.state != states.CONFIRMED or not header.payments or payments.is_on_trust(header.payment_method):
        return
    covered = _covered(header)
    if covered >= header.total.amount:
        header.agreed = None
    if covered >= service.agreed(header):
        due.look_after(header, None)
    elif header.due_key is None:
        due.look_after(header, clock.now() + _PAY_AGAIN_WITHIN)
