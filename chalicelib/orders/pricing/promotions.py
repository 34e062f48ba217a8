"""Which promotions apply together, and what they take off.

1. Whether a promotion counts is asked of the order before any discount, so no promotion makes another one impossible.
2. First come those of lines, then those of the order on what is left, then shipping.
3. In a stage those that are not stackable come first. They are compared on the same lines: of each line, in the stage
   of the order of all lines together, only the one that takes off most applies. Then the stackable ones follow, by
   priority and then id, each on what is left.
4. An exclusive promotion applies alone: nothing else does, not in another stage either. Of all exclusive ones and of
   all others together that counts which saves most; if it is the same, the others do, then priority and id decide.
5. Shipping is free once: the first one by priority and id.

Nothing depends on the order of the lines or of the promotions. What is not sold is left alone.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from chalicelib.core.money import Money
from chalicelib.orders.pricing import discounting, promotion
from chalicelib.orders.pricing.discounting import Row
from chalicelib.orders.pricing.pricing import NOT_SOLD, Discount, PricedLine, Shipping
from chalicelib.orders.pricing.promotion import LINES, ORDER, SHIPPING, FreeShipping, Promotion

# Why a coupon takes nothing off.
EXPIRED, NOT_YET = "coupon_expired", "coupon_not_yet_valid"
WRONG_CURRENCY, WRONG_GROUP, NOT_FIRST_ORDER = "wrong_currency", "wrong_group", "not_first_order"
NOTHING_MATCHES, BELOW_MINIMUM = "nothing_matches", "minimum_not_reached"
NOT_COMBINABLE, SAME_PROMOTION, NO_EFFECT = "not_combinable", "same_promotion", "no_effect"


class Voucher(msgspec.Struct, frozen=True, order=True):
    """A coupon that its owner may redeem, and the promotion that it is for."""

    code: str
    promotion: str


class Shopper(msgspec.Struct, frozen=True):
    """Who buys, and when. `first_order`: they are logged in and have not ordered before."""

    groups: frozenset[str]
    first_order: bool
    now: datetime
    coupons: tuple[Voucher, ...] = ()


class Discounted(msgspec.Struct, frozen=True):
    """Lines, in the order in which they came, and shipping with their discounts.

    `applied` are the ids of the promotions that took something off, `redeemed` the codes of the coupons that made them.
    `refused` says of the other coupons why.
    """

    lines: list[PricedLine]
    shipping: Shipping | None
    applied: tuple[str, ...]
    redeemed: tuple[str, ...]
    refused: dict[str, str]


def apply(
    lines: Sequence[PricedLine], shipping: Shipping | None, promotions: Iterable[Promotion], shopper: Shopper
) -> Discounted:
    """What the customer's promotions take off. All lines are in one currency and have different SKUs."""
    sold = sorted((line for line in lines if line.status != NOT_SOLD), key=lambda line: line.sku)
    open_to = _open_to(promotions, shopper)
    reasons = {one.id: _why_not(one, sold, shopper) for one in open_to}
    counting = [one for one in open_to if reasons[one.id] is None]
    together = [[one for one in counting if not one.exclusive], *([one] for one in counting if one.exclusive)]
    best = max((_taken(several, sold, shipping) for several in together), key=lambda taken: taken.saved)
    return _discounted(lines, shipping, best, reasons, shopper.coupons)


class _Taken(msgspec.Struct, frozen=True):
    """What some promotions together take off, by the position of a line; -1 is shipping."""

    promotions: Sequence[Promotion]
    off: list[tuple[Promotion, dict[str, int], int]]

    @property
    def saved(self) -> int:
        return sum(sum(lines.values()) + shipping for _, lines, shipping in self.off)


def _open_to(promotions: Iterable[Promotion], shopper: Shopper) -> list[Promotion]:
    """Those that need no coupon or whose coupon the customer has, in the order in which they apply."""
    unlocked = {coupon.promotion for coupon in shopper.coupons}
    mine = (one for one in promotions if one.id in unlocked or not one.needs_coupon)
    return sorted(mine, key=lambda one: (one.priority, one.id))


def _why_not(one: Promotion, sold: Sequence[PricedLine], shopper: Shopper) -> str | None:
    limits = one.conditions
    if not one.active or (limits.ends_at and limits.ends_at <= shopper.now):
        return EXPIRED
    if limits.starts_at and shopper.now < limits.starts_at:
        return NOT_YET
    if limits.groups and shopper.groups.isdisjoint(limits.groups):
        return WRONG_GROUP
    if limits.first_order and not shopper.first_order:
        return NOT_FIRST_ORDER
    return _why_not_here(one, sold)


def _why_not_here(one: Promotion, sold: Sequence[PricedLine]) -> str | None:
    limits = one.conditions
    if not any(discounting.names(limits.lines, line) for line in sold):
        return NOTHING_MATCHES
    currency = sold[0].total.currency
    if not promotion.counts_in(one, currency):
        return WRONG_CURRENCY
    least = promotion.of_currency(limits.minimum, currency) or 0
    return BELOW_MINIMUM if sum(line.total.amount for line in sold) < least else None


def _taken(promotions: Sequence[Promotion], sold: Sequence[PricedLine], shipping: Shipping | None) -> _Taken:
    left = [line.total.amount for line in sold]
    found: list[tuple[Promotion, dict[str, int], int]] = []
    for stage in (LINES, ORDER):
        mine = [one for one in promotions if one.stage == stage]
        for one, amounts in _stage(stage, mine, sold, left):
            by_sku = {line.sku: amount for line, amount in zip(sold, amounts, strict=True) if amount}
            found.append((one, by_sku, 0))
    free = next((one for one in promotions if one.stage == SHIPPING and _sends_free(one, shipping)), None)
    if free and shipping:
        found.append((free, {}, shipping.price.amount))
    return _Taken(promotions, [(one, lines, sent) for one, lines, sent in found if lines or sent])


def _stage(
    stage: str, promotions: Sequence[Promotion], sold: Sequence[PricedLine], left: list[int]
) -> list[tuple[Promotion, list[int]]]:
    """What the promotions of a stage take off each line, one after the other; `left` gets less."""
    found = _best_alone(stage, [one for one in promotions if not one.stackable], sold, left)
    for _, amounts in found:
        _take(left, amounts)
    for one in promotions:
        if one.stackable:
            amounts = _off(one, sold, left)
            _take(left, amounts)
            found.append((one, amounts))
    return found


def _best_alone(
    stage: str, promotions: Sequence[Promotion], sold: Sequence[PricedLine], left: list[int]
) -> list[tuple[Promotion, list[int]]]:
    """Of those that do not stack the best one, of each line or of the order; the first of those that are as good."""
    offered = [(one, _off(one, sold, left)) for one in promotions]
    if not offered or stage == ORDER:
        return [max(offered, key=lambda pair: sum(pair[1]))] if offered else []
    best = [max(range(len(offered)), key=lambda k: offered[k][1][n]) for n in range(len(sold))]
    return [
        (one, [amount if best[n] == k else 0 for n, amount in enumerate(amounts)])
        for k, (one, amounts) in enumerate(offered)
    ]


def _off(one: Promotion, sold: Sequence[PricedLine], left: Sequence[int]) -> list[int]:
    rows = [Row(line, rest) for line, rest in zip(sold, left, strict=True)]
    return discounting.off(one, rows, sold[0].total.currency) if sold else []


def _take(left: list[int], amounts: Sequence[int]) -> None:
    for n, amount in enumerate(amounts):
        left[n] -= amount


def _sends_free(one: Promotion, shipping: Shipping | None) -> bool:
    if shipping is None or not isinstance(one.effect, FreeShipping) or not shipping.price.amount:
        return False
    return not one.effect.options or shipping.id in one.effect.options


def _discounted(
    lines: Sequence[PricedLine],
    shipping: Shipping | None,
    taken: _Taken,
    reasons: dict[str, str | None],
    coupons: Sequence[Voucher],
) -> Discounted:
    of_lines: dict[str, list[Discount]] = {}
    of_shipping: list[Discount] = []
    for one, amounts, sent in taken.off:
        for sku, amount in amounts.items():
            currency = next(line.total.currency for line in lines if line.sku == sku)
            of_lines.setdefault(sku, []).append(Discount(one.id, one.name, Money(amount, currency)))
        if shipping and sent:
            of_shipping.append(Discount(one.id, one.name, Money(sent, shipping.price.currency)))
    applied = tuple(one.id for one, _, _ in taken.off)
    redeemed, refused = _coupons(coupons, applied, {one.id for one in taken.promotions}, reasons)
    return Discounted(
        lines=[
            msgspec.structs.replace(line, discounts=of_lines.get(line.sku, []) if line.status != NOT_SOLD else [])
            for line in lines
        ],
        shipping=msgspec.structs.replace(shipping, discounts=of_shipping) if shipping else None,
        applied=applied,
        redeemed=redeemed,
        refused=refused,
    )


def _coupons(
    coupons: Sequence[Voucher], applied: Sequence[str], tried: set[str], reasons: dict[str, str | None]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The codes of those that took something off, and why the others did not. Two of one promotion count once."""
    redeemed: dict[str, str] = {}
    refused: dict[str, str] = {}
    for coupon in sorted(coupons):
        if coupon.promotion in redeemed.values():
            refused[coupon.code] = SAME_PROMOTION
        elif coupon.promotion in applied:
            redeemed[coupon.code] = coupon.promotion
        else:
            known = reasons.get(coupon.promotion, EXPIRED)
            refused[coupon.code] = known or (NO_EFFECT if coupon.promotion in tried else NOT_COMBINABLE)
    return tuple(redeemed), refused
