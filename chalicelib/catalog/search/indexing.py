"""Keeping the search index like the table: after an event, and page by page."""

from collections.abc import Iterable, Sequence

from chalicelib.catalog import service, tables
from chalicelib.catalog.events import (
    ProductPublished,
    ProductUnpublished,
    ProductUpdated,
    ReviewEvent,
    ReviewPublished,
    ReviewUnpublished,
)
from chalicelib.catalog.search import documents, search_engine
from chalicelib.catalog.search.search_engine import Write
from chalicelib.catalog.tables import Product, Standing
from chalicelib.core import log

Changed = ProductPublished | ProductUpdated | ProductUnpublished | ReviewPublished | ReviewUnpublished


def follow(events: Sequence[Changed]) -> set[str]:
    """Bring the index to the present state of the events' products, whichever came in whatever order.

    One request to the table and one to the engine's documents, however many events. Returns the ids of those that the
    engine did not take.
    """
    about = {event.id: _product_of(event) for event in events}
    refused = search_engine.write(present(about.values()), documents.INDEX)
    for product_id, reason in refused.items():
        log.write("search_document_refused", id=product_id, reason=reason)
    return {event_id for event_id, product_id in about.items() if product_id in refused}


def present(product_ids: Iterable[str]) -> list[Write]:
    """What the index should have of these products now. Products are never deleted: who has no item never was seen."""
    wanted = dict.fromkeys(product_ids)
    return [_write(found.product, found.standing) for found in tables.shelved(wanted, consistent=True)]


def _product_of(event: Changed) -> str:
    return event.product_id if isinstance(event, ReviewEvent) else event.aggregate_id


def page(limit: int, after: str | None) -> tuple[list[Write], str | None]:
    """What the index should have of the next published products, and the place from which the next page goes on."""
    found, behind = service.listed(tables.PUBLISHED, limit, after, consistent=True)
    return [_write(each.product, each.standing) for each in found], behind


def _write(product: Product, standing: Standing | None) -> Write:
    if not product.published:
        return Write(product.id, documents.version(product, standing), None)
    return documents.written(documents.document(product, standing))
