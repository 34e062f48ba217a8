"""The events that orders publish. The aggregate of each is the order, of those about a return the return,
of CartAbandoned the cart."""

from chalicelib.core.events import Event
from chalicelib.core.money import Money


class OrderEvent(Event, frozen=True, kw_only=True):
    """`total` is what the customer owes for the whole order. `to_send` is how many of its pieces parcels have to bring:
    none of an order that is all digital; null: nobody says."""

    total: Money
    payment_method: str
    to_send: int | None = None


class OrderPlaced(OrderEvent, frozen=True, kw_only=True):
    """A customer checked out: prices are fixed and stock is reserved."""


class OrderConfirmed(OrderEvent, frozen=True, kw_only=True):
    """Nothing stands in the way of sending the order."""


class NothingToSend(OrderEvent, frozen=True, kw_only=True):
    """A confirmed order is all digital: nobody packs it, so its money can be taken at once."""


class OrderAmended(OrderEvent, frozen=True, kw_only=True):
    """What was ordered, or where it goes, is not what it was: the order stands in this `revision`, at a new total."""

    revision: int


class OrderCompleted(OrderEvent, frozen=True, kw_only=True):
    """Everything was delivered, or, where nothing had to be sent, paid."""


class OrderCanceled(OrderEvent, frozen=True, kw_only=True):
    """The order will not be sent; its stock is back on the shelf, or will be: that of a large one follows."""


class OrderExpired(OrderEvent, frozen=True, kw_only=True):
    """It was not paid for in time; its stock is back on the shelf, or will be: that of a large one follows."""


class InvoiceRequested(OrderEvent, frozen=True, kw_only=True):
    """Staff want the order's invoices brought up to date."""


class OrderHeld(OrderEvent, frozen=True, kw_only=True):
    """The order is neither packed nor sent until it is released. Why is in the order: people write that."""


class OrderReleased(OrderEvent, frozen=True, kw_only=True):
    """The order that was on hold may be packed and sent."""


class ReturnEvent(Event, frozen=True, kw_only=True):
    """`lines` are pieces of the order's lines by SKU: of a bundle bundles."""

    order_id: str
    lines: dict[str, int]


class ReturnRequested(ReturnEvent, frozen=True, kw_only=True):
    """A customer wants to send these lines back."""


class ReturnApproved(ReturnEvent, frozen=True, kw_only=True):
    """The customer may send them."""


class ReturnRejected(ReturnEvent, frozen=True, kw_only=True):
    """The customer keeps them."""


class ReturnReceived(ReturnEvent, frozen=True, kw_only=True):
    """These lines came back, perhaps fewer than were announced."""


class ReturnRefunded(ReturnEvent, frozen=True, kw_only=True):
    """What was paid for them is on its way back to the customer, perhaps less a fee."""

    refund_id: str


class ReturnExchanged(ReturnEvent, frozen=True, kw_only=True):
    """What was paid for them pays for another order."""

    exchange_order_id: str


class ReturnClosed(ReturnEvent, frozen=True, kw_only=True):
    """Nothing more is done about them: they never came, or nothing is to be paid back."""


class CartAbandoned(Event, frozen=True, kw_only=True):
    """A cart with somebody to write to lay untouched for as long as the shop's policy says: once, until it is touched
    again. The aggregate is the cart; `total` is what its `lines` cost as the customer last saw them, without discounts,
    taxes and shipping. Whom to write to is in the customer's account or, `customer_id` being null, in the cart."""

    customer_id: str | None
    total: Money
    lines: int
