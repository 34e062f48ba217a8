"""Coupons that a customer puts into their cart."""

from chalicelib.core.errors import ShopError, not_found
from chalicelib.core.visitor import Visitor
from chalicelib.orders.cart import carts
from chalicelib.orders.cart.cart_tables import Cart
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.pricing.pricing import Offer
from chalicelib.orders.promotions import coupons
from chalicelib.orders.promotions.coupons import MOST_IN_A_CART


def add(visitor: Visitor, cart_id: str | None, text: str) -> PricedCart:
    """Put a coupon into the cart; one that is in it already stays. Errors are those of `coupons.enter`, and 422
    `too_many_coupons`. Whether it takes anything off is in the answer."""
    carts.open_cart(visitor, cart_id)  # who has no cart can not try out codes
    voucher = coupons.enter(text, visitor.customer)

    def enter(cart: Cart, found: dict[str, Offer]) -> None:
        cart.coupons = [*(one for one in cart.coupons if one != voucher), voucher]
        if len(cart.coupons) > MOST_IN_A_CART:
            raise ShopError("too_many_coupons", 422, f"A cart has at most {MOST_IN_A_CART} coupons.", pointer="/code")

    return carts.change(visitor, cart_id, enter)


def remove(visitor: Visitor, cart_id: str | None, text: str) -> PricedCart:
    """Take a coupon out of the cart."""
    code = coupons.normalized(text)

    def take_out(cart: Cart, found: dict[str, Offer]) -> None:
        if all(voucher.code != code for voucher in cart.coupons):
            raise not_found("coupon in this cart")
        cart.coupons = [voucher for voucher in cart.coupons if voucher.code != code]

    return carts.change(visitor, cart_id, take_out)
