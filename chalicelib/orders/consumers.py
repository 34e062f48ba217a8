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
from chalicelib.orders.events import InvoiceRequested, OrderAmended, OrderCanceled, OrderCompleted, OrderEvent
from chalicelib.orders.invoices import invoices
from chalicelib.payments.events import (
    DisputeClosed,
    DisputeOpened,
    PaymentAdjusted,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentEvent,
    PaymentFailed,
    PaymentOverdue,
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
        PaymentOverdue: progress.record_payment,
        RefundRequested: progress.record_payment,
        RefundSucceeded: progress.record_payment,
        RefundFailed: progress.record_payment,
        DisputeOpened: progress.record_payment,
        DisputeClosed: progress.record_payment,
    },
)


def _sent(event: ShipmentDispatched) -> None:
    invoices.follow(event.order_id, sent=True)


def _changed(event: OrderEvent) -> None:
    invoices.follow(event.aggregate_id)


def _completed(event: OrderCompleted) -> None:
    invoices.follow_completed(event.aggregate_id)


def _given_back(event: PaymentEvent) -> None:
    invoices.follow(event.order_id)


# Numbers are given out one after the other, so more functions at once would only wait for each other. The function's
# timeout is 60 seconds (.chalice/config.json).
orders_invoices = consumers.queue(
    "orders_invoices",
    {
        ShipmentDispatched: _sent,
        OrderCompleted: _completed,
        OrderAmended: _changed,
        OrderCanceled: _changed,
        InvoiceRequested: _changed,
        RefundSucceeded: _given_back,
        RefundFailed: _given_back,
        DisputeClosed: _given_back,
    },
    only={
        OrderCompleted: {"to_send": [0, {"exists": False}]},  # of others the first parcel brought the invoice
        DisputeClosed: {"outcome": ["lost"]},  # what is won and goes back is told by its refund
    },
    at_once=2,
    longest=12,
)
