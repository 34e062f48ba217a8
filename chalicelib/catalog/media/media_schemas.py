"""What staff send and see of pictures."""

from datetime import datetime
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from chalicelib.catalog.media import media
from chalicelib.catalog.media.media_tables import Media
from chalicelib.catalog.storage import Upload

PictureType = Literal["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"]
PictureStatus = Literal["awaiting_upload", "ready", "rejected"]
LARGEST_PICTURE = 20_000_000


class NewPicture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`size` is in bytes, exactly. `filename` is for people; nothing is named after it."""

    content_type: PictureType
    size: Annotated[int, Meta(ge=1, le=LARGEST_PICTURE)]
    filename: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]*$(?!\n)")] | None = None


class PictureView(msgspec.Struct, frozen=True):
    """A picture. Send the file by `upload` while it is awaited; once it is ready, everybody can see it at `url`.

    `size` is in bytes, `width` and `height` are in pixels as it is shown. `reason` says why it was rejected.
    """

    id: str
    status: PictureStatus
    content_type: str
    size: int
    filename: str | None
    width: int | None
    height: int | None
    reason: str | None
    url: str
    created_at: datetime
    upload: Upload | None


def picture(item: Media) -> PictureView:
    return PictureView(
        id=item.id,
        status=cast(PictureStatus, item.state),
        content_type=item.content_type,
        size=int(item.size),
        filename=item.filename,
        width=None if item.width is None else int(item.width),
        height=None if item.height is None else int(item.height),
        reason=item.reason,
        url=media.url(item.name),
        created_at=datetime.fromisoformat(item.created_at),
        upload=media.upload(item),
    )
