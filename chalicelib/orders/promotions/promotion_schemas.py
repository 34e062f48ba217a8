"""What staff see of promotions and coupons."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.paging import Page
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.pricing.pricing import PricedLine, Shipping, Totals
from chalicelib.orders.pricing.promotion import Promotion
from chalicelib.orders.promotions.coupons import CouponState
from chalicelib.orders.promotions.preview import Previewed
from chalicelib.orders.promotions.promotion_tables import Coupon, CouponBatch, KeptPromotion


class CouponsOf(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    promotion: Annotated[str, Meta(min_length=1, max_length=100)]


class PromotionView(Promotion, frozen=True, kw_only=True):
    """A promotion; `version` rises with each change."""

    version: int


class Promotions(msgspec.Struct, frozen=True):
    data: list[PromotionView]
    next_cursor: str | None


class CouponView(msgspec.Struct, frozen=True):
    """A coupon. How often it was redeemed is counted only where it has a limit; otherwise `used` is null."""

    code: str
    promotion: str
    limit: int | None
    per_customer: int | None
    used: int | None
    disabled: bool
    batch: str | None
    created_at: datetime


class Coupons(msgspec.Struct, frozen=True):
    data: list[CouponView]
    next_cursor: str | None


class BatchView(msgspec.Struct, frozen=True):
    """Codes that were made at once. The same request with the same Idempotency-Key shows them again."""

    id: str
    promotion: str
    codes: list[str]


class PreviewedCart(msgspec.Struct, frozen=True):
    """What a cart costs. `promotions` are the ids of those that take something off."""

    lines: list[PricedLine]
    shipping: Shipping | None
    totals: Totals
    promotions: list[str]
    coupons: list[CouponState]


class PreviewView(msgspec.Struct, frozen=True):
    """A cart at the shop's promotions, and with the one that is tried."""

    without: PreviewedCart
    tried: PreviewedCart


def promotion(kept: KeptPromotion) -> PromotionView:
    content = kept.content
    fields = {name: getattr(content, name) for name in Promotion.__struct_fields__}
    return PromotionView(**fields, version=int(kept.version))


def coupon(item: Coupon) -> CouponView:
    return CouponView(
        code=item.code,
        promotion=item.promotion,
        limit=_number(item.limit),
        per_customer=_number(item.per_customer),
        used=int(item.used) if item.limit is not None else None,
        disabled=bool(item.disabled),
        batch=item.batch,
        created_at=datetime.fromisoformat(item.created_at),
    )


def _number(value: float | None) -> int | None:
    return None if value is None else int(value)


def batch(item: CouponBatch, codes: list[str]) -> BatchView:
    return BatchView(item.id, item.promotion, codes)


def preview(previewed: Previewed) -> PreviewView:
    return PreviewView(_previewed(previewed.without), _previewed(previewed.tried))


def _previewed(cart: PricedCart) -> PreviewedCart:
    return PreviewedCart(cart.lines, cart.shipping, cart.totals, list(cart.promotions), cart.coupons)
