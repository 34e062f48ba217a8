"""What the clients of carts send and see."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.errors import ShopError
from chalicelib.core.money import Currency, Money
from chalicelib.orders.address import Address
from chalicelib.orders.billing import Billing
from chalicelib.orders.cart.cart_changes import Change
from chalicelib.orders.cart.carts import MOST_PIECES
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.pricing.pricing import PricedLine, Shipping, Totals
from chalicelib.orders.promotions.coupons import CouponState

Sku = Annotated[str, Meta(min_length=1, max_length=100)]
# Enough to catch a typing error; whether somebody reads it only a mail can say.
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$(?!\n)", max_length=254)]
GiftCardCode = Annotated[str, Meta(min_length=1, max_length=100)]
MOST_GIFT_CARDS = 3
# A BCP 47 language tag.
Locale = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)", max_length=35)]


class NewCart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing has to be said to get a cart. Without `currency` it is the shop's."""

    currency: Currency | None = None


class AddItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sku: Sku
    quantity: Annotated[int, Meta(ge=1, le=MOST_PIECES)] = 1


class ChangeLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays. A `quantity` of 0 takes the line out, an empty `note` takes the note away."""

    quantity: Annotated[int, Meta(ge=0, le=MOST_PIECES)] | UnsetType = UNSET
    note: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version of the cart that the customer looked at."""

    cart_version: Annotated[int, Meta(ge=1, le=10**9)]


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """null takes the address away."""

    email: Email | None


class ChooseShipping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=1, max_length=100)]


class EnterCoupon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code in any case, with any spaces."""

    code: Annotated[str, Meta(min_length=1, max_length=100)]


class CheckOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`cart_version` and `expected_total` are those of the cart that the customer saw and agreed to.

    Without `email` the order is written to the address of the customer's account; a guest has to say one. `locale` is
    the language that the customer reads; without it they are written to in their country's.

    `gift_cards` are codes, which pay in this order; then, for customers, their `store_credit`; then `payment_method`,
    which may be left out where nothing is missing by then.
    """

    cart_version: Annotated[int, Meta(ge=1, le=10**9)]
    expected_total: Money
    payment_method: Annotated[str, Meta(max_length=60)] | None = None
    gift_cards: Annotated[list[GiftCardCode], Meta(max_length=MOST_GIFT_CARDS)] = []
    store_credit: bool = False
    email: Email | None = None
    locale: Locale | None = None


class OpenCart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`cart_id` is a guest's cart, opened by its Cart-Token, that shall be merged into the customer's.

    `currency` is that of a cart in which there is nothing yet; without it the guest's cart's, or the shop's.
    """

    cart_id: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    currency: Currency | None = None


class CartView(msgspec.Struct, frozen=True):
    """A cart. A line is `ok`, `not_enough` (fewer in stock than wanted), `not_yet` or `over` (not sold at this moment)
    or `not_sold` (left out of the totals).

    What is `saved` for later is in no total. `changes` is what became of the lines since the customer last looked,
    or said so (POST seen); it is looked for when the cart is shown, not by what changes it.

    Where `needs_shipping` is false there is nothing to send: neither address nor shipping option has to be given.
    """

    id: str
    version: int
    currency: str
    lines: list[PricedLine]
    needs_shipping: bool
    shipping_address: Address | None
    shipping_option: Shipping | None
    billing: Billing | None
    totals: Totals
    saved: list[PricedLine]
    changes: list[Change]
    coupons: list[CouponState]
    contact: Email | None


class NewCartView(CartView, frozen=True):
    """`cart_token` opens the cart: send it as Cart-Token. It is shown only here."""

    cart_token: str


class ShippingChoices(msgspec.Struct, frozen=True):
    data: list[Shipping]
    next_cursor: str | None


def cart(priced: PricedCart) -> CartView:
    return CartView(
        id=priced.cart.id,
        version=int(priced.cart.version),
        currency=priced.cart.currency,
        lines=priced.lines,
        needs_shipping=priced.needs_shipping,
        shipping_address=priced.cart.address,
        shipping_option=priced.shipping,
        billing=priced.cart.billing,
        totals=priced.totals,
        saved=priced.saved,
        changes=priced.changes,
        coupons=priced.coupons,
        contact=priced.cart.contact,
    )


def cart_changed(priced: PricedCart) -> ShopError:
    """409 with the cart as it is now."""
    detail = "The cart is not what was agreed to. Look at it again."
    return ShopError("cart_changed", 409, detail, extra={"cart": cart(priced)})


def new_cart(priced: PricedCart, token: str) -> NewCartView:
    return NewCartView(**msgspec.structs.asdict(cart(priced)), cart_token=token)
