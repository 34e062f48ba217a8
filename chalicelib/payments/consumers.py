"""What payments do when something happened, here or at a provider."""

from chalicelib.core import jobs
from chalicelib.core.queue import Consumers
from chalicelib.logistics.events import ShipmentPacked
from chalicelib.orders.events import NothingToSend, OrderAmended, OrderCanceled, OrderCompleted, OrderExpired
from chalicelib.payments import methods, refund_progress, settlement, webhooks
from chalicelib.payments.events import RefundRequested
from chalicelib.payments.keyring import LONGEST_READ
from chalicelib.payments.stripe_gateway import LONGEST_QUESTION

_LONGEST = LONGEST_READ + 2 * LONGEST_QUESTION
consumers = Consumers(__name__)

payments_events = consumers.queue(
    "payments_events",
    {
        ShipmentPacked: lambda event: settlement.capture(event.order_id),
        NothingToSend: lambda event: settlement.capture(event.aggregate_id),
        OrderCompleted: settlement.collect_on_delivery,
        OrderAmended: settlement.let_go,
        OrderCanceled: settlement.call_off,
        OrderExpired: settlement.call_off,
        RefundRequested: refund_progress.carry_out,
    },
    only={
        ShipmentPacked: {"on_delivery": [False, {"exists": False}]},
        OrderCompleted: {"payment_method": [methods.CASH_ON_DELIVERY.id]},
    },
    longest=_LONGEST,
)


payments_webhooks = consumers.messages("payments_webhooks", webhooks.look, longest=_LONGEST)


def _reconcile(body: str) -> None:
    from chalicelib.payments import reconciliation_runs  # of these functions one compares, once a day

    # The function's timeout is 900 seconds (.chalice/config.json).
    reconciliation_runs.run_queued(body, jobs.deadline(900), 901)


payments_reconcile_now = consumers.messages("payments_reconcile_now", _reconcile, batch_size=1, at_once=2)
