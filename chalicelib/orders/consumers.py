"""What orders do when something happened."""

from chalicelib.core.queue import Consumers
from chalicelib.logistics.events import (
    ShipmentChanged,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentPacked,
    ShipmentPlanned,
)
from chalicelib.orders import progress
from chalicelib.payments.events import (
    PaymentAdjusted,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    RefundFailed,
    RefundRequested,
    RefundSucceeded,
)

consumers = Consumers(__name__)

orders_events = consumers.queue(
    "orders_events",
    {
        ShipmentPlanned: progress.record_shipment,
        ShipmentChanged: progress.record_shipment,
        ShipmentPacked: progress.record_shipment,
        ShipmentDispatched: progress.record_shipment,
        ShipmentDelivered: progress.record_shipment,
        PaymentAdjusted: progress.record_payment,
        PaymentAuthorized: progress.record_payment,
        PaymentCaptured: progress.record_payment,
        PaymentFailed: progress.record_payment,
        RefundRequested: progress.record_payment,
        RefundSucceeded: progress.record_payment,
        RefundFailed: progress.record_payment,
    },
)
