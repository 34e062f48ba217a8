"""On which lists a product stands."""

from chalicelib.catalog import categories, tables
from chalicelib.catalog.tables import Product


def shelves_of(product: Product) -> list[str]:
    """The names of the shelves on which a published product belongs."""
    path = categories.present().tree.path(product.category) if product.category else ()
    lists = (f"${name}" for name in product.list_prices_from)
    return [tables.PUBLISHED, *path, *lists]
