"""On which lists a product stands."""

from chalicelib.catalog import tables
from chalicelib.catalog.tables import Product


def shelves_of(product: Product) -> list[str]:
    """The names of the shelves on which a published product belongs."""
    return [tables.PUBLISHED, *([product.category] if product.category else [])]
