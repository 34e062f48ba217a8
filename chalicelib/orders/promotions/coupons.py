"""Coupons in carts and orders: entered, looked at, redeemed in the checkout's transaction, given back.

What is limited is counted where it is limited: a coupon's total in the coupon, a customer's own in an item of theirs,
each changed under the condition that it is not used up. A coupon without a limit is not written to at all.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import Action, Condition, Item, Key
from chalicelib.core.errors import ShopError
from chalicelib.orders.cart.cart_tables import Cart
from chalicelib.orders.limits import mailbox
from chalicelib.orders.pricing.promotion import Promotion
from chalicelib.orders.pricing.promotions import EXPIRED, Voucher
from chalicelib.orders.promotions import promotion_book
from chalicelib.orders.promotions import promotion_tables as tables
from chalicelib.orders.promotions.promotion_tables import Coupon, CouponUses, FirstOrder
from chalicelib.orders.tables import OrderHeader, Redeemed, Redemption

# With two writes for each, a cart of 40 SKUs still fits into the transaction that places it.
MOST_IN_A_CART = 3
USED_UP, UNKNOWN, APPLIED, REFUSED = "coupon_used_up", "unknown_coupon", "applied", "refused"
_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{2,59}")


class UsedUp(Exception):
    """Somebody else was faster: a coupon is used up, or the customer had their first order, since the cart was read."""


class CouponState(msgspec.Struct, frozen=True):
    """A coupon in a cart: `applied`, or `refused` with the reason why it takes nothing off."""

    code: str
    name: str
    status: str
    reason: str | None = None


def normalized(text: str) -> str:
    """A code as it is kept, however somebody typed it: in capitals, without spaces, in ASCII."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def is_code(code: str) -> bool:
    return _CODE.fullmatch(code) is not None


def identity(customer_id: str | None, email: str | None) -> str | None:
    """Whose redemptions are counted together: a customer's, or those of a guest's e-mail, of which a hash is kept.

    None for a guest who has not said theirs yet.
    """
    if customer_id is not None:
        return customer_id
    return ids.digest(mailbox.of(email)) if email else None


def enter(text: str, customer_id: str | None) -> Voucher:
    """The coupon that somebody typed: one request. 422 `unknown_coupon` or `coupon_expired`, 409 `coupon_used_up`.

    Whether it takes anything off depends on the cart, and is said there.
    """
    code = normalized(text)
    keys = _refs(code, customer_id) if is_code(code) else []
    found = dynamo.load(keys, consistent=True)
    coupon = next((item for item in found.values() if isinstance(item, Coupon)), None)
    if coupon is None:
        raise ShopError(UNKNOWN, 422, "There is no such coupon.", pointer="/code")
    reason = _unusable(code, found, customer_id) or (None if _promises(coupon) else EXPIRED)
    if reason == USED_UP:
        raise ShopError(USED_UP, 409, "This coupon was redeemed as often as it can be.", pointer="/code")
    if reason is not None:
        raise ShopError(reason, 422, "This coupon is not valid any more.", pointer="/code")
    return Voucher(code, coupon.promotion)


def _promises(coupon: Coupon) -> bool:
    """Whether a coupon's promotion has not ended. One so new that not everybody knows it counts."""
    known: Promotion | None = next((one for one in promotion_book.present() if one.id == coupon.promotion), None)
    if known is None:
        kept = tables.kept_promotion(coupon.promotion)
        known = kept.content if kept else None
    return known is not None and not promotion_book.is_over(known)


def refs(cart: Cart, who: str | None) -> list[Key]:
    """What has to be read beside the prices to know which of a cart's coupons can be redeemed by `who`."""
    keys = [key for voucher in cart.coupons for key in _refs(voucher.code, who)]
    if cart.customer_id is not None and promotion_book.for_first_orders():
        keys.append(tables.first_order_ref(cart.customer_id))
    return keys


def _refs(code: str, who: str | None) -> list[Key]:
    return [tables.coupon_ref(code), *([tables.uses_ref(code, who)] if who else [])]


def unusable(vouchers: Sequence[Voucher], found: Mapping[Key, Item], who: str | None) -> dict[str, str]:
    """Why those coupons that can not be redeemed can not, by their codes, from what was found at `refs`."""
    reasons = ((voucher.code, _unusable(voucher.code, found, who)) for voucher in vouchers)
    return {code: reason for code, reason in reasons if reason is not None}


def _unusable(code: str, found: Mapping[Key, Item], who: str | None) -> str | None:
    coupon = found.get(tables.coupon_ref(code))
    if not isinstance(coupon, Coupon):
        return UNKNOWN
    if coupon.disabled:
        return EXPIRED
    if coupon.limit is not None and coupon.used >= coupon.limit:
        return USED_UP
    uses = found.get(tables.uses_ref(code, who)) if who else None
    if coupon.per_customer is not None and isinstance(uses, CouponUses) and uses.used >= coupon.per_customer:
        return USED_UP
    return None


def had_first_order(found: Mapping[Key, Item]) -> bool:
    return any(isinstance(item, FirstOrder) for item in found.values())


def states(vouchers: Sequence[Voucher], refused: Mapping[str, str]) -> list[CouponState]:
    """The coupons of a cart, in the order in which they were entered."""
    names = {one.id: one.name for one in promotion_book.present()}
    return [
        CouponState(
            voucher.code,
            names.get(voucher.promotion, ""),
            REFUSED if voucher.code in refused else APPLIED,
            refused.get(voucher.code),
        )
        for voucher in vouchers
    ]


def redeem(
    header: OrderHeader, codes: Sequence[str], applied: Sequence[str], found: Mapping[Key, Item], who: str | None
) -> list[Action]:
    """Write actions that redeem coupons for an order that is being placed, which keeps what to give back.

    Raises UsedUp when they are committed if there is none left by then. `applied` are the order's promotions.
    """
    coupons = [item for code in codes if isinstance(item := found.get(tables.coupon_ref(code)), Coupon)]
    redeemed = [_redemption(coupon, who) for coupon in coupons]
    limited = [one for one in redeemed if one.counted or one.who]
    first = _first_of(header, applied)
    if limited or first:
        header.redeemed = Redeemed(limited, first)
    by_code = {coupon.code: coupon for coupon in coupons}
    return [
        *(action for one in limited for action in _redeem(by_code[one.code], one)),
        *([_first_order(first, header.id)] if first else []),
    ]


def _redemption(coupon: Coupon, who: str | None) -> Redemption:
    # One that can be redeemed once can be so once by anybody.
    per_customer = coupon.per_customer is not None and coupon.limit != 1
    return Redemption(coupon.code, counted=coupon.limit is not None, who=who if per_customer else None)


def _first_of(header: OrderHeader, applied: Sequence[str]) -> str | None:
    """The customer whose first order this is, if they got something for it."""
    for_it = {one.id for one in promotion_book.present() if one.conditions.first_order}
    return header.customer_id if not for_it.isdisjoint(applied) else None


def _redeem(coupon: Coupon, one: Redemption) -> list[Action]:
    actions: list[Action] = []
    if one.counted:
        left = (Coupon.used < int(coupon.limit)) & (Coupon.disabled == False)  # noqa: E712 - a condition's expression
        key = Coupon(**tables.coupon_key(one.code))
        actions.append(dynamo.update(key, [Coupon.used.set(Coupon.used + 1)], left, UsedUp(one.code)))
    if one.who:
        uses = CouponUses(**tables.uses_key(one.code, one.who))
        fewer: Condition = CouponUses.pk.does_not_exist() | (CouponUses.used < int(coupon.per_customer))
        more = CouponUses.used.set((CouponUses.used | 0) + 1)
        kind = CouponUses.kind.set(CouponUses)
        actions.append(dynamo.update(uses, [more, kind], fewer, UsedUp(one.code)))
    return actions


def _first_order(customer_id: str, order_id: str) -> Action:
    return dynamo.insert(FirstOrder(**tables.first_order_key(customer_id), order_id=order_id), UsedUp("first order"))


def give_back(header: OrderHeader) -> list[Action]:
    """Write actions that give back what an order redeemed. Commit them with the move that ends the order, which
    happens once."""
    redeemed = header.redeemed
    if redeemed is None:
        return []
    actions: list[Action] = []
    for one in redeemed.coupons:
        if one.counted:
            key = Coupon(**tables.coupon_key(one.code))
            actions.append(dynamo.update(key, [Coupon.used.set(Coupon.used - 1)]))
        if one.who:
            uses = CouponUses(**tables.uses_key(one.code, one.who))
            actions.append(dynamo.update(uses, [CouponUses.used.set(CouponUses.used - 1)]))
    if redeemed.first_order:
        actions.append(dynamo.delete(FirstOrder(**tables.first_order_key(redeemed.first_order))))
    return actions
