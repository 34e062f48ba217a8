"""The one cart of a customer: opened, and joined by what they put into a cart before they logged in."""

import msgspec

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import Action, Condition
from chalicelib.core.errors import ShopError, busy
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.visitor import Visitor
from chalicelib.orders import carts, offers, tables
from chalicelib.orders.carts import MOST_LINES, MOST_PIECES
from chalicelib.orders.offers import PricedCart
from chalicelib.orders.tables import Cart, CartLine, OrdersItem

_ATTEMPTS = 5


class _Changed(Exception):
    """One of the carts was changed or checked out between reading and writing."""


def open_cart(customer_id: str, once: Once) -> PricedCart:
    """The customer's open cart; a new one if there is none, or if the last one was checked out."""
    return _opened(customer_id, None, once)


def merge(customer_id: str, guest_cart_id: str, cart_token: str, once: Once) -> PricedCart:
    """Put what is in a guest's cart into the customer's; the guest's is gone then, and its secret opens nothing.

    Pieces of one SKU add up. Address and shipping option come along where the customer's cart has none. 404 if the
    secret does not open the cart, 409 `cart_closed` if it was checked out, 422 `cart_full` if it is too much for one
    cart: then nothing was changed. The same request again shows the customer's cart.
    """
    return _opened(customer_id, (guest_cart_id, Visitor(secret=cart_token)), once)


def _opened(customer_id: str, guest: tuple[str, Visitor] | None, once: Once) -> PricedCart:
    try:
        cart = _open(customer_id, guest, once)
    except (AlreadyDone, ShopError):
        if once.made(OrdersItem) is None:
            raise
        cart = _open(customer_id, None, msgspec.structs.replace(once, key=None))
    return carts.at_offers_of_now(cart)


def _open(customer_id: str, guest: tuple[str, Visitor] | None, once: Once) -> Cart:
    for _ in range(_ATTEMPTS):
        last = tables.cart(customer_id)
        cart = last if last is not None and last.order_id is None else _fresh(customer_id)
        if cart is last and guest is None:
            return cart
        merged = _merge_into(cart, guest) if guest else []
        cart_is_new = cart is not last
        before = _replacing(last) if cart_is_new else carts.unchanged(cart)
        if not cart_is_new:
            carts.touch(cart)
        try:
            dynamo.transaction([*once.claim(OrdersItem, cart.id), dynamo.put(cart, before, _Changed()), *merged])
        except _Changed:
            continue
        return cart
    raise busy()


def _fresh(customer_id: str) -> Cart:
    cart = carts.empty(customer_id, ids.new_id("crt"))
    cart.customer_id = customer_id
    return cart


def _replacing(last: Cart | None) -> Condition:
    """The place of the customer's cart is as it was: empty, or with the cart that was checked out."""
    return Cart.pk.does_not_exist() if last is None else (Cart.id == last.id) & Cart.order_id.exists()


def _merge_into(cart: Cart, guest: tuple[str, Visitor]) -> list[Action]:
    """Add the guest's lines to `cart`; returns the write action that takes the guest's cart away."""
    cart_id, visitor = guest
    theirs = carts.find(visitor, cart_id)
    if theirs.order_id is not None:
        raise carts.closed(theirs)
    cart.lines = _together(cart.lines, theirs.lines)
    if len(cart.lines) > MOST_LINES:
        raise ShopError("cart_full", 422, f"Together the carts have more than {MOST_LINES} lines.", pointer="/cart_id")
    if cart.address is None:
        cart.address = theirs.address
    if cart.shipping_option is None:
        cart.shipping_option = theirs.shipping_option
        offers.take_back_shipping(cart)
    return [dynamo.delete(theirs, carts.unchanged(theirs), _Changed())]


def _together(mine: list[CartLine], theirs: list[CartLine]) -> list[CartLine]:
    """All lines; pieces of one SKU add up, to as many as a cart takes, at the offer that the guest saw last."""
    lines = {line.sku: line for line in mine}
    for line in theirs:
        present = lines[line.sku].quantity if line.sku in lines else 0
        lines[line.sku] = CartLine(line.sku, min(present + line.quantity, MOST_PIECES), line.seen)
    return list(lines.values())
