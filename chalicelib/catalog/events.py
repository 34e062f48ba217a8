"""The events that the catalogue publishes."""

from chalicelib.core.events import Event


class ProductPublished(Event, frozen=True, kw_only=True):
    """A product can be seen and bought from now on. The aggregate is the product."""

    handle: str


class ProductUpdated(Event, frozen=True, kw_only=True):
    """A published product has changed."""

    handle: str


class ProductUnpublished(Event, frozen=True, kw_only=True):
    """A product can no longer be seen nor bought."""

    handle: str
