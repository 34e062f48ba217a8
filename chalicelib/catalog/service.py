"""What the catalogue holds: products with their variants, shelves, and what carts need to know."""

from collections.abc import Iterable, Mapping

from chalicelib.catalog import tables
from chalicelib.catalog.sorting import chosen_tables
from chalicelib.catalog.sorting.chosen_tables import ChosenProducts
from chalicelib.catalog.tables import Page, Product, ShelfEntry, Shelved, Standing
from chalicelib.catalog.tables import Variant as Variant
from chalicelib.core import dynamo
from chalicelib.core.errors import not_found


def product(product_id: str) -> tuple[Product, list[Variant], Standing | None]:
    """A product, published or not, with its variants and how it does; read consistently."""
    found = tables.shelved([product_id], consistent=True)
    if not found:
        raise not_found("product")
    return found[0].product, _variants_of(found[0].product), found[0].standing


class Renamed(Exception):
    """A product has another handle now: `handle`."""

    def __init__(self, handle: str) -> None:
        super().__init__(handle)
        self.handle = handle


def published_page(handle: str) -> Page:
    """What a product page shows: one request. Renamed if the product had this handle before; that takes two more.

    A product so new that the index does not have it yet is not found.
    """
    return _published(tables.product_page(handle), handle)


def _published(page: Page | None, handle: str) -> Page:
    if page is None and (owner := tables.owner_of(handle)) is not None and owner.published and owner.handle != handle:
        raise Renamed(str(owner.handle))
    if page is None or not page.product.published:
        raise not_found("product")
    return page


def reviewed_product(handle: str) -> tuple[Product, Standing | None]:
    """A published product and how it does, without its variants: one request. Renamed as with `published_page`."""
    page = _published(tables.product_front(handle), handle)
    return page.product, page.standing


def shelf(name: str, limit: int, after: str | None) -> tuple[list[Product], str | None]:
    """A page of products, newest first, and the place from which the next page goes on, if there is one.

    A page may have fewer products than `limit`: an entry counts only if its product says that it stands there.
    """
    entries, behind = _entries(name, limit, after)
    found = products(entry.product_id for entry in entries)
    pairs = ((found.get(entry.product_id), entry) for entry in entries)
    return [item for item, entry in pairs if item is not None and _stands(item, name, entry)], behind


def listed(name: str, limit: int, after: str | None, *, consistent: bool = False) -> tuple[list[Shelved], str | None]:
    """The same with how each product does."""
    entries, behind = _entries(name, limit, after, consistent=consistent)
    shelved = tables.shelved((entry.product_id for entry in entries), consistent=consistent)
    found = {str(item.product.id): item for item in shelved}
    pairs = ((found.get(entry.product_id), entry) for entry in entries)
    return [item for item, entry in pairs if item is not None and _stands(item.product, name, entry)], behind


def _entries(
    name: str, limit: int, after: str | None, *, consistent: bool = False
) -> tuple[list[ShelfEntry], str | None]:
    entries = tables.shelf(name, limit + 1, after, consistent=consistent)
    return entries[:limit], entries[limit - 1].sk if len(entries) > limit else None


def _stands(product: Product, name: str, entry: ShelfEntry) -> bool:
    """Whether this is the product's place on the shelf. It may have left one there when it was published before."""
    if name == tables.EVERYTHING:
        return True
    return name in product.shelves and entry.sk == tables.shelf_key(name, str(product.published_at), product.id)["sk"]


def products(product_ids: Iterable[str], *, consistent: bool = False) -> dict[str, Product]:
    """The products that there are of these ids, in their order, published or not."""
    keys: list[dynamo.Key] = [(Product, f"PRODUCT#{product_id}", "PRODUCT") for product_id in product_ids]
    found = dynamo.load(keys, consistent=consistent)
    return {item.id: item for item in map(found.get, keys) if isinstance(item, Product)}


def offers(skus: list[str]) -> list[dynamo.Key]:
    """Where the variants of `skus` are read, for a use case that reads several modules' items in one request."""
    return [tables.variant_ref(sku) for sku in skus]


def shelf_refs(product_ids: Iterable[str], collections: Iterable[str]) -> list[dynamo.Key]:
    """Where it is read on which shelves products stand, for a use case that asks for it; of collections whose products
    are chosen one by one it asks for `collections`. Nothing without a product."""
    products = [tables.product_ref(product_id) for product_id in product_ids if product_id]
    return [*products, *map(chosen_tables.chosen_ref, collections)] if products else []


def shelves_among(items: Mapping[dynamo.Key, dynamo.Item]) -> dict[str, tuple[str, ...]]:
    """The categories and, with a "+" before them, the collections of each product that was read at `shelf_refs`."""
    chosen = [(item.collection, item.products) for item in items.values() if isinstance(item, ChosenProducts)]
    return {
        item.id: (
            *(shelf for shelf in item.shelves if shelf[0].isalnum() or shelf[0] == "+"),
            *(f"+{collection}" for collection, products in chosen if item.id in products),
        )
        for item in items.values()
        if isinstance(item, Product)
    }


def variants_among(items: Mapping[dynamo.Key, dynamo.Item]) -> list[Variant]:
    """The variants of what was read at `offers`."""
    return [item for item in items.values() if isinstance(item, Variant)]


def _variants_of(product: Product) -> list[Variant]:
    found = tables.variants(product.skus, consistent=True)
    # A change that was interrupted may have let a SKU go, and another product has it now.
    return [found[sku] for sku in product.skus if sku in found and found[sku].product_id == product.id]
