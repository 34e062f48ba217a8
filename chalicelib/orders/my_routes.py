"""What only a customer can do: have one cart and a list of orders, and take over what they had as a guest."""

from chalicelib.core.errors import ShopError
from chalicelib.core.idempotency import Once
from chalicelib.core.paging import Page, decode_cursor, encode_cursor, foreign_cursor
from chalicelib.core.web import Customer, CustomerRoutes
from chalicelib.orders import claims, schemas, tables
from chalicelib.orders.cart import cart_schemas, merging
from chalicelib.orders.cart.cart_schemas import CartView

routes = CustomerRoutes(__name__)


@routes.post("/me/cart")
def open_my_cart(customer: Customer, cart_token: str | None, body: cart_schemas.OpenCart, once: Once) -> CartView:
    """The customer's cart, a new one if there is none. `cart_id` and Cart-Token merge a guest's cart into it."""
    if body.cart_id is None:
        return cart_schemas.cart(merging.open_cart(customer.id, body.currency, once))
    if cart_token is None:
        raise ShopError("token_required", 401, "Send the Cart-Token header.", pointer="/headers/Cart-Token")
    return cart_schemas.cart(merging.merge(customer.id, body.cart_id, cart_token, body.currency, once))


@routes.get("/me/orders")
def list_my_orders(customer: Customer, query: Page) -> schemas.Orders:
    """The customer's orders, newest first."""
    after = decode_cursor(query.cursor)
    if after is not None and not after.startswith("ORDER#"):
        raise foreign_cursor()
    headers, after = tables.orders_of(customer.id, query.limit, after)
    return schemas.Orders([schemas.summary(header) for header in headers], encode_cursor(after))


@routes.post("/me/orders")
def claim_order(customer: Customer, order_token: str, body: schemas.ClaimOrder) -> schemas.OrderView:
    """Take over an order that was placed as a guest. Its Order-Token opens nothing any more."""
    return schemas.order(claims.claim(body.order_id, order_token, customer.id))
