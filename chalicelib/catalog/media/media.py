"""Pictures: announced, sent straight to the bucket, checked when they arrive, and only then shown to anybody.

What is sent lies under uploads/, which nobody can read. The consumer of S3's notices looks at the bytes and puts those
that it looked at under media/, which is public; so nothing unchecked is ever served.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import msgspec

from chalicelib.catalog import storage
from chalicelib.catalog.media import images, traces
from chalicelib.catalog.media.media_tables import Media, media_key, media_ref
from chalicelib.catalog.product import Image
from chalicelib.catalog.storage import Upload as Upload
from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import audit, clock, dynamo, ids
from chalicelib.core.errors import not_found
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.settings import settings
from chalicelib.core.staff import Staff

AWAITING_UPLOAD, READY, REJECTED = "awaiting_upload", "ready", "rejected"
UPLOADS, SERVED = "uploads/", "media/"
# An upload link lasts an hour, the bucket keeps what came for a day.
_AWAITED = timedelta(days=2)
_REJECTED_KEPT = timedelta(days=7)
# How long a photo may be in no review; the bucket's lifecycle rule says the same of its file.
UNCLAIMED_KEPT = timedelta(days=7)


def start(content_type: str, size: int, filename: str | None, once: Once, by: Staff) -> Media:
    """A picture that waits for its file. The same request again answers with the same picture."""
    item = announced(content_type, size)
    item.filename = filename
    record = audit.entry(by, "media.created", item.id, content_type=content_type, size=size)
    try:
        dynamo.transaction([*once.claim(CatalogItem, item.id), dynamo.insert(item), record])
    except AlreadyDone:
        return find(str(once.made(CatalogItem)))
    return item


def announced(content_type: str, size: int, secret: str = "") -> Media:
    """A new picture of this type and size in bytes. With a `secret` in its name only who is told finds the file."""
    media_id = ids.new_id("med")
    return Media(
        **media_key(media_id),
        id=media_id,
        state=AWAITING_UPLOAD,
        created_at=clock.stamp(clock.now()),
        content_type=content_type,
        size=size,
        name=f"{media_id}{f'-{secret}' if secret else ''}.{images.SUFFIXES[content_type]}",
        expires=in_seconds(_AWAITED),
    )


def upload(item: Media) -> Upload | None:
    """How the picture is sent, for an hour from now; None once it has come."""
    if item.state != AWAITING_UPLOAD:
        return None
    return storage.upload(f"{UPLOADS}{item.id}", item.content_type, int(item.size))


def url(name: str) -> str:
    """Where everybody can see the picture of this file name once it is ready."""
    return f"{settings.media_url}/{SERVED}{name}"


def find(media_id: str) -> Media:
    """A picture; 404 if there is none with this id."""
    item = dynamo.get(Media, **media_key(media_id)) if ids.is_id("med", media_id) else None
    if item is None:
        raise not_found("picture")
    return item


def arrived(key: str) -> None:
    """Check the file that was uploaded under `key`: show it, or say why not. A second notice changes nothing."""
    item = dynamo.get(Media, **media_key(key.removeprefix(UPLOADS)))
    if item is not None and item.state == AWAITING_UPLOAD:
        try:
            found, size = _serve_checked(item, key)
            forgotten = Media.expires.set(in_seconds(UNCLAIMED_KEPT)) if item.order_id else Media.expires.remove()
            measures = [Media.width.set(found.width), Media.height.set(found.height), Media.size.set(size)]
            changes = [Media.state.set(READY), *measures, forgotten]
        except images.Unusable as refused:
            until = in_seconds(_REJECTED_KEPT)
            changes = [Media.state.set(REJECTED), Media.reason.set(str(refused)), Media.expires.set(until)]
        # A twin that had the same notice came to the same result.
        with suppress(dynamo.ConditionFailed):
            dynamo.write(dynamo.update(item, changes, Media.state == AWAITING_UPLOAD))
    storage.delete(key)


def in_seconds(time: timedelta) -> int:
    """So long from now, as `expires` wants it."""
    return int((clock.now() + time).timestamp())


def _serve_checked(item: Media, key: str) -> tuple[images.Looks, int]:
    try:
        data = storage.sent(key, int(item.size))
    except storage.WrongSize as wrong:
        raise images.Unusable(f"{item.size} bytes were announced, and {wrong.size} came.") from None
    found = images.look(data)
    if found.content_type != item.content_type:
        raise images.Unusable(f"This was announced as {item.content_type}, and is {found.content_type}.")
    if item.order_id:
        data = traces.without_traces(data, found.content_type, found.orientation)
    storage.serve(f"{SERVED}{item.name}", data, found.content_type, claimed=item.order_id is None)
    return found, len(data)


def with_sizes(pictures: Sequence[Image]) -> list[Image]:
    """The same pictures, each with its width and height where it is one of this shop's own. At most one request."""
    own = {picture.url: media_id for picture in pictures if (media_id := _id_in(picture.url))}
    found = dynamo.load(media_ref(media_id) for media_id in own.values()) if own else {}
    known = {url(str(item.name)): item for item in found.values() if isinstance(item, Media) and item.state == READY}
    return [_sized(picture, known.get(picture.url)) for picture in pictures]


def _sized(picture: Image, item: Media | None) -> Image:
    if item is None or item.width is None or item.height is None:
        return picture
    return msgspec.structs.replace(picture, width=int(item.width), height=int(item.height))


def _id_in(address: str) -> str | None:
    base = f"{settings.media_url}/{SERVED}"
    if not address.startswith(base):
        return None
    media_id = re.split("[-.]", address.removeprefix(base))[0]
    return media_id if ids.is_id("med", media_id) else None
