"""The catalogue's reviews.

| what           | pk             | sk               | index `page`                                               |
|----------------|----------------|------------------|------------------------------------------------------------|
| review         | REVIEW#<id>    | REVIEW           | its list / <time>#<id>                                     |
| helpful vote   | VOTER#<id>     | VOTE#<review id> |                                                            |

A review's id is made of its order line, so there is one for each. It stands on one list at a time: REVIEWS#<product id>
while it is published, by the time it was written; REVIEWS#pending#<spread> while it waits for somebody to read it, and
REVIEWS#rejected#<year-month>#<spread>, both by the time of its last change. No handle of a product has a # in it. So a
page of a product's reviews is one Query, however many there are. What they add up to is in the product's Standing.
"""

import zlib
from datetime import datetime

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.catalog.reviews.moderation import PENDING, PUBLISHED, REJECTED
from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import dynamo
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey

_SPREAD = 4


class Photo(msgspec.Struct, frozen=True):
    """A picture in a review: which one, its file's name, its size in pixels."""

    id: str
    name: str
    width: int
    height: int


class Review(CatalogItem, discriminator="review"):
    """What a buyer says of a product. `version` rises with each change but votes, of which `helpful` is the number.

    `order_id`, and for a customer `customer_id`, say whose it is; neither is ever shown. `reason` is why it was
    rejected. `changed_at` is when its words or its state changed last.
    """

    id = UnicodeAttribute()
    product_id = UnicodeAttribute()
    order_id = UnicodeAttribute()
    customer_id = UnicodeAttribute(null=True)
    sku = UnicodeAttribute()
    option_values = JsonAttribute(list[str])
    state = UnicodeAttribute()
    version = NumberAttribute()
    stars = NumberAttribute()
    title = UnicodeAttribute()
    text = UnicodeAttribute()
    author = UnicodeAttribute()
    photos = JsonAttribute(list[Photo])
    created_at = UnicodeAttribute()
    changed_at = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    helpful = NumberAttribute(default=0)


class Vote(CatalogItem, discriminator="vote"):
    """A customer finds a review helpful."""

    customer_id = UnicodeAttribute()
    review_id = UnicodeAttribute()


def review_key(review_id: str) -> PrimaryKey:
    return {"pk": f"REVIEW#{review_id}", "sk": "REVIEW"}


def vote_key(customer_id: str, review_id: str) -> PrimaryKey:
    return {"pk": f"VOTER#{customer_id}", "sk": f"VOTE#{review_id}"}


def place_on_list(review: Review) -> None:
    """Set the index keys of the list that the review's state puts it on."""
    spread = zlib.crc32(review.id.encode()) % _SPREAD
    review.handle = {
        PUBLISHED: f"REVIEWS#{review.product_id}",
        PENDING: f"REVIEWS#pending#{spread}",
        REJECTED: f"REVIEWS#rejected#{review.changed_at[:7]}#{spread}",
    }[review.state]
    review.part = f"{review.created_at if review.state == PUBLISHED else review.changed_at}#{review.id}"


def review(review_id: str) -> Review | None:
    return dynamo.get(Review, **review_key(review_id))


def reviews(review_ids: list[str]) -> list[Review]:
    """Those that exist."""
    found = dynamo.load(((Review, f"REVIEW#{review_id}", "REVIEW") for review_id in review_ids), consistent=True)
    return [item for item in found.values() if isinstance(item, Review)]


def published(product_id: str, limit: int, after: str | None) -> list[Review]:
    """The next `limit` published reviews of a product, newest first, behind the index sort key `after`: one Query."""
    return _on_list(f"REVIEWS#{product_id}", limit, after, newest_first=True)


def pending(limit: int, after: str | None) -> list[Review]:
    """The next `limit` reviews that wait, those that wait longest first."""
    lists = [_on_list(f"REVIEWS#pending#{n}", limit, after, newest_first=False) for n in range(_SPREAD)]
    return sorted((item for page in lists for item in page), key=lambda item: str(item.part))[:limit]


def rejected_in(month: datetime, limit: int, after: str | None) -> list[Review]:
    """The next `limit` reviews that were rejected in a month and still are, newest first."""
    lists = [f"REVIEWS#rejected#{month:%Y-%m}#{n}" for n in range(_SPREAD)]
    pages = (_on_list(name, limit, after, newest_first=True) for name in lists)
    return dynamo.merged_page(pages, lambda item: str(item.part), limit)


def _on_list(name: str, limit: int, after: str | None, *, newest_first: bool) -> list[Review]:
    behind = None
    if after is not None:
        behind = CatalogItem.part < after if newest_first else CatalogItem.part > after
    found = CatalogItem.page.query(name, behind, scan_index_forward=not newest_first, limit=limit)
    return [item for item in found if isinstance(item, Review)]
