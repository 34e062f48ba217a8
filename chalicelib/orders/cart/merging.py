"""The one cart of a customer: opened, and joined by what they put into a cart before they logged in."""

import msgspec

from chalicelib.catalog.pricing import prices
from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import Action, Condition
from chalicelib.core.errors import ShopError, busy
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.settings import settings
from chalicelib.core.visitor import Visitor
from chalicelib.orders import tables
from chalicelib.orders.cart import cart_tables, carts, offers, saving, touching
from chalicelib.orders.cart.cart_tables import Cart
from chalicelib.orders.cart.carts import MOST_LINES
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.promotions import coupons
from chalicelib.orders.tables import OrdersItem
from chalicelib.users import groups

_ATTEMPTS = 5


class _Changed(Exception):
    """One of the carts was changed or checked out between reading and writing."""


class _Wish(msgspec.Struct, frozen=True):
    """What a customer wants with their cart: a guest's cart merged into it (its id and who opens it), a currency."""

    guest: tuple[str, Visitor] | None = None
    currency: str | None = None


def open_cart(customer_id: str, currency: str | None, once: Once) -> PricedCart:
    """The customer's open cart; a new one if there is none, or if the last one was checked out.

    A cart with nothing in it takes `currency`; 422 if nothing is sold to the customer in it.
    """
    return _opened(customer_id, _Wish(None, currency), once)


def merge(customer_id: str, guest_cart_id: str, cart_token: str, currency: str | None, once: Once) -> PricedCart:
    """Put what is in a guest's cart into the customer's; the guest's is gone then, and its secret opens nothing.

    Pieces of one SKU add up, in the cart as in what is saved for later, and are seen at the customer's own prices.
    Notes, address, billing data and shipping option come along where the customer's cart has none, the currency where
    there is nothing in it and no other is wanted. 404 if the secret does not open the cart, 409 `cart_closed` if it was
    checked out, 422 `cart_full` or `saved_full` if it is too much for one cart: then nothing was changed. The same
    request again shows the customer's cart.
    """
    return _opened(customer_id, _Wish((guest_cart_id, Visitor(secret=cart_token)), currency), once)


def _opened(customer_id: str, wish: _Wish, once: Once) -> PricedCart:
    try:
        if wish.currency is not None:
            prices.currency(wish.currency, "/currency", groups.of(customer_id))
        cart = _open(customer_id, wish, once)
    except (AlreadyDone, ShopError):
        if once.made(OrdersItem) is None:
            raise
        cart = _open(customer_id, _Wish(), msgspec.structs.replace(once, key=None))
    return carts.at_offers_of_now(cart)


def _open(customer_id: str, wish: _Wish, once: Once) -> Cart:
    for _ in range(_ATTEMPTS):
        last = cart_tables.cart(customer_id)
        cart = last if last is not None and last.order_id is None else _fresh(customer_id)
        theirs = _guests_cart(*wish.guest) if wish.guest else None
        converted = _convert(cart, wish.currency or (theirs.currency if theirs else None))
        if cart is last and theirs is None and not converted:
            return cart
        merged = _merge_into(cart, theirs) if theirs else []
        cart_is_new = cart is not last
        before = _replacing(last) if cart_is_new else carts.unchanged(cart)
        if cart_is_new:
            touching.touched(cart)
        else:
            carts.touch(cart)
        try:
            dynamo.transaction([*once.claim(OrdersItem, cart.id), dynamo.put(cart, before, _Changed()), *merged])
        except _Changed:
            continue
        return cart
    raise busy()


def _fresh(customer_id: str) -> Cart:
    cart = carts.empty(customer_id, ids.new_id("crt"), settings.currency)
    cart.customer_id = customer_id
    cart.first_order = not tables.has_ordered(customer_id)
    return cart


def _convert(cart: Cart, currency: str | None) -> bool:
    """Let a cart with nothing in it be in another currency, if one is wanted; returns whether it is now."""
    if cart.lines or currency is None or currency == cart.currency:
        return False
    cart.currency, cart.shipping_option = currency, None
    if cart.saved:
        offers.see_anew(cart)
    return True


def _replacing(last: Cart | None) -> Condition:
    """The place of the customer's cart is as it was: empty, or with the cart that was checked out."""
    return Cart.pk.does_not_exist() if last is None else (Cart.id == last.id) & Cart.order_id.exists()


def _guests_cart(cart_id: str, visitor: Visitor) -> Cart:
    cart = carts.find(visitor, cart_id)
    if cart.order_id is not None:
        raise carts.closed(cart)
    return cart


def _merge_into(cart: Cart, theirs: Cart) -> list[Action]:
    """Add the guest's lines to `cart`; returns the write action that takes the guest's cart away."""
    cart.lines = saving.together(cart.lines, theirs.lines)
    cart.saved = saving.together(cart.saved, theirs.saved)
    if len(cart.lines) > MOST_LINES:
        raise ShopError("cart_full", 422, f"Together the carts have more than {MOST_LINES} lines.", pointer="/cart_id")
    saving.check_room(cart, "/cart_id")
    cart.coupons = list(dict.fromkeys([*cart.coupons, *theirs.coupons]))[: coupons.MOST_IN_A_CART]
    offers.see_anew(cart)
    if cart.address is None:
        cart.address = theirs.address
    if cart.billing is None:
        cart.billing = theirs.billing
    if cart.shipping_option is None:
        cart.shipping_option = theirs.shipping_option
        offers.take_back_shipping(cart)
    return [dynamo.delete(theirs, carts.unchanged(theirs), _Changed())]
