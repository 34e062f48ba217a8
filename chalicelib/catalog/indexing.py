"""Keeping the search index like the table: after an event, and page by page."""

from collections.abc import Iterable, Sequence

from chalicelib.catalog import documents, search_engine, service, tables
from chalicelib.catalog.events import ProductPublished, ProductUnpublished, ProductUpdated
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
    refused = search_engine.write(present(about.values()), documents.INDEX)
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


def _write(product: Product, standing: dynamo.Item | None) -> Write:
    known = standing if isinstance(standing, Standing) else None
    if not product.published:
        return Write(product.id, documents.version(product, known), None)
    return documents.written(documents.document(product, known))
