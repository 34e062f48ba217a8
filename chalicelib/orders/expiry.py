"""Orders that nobody paid for in time give their stock back."""

import traceback
from datetime import timedelta

from chalicelib.core import clock, dynamo, log
from chalicelib.core.jobs import Run
from chalicelib.orders import service, states, tables
from chalicelib.orders.events import OrderExpired
from chalicelib.payments import settlement

PAY_WITHIN = timedelta(minutes=30)
# For an order whose payment is on its way: when to look whether it has arrived.
_LOOK_AGAIN = timedelta(minutes=5)
# A run ends within its function's time; what is left over comes with the next one.
_MOST = 50


def expire_all(run: Run) -> None:
    """Every order whose time is over, each on its own: one that fails takes no other with it."""
    for order_id in tables.due(clock.now(), _MOST):
        try:
            run.count(**{expire(order_id): 1})
        except Exception:
            log.write("error", job="orders_expire", order=order_id, traceback=traceback.format_exc())
            run.count(failed=1)


def expire(order_id: str) -> str:
    """Let an unpaid order go: `expired`, `kept` if money came or is on its way, `passed_over` if it has moved.

    First the provider is told that nothing may be paid any more; only then the stock is anybody else's.
    """
    header = tables.header(order_id)
    if header is None or header.state != states.PENDING_PAYMENT:
        return "passed_over"
    try:
        if settlement.stop_waiting(order_id):
            dynamo.transaction(service.call_off(header, states.EXPIRED, OrderExpired, {}, service.Moved()))
            return "expired"
        dynamo.transaction([service.look_again(header, clock.now() + _LOOK_AGAIN)])
    except service.Moved:
        return "passed_over"
    return "kept"
