"""What anyone, customers and staff see of reviews, and what staff send."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from chalicelib.catalog import schemas
from chalicelib.catalog.media import media
from chalicelib.catalog.reviews import moderation
from chalicelib.catalog.reviews.moderation import Rating
from chalicelib.catalog.reviews.reviews import Review
from chalicelib.catalog.tables import Standing
from chalicelib.core.paging import Page

ReviewStatus = Literal["pending", "published", "rejected"]
Version = Annotated[int, Meta(ge=1, le=10**9)]


class ListAnyReviews(Page, frozen=True, forbid_unknown_fields=True):
    """Published reviews are listed by product."""

    status: ReviewStatus = "pending"
    product_id: Annotated[str, Meta(max_length=60)] | None = None


class Approve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`version` is that of the review that was read, so that nobody approves what they have not seen."""

    version: Version | None = None


class Reject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The review's author gets to read `reason`."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    version: Version | None = None


class PhotoView(msgspec.Struct, frozen=True):
    url: str
    width: int
    height: int


class ReviewView(msgspec.Struct, frozen=True):
    """What a buyer says of a product; all reviews are by people who bought it here. Texts are plain, never HTML."""

    id: str
    stars: int
    title: str
    text: str
    author: str
    option_values: list[str]
    photos: list[PhotoView]
    helpful: int
    created_at: datetime


class StaffReviewView(ReviewView, frozen=True):
    product_id: str
    order_id: str
    sku: str
    status: ReviewStatus
    reason: str | None
    version: int
    changed_at: datetime


class ProductRating(Rating, frozen=True):
    """`distribution` is how many reviews gave 1, 2, 3, 4 and 5 stars."""

    distribution: dict[str, int]


class Reviews(msgspec.Struct, frozen=True):
    data: list[ReviewView]
    rating: ProductRating
    next_cursor: str | None


class StaffReviews(msgspec.Struct, frozen=True):
    data: list[StaffReviewView]
    next_cursor: str | None


class HelpfulView(msgspec.Struct, frozen=True):
    """How many customers find a review helpful, and whether this one does."""

    id: str
    helpful: int
    voted: bool


def product_rating(standing: Standing | None) -> ProductRating:
    stars = range(1, moderation.MOST_STARS + 1)
    distribution = {str(n): int(getattr(standing, f"stars_{n}")) if standing else 0 for n in stars}
    return ProductRating(**msgspec.structs.asdict(schemas.rating(standing)), distribution=distribution)


def review(item: Review) -> ReviewView:
    return ReviewView(**_fields(item))


def staff_review(item: Review) -> StaffReviewView:
    return StaffReviewView(
        **_fields(item),
        product_id=item.product_id,
        order_id=item.order_id,
        sku=item.sku,
        status=cast(ReviewStatus, item.state),
        reason=item.reason,
        version=int(item.version),
        changed_at=datetime.fromisoformat(item.changed_at),
    )


def _fields(item: Review) -> dict[str, Any]:
    return {
        "id": item.id,
        "stars": int(item.stars),
        "title": item.title,
        "text": item.text,
        "author": item.author,
        "option_values": item.option_values,
        "photos": [PhotoView(media.url(photo.name), photo.width, photo.height) for photo in item.photos],
        "helpful": int(item.helpful),
        "created_at": datetime.fromisoformat(item.created_at),
    }
