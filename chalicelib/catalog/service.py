"""What the catalogue holds: products with their variants, shelves, and what carts need to know."""

from collections.abc import Mapping

from chalicelib.catalog import tables
from chalicelib.catalog.tables import Page, Product
from chalicelib.catalog.tables import Variant as Variant
from chalicelib.core import dynamo
from chalicelib.core.errors import not_found


def product(product_id: str) -> tuple[Product, list[Variant]]:
    """A product, published or not, with its variants; read consistently."""
    found = tables.product_by_id(product_id)
    if found is None:
        raise not_found("product")
    return found, _variants_of(found)


class Renamed(Exception):
    """A product has another handle now: `handle`."""

    def __init__(self, handle: str) -> None:
        super().__init__(handle)
        self.handle = handle


def published_page(handle: str) -> Page:
    """What a product page shows: one request. Renamed if the product had this handle before; that takes two more."""
    page = tables.product_page(handle)
    if page is None and (owner := tables.owner_of(handle)) is not None and owner.published:
        raise Renamed(str(owner.handle))
    if page is None or not page.product.published:
        raise not_found("product")
    return page


def shelf(name: str, limit: int, after: str | None) -> tuple[list[Product], str | None]:
    """A page of products, newest first, and the place from which the next page goes on, if there is one."""
    entries = tables.shelf(name, limit + 1, after)
    keys: list[dynamo.Key] = [(Product, f"PRODUCT#{entry.product_id}", "PRODUCT") for entry in entries[:limit]]
    found = dynamo.load(keys)
    products = [item for item in (found.get(key) for key in keys) if isinstance(item, Product)]
    return products, entries[limit - 1].sk if len(entries) > limit else None


def offers(skus: list[str]) -> list[dynamo.Key]:
    """Where the variants of `skus` are read, for a use case that reads several modules' items in one request."""
    return [tables.variant_ref(sku) for sku in skus]


def variants_among(items: Mapping[dynamo.Key, dynamo.Item]) -> list[Variant]:
    """The variants of what was read at `offers`."""
    return [item for item in items.values() if isinstance(item, Variant)]


def _variants_of(product: Product) -> list[Variant]:
    found = tables.variants(product.skus)
    return [found[sku] for sku in product.skus if sku in found]
