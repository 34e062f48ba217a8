"""Keeping the search index like the table: one product after an event, or all of them."""

from collections.abc import Iterator

import msgspec

from chalicelib.catalog import schemas, search, service, tables
from chalicelib.catalog.events import ProductPublished, ProductUnpublished, ProductUpdated
from chalicelib.catalog.search import Document
from chalicelib.catalog.tables import Product
from chalicelib.core import ids

_BATCH = 100


def follow(event: ProductPublished | ProductUpdated | ProductUnpublished) -> None:
    """Bring the index to the product's present state, whichever of its events came, in whatever order."""
    product = tables.product_by_id(event.aggregate_id)
    if product is None or not product.published:
        search.remove(event.aggregate_id, int(product.version) if product else event.aggregate_version)
        return
    search.put(document(product))


def reindex() -> int:
    """Build a new index from the table and switch to it. Returns how many products it holds."""
    return search.rebuild(map(document, _published()), f"{search.ALIAS}-{ids.new_id('idx')}")


def document(product: Product) -> Document:
    titles = {tag: words.title for tag, words in product.translations.items()}
    return Document(
        id=product.id,
        version=int(product.version),
        title=[product.title, *titles.values()],
        description=[product.description, *(words.description for words in product.translations.values())],
        brand=product.brand,
        tags=product.tags,
        skus=product.skus,
        category=product.category,
        price_from=product.price_from.amount,
        published_at=str(product.published_at),
        card={**msgspec.to_builtins(schemas.card(product)), "titles": titles},
    )


def _published() -> Iterator[Product]:
    after = None
    while True:
        products, after = service.shelf(tables.PUBLISHED, _BATCH, after)
        yield from products
        if after is None:
            return
