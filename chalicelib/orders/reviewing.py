"""Who may say something of what: buyers, of the lines of their order that they have, once for each."""

from chalicelib.catalog.media.media import Upload as Upload
from chalicelib.catalog.media.media import upload as upload
from chalicelib.catalog.media.media import url as url
from chalicelib.catalog.reviews import photos, reviews
from chalicelib.catalog.reviews.photos import Media as Media
from chalicelib.catalog.reviews.reviews import Purchase
from chalicelib.catalog.reviews.reviews import Review as Review
from chalicelib.catalog.reviews.reviews import Words as Words
from chalicelib.core import dynamo
from chalicelib.core.errors import ShopError, invalid, not_found
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.visitor import Visitor
from chalicelib.logistics import service as logistics
from chalicelib.orders import service, states
from chalicelib.orders.pricing.pricing import PricedLine
from chalicelib.orders.service import Order
from chalicelib.orders.tables import OrdersItem


def review(order_id: str, buyer: Visitor, sku: str, words: Words, once: Once) -> Review:
    """A review of an order line, which waits until staff have read it.

    The same request again answers with the same review; another one of the line is 409 `already_reviewed`. 409
    `not_delivered` before the customer has what they say something of.
    """
    order = service.of_visitor(order_id, buyer)
    made = once.made(OrdersItem)
    if made is not None:
        return reviews.find(made)
    line = next((line for line in order.snapshot.lines if line.sku == sku), None)
    if line is None:
        raise invalid("/sku", "There is no such line in this order.")
    if line not in _delivered_lines(order):
        raise ShopError("not_delivered", 409, "Say something of it once it was delivered.", pointer="/sku")
    purchase = Purchase(order_id, order.header.customer_id, line.product_id, sku, line.option_values)
    claimed = once.claim(OrdersItem, reviews.review_id(order_id, sku))
    try:
        dynamo.transaction([*claimed, *reviews.submit(purchase, words)])
    except AlreadyDone:
        return reviews.find(str(once.made(OrdersItem)))
    return reviews.find(reviews.review_id(order_id, sku))


def rewrite(order_id: str, buyer: Visitor, review_id: str, words: Words) -> Review:
    """Say something else in one's review. It is read again before it is shown again; the same words change nothing."""
    service.of_visitor(order_id, buyer)
    return reviews.rewrite(order_id, review_id, words)


def find(order_id: str, buyer: Visitor, review_id: str) -> Review:
    """One's review; 404 for any other."""
    service.of_visitor(order_id, buyer)
    found = reviews.find(review_id)
    if found.order_id != order_id:
        raise not_found("review")
    return found


def reviews_of(order_id: str, buyer: Visitor) -> list[Review]:
    """One's reviews of an order's lines, in the order of the lines."""
    skus = [line.sku for line in service.of_visitor(order_id, buyer).snapshot.lines]
    found = {review.sku: review for review in reviews.of_order(order_id, skus)}
    return [found[sku] for sku in skus if sku in found]


def start_photo(order_id: str, buyer: Visitor, content_type: str, size: int, once: Once) -> Media:
    """A photo for a review that waits for its file. 409 `not_delivered` as long as nothing can be reviewed."""
    order = service.of_visitor(order_id, buyer)
    if not _delivered_lines(order):
        raise ShopError("not_delivered", 409, "Send photos once something of this order was delivered.")
    return photos.start(order_id, content_type, size, once)


def find_photo(order_id: str, buyer: Visitor, photo_id: str) -> Media:
    """A photo that one sent; 404 for any other."""
    service.of_visitor(order_id, buyer)
    return photos.find(order_id, photo_id)


def _delivered_lines(order: Order) -> list[PricedLine]:
    """What the customer has. What is digital is theirs when the order is completed."""
    if order.header.state == states.COMPLETED:
        return order.snapshot.lines
    arrived = logistics.delivered(order.header.id)
    return [line for line in order.snapshot.lines if line.parts and line.parts.keys() <= arrived]
