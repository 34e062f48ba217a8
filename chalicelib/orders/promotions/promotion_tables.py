"""Promotions and coupons, in the orders table.

| what                | pk                     | sk             | index `by_month`                     |
|---------------------|------------------------|----------------|--------------------------------------|
| promotion           | PROMOTIONS             | PROMOTION#<id> |                                      |
| coupon              | COUPON#<code>          | COUPON         | COUPONS#<promotion>#<spread> / <code>|
| its uses by somebody| COUPON#<code>          | USES#<who>     |                                      |
| codes made at once  | COUPON_BATCH#<id>      | BATCH          |                                      |
| first order         | FIRST_ORDER#<customer> | FIRST_ORDER    |                                      |

All promotions together are read by whoever prices a cart, once a minute. A promotion may have any number of coupons;
each is read by its code. The index says which a promotion has: it holds only keys, so that redeeming does not write it.
"""

import zlib

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core import dynamo
from chalicelib.core.cache import for_a_minute
from chalicelib.core.dynamo import JsonAttribute, Key, PrimaryKey
from chalicelib.orders.pricing.promotion import Promotion
from chalicelib.orders.tables import Listing, OrdersItem

_SPREAD = 4


class KeptPromotion(OrdersItem, discriminator="promotion"):
    """`version` rises with each change."""

    content = JsonAttribute(Promotion)
    version = NumberAttribute()


class Coupon(OrdersItem, discriminator="coupon"):
    """A code for a promotion. `used` is counted only where there is a `limit`, which it never passes.

    `per_customer` is how often the same customer, or guest by e-mail, may redeem it. `batch` tells with which others
    it was made.
    """

    code = UnicodeAttribute()
    promotion = UnicodeAttribute()
    limit = NumberAttribute(null=True)
    per_customer = NumberAttribute(null=True)
    used = NumberAttribute(default=0)
    disabled = BooleanAttribute(default=False)
    batch = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()


class CouponUses(OrdersItem, discriminator="coupon_uses"):
    """How often somebody has redeemed a coupon that is limited per customer."""

    used = NumberAttribute(default=0)


class CouponBatch(OrdersItem, discriminator="coupon_batch"):
    """Codes that were made at once. They follow from `seed`, so they can be written and told again."""

    id = UnicodeAttribute()
    seed = UnicodeAttribute()
    promotion = UnicodeAttribute()
    size = NumberAttribute()
    prefix = UnicodeAttribute()
    limit = NumberAttribute(null=True)
    per_customer = NumberAttribute(null=True)
    created_at = UnicodeAttribute()


class FirstOrder(OrdersItem, discriminator="first_order"):
    """The order for which a customer got what there is for a first one."""

    order_id = UnicodeAttribute()


def promotion_key(promotion_id: str) -> PrimaryKey:
    return {"pk": "PROMOTIONS", "sk": f"PROMOTION#{promotion_id}"}


def coupon_key(code: str) -> PrimaryKey:
    return {"pk": f"COUPON#{code}", "sk": "COUPON"}


def coupon_ref(code: str) -> Key:
    return (Coupon, f"COUPON#{code}", "COUPON")


def uses_key(code: str, who: str) -> PrimaryKey:
    """`who` is a customer's id, or the hash of a guest's e-mail."""
    return {"pk": f"COUPON#{code}", "sk": f"USES#{who}"}


def uses_ref(code: str, who: str) -> Key:
    return (CouponUses, f"COUPON#{code}", f"USES#{who}")


def batch_key(batch_id: str) -> PrimaryKey:
    return {"pk": f"COUPON_BATCH#{batch_id}", "sk": "BATCH"}


def first_order_key(customer_id: str) -> PrimaryKey:
    return {"pk": f"FIRST_ORDER#{customer_id}", "sk": "FIRST_ORDER"}


def first_order_ref(customer_id: str) -> Key:
    return (FirstOrder, f"FIRST_ORDER#{customer_id}", "FIRST_ORDER")


def coupon_listing(code: str, promotion_id: str) -> Listing:
    """The index keys of a coupon."""
    spread = zlib.crc32(code.encode()) % _SPREAD
    return {"month_key": f"COUPONS#{promotion_id}#{spread}", "placed_key": code}


def kept_promotion(promotion_id: str) -> KeptPromotion | None:
    return dynamo.get(KeptPromotion, **promotion_key(promotion_id))


def kept_promotions() -> list[KeptPromotion]:
    """All promotions by id, as they are this moment."""
    return dynamo.collection(KeptPromotion, "PROMOTIONS", consistent=True)


@for_a_minute
def promotions() -> tuple[Promotion, ...]:
    """The promotions of the shop. Whether one counts is asked for each cart."""
    return tuple(kept.content for kept in kept_promotions())


def coupon(code: str) -> Coupon | None:
    return dynamo.get(Coupon, **coupon_key(code))


def coupons(codes: list[str]) -> dict[str, Coupon]:
    """Those that exist, by code."""
    found = dynamo.load([coupon_ref(code) for code in codes], consistent=True)
    return {item.code: item for item in found.values() if isinstance(item, Coupon)}


def batch(batch_id: str) -> CouponBatch | None:
    return dynamo.get(CouponBatch, **batch_key(batch_id))


def coupons_of(promotion_id: str, limit: int, after: str | None) -> list[Coupon]:
    """The next `limit` coupons of a promotion by code, behind the code `after`."""
    behind = OrdersItem.placed_key > after if after else None
    entries = [
        entry
        for spread in range(_SPREAD)
        for entry in OrdersItem.by_month.query(f"COUPONS#{promotion_id}#{spread}", behind, limit=limit)
    ]
    codes = sorted(str(entry.pk).partition("#")[2] for entry in entries)[:limit]
    found = coupons(codes)
    return [found[code] for code in codes if code in found]
