"""On which lists a product stands."""

from chalicelib.catalog import categories, tables
from chalicelib.catalog.tables import Product


def shelves_of(product: Product) -> list[str]:
    """The names of the shelves on which a published product belongs."""
    path = categories.present().tree.path(product.category) if product.category else ()
    return [tables.PUBLISHED, *path]
