"""The events that payments publish. The aggregate of each is the payment attempt."""

from chalicelib.core.events import Event
from chalicelib.core.money import Money


class PaymentCaptured(Event, frozen=True, kw_only=True):
    """The shop has the money. `captured` is all that this attempt has captured so far."""

    order_id: str
    captured: Money
