"""What else can be done with a cart: put something aside for later, and say that one has looked."""

from chalicelib.core.idempotency import Once
from chalicelib.core.web import Routes, Visitor
from chalicelib.orders import schemas
from chalicelib.orders.cart import contact, couponing, looking, saving
from chalicelib.orders.cart.carts import CartChanged

routes = Routes(__name__)


@routes.post("/carts/{cart_id}/items/{sku}/save", me="/me/cart/items/{sku}/save")
def save_for_later(sku: str, shopper: Visitor, once: Once, cart_id: str | None = None) -> schemas.CartView:
    """Put a line aside for later, with its pieces and its note."""
    return schemas.cart(saving.save(shopper, cart_id, sku, once))


@routes.post("/carts/{cart_id}/saved/{sku}/move-to-cart", me="/me/cart/saved/{sku}/move-to-cart")
def move_to_cart(sku: str, shopper: Visitor, once: Once, cart_id: str | None = None) -> schemas.CartView:
    """Put what was saved back into the cart, at its price of now."""
    return schemas.cart(saving.move_to_cart(shopper, cart_id, sku, once))


@routes.delete("/carts/{cart_id}/saved/{sku}", me="/me/cart/saved/{sku}")
def forget_saved(sku: str, shopper: Visitor, cart_id: str | None = None) -> schemas.CartView:
    """Take a line out of what is saved."""
    return schemas.cart(saving.forget(shopper, cart_id, sku))


@routes.put("/carts/{cart_id}/contact")
def set_contact(cart_id: str, shopper: Visitor, body: schemas.Contact) -> schemas.CartView:
    """Say where one can be written to about what is left in the cart. A customer has told their account."""
    return schemas.cart(contact.set_contact(shopper, cart_id, body.email))


@routes.post("/carts/{cart_id}/seen", me="/me/cart/seen")
def mark_seen(shopper: Visitor, body: schemas.Seen, cart_id: str | None = None) -> schemas.CartView:
    """The customer has looked at what changed: it is what they have seen, and no change any more."""
    try:
        return schemas.cart(looking.seen(shopper, cart_id, body.cart_version))
    except CartChanged as changed:
        raise schemas.cart_changed(changed.cart) from None


@routes.post("/carts/{cart_id}/coupons", me="/me/cart/coupons")
def add_coupon(shopper: Visitor, body: schemas.EnterCoupon, cart_id: str | None = None) -> schemas.CartView:
    """Put a coupon into the cart. Whether it takes anything off, and why not, is said in the cart.

    422 `unknown_coupon` or `coupon_expired`, 409 `coupon_used_up`."""
    return schemas.cart(couponing.add(shopper, cart_id, body.code))


@routes.delete("/carts/{cart_id}/coupons/{code}", me="/me/cart/coupons/{code}")
def remove_coupon(code: str, shopper: Visitor, cart_id: str | None = None) -> schemas.CartView:
    """Take a coupon out of the cart."""
    return schemas.cart(couponing.remove(shopper, cart_id, code))
