"""What orders do when something happened."""

from chalicelib.core.queue import Consumers
from chalicelib.logistics.events import ShipmentDelivered, ShipmentDispatched, ShipmentPacked, ShipmentPlanned
from chalicelib.orders import service
from chalicelib.payments.events import (
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
        ShipmentPlanned: service.record_shipment,
        ShipmentPacked: service.record_shipment,
        ShipmentDispatched: service.record_shipment,
        ShipmentDelivered: service.record_shipment,
        PaymentAuthorized: service.record_payment,
        PaymentCaptured: service.record_payment,
        PaymentFailed: service.record_payment,
        RefundRequested: service.record_payment,
        RefundSucceeded: service.record_payment,
        RefundFailed: service.record_payment,
    },
)
