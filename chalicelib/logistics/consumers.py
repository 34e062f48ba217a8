"""What logistics does when something happened."""

from chalicelib.core.queue import Consumers
from chalicelib.logistics import calling_off, service
from chalicelib.logistics.events import StockLeftBehind
from chalicelib.orders.events import OrderConfirmed

consumers = Consumers(__name__)

logistics_events = consumers.queue(
    "logistics_events", {OrderConfirmed: service.plan, StockLeftBehind: calling_off.put_back}
)
