"""The codes of coupons, as staff make them: one by one, or many at once."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core import audit, clock, dynamo, ids
from chalicelib.core.errors import ShopError, invalid, not_found
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.staff import Staff
from chalicelib.orders.promotions import coupons
from chalicelib.orders.promotions import promotion_tables as tables
from chalicelib.orders.promotions.promotion_tables import Coupon, CouponBatch
from chalicelib.orders.tables import OrdersItem

MOST_AT_ONCE = 1_000
# As Crockford's base 32, and without 0 and 1: whoever reads a code from paper can not confuse two of these.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 10  # 49 bits: nobody guesses one

Limit = Annotated[int, Meta(ge=1, le=10**9)]
Id = Annotated[str, Meta(min_length=1, max_length=100)]


class CouponDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code for a promotion, in any case and with any spaces. It can be redeemed `limit` times in all, `per_customer`
    times by the same customer; without them as often as one likes."""

    code: Annotated[str, Meta(min_length=3, max_length=100)]
    promotion: Id
    limit: Limit | None = None
    per_customer: Limit | None = None


class BatchDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`count` random codes that begin with `prefix`; each can be redeemed once unless `limit` says otherwise."""

    promotion: Id
    count: Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)]
    prefix: Annotated[str, Meta(max_length=20)] = ""
    limit: Limit | None = 1
    per_customer: Limit | None = None


def create(draft: CouponDraft, once: Once, by: Staff) -> Coupon:
    """A new coupon; 409 `coupon_exists` if there is one of this code. The same request again answers with the same."""
    code = coupons.normalized(draft.code)
    if not coupons.is_code(code):
        raise invalid("/code", "A code has letters, digits, - and _, at least three of them.")
    try:
        _check_promotion(draft.promotion)
        coupon = _coupon(code, draft, None)
        entry = audit.entry(by, "coupon.created", code, promotion=draft.promotion)
        dynamo.transaction([*once.claim(OrdersItem, code), dynamo.insert(coupon, _exists(code)), entry])
    except (AlreadyDone, ShopError):
        made = once.made(OrdersItem)
        if made is None:
            raise
        return find(made)
    return coupon


def create_many(draft: BatchDraft, once: Once, by: Staff) -> tuple[CouponBatch, list[str]]:
    """New random codes. The same request again answers with the same codes, and writes those that are still missing."""
    prefix = coupons.normalized(draft.prefix)
    if prefix and not coupons.is_code(f"{prefix}AA"):
        raise invalid("/prefix", "A prefix has letters, digits, - and _.")
    batch = _batch(once) or _begin(draft, prefix, once, by)
    codes = _codes(batch)
    # A code that is there may have been redeemed since: it is not written again.
    known = tables.coupons(codes)
    dynamo.put_all(_coupon(code, batch, batch.id) for code in codes if code not in known)
    return batch, codes


def _begin(draft: BatchDraft, prefix: str, once: Once, by: Staff) -> CouponBatch:
    _check_promotion(draft.promotion)
    batch_id = ids.new_id("cpb")
    batch = CouponBatch(
        **tables.batch_key(batch_id),
        id=batch_id,
        seed=ids.new_secret(),
        promotion=draft.promotion,
        size=draft.count,
        prefix=prefix,
        limit=draft.limit,
        per_customer=draft.per_customer,
        created_at=clock.stamp(clock.now()),
    )
    entry = audit.entry(by, "coupons.generated", batch_id, promotion=draft.promotion, count=draft.count)
    try:
        dynamo.transaction([*once.claim(OrdersItem, batch_id), dynamo.insert(batch), entry])
    except AlreadyDone:
        return _batch(once) or batch
    return batch


def _batch(once: Once) -> CouponBatch | None:
    made = once.made(OrdersItem)
    return tables.batch(made) if made else None


def _codes(batch: CouponBatch) -> list[str]:
    found: dict[str, None] = {}
    number = 0
    while len(found) < int(batch.size):
        found[batch.prefix + _random(batch.seed, number)] = None
        number += 1
    return list(found)


def _random(seed: str, number: int) -> str:
    value = int(ids.derive_secret(seed, f"coupon:{number}"), 16)
    digits = []
    for _ in range(_LENGTH):
        value, digit = divmod(value, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(digits)


def _coupon(code: str, of: CouponDraft | CouponBatch, batch_id: str | None) -> Coupon:
    return Coupon(
        **tables.coupon_key(code),
        **tables.coupon_listing(code, of.promotion),
        code=code,
        promotion=of.promotion,
        limit=of.limit,
        per_customer=of.per_customer,
        batch=batch_id,
        created_at=clock.stamp(clock.now()),
    )


def _check_promotion(promotion_id: str) -> None:
    if tables.kept_promotion(promotion_id) is None:
        raise invalid("/promotion", "There is no such promotion.")


def _exists(code: str) -> ShopError:
    return ShopError("coupon_exists", 409, f"There is a coupon {code} already.", pointer="/code")


def find(text: str) -> Coupon:
    """A coupon; 404 if there is none."""
    code = coupons.normalized(text)
    found = tables.coupon(code) if coupons.is_code(code) else None
    if found is None:
        raise not_found("coupon")
    return found


def of_promotion(promotion_id: str, limit: int, after: str | None) -> tuple[list[Coupon], str | None]:
    """A page of a promotion's coupons by code, and the code behind which the next page goes on."""
    found = tables.coupons_of(promotion_id, limit + 1, after)
    return found[:limit], found[limit - 1].code if len(found) > limit else None


def disable(text: str, by: Staff) -> Coupon:
    """Let a coupon be redeemed by nobody any more. Disabling it again changes nothing."""
    coupon = find(text)
    if coupon.disabled:
        return coupon
    entry = audit.entry(by, "coupon.disabled", coupon.code, promotion=coupon.promotion)
    dynamo.transaction([dynamo.update(coupon, [Coupon.disabled.set(True)]), entry])
    return find(coupon.code)
