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


class CategoryChanged(Event, frozen=True, kw_only=True):
    """A category has another name or another place in the tree, and with it all that is in it or below it. The
    aggregate is the category; its version is the tree's."""


class CollectionChanged(Event, frozen=True, kw_only=True):
    """Other products belong to a collection by rule from now on, or it is none any more."""


class ReviewEvent(Event, frozen=True, kw_only=True):
    """`stars` are those that the product's rating gained, or lost, by it. The aggregate is the review."""

    product_id: str
    stars: int


class ReviewPublished(ReviewEvent, frozen=True, kw_only=True):
    """A review can be read from now on."""


class ReviewUnpublished(ReviewEvent, frozen=True, kw_only=True):
    """A review can no longer be read: it was taken down, or its author changed it."""
