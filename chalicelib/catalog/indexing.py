"""Keeping the search index like the table: one product after an event, or all of them."""

from datetime import datetime, timedelta

import msgspec

from chalicelib.catalog import schemas, search, service, tables
from chalicelib.catalog.events import (
    ProductPublished,
    ProductUnpublished,
    ProductUpdated,
    ReviewEvent,
    ReviewPublished,
    ReviewUnpublished,
)
from chalicelib.catalog.search import Document
from chalicelib.catalog.tables import CatalogItem, Shelved
from chalicelib.core import clock, dynamo, events, ids, outbox
from chalicelib.core.jobs import Run

_BATCH = 100
# An event is made a moment before it is committed.
_MARGIN = timedelta(minutes=1)
_Changed = ProductPublished | ProductUpdated | ProductUnpublished | ReviewPublished | ReviewUnpublished
_FOLLOWED: dict[str, type[_Changed]] = {
    kind.name(): kind
    for kind in (ProductPublished, ProductUpdated, ProductUnpublished, ReviewPublished, ReviewUnpublished)
}


class _Place(msgspec.Struct, frozen=True):
    """Where a reindex is: the index it fills, since when, and behind which entry of the shelf it goes on."""

    index: str
    since: datetime
    after: str | None = None


def follow(event: _Changed) -> None:
    """Bring the index to the product's present state, whichever of its events came, in whatever order."""
    follow_product(event.product_id if isinstance(event, ReviewEvent) else event.aggregate_id)


def follow_product(product_id: str) -> None:
    """Bring the index to the product's present state. Products are never deleted, so what is not there never was."""
    for found in tables.products([product_id], consistent=True):
        if found.product.published:
            search.put(document(found))
        else:
            search.remove(product_id, _version(found))


def reindex(run: Run) -> None:
    """Build a new index from the table and switch to it. A run that stopped goes on with the page it was at."""
    place = _place(run.resume)
    while True:
        products, after = service.shelf(tables.PUBLISHED, _BATCH, place.after)
        run.count(products=search.fill(place.index, map(document, products)))
        if after is None:
            break
        place = msgspec.structs.replace(place, after=after)
        run.reached(_encoded(place))
    search.show(place.index)
    _catch_up(run, place)


def _version(found: Shelved) -> int:
    """Both only rise, so their sum does whenever something about the product changes."""
    return int(found.product.version) + (int(found.standing.version) if found.standing else 0)


def document(found: Shelved) -> Document:
    product = found.product
    titles = {tag: words.title for tag, words in product.translations.items()}
    return Document(
        id=product.id,
        version=_version(found),
        title=[product.title, *titles.values()],
        description=[product.description, *(words.description for words in product.translations.values())],
        brand=product.brand,
        tags=product.tags,
        skus=product.skus,
        category=product.category,
        price_from=product.price_from.amount,
        published_at=str(product.published_at),
        card={**msgspec.to_builtins(schemas.card(found)), "titles": titles},
    )


def _place(resume: str | None) -> _Place:
    if resume:
        place = msgspec.json.decode(resume, type=_Place)
        if search.has_index(place.index):
            return place
    place = _Place(f"{search.ALIAS}-{ids.new_id('idx')}", clock.now())
    search.new_index(place.index)
    return place


def _encoded(place: _Place) -> str:
    return msgspec.json.encode(place).decode()


def _catch_up(run: Run, place: _Place) -> None:
    """Follow the events since a reindex began once more: until the switch, consumers put them into the old index."""
    begun = place.since - _MARGIN
    for partition in outbox.partitions(begun, clock.now()):
        run.reached(_encoded(place))
        for item in dynamo.query_raw(CatalogItem.Meta.table_name, partition):
            kind = _FOLLOWED.get(item["name"]["S"])
            if kind and item["at"]["S"] >= clock.stamp(begun):
                follow(events.decode(item["detail"]["S"].encode(), kind))
