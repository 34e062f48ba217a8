"""A guest's way through the shop: cart, checkout, order."""

from chalicelib.core.errors import ShopError
from chalicelib.core.idempotency import Once
from chalicelib.core.web import Routes
from chalicelib.orders import carts, checkout, paying, schemas, service
from chalicelib.orders.address import Address

routes = Routes(__name__)


@routes.post("/carts", status=201)
def create_cart(body: schemas.NewCart, once: Once) -> schemas.NewCartView:
    """Take a cart. Its secret is in the answer; whoever has it has the cart."""
    return schemas.new_cart(*carts.create(once))


@routes.get("/carts/{cart_id}")
def show_cart(cart_id: str, cart_token: str) -> schemas.CartView:
    """The cart at the prices and stock of now."""
    return schemas.cart(carts.show(cart_id, cart_token))


@routes.post("/carts/{cart_id}/items")
def add_item(cart_id: str, cart_token: str, body: schemas.AddItem, once: Once) -> schemas.CartView:
    """Put pieces of a SKU into the cart, beside those that are in it already."""
    return schemas.cart(carts.add(cart_id, cart_token, body.sku, body.quantity, once))


@routes.patch("/carts/{cart_id}/items/{sku}")
def set_quantity(cart_id: str, sku: str, cart_token: str, body: schemas.SetQuantity) -> schemas.CartView:
    """Say how many pieces of a SKU the cart holds; 0 takes the line out."""
    return schemas.cart(carts.set_quantity(cart_id, cart_token, sku, body.quantity))


@routes.delete("/carts/{cart_id}/items/{sku}")
def remove_item(cart_id: str, sku: str, cart_token: str) -> schemas.CartView:
    """Take a line out of the cart."""
    return schemas.cart(carts.set_quantity(cart_id, cart_token, sku, 0))


@routes.put("/carts/{cart_id}/shipping-address")
def set_shipping_address(cart_id: str, cart_token: str, body: Address) -> schemas.CartView:
    """Say where the order goes."""
    return schemas.cart(carts.set_address(cart_id, cart_token, body))


@routes.get("/carts/{cart_id}/shipping-options")
def list_shipping_options(cart_id: str, cart_token: str) -> schemas.ShippingChoices:
    """How this cart can be sent to its address, the cheapest first."""
    return schemas.ShippingChoices(carts.shipping_options(cart_id, cart_token), None)


@routes.put("/carts/{cart_id}/shipping-option")
def choose_shipping_option(cart_id: str, cart_token: str, body: schemas.ChooseShipping) -> schemas.CartView:
    """Choose how the order is sent."""
    return schemas.cart(carts.set_shipping_option(cart_id, cart_token, body.id))


@routes.post("/carts/{cart_id}/checkout", status=201)
def check_out(cart_id: str, cart_token: str, body: schemas.CheckOut, once: Once) -> schemas.PlacedView:
    """Place the order. 409 `cart_changed` brings the cart as it is now, 409 `out_of_stock` names the SKU."""
    wish = checkout.Wish(body.email, body.payment_method, body.cart_version, body.expected_total)
    try:
        placed = checkout.check_out(cart_id, cart_token, wish, once)
    except checkout.CartChanged as changed:
        detail = "The cart is not what was agreed to. Look at it again."
        raise ShopError("cart_changed", 409, detail, extra={"cart": schemas.cart(changed.cart)}) from None
    return schemas.PlacedView(schemas.order(placed.order), schemas.payment(placed.session), placed.order_token)


@routes.get("/orders/{order_id}")
def show_order(order_id: str, order_token: str) -> schemas.OrderView:
    """The guest's order with its timeline."""
    return schemas.order(service.of_guest(order_id, order_token))


@routes.get("/orders/{order_id}/shipments")
def list_shipments(order_id: str, order_token: str) -> schemas.ShipmentSummaries:
    """The parcels of the guest's order and where they are."""
    return schemas.ShipmentSummaries(schemas.shipments(service.of_guest(order_id, order_token).header), None)


@routes.post("/orders/{order_id}/payments")
def pay_order(order_id: str, order_token: str) -> schemas.PaymentSummary:
    """Pay, or try again to: the order's open payment and its secret, a new payment if the last one failed."""
    return schemas.payment(paying.pay(service.of_guest(order_id, order_token)))


@routes.post("/orders/{order_id}/cancel")
def cancel_order(order_id: str, order_token: str, body: schemas.Cancel) -> schemas.OrderView:
    """Call the order off while nothing is on its way. Canceling it again changes nothing."""
    service.of_guest(order_id, order_token)
    return schemas.order(service.cancel(order_id, body.reason))
