"""What the catalogue does when something happened."""

import msgspec

from chalicelib.catalog.events import (
    CategoryChanged,
    CollectionChanged,
    ProductPublished,
    ProductUnpublished,
    ProductUpdated,
    ReviewPublished,
    ReviewUnpublished,
)
from chalicelib.catalog.media import media
from chalicelib.catalog.reviews import sales
from chalicelib.catalog.search import indexing
from chalicelib.catalog.sorting import arranging
from chalicelib.core import jobs
from chalicelib.core.queue import Consumers
from chalicelib.logistics.events import ShipmentDispatched

consumers = Consumers(__name__)

catalog_search = consumers.batches(
    "catalog_search",
    [ProductPublished, ProductUpdated, ProductUnpublished, ReviewPublished, ReviewUnpublished],
    indexing.follow,
)

catalog_sales = consumers.queue("catalog_sales", {ShipmentDispatched: sales.count}, longest=12)

# The function's timeout is 120 seconds (.chalice/config.json), which a lease has to outlast.
_ARRANGING = 120


def _arrange(event: arranging.Changed) -> None:
    arranging.follow(event, jobs.deadline(_ARRANGING), _ARRANGING + 1)


# Who has no lease sends its message back, so more than a few at once would only wait.
catalog_arrange = consumers.queue(
    "catalog_arrange", {CategoryChanged: _arrange, CollectionChanged: _arrange}, batch_size=1, at_once=2
)


class _File(msgspec.Struct):
    key: str


class _Uploaded(msgspec.Struct):
    object: _File


class _Notice(msgspec.Struct):
    """S3's "Object Created" event as EventBridge sends it. Files that are to be written, or read on, are told alike."""

    detail: _Uploaded


def _key(body: str) -> str:
    return msgspec.json.decode(body, type=_Notice).detail.object.key


def _read_or_write(body: str) -> None:
    # Of these functions one reads files, now and then, and no other is to load all kinds of them.
    from chalicelib.catalog.files import exports, imports

    key = _key(body)
    # The function's timeout is 300 seconds (.chalice/config.json).
    out_of_time = jobs.deadline(300)
    if key.startswith(exports.FOLDER):
        exports.run_queued(key.removeprefix(exports.FOLDER), out_of_time)
    else:
        imports.run_uploaded(key, out_of_time)


catalog_imports = consumers.messages("catalog_imports", _read_or_write, batch_size=1, at_once=2)


def _check_picture(body: str) -> None:
    media.arrived(_key(body))


catalog_media = consumers.messages("catalog_media", _check_picture)
