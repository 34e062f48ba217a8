"""Orders that nobody paid for in time give their stock back."""

from datetime import timedelta

from chalicelib.core import clock, dynamo, jobs
from chalicelib.core.jobs import Run
from chalicelib.orders import paying, progress, service, states, tables
from chalicelib.orders.events import OrderCanceled, OrderExpired
from chalicelib.payments import service as payments
from chalicelib.payments import settlement

# For an order that could not be helped: when to try again.
_LOOK_AGAIN = timedelta(minutes=5)
# Of each of the index's partitions: so a run ends within its function's time while the provider answers.
_MOST = 50


def expire_all(run: Run) -> None:
    """Every order whose time is over; JobsFailed if one of them could not be helped."""
    later = clock.now() + _LOOK_AGAIN
    jobs.each(run, list(tables.waiting(clock.now(), _MOST)), expire, lambda order_id: tables.put_off(order_id, later))


def expire(order_id: str) -> str:
    """Let an unpaid order go: `expired`, `kept` if money came or is on its way, `passed_over` if it has moved.

    First the provider is told that nothing may be paid any more; only then the stock is anybody else's. Who is at their
    bank's page is waited for, though not for ever. An order that was confirmed on a promise of money that has lapsed
    since is `canceled` in the same way.
    """
    header = tables.header(order_id)
    if header is None or header.due_key is None:
        return "passed_over"
    try:
        patient = clock.now() < paying.longest_wait(header)
        if not settlement.stop_waiting(order_id, service.agreed(header), spare_action=patient):
            return _kept(order_id)
        if header.state == states.PENDING_PAYMENT:
            dynamo.transaction(service.call_off(header, states.EXPIRED, OrderExpired, {}, service.Moved()))
            return "expired"
        reason = {"reason": "The payment lapsed."}
        dynamo.transaction(service.call_off(header, states.CANCELED, OrderCanceled, reason, service.Moved()))
    except service.Moved:
        return "passed_over"
    return "canceled"


def _kept(order_id: str) -> str:
    header = progress.catch_up(order_id)
    if header.due_key is not None:
        dynamo.write(service.look_again(header, clock.now() + payments.ask_every(header.payment_method)))
    return "kept"
