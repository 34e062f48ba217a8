"""Reviews: written by buyers, read by staff before anybody else, and counted exactly in their product's Standing.

Orders' service knows who bought what, and commits a new review. Whatever moves a review into public or out of it adds
to the standing in the same transaction, under a condition on the review's version; so it is counted once, however often
it is tried and whoever else moves at the same time.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chalicelib.catalog import tables
from chalicelib.catalog.events import ReviewPublished, ReviewUnpublished
from chalicelib.catalog.reviews import moderation, photos, review_tables
from chalicelib.catalog.reviews.moderation import PENDING, PUBLISHED, REJECTED
from chalicelib.catalog.reviews.review_tables import Photo
from chalicelib.catalog.reviews.review_tables import Review as Review
from chalicelib.catalog.tables import CatalogItem, Standing
from chalicelib.core import audit, clock, dynamo, ids, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy, not_found
from chalicelib.core.paging import foreign_cursor
from chalicelib.core.staff import Staff

_ATTEMPTS = 8
_MONTHS_BACK = 12


class Purchase(msgspec.Struct, frozen=True):
    """The order line that a review is about."""

    order_id: str
    customer_id: str | None
    product_id: str
    sku: str
    option_values: list[str]


class Words(msgspec.Struct, frozen=True):
    """What somebody says, as they typed it. `photos` are ids of photos that they sent for this order."""

    stars: int
    title: str
    text: str
    author: str
    photos: Sequence[str]


class _Moved(Exception):
    """The review was changed between reading and writing: look again."""


def review_id(order_id: str, sku: str) -> str:
    """The id of the one review that there can be of an order line."""
    return ids.named("rev", order_id, sku)


def submit(purchase: Purchase, words: Words) -> list[Action]:
    """Write actions for a new review, which waits until staff have read it.

    Committing raises 409 `already_reviewed` if there is one of this order line.
    """
    new_id, now = review_id(purchase.order_id, purchase.sku), clock.stamp(clock.now())
    review = Review(
        **review_tables.review_key(new_id),
        id=new_id,
        product_id=purchase.product_id,
        order_id=purchase.order_id,
        customer_id=purchase.customer_id,
        sku=purchase.sku,
        option_values=purchase.option_values,
        state=PENDING,
        version=1,
        created_at=now,
        changed_at=now,
    )
    chosen, claims = photos.claim(purchase.order_id, new_id, words.photos, photos.gone())
    _say(review, words, chosen)
    review_tables.place_on_list(review)
    taken = ShopError("already_reviewed", 409, "This order line has a review already. It can be changed.")
    return [dynamo.insert(review, taken), *claims]


def find(wanted: str) -> Review:
    """A review; 404 if there is none with this id."""
    review = review_tables.review(wanted) if ids.is_id("rev", wanted) else None
    if review is None:
        raise not_found("review")
    return review


def of_order(order_id: str, skus: Sequence[str]) -> list[Review]:
    """The reviews that there are of an order's lines."""
    return review_tables.reviews([review_id(order_id, sku) for sku in skus])


def published(product_id: str, limit: int, after: str | None) -> tuple[list[Review], str | None]:
    """A page of a product's reviews, newest first, and where the next page goes on."""
    return _page(review_tables.published(product_id, limit + 1, after), limit)


def pending(limit: int, after: str | None) -> tuple[list[Review], str | None]:
    """A page of what has to be read, longest waiting first, and where the next page goes on."""
    return _page(review_tables.pending(limit + 1, after), limit)


def rejected(limit: int, after: str | None) -> tuple[list[Review], str | None]:
    """A page of what was rejected in the last twelve months, newest first, and where the next page goes on."""
    found: list[Review] = []
    for month in _months(after):
        found += review_tables.rejected_in(month, limit + 1 - len(found), after)
        if len(found) > limit:
            break
    return _page(found, limit)


def _page(found: list[Review], limit: int) -> tuple[list[Review], str | None]:
    return found[:limit], str(found[limit - 1].part) if len(found) > limit else None


def _months(after: str | None) -> Iterator[datetime]:
    """The months to look at, newest first and none that is still to come; 422 for a place that no page ended at."""
    now = clock.now()
    try:
        month = min(datetime.fromisoformat(after.partition("#")[0]).astimezone(UTC), now) if after else now
    except (ValueError, OverflowError):
        raise foreign_cursor() from None
    while month >= now - timedelta(days=31 * _MONTHS_BACK):
        yield month
        month = month.replace(day=1) - timedelta(days=1)


def rewrite(order_id: str, wanted: str, words: Words) -> Review:
    """Let the author of a review say something else; staff read it again before anybody else does.

    The same words again change nothing. 404 unless it is a review of this order.
    """
    for _ in range(_ATTEMPTS):
        old = find(wanted)
        if old.order_id != order_id:
            raise not_found("review")
        new = _copy(old)
        chosen, claims = photos.claim(order_id, old.id, words.photos, _Moved())
        _say(new, words, chosen)
        if _words_of(new) == _words_of(old):
            return old
        new.state, new.reason = PENDING, None
        kept = {photo.id for photo in chosen}
        dropped = [photo for photo in old.photos if photo.id not in kept]
        if _commit(old, new, [*claims, *photos.let_go(dropped)]):
            photos.forget(dropped)
            return new
    raise busy()


def approve(wanted: str, version: int | None, by: Staff) -> Review:
    """Let everybody read a review. Approving what is published changes nothing.

    `version` is the one that was read: 409 `review_changed` if its author has changed it meanwhile.
    """
    return _moderate(wanted, PUBLISHED, None, version, by)


def reject(wanted: str, reason: str, version: int | None, by: Staff) -> Review:
    """Let nobody read a review, or nobody any more. Rejecting what is rejected changes nothing."""
    return _moderate(wanted, REJECTED, reason, version, by)


def _moderate(wanted: str, state: str, reason: str | None, version: int | None, by: Staff) -> Review:
    for _ in range(_ATTEMPTS):
        old = find(wanted)
        if old.state == state:
            return old
        if version not in (None, int(old.version)):
            raise ShopError("review_changed", 409, "The review was changed meanwhile. Read it again.")
        moderation.check_move(old.state, state)
        new = _copy(old)
        new.state, new.reason = state, reason
        record = audit.entry(by, f"review.{_AUDITED[state]}", old.id, product_id=old.product_id)
        if _commit(old, new, [record]):
            return new
    raise busy()


_AUDITED = {PUBLISHED: "approved", REJECTED: "rejected"}


def _commit(old: Review, new: Review, also: Sequence[Action]) -> bool:
    """Save what became of a review, with all that follows from it. False if somebody else was faster."""
    new.version, new.changed_at = int(old.version) + 1, clock.stamp(clock.now())
    review_tables.place_on_list(new)
    changes = [_set(name, getattr(new, name)) for name in _CHANGEABLE]
    saved = dynamo.update(new, changes, Review.version == int(old.version), _Moved())
    try:
        dynamo.transaction([saved, *_follow(old, new), *also])
    except _Moved:
        return False
    return True


# Not `helpful`: it is added to by votes, which do not wait for each other.
_WORDS = ("stars", "title", "text", "author", "photos")
_CHANGEABLE = (*_WORDS, "state", "version", "changed_at", "reason", "handle", "part")


def _set(name: str, value: object) -> Any:
    attribute = getattr(Review, name)
    return attribute.remove() if value is None else attribute.set(value)


def _follow(old: Review, new: Review) -> list[Action]:
    """What a changed review means to its product: the standing by addition, and the event that search waits for."""
    before, after = moderation.counts(old.state, int(old.stars)), moderation.counts(new.state, int(new.stars))
    if before == after:
        return []
    changes = [getattr(Standing, name).add(change) for name, change in moderation.difference(before, after).items()]
    kind = ReviewPublished if new.state == PUBLISHED else ReviewUnpublished
    event = kind(
        aggregate_id=new.id,
        aggregate_version=int(new.version),
        product_id=new.product_id,
        stars=int(new.stars if new.state == PUBLISHED else old.stars),
    )
    return [
        dynamo.update(Standing(**tables.standing_key(new.product_id)), [Standing.version.add(1), *changes]),
        dynamo.put_raw(CatalogItem, outbox.attributes(event)),
    ]


def _say(review: Review, words: Words, chosen: list[Photo]) -> None:
    review.stars = words.stars
    review.title = moderation.plain_line(words.title)
    review.text = moderation.plain_text(words.text)
    review.author = moderation.author_name(words.author)
    review.photos = chosen


def _words_of(review: Review) -> list[object]:
    return [getattr(review, name) for name in _WORDS]


def _copy(review: Review) -> Review:
    return Review.from_raw_data(review.serialize())
