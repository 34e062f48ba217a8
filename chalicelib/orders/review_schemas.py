"""What buyers send and see of their reviews and the photos in them."""

from datetime import datetime
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from chalicelib.orders import reviewing
from chalicelib.orders.cart.cart_schemas import Sku
from chalicelib.orders.reviewing import Media, Review, Upload, Words

MOST_PHOTOS = 5
LARGEST_PHOTO = 8_000_000
ReviewStatus = Literal["pending", "published", "rejected"]
PhotoStatus = Literal["awaiting_upload", "ready", "rejected"]


class ReviewWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`title`, `text` and `author` are plain text: HTML is taken out. Without `author` it is by a "Verified buyer".

    `photos` are ids of photos that were sent for this order and passed their check.
    """

    stars: Annotated[int, Meta(ge=1, le=5)]
    title: Annotated[str, Meta(max_length=150)] = ""
    text: Annotated[str, Meta(max_length=5000)] = ""
    author: Annotated[str, Meta(max_length=60)] = ""
    photos: Annotated[tuple[Annotated[str, Meta(max_length=60)], ...], Meta(max_length=MOST_PHOTOS)] = ()


class NewReview(ReviewWords, frozen=True, forbid_unknown_fields=True, kw_only=True):
    sku: Sku


class NewPhoto(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`size` is in bytes, exactly. `filename` is taken and forgotten."""

    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    size: Annotated[int, Meta(ge=1, le=LARGEST_PHOTO)]
    filename: Annotated[str, Meta(max_length=255)] | None = None


class SentPhoto(msgspec.Struct, frozen=True):
    """A photo for a review. Send the file by `upload` while it is awaited; what a camera noted in it is taken out."""

    id: str
    status: PhotoStatus
    content_type: str
    size: int
    width: int | None
    height: int | None
    reason: str | None
    upload: Upload | None


class OwnPhoto(msgspec.Struct, frozen=True):
    """`url` is null until staff have seen the review."""

    id: str
    url: str | None
    width: int
    height: int


class OwnReview(msgspec.Struct, frozen=True):
    """One's review. It is `pending` until staff have read it; `reason` says why it was rejected."""

    id: str
    product_id: str
    sku: str
    status: ReviewStatus
    reason: str | None
    stars: int
    title: str
    text: str
    author: str
    photos: list[OwnPhoto]
    helpful: int
    created_at: datetime
    changed_at: datetime


class OwnReviews(msgspec.Struct, frozen=True):
    data: list[OwnReview]
    next_cursor: str | None


def words(body: ReviewWords) -> Words:
    return Words(body.stars, body.title, body.text, body.author, body.photos)


def review(item: Review) -> OwnReview:
    shown = item.state == "published"
    return OwnReview(
        id=item.id,
        product_id=item.product_id,
        sku=item.sku,
        status=cast(ReviewStatus, item.state),
        reason=item.reason,
        stars=int(item.stars),
        title=item.title,
        text=item.text,
        author=item.author,
        photos=[OwnPhoto(p.id, reviewing.url(p.name) if shown else None, p.width, p.height) for p in item.photos],
        helpful=int(item.helpful),
        created_at=datetime.fromisoformat(item.created_at),
        changed_at=datetime.fromisoformat(item.changed_at),
    )


def photo(item: Media) -> SentPhoto:
    return SentPhoto(
        id=item.id,
        status=cast(PhotoStatus, item.state),
        content_type=item.content_type,
        size=int(item.size),
        width=None if item.width is None else int(item.width),
        height=None if item.height is None else int(item.height),
        reason=item.reason,
        upload=reviewing.upload(item),
    )
