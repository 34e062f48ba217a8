"""What else can be done with a cart: put something aside for later, and say that one has looked."""

from chalicelib.core.idempotency import Once
from chalicelib.core.web import Routes, Visitor
from chalicelib.orders.cart import cart_schemas, contact, couponing, looking, saving
from chalicelib.orders.cart.cart_schemas import CartView
from chalicelib.orders.cart.carts import CartChanged

routes = Routes(__name__)


@routes.post("/carts/{cart_id}/items/{sku}/save", me="/me/cart/items/{sku}/save")
def save_for_later(sku: str, shopper: Visitor, once: Once, cart_id: str | None = None) -> CartView:
    """Put a line aside for later, with its pieces and its note."""
    return cart_schemas.cart(saving.save(shopper, cart_id, sku, once))


@routes.post("/carts/{cart_id}/saved/{sku}/move-to-cart", me="/me/cart/saved/{sku}/move-to-cart")
def move_to_cart(sku: str, shopper: Visitor, once: Once, cart_id: str | None = None) -> CartView:
    """Put what was saved back into the cart, at its price of now."""
    return cart_schemas.cart(saving.move_to_cart(shopper, cart_id, sku, once))


@routes.delete("/carts/{cart_id}/saved/{sku}", me="/me/cart/saved/{sku}")
def forget_saved(sku: str, shopper: Visitor, cart_id: str | None = None) -> CartView:
    """Take a line out of what is saved."""
    return cart_schemas.cart(saving.forget(shopper, cart_id, sku))


@routes.put("/carts/{cart_id}/contact")
def set_contact(cart_id: str, shopper: Visitor, body: cart_schemas.Contact) -> CartView:
    """Say where one can be written to about what is left in the cart. A customer has told their account."""
    return cart_schemas.cart(contact.set_contact(shopper, cart_id, body.email))


@routes.post("/carts/{cart_id}/seen", me="/me/cart/seen")
def mark_seen(shopper: Visitor, body: cart_schemas.Seen, cart_id: str | None = None) -> CartView:
    """The customer has looked at what changed: it is what they have seen, and no change any more."""
    try:
        return cart_schemas.cart(looking.seen(shopper, cart_id, body.cart_version))
    except CartChanged as changed:
        raise cart_schemas.cart_changed(changed.cart) from None


@routes.post("/carts/{cart_id}/coupons", me="/me/cart/coupons")
def add_coupon(shopper: Visitor, body: cart_schemas.EnterCoupon, cart_id: str | None = None) -> CartView:
    """Put a coupon into the cart. Whether it takes anything off, and why not, is said in the cart.

    422 `unknown_coupon` or `coupon_expired`, 409 `coupon_used_up`."""
    return cart_schemas.cart(couponing.add(shopper, cart_id, body.code))


@routes.delete("/carts/{cart_id}/coupons/{code}", me="/me/cart/coupons/{code}")
def remove_coupon(code: str, shopper: Visitor, cart_id: str | None = None) -> CartView:
    """Take a coupon out of the cart."""
    return cart_schemas.cart(couponing.remove(shopper, cart_id, code))
