"""What payments do when something happened, here or at a provider."""

import msgspec

from chalicelib.core import log
from chalicelib.core.errors import ShopError
from chalicelib.core.queue import Consumers
from chalicelib.logistics.events import ShipmentPacked
from chalicelib.orders.events import NothingToSend, OrderAmended, OrderCanceled, OrderCompleted, OrderExpired
from chalicelib.payments import methods, refunds, settlement
from chalicelib.payments.events import RefundRequested
from chalicelib.payments.keyring import LONGEST_READ
from chalicelib.payments.provider import Notice
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
        RefundRequested: refunds.carry_out,
    },
    only={
        ShipmentPacked: {"on_delivery": [False, {"exists": False}]},
        OrderCompleted: {"payment_method": [methods.CASH_ON_DELIVERY.id]},
    },
    longest=_LONGEST,
)


def look(body: str) -> None:
    """A provider says that something changed: see what it is now. What is not this shop's is not its business."""
    notice = msgspec.json.decode(body, type=Notice)
    try:
        if notice.payment_id is not None:
            settlement.refresh(notice.payment_id)
        if notice.refund_id is not None:
            refunds.look_after(notice.refund_id)
    except ShopError as error:
        # Nothing goes to the provider before it is committed here, so what is not here now never will be.
        if error.status != 404:
            raise
        log.write("webhook_ignored", type=notice.type)


payments_webhooks = consumers.messages("payments_webhooks", look, longest=_LONGEST)
