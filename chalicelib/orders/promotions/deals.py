"""Which promotions count for a cart: those of the shop, and what is known of its customer and their coupons."""

from collections.abc import Mapping

import msgspec

from chalicelib.core import clock
from chalicelib.core.dynamo import Item, Key
from chalicelib.orders.cart.cart_tables import Cart
from chalicelib.orders.pricing.pipeline import Priced
from chalicelib.orders.pricing.promotion import Promotion
from chalicelib.orders.pricing.promotions import Shopper
from chalicelib.orders.promotions import coupons, promotion_book
from chalicelib.orders.promotions.coupons import CouponState
from chalicelib.users import groups


class Deals(msgspec.Struct, frozen=True):
    """The promotions of a moment and who shops. `unusable` says why those coupons that can not be redeemed can not."""

    active: tuple[Promotion, ...]
    shopper: Shopper
    unusable: dict[str, str] = {}


def now(cart: Cart, found: Mapping[Key, Item], who: str | None) -> Deals:
    """With what was found at `coupons.refs` and `groups.ref`; `who` redeems, as `coupons.identity` says."""
    unusable = coupons.unusable(cart.coupons, found, who)
    return Deals(promotion_book.present(), _shopper(cart, found, unusable), unusable)


def as_seen(cart: Cart, found: Mapping[Key, Item]) -> Deals:
    """Without a look at the coupons: each is taken for good, as it was when it was entered."""
    return Deals(promotion_book.present(), _shopper(cart, found, {}))


def none(found: Mapping[Key, Item]) -> Deals:
    """For what is sold at its plain price, as in an exchange."""
    return Deals((), Shopper(groups.among(found), first_order=False, now=clock.now(), coupons=()))


def _shopper(cart: Cart, found: Mapping[Key, Item], unusable: dict[str, str]) -> Shopper:
    return Shopper(
        groups=groups.among(found),
        first_order=bool(cart.customer_id and cart.first_order) and not coupons.had_first_order(found),
        now=clock.now(),
        coupons=tuple(voucher for voucher in cart.coupons if voucher.code not in unusable),
    )


def coupon_states(cart: Cart, deals: Deals, priced: Priced) -> list[CouponState]:
    return coupons.states(cart.coupons, {**priced.refused, **deals.unusable})
