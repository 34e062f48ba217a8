"""The events that logistics publishes. The aggregate of each is the shipment, of StockLeftBehind the order."""

from chalicelib.core.events import Event


class ShipmentEvent(Event, frozen=True, kw_only=True):
    """`quantity` is how many pieces are in this shipment; `lines` are pieces by SKU. It has a carrier once it left.

    `by` is who of the staff did it, by the `sub` of their token; null: nobody did, or nobody says.
    """

    order_id: str
    location: str
    quantity: int
    lines: dict[str, int]
    carrier: str | None = None
    tracking_number: str | None = None
    by: str | None = None


class ShipmentPlanned(ShipmentEvent, frozen=True, kw_only=True):
    """A location is to send these lines of an order."""


class ShipmentPacked(ShipmentEvent, frozen=True, kw_only=True):
    """The parcel is ready. Packing is what asks for the capture of a payment; where the order is paid on delivery there
    is none to capture."""

    on_delivery: bool = False


class ShipmentDispatched(ShipmentEvent, frozen=True, kw_only=True):
    """The carrier has the parcel; its stock is gone from the location."""


class ShipmentDelivered(ShipmentEvent, frozen=True, kw_only=True):
    """The customer has the parcel."""


class ShipmentChanged(ShipmentEvent, frozen=True, kw_only=True):
    """Before it left, pieces were put into the parcel or taken out of it. Of one that is `canceled` nothing is left."""

    state: str


class StockLeftBehind(Event, frozen=True, kw_only=True):
    """An order was called off that holds more than goes back to the shelf at once: the rest follows."""
