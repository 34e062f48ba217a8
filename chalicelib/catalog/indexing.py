"""Keeping the search index like the table: after an event, and page by page."""

from collections.abc import Iterable, Sequence

import msgspec

from chalicelib.catalog import schemas, search, search_engine, service, tables
from chalicelib.catalog.events import ProductPublished, ProductUnpublished, ProductUpdated
from chalicelib.catalog.search import Document
from chalicelib.catalog.search_engine import Write
from chalicelib.catalog.tables import Product, Standing
from chalicelib.core import dynamo, log

Changed = ProductPublished | ProductUpdated | ProductUnpublished


def follow(events: Sequence[Changed]) -> set[str]:
    """Bring the index to the present state of the events' products, whichever came in whatever order.

    One request to the table and one to the engine's documents, however many events. Returns the ids of those that the
    engine did not take.
    """
    about = {event.id: event.aggregate_id for event in events}
    refused = search_engine.write(present(about.values()), search.INDEX)
    for product_id, reason in refused.items():
        log.write("search_document_refused", id=product_id, reason=reason)
    return {event_id for event_id, product_id in about.items() if product_id in refused}


def present(product_ids: Iterable[str]) -> list[Write]:
    """What the index should have of these products now. Products are never deleted: who has no item never was seen."""
    wanted = list(dict.fromkeys(product_ids))
    refs = [ref for each in wanted for ref in (tables.product_ref(each), tables.standing_ref(each))]
    found = dynamo.load(refs, consistent=True)
    products = [found.get(tables.product_ref(each)) for each in wanted]
    return [_write(item, found.get(tables.standing_ref(item.id))) for item in products if isinstance(item, Product)]


def page(limit: int, after: str | None) -> tuple[list[Write], str | None]:
    """What the index should have of the next published products, and the place from which the next page goes on."""
    products, behind = service.shelf(tables.PUBLISHED, limit, after, consistent=True)
    standings = dynamo.load([tables.standing_ref(product.id) for product in products], consistent=True)
    return [_write(product, standings.get(tables.standing_ref(product.id))) for product in products], behind


def document(product: Product, standing: Standing | None) -> Document:
    titles = {tag: words.title for tag, words in product.translations.items()}
    return Document(
        id=product.id,
        version=version(product, standing),
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


def version(product: Product, standing: Standing | None) -> int:
    """Both only rise, so their sum does with every change of what search shows."""
    return int(product.version) + (int(standing.version) if standing else 0)


def _write(product: Product, standing: dynamo.Item | None) -> Write:
    known = standing if isinstance(standing, Standing) else None
    if not product.published:
        return Write(product.id, version(product, known), None)
    return search.written(document(product, known))
