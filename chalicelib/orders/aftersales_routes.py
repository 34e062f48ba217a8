"""What a buyer may want of an order that was placed: less of it, its invoices, to send it back, to say how it is."""

from chalicelib.core.idempotency import Once
from chalicelib.core.web import Routes, Visitor
from chalicelib.orders import review_schemas, reviewing, schemas, service
from chalicelib.orders.amending import amendment_schemas, amendments
from chalicelib.orders.invoices import invoice_schemas, invoices
from chalicelib.orders.returns import return_schemas, returns

routes = Routes(__name__)


@routes.post("/orders/{order_id}/cancel-lines", me="/me/orders/{order_id}/cancel-lines")
def cancel_order_lines(
    order_id: str, buyer: Visitor, body: amendment_schemas.CancelLines, once: Once
) -> schemas.OrderView:
    """Take pieces out of the order while they are not on their way. Where nothing is left it is canceled."""
    service.of_visitor(order_id, buyer)
    return schemas.order(amendments.cancel_lines(order_id, body.lines, body.reason, once, None))


@routes.post("/orders/{order_id}/reviews", me="/me/orders/{order_id}/reviews", status=201)
def write_review(order_id: str, buyer: Visitor, body: review_schemas.NewReview, once: Once) -> review_schemas.OwnReview:
    """Say something of a line that was delivered, once. Staff read it before anybody else does."""
    return review_schemas.review(reviewing.review(order_id, buyer, body.sku, review_schemas.words(body), once))


@routes.get("/orders/{order_id}/reviews", me="/me/orders/{order_id}/reviews")
def list_own_reviews(order_id: str, buyer: Visitor) -> review_schemas.OwnReviews:
    """One's reviews of an order's lines."""
    found = reviewing.reviews_of(order_id, buyer)
    return review_schemas.OwnReviews([review_schemas.review(item) for item in found], None)


@routes.get("/orders/{order_id}/reviews/{review_id}", me="/me/orders/{order_id}/reviews/{review_id}")
def show_own_review(order_id: str, review_id: str, buyer: Visitor) -> review_schemas.OwnReview:
    """One's review, and whether it is published."""
    return review_schemas.review(reviewing.find(order_id, buyer, review_id))


@routes.put("/orders/{order_id}/reviews/{review_id}", me="/me/orders/{order_id}/reviews/{review_id}")
def rewrite_review(
    order_id: str, review_id: str, buyer: Visitor, body: review_schemas.ReviewWords
) -> review_schemas.OwnReview:
    """Say something else in one's review. Staff read it again before it is shown again."""
    return review_schemas.review(reviewing.rewrite(order_id, buyer, review_id, review_schemas.words(body)))


@routes.post("/orders/{order_id}/review-photos", me="/me/orders/{order_id}/review-photos", status=201)
def announce_photo(
    order_id: str, buyer: Visitor, body: review_schemas.NewPhoto, once: Once
) -> review_schemas.SentPhoto:
    """Announce a photo for a review or a return. Send the file by `upload`; it can be used once it was checked."""
    return review_schemas.photo(reviewing.start_photo(order_id, buyer, body.content_type, body.size, once))


@routes.get("/orders/{order_id}/review-photos/{photo_id}", me="/me/orders/{order_id}/review-photos/{photo_id}")
def show_own_photo(order_id: str, photo_id: str, buyer: Visitor) -> review_schemas.SentPhoto:
    """Whether a photo has come and passed its check."""
    return review_schemas.photo(reviewing.find_photo(order_id, buyer, photo_id))


@routes.get("/orders/{order_id}/invoices", me="/me/orders/{order_id}/invoices")
def list_invoices(order_id: str, buyer: Visitor) -> invoice_schemas.Invoices:
    """The invoices and credit notes of one's order."""
    return invoice_schemas.documents(invoices.of_visitor(order_id, buyer))


@routes.post("/orders/{order_id}/returns", me="/me/orders/{order_id}/returns", status=201)
def request_return(
    order_id: str, buyer: Visitor, body: return_schemas.NewReturn, once: Once
) -> return_schemas.ReturnView:
    """Ask to send pieces back that were delivered. Staff say whether and how."""
    return return_schemas.view(returns.request(order_id, buyer, return_schemas.wanted(body), once))


@routes.get("/orders/{order_id}/returns", me="/me/orders/{order_id}/returns")
def list_own_returns(order_id: str, buyer: Visitor) -> return_schemas.Returns:
    """One's returns of an order."""
    found = returns.of_order(order_id, buyer)
    return return_schemas.Returns([return_schemas.view(item) for item in found], None)


@routes.get("/orders/{order_id}/returns/{return_id}", me="/me/orders/{order_id}/returns/{return_id}")
def show_own_return(order_id: str, return_id: str, buyer: Visitor) -> return_schemas.ReturnView:
    """One's return, and what became of it."""
    return return_schemas.view(returns.find_of(order_id, buyer, return_id))
