"""The events that orders publish. The aggregate of each is the order."""

from chalicelib.core.events import Event
from chalicelib.core.money import Money


class OrderEvent(Event, frozen=True, kw_only=True):
    """`total` is what the customer owes for the whole order."""

    total: Money
    payment_method: str


class OrderPlaced(OrderEvent, frozen=True, kw_only=True):
    """A customer checked out: prices are fixed and stock is reserved."""


class OrderConfirmed(OrderEvent, frozen=True, kw_only=True):
    """Nothing stands in the way of sending the order."""


class NothingToSend(OrderEvent, frozen=True, kw_only=True):
    """A confirmed order is all digital: nobody packs it, so its money can be taken at once."""


class OrderCompleted(OrderEvent, frozen=True, kw_only=True):
    """Everything was delivered, or, where nothing had to be sent, paid."""


class OrderCanceled(OrderEvent, frozen=True, kw_only=True):
    """The order will not be sent; its stock is back on the shelf."""


class OrderExpired(OrderEvent, frozen=True, kw_only=True):
    """It was not paid for in time; its stock is back on the shelf."""


class InvoiceRequested(OrderEvent, frozen=True, kw_only=True):
    """Staff want the order's invoices brought up to date."""
