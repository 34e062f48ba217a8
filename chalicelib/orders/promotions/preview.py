"""What a promotion would do to a cart, before anybody is offered it. Nothing is written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.catalog import service as catalog
from chalicelib.catalog.pricing import prices
from chalicelib.core import clock, dynamo, ids
from chalicelib.core.dynamo import Item, Key
from chalicelib.core.errors import invalid
from chalicelib.core.money import Currency
from chalicelib.orders.address import Address
from chalicelib.orders.cart import carts, offers
from chalicelib.orders.cart.cart_tables import Cart, CartLine
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.pricing import promotion as rules
from chalicelib.orders.pricing.promotion import Promotion, PromotionDraft
from chalicelib.orders.pricing.promotions import Shopper, Voucher
from chalicelib.orders.promotions import coupons, promotion_book
from chalicelib.orders.promotions import promotion_tables as tables
from chalicelib.orders.promotions.coupons import MOST_IN_A_CART
from chalicelib.orders.promotions.deals import Deals
from chalicelib.users import groups

Word = Annotated[str, Meta(min_length=1, max_length=100)]


class TriedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sku: Word
    quantity: Annotated[int, Meta(ge=1, le=carts.MOST_PIECES)] = 1


class TriedPromotion(PromotionDraft, frozen=True, kw_only=True):
    """A promotion as it may become. With the `id` of one that there is it stands in its place. Here it needs no coupon
    and is active."""

    id: Word = "draft"


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cart to be priced, `at` a time or now, for somebody in `groups`. With a `country` it is sent there in the
    cheapest way; without one it is not sent."""

    lines: Annotated[tuple[TriedLine, ...], Meta(min_length=1, max_length=carts.MOST_LINES)]
    currency: Currency | None = None
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")] | None = None
    groups: Annotated[tuple[Word, ...], Meta(max_length=50)] = ()
    first_order: bool = False
    coupons: Annotated[tuple[Word, ...], Meta(max_length=MOST_IN_A_CART)] = ()
    at: Annotated[datetime, Meta(tz=True)] | None = None
    promotion: TriedPromotion | None = None


class Previewed(msgspec.Struct, frozen=True):
    """A cart at the shop's promotions, and with the one that is tried."""

    without: PricedCart
    tried: PricedCart


def preview(trial: Trial) -> Previewed:
    """Price a cart with and without a promotion. 422 for a promotion that makes no sense and an unknown coupon."""
    if trial.promotion is not None:
        rules.check(trial.promotion, "/promotion")
    present = tuple(kept.content for kept in promotion_book.kept())
    tried = _with(present, trial.promotion)
    currency = prices.currency(trial.currency, "/currency", frozenset(trial.groups))
    cart = carts.empty("trial", ids.new_id("crt"), currency)
    cart.coupons = _vouchers(trial.coupons)
    quantities: dict[str, int] = {}
    for line in trial.lines:
        quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
    found = _looked_at(list(quantities), trial, tried)
    now = offers.among(list(quantities), found, cart)
    cart.lines = [CartLine(sku, pieces, now[sku]) for sku, pieces in quantities.items()]
    shopper = Shopper(frozenset(trial.groups), trial.first_order, trial.at or clock.now(), tuple(cart.coupons))
    _send(cart, trial.country)
    return Previewed(*(offers.price(cart, now, Deals(active, shopper)) for active in (present, tried)))


def _with(present: tuple[Promotion, ...], tried: TriedPromotion | None) -> tuple[Promotion, ...]:
    if tried is None:
        return present
    one = msgspec.structs.replace(rules.promotion(tried.id, tried), needs_coupon=False, active=True)
    return (*(other for other in present if other.id != one.id), one)


def _vouchers(texts: tuple[str, ...]) -> list[Voucher]:
    codes = [coupons.normalized(text) for text in texts]
    found = tables.coupons([code for code in codes if coupons.is_code(code)])
    for place, code in enumerate(codes):
        if code not in found:
            raise invalid(f"/coupons/{place}", "There is no such coupon.")
    return [Voucher(code, found[code].promotion) for code in dict.fromkeys(codes)]


def _looked_at(skus: list[str], trial: Trial, tried: Sequence[Promotion]) -> dict[Key, Item]:
    """What carts are priced by, for somebody in the trial's groups."""
    found = offers.look(skus, None) | groups.as_if(trial.groups)
    if not any(one.by_shelf for one in tried):
        return found
    products = (variant.product_id for variant in catalog.variants_among(found))
    return found | dynamo.load(catalog.shelf_refs(products, rules.collections(tried)))


def _send(cart: Cart, country: str | None) -> None:
    """Choose the cheapest way to a country, if there is one."""
    if country is None:
        return
    cart.address = Address("-", "-", "-", country)
    ways = offers.shipping(cart, offers.as_seen(cart).lines)
    cart.shipping_option = ways[0].id if ways else None
