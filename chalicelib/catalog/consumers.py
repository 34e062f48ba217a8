"""What the catalogue does when something happened."""

import msgspec

from chalicelib.catalog import imports, indexing, media
from chalicelib.catalog.events import (
    ProductPublished,
    ProductUnpublished,
    ProductUpdated,
    ReviewPublished,
    ReviewUnpublished,
)
from chalicelib.core.queue import Consumers

consumers = Consumers(__name__)

catalog_search = consumers.queue(
    "catalog_search",
    {
        ProductPublished: indexing.follow,
        ProductUpdated: indexing.follow,
        ProductUnpublished: indexing.follow,
        ReviewPublished: indexing.follow,
        ReviewUnpublished: indexing.follow,
    },
)


class _File(msgspec.Struct):
    key: str


class _Uploaded(msgspec.Struct):
    object: _File


class _Notice(msgspec.Struct):
    """S3's "Object Created" event as EventBridge sends it; imports.py sends the same to go on with a long file."""

    detail: _Uploaded


def _key(body: str) -> str:
    return msgspec.json.decode(body, type=_Notice).detail.object.key


def _read_file(body: str) -> None:
    # The function's timeout is 300 seconds (.chalice/config.json).
    imports.run_uploaded(_key(body), imports.deadline(300))


catalog_imports = consumers.messages("catalog_imports", _read_file, batch_size=1, at_once=2)


def _check_picture(body: str) -> None:
    media.arrived(_key(body))


catalog_media = consumers.messages("catalog_media", _check_picture)
