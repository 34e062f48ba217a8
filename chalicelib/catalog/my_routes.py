"""What is a customer's own in the catalogue: their prices, never cached, and which reviews they find helpful.

Guests can not vote: nothing would tell one of them from many.
"""

from chalicelib.catalog.pricing import own_prices, price_schemas
from chalicelib.catalog.reviews import review_schemas, votes
from chalicelib.core.errors import invalid
from chalicelib.core.web import Customer, CustomerRoutes

routes = CustomerRoutes(__name__)
_HELPFUL = "/me/products/{handle}/reviews/{review_id}/helpful"


@routes.get("/me/prices")
def show_my_prices(customer: Customer, query: price_schemas.AskPrices) -> price_schemas.OwnPrices:
    """What the customer pays, beside what everybody pays: for variants by `sku`, and from what on for products by
    `product`. Both may be repeated. What is not published is left out."""
    if not (query.sku or query.product):
        raise invalid("/query/sku", "Say which prices: sku=A&sku=B, or product=prd_...")
    return price_schemas.own(own_prices.look_up(customer.id, query.sku, query.product, query.currency))


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
