"""How many pieces of a product were sold: counted once for each parcel that left, and followed by search."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta

from chalicelib.catalog import tables
from chalicelib.catalog.search import documents, indexing, search_engine
from chalicelib.catalog.tables import CatalogItem, Standing
from chalicelib.core import clock, dynamo, log, outbox
from chalicelib.logistics.events import ShipmentDispatched

# Events can be sent again for as long as the outbox keeps them, and wait in dead letters for two weeks after that.
_REMEMBERED = outbox.KEPT + timedelta(days=30)


class _Counted(Exception):
    """This parcel was counted before."""


def count(event: ShipmentDispatched) -> None:
    """Add a parcel's pieces to what was sold of each product. A bundle's pieces are those of its components.

    Which parcels were counted is written in the same transaction, so a repeated event adds nothing. Search follows if
    the engine answers; if not, the nightly check brings it up to date, and the count does not wait for it.
    """
    variants = tables.variants(list(event.lines))
    pieces: Counter[str] = Counter()
    for sku, variant in variants.items():  # a SKU that is gone has no product any more
        pieces[variant.product_id] += event.lines[sku]
    with suppress(_Counted):
        dynamo.transaction([_once(event), *(_add(product_id, sold) for product_id, sold in pieces.items())])
    _show(list(pieces))


def _once(event: ShipmentDispatched) -> dynamo.Action:
    record: dict[str, str | int] = {
        "pk": f"SOLD#{event.aggregate_id}",
        "sk": "SOLD",
        "kind": "sold",
        "expires": int((clock.now() + _REMEMBERED).timestamp()),
    }
    return dynamo.put_raw(CatalogItem, record, _Counted())


def _add(product_id: str, sold: int) -> dynamo.Action:
    return dynamo.update(
        Standing(**tables.standing_key(product_id)), [Standing.version.add(1), Standing.sold.add(sold)]
    )


def _show(product_ids: list[str]) -> None:
    try:
        refused = search_engine.write(indexing.present(product_ids), documents.INDEX)
    except Exception as error:  # whatever the engine's client raises: best selling is not worth a dead letter
        log.write("search_not_followed", products=product_ids, error=repr(error))
        return
    for product_id, reason in refused.items():
        log.write("search_document_refused", id=product_id, reason=reason)
