"""What payments do when something happened."""

from chalicelib.core.queue import Consumers
from chalicelib.orders.events import OrderCanceled, OrderCompleted
from chalicelib.payments import service

consumers = Consumers(__name__)

payments_events = consumers.queue(
    "payments_events", {OrderCompleted: service.collect_on_delivery, OrderCanceled: service.cancel}
)
