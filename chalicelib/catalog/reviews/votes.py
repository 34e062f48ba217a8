"""Helpful votes: one per customer and review, each counted in the transaction that writes it."""

from chalicelib.catalog import tables
from chalicelib.catalog.reviews import review_tables, reviews
from chalicelib.catalog.reviews.moderation import PUBLISHED
from chalicelib.catalog.reviews.review_tables import Review, Vote
from chalicelib.core import dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, not_found


def vote(customer_id: str, handle: str, wanted: str) -> Review:
    """A customer finds a published review of this product helpful. Saying so again changes nothing."""
    review = _readable(handle, wanted)
    if review.customer_id == customer_id:
        raise ShopError("own_review", 409, "This is your own review.")
    mine = Vote(**review_tables.vote_key(customer_id, review.id), customer_id=customer_id, review_id=review.id)
    return _count_vote(review, dynamo.insert(mine, _Voted()), 1)


def withdraw(customer_id: str, handle: str, wanted: str) -> Review:
    """Take that back. What was not said is taken back already."""
    review = _readable(handle, wanted)
    mine = Vote(**review_tables.vote_key(customer_id, review.id))
    return _count_vote(review, dynamo.delete(mine, Vote.pk.exists(), _Voted()), -1)


class _Voted(Exception):
    """The customer has said so before, or taken it back before."""


def _count_vote(review: Review, the_vote: Action, change: int) -> Review:
    still = Review.state == PUBLISHED
    counted = dynamo.update(review, [Review.helpful.add(change)], still, not_found("review"))
    try:
        dynamo.transaction([the_vote, counted])
    except _Voted:
        return review
    review.helpful = int(review.helpful) + change
    return review


def _readable(handle: str, wanted: str) -> Review:
    review = reviews.find(wanted)
    product = tables.product_by_id(review.product_id)
    if review.state != PUBLISHED or product is None or not product.published or product.handle != handle:
        raise not_found("review")
    return review
