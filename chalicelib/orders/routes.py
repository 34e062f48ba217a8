"""The way through the shop, for guests and for customers: cart, checkout, order."""

from msgspec import UNSET

from chalicelib.core.errors import invalid
from chalicelib.core.idempotency import Once
from chalicelib.core.web import Customer, Routes, Visitor
from chalicelib.orders import checkout, paying, review_schemas, reviewing, schemas, service
from chalicelib.orders.address import Address
from chalicelib.orders.amending import amendment_schemas, amendments
from chalicelib.orders.billing import Billing
from chalicelib.orders.cart import cart_schemas, carts
from chalicelib.orders.cart.cart_schemas import CartView
from chalicelib.orders.cart.carts import CartChanged
from chalicelib.orders.invoices import invoice_schemas, invoices
from chalicelib.orders.returns import return_schemas, returns

routes = Routes(__name__)


@routes.post("/carts", status=201)
def create_cart(body: cart_schemas.NewCart, once: Once) -> cart_schemas.NewCartView:
    """Take a cart. Its secret is in the answer; whoever has it has the cart."""
    return cart_schemas.new_cart(*carts.create(body.currency, once))


@routes.get("/carts/{cart_id}", me="/me/cart")
def show_cart(shopper: Visitor, cart_id: str | None = None) -> CartView:
    """The cart at the prices and stock of now."""
    return cart_schemas.cart(carts.show(shopper, cart_id))


@routes.post("/carts/{cart_id}/items", me="/me/cart/items")
def add_item(shopper: Visitor, body: cart_schemas.AddItem, once: Once, cart_id: str | None = None) -> CartView:
    """Put pieces of a SKU into the cart, beside those that are in it already."""
    return cart_schemas.cart(carts.add(shopper, cart_id, body.sku, body.quantity, once))


@routes.patch("/carts/{cart_id}/items/{sku}", me="/me/cart/items/{sku}")
def change_item(sku: str, shopper: Visitor, body: cart_schemas.ChangeLine, cart_id: str | None = None) -> CartView:
    """Say how many pieces of a SKU the cart holds, 0 takes the line out, or what is to be noted on its line."""
    note = None if body.note is UNSET else body.note
    if body.quantity is not UNSET:
        return cart_schemas.cart(carts.set_quantity(shopper, cart_id, sku, body.quantity, note))
    if note is None:
        raise invalid("/quantity", "Say a quantity, a note or both.")
    return cart_schemas.cart(carts.set_note(shopper, cart_id, sku, note))


@routes.delete("/carts/{cart_id}/items/{sku}", me="/me/cart/items/{sku}")
def remove_item(sku: str, shopper: Visitor, cart_id: str | None = None) -> CartView:
    """Take a line out of the cart."""
    return cart_schemas.cart(carts.set_quantity(shopper, cart_id, sku, 0))


@routes.put("/carts/{cart_id}/shipping-address", me="/me/cart/shipping-address")
def set_shipping_address(shopper: Visitor, body: Address, cart_id: str | None = None) -> CartView:
    """Say where the order goes."""
    return cart_schemas.cart(carts.set_address(shopper, cart_id, body))


@routes.put("/carts/{cart_id}/billing", me="/me/cart/billing")
def set_billing(shopper: Visitor, body: Billing, cart_id: str | None = None) -> CartView:
    """Say who the order is billed to: a business with its VAT id, another address. An empty object takes it back."""
    return cart_schemas.cart(carts.set_billing(shopper, cart_id, body))


@routes.get("/carts/{cart_id}/shipping-options", me="/me/cart/shipping-options")
def list_shipping_options(shopper: Visitor, cart_id: str | None = None) -> cart_schemas.ShippingChoices:
    """How this cart can be sent to its address, the cheapest first."""
    return cart_schemas.ShippingChoices(carts.shipping_options(shopper, cart_id), None)


@routes.put("/carts/{cart_id}/shipping-option", me="/me/cart/shipping-option")
def choose_shipping_option(shopper: Visitor, body: cart_schemas.ChooseShipping, cart_id: str | None = None) -> CartView:
    """Choose how the order is sent."""
    return cart_schemas.cart(carts.set_shipping_option(shopper, cart_id, body.id))


@routes.post("/carts/{cart_id}/checkout", me="/me/cart/checkout", status=201)
def check_out(
    shopper: Visitor,
    body: cart_schemas.CheckOut,
    once: Once,
    cart_id: str | None = None,
    customer: Customer | None = None,
    network: str | None = None,
) -> schemas.PlacedView:
    """Place the order. 409 `cart_changed` brings the cart as it is now, 409 `out_of_stock` names the SKU, 409
    `too_many_open_orders` says what has to be paid or canceled first."""
    wish = checkout.Wish(
        _email(body, customer), body.payment_method, body.cart_version, body.expected_total, network, body.locale
    )
    try:
        placed = checkout.check_out(shopper, cart_id, wish, once)
    except CartChanged as changed:
        raise cart_schemas.cart_changed(changed.cart) from None
    return schemas.PlacedView(schemas.order(placed.order), schemas.payment(placed.session), placed.order_token)


def _email(body: cart_schemas.CheckOut, customer: Customer | None) -> str:
    """Where the order is written to: a customer's account says it where they do not."""
    email = body.email or (customer.email if customer else None)
    if email is None:
        raise invalid("/email", "A guest has to say where the order is written to.")
    return email


@routes.get("/orders/{order_id}", me="/me/orders/{order_id}")
def show_order(order_id: str, buyer: Visitor) -> schemas.OrderView:
    """One's order with its timeline."""
    return schemas.order(service.of_visitor(order_id, buyer))


@routes.get("/orders/{order_id}/shipments", me="/me/orders/{order_id}/shipments")
def list_shipments(order_id: str, buyer: Visitor) -> schemas.ShipmentSummaries:
    """The parcels of one's order and where they are."""
    return schemas.ShipmentSummaries(schemas.shipments(service.of_visitor(order_id, buyer).header), None)


@routes.post("/orders/{order_id}/payments", me="/me/orders/{order_id}/payments")
def pay_order(order_id: str, buyer: Visitor) -> schemas.PaymentSummary:
    """Pay, or try again to: the order's open payment and its secret, a new payment if the last one failed."""
    return schemas.payment(paying.pay(service.of_visitor(order_id, buyer)))


@routes.post("/orders/{order_id}/cancel", me="/me/orders/{order_id}/cancel")
def cancel_order(order_id: str, buyer: Visitor, body: schemas.Cancel) -> schemas.OrderView:
    """Call the order off while nothing is on its way. Canceling it again changes nothing."""
    service.of_visitor(order_id, buyer)
    return schemas.order(service.cancel(order_id, body.reason, None))


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
