"""What only a customer can do in the catalogue: say which reviews are helpful.

Guests can not vote: nothing would tell one of them from many.
"""

from chalicelib.catalog import review_schemas, votes
from chalicelib.core.web import Customer, CustomerRoutes

routes = CustomerRoutes(__name__)
_HELPFUL = "/me/products/{handle}/reviews/{review_id}/helpful"


@routes.post(_HELPFUL)
def vote_helpful(handle: str, review_id: str, customer: Customer) -> review_schemas.HelpfulView:
    """Say that a review is helpful. Saying it again changes nothing. Only customers can."""
    review = votes.vote(customer.id, handle, review_id)
    return review_schemas.HelpfulView(review.id, int(review.helpful), voted=True)


@routes.delete(_HELPFUL)
def withdraw_helpful(handle: str, review_id: str, customer: Customer) -> review_schemas.HelpfulView:
    """Take back that a review is helpful. What was not said is taken back already."""
    review = votes.withdraw(customer.id, handle, review_id)
    return review_schemas.HelpfulView(review.id, int(review.helpful), voted=False)
