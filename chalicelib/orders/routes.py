"""The way through the shop, for guests and for customers: cart, checkout, order."""

from msgspec import UNSET

from chalicelib.core.errors import invalid
from chalicelib.core.idempotency import Once
from chalicelib.core.web import Customer, Routes, Visitor
from chalicelib.orders import checkout, paying, schemas, service
from chalicelib.orders.address import Address
from chalicelib.orders.billing import Billing
from chalicelib.orders.cart import cart_schemas, carts
from chalicelib.orders.cart.cart_schemas import CartView
from chalicelib.orders.cart.carts import CartChanged

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
    `too_many_open_orders` says what has to be paid or canceled first, 409 `gift_card_used_up` and `no_store_credit`
    that there is nothing left to pay with."""
    wish = checkout.Wish(
        _email(body, customer),
        body.payment_method,
        body.cart_version,
        body.expected_total,
        network,
        body.locale,
        tuple(body.gift_cards),
        body.store_credit,
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
def pay_order(order_id: str, buyer: Visitor, body: schemas.Pay) -> schemas.PaymentSummary:
    """Pay, or try again to: the order's open payment and its secret, a new payment if the last one failed.

    With `payment_method` in another way than before: 422 `payment_method_unavailable` if it is not offered for this
    order, 409 `payment_in_progress` if money is on its way already."""
    return schemas.payment(paying.pay(service.of_visitor(order_id, buyer), body.payment_method))


@routes.post("/orders/{order_id}/cancel", me="/me/orders/{order_id}/cancel")
def cancel_order(order_id: str, buyer: Visitor, body: schemas.Cancel) -> schemas.OrderView:
    """Call the order off while nothing is on its way. Canceling it again changes nothing."""
    service.of_visitor(order_id, buyer)
    return schemas.order(service.cancel(order_id, body.reason, None))
