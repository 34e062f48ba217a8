"""What a promotion is: what it takes off, of which lines, for whom and when."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.errors import invalid
from chalicelib.core.money import Currency, Money

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Some = Annotated[str, Meta(min_length=1, max_length=100)]
Pieces = Annotated[int, Meta(ge=1, le=999)]
# One per currency: an amount counts only where the order is in its currency.
Amounts = Annotated[tuple[Money, ...], Meta(min_length=1, max_length=50)]
Percent = Annotated[Decimal, Meta(description="more than 0, at most 100, at most two decimals")]

LINES, ORDER, SHIPPING = "lines", "order", "shipping"


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lines that are named by any of these; all lines if none is given. A category has those below it in it."""

    products: Annotated[tuple[Some, ...], Meta(max_length=100)] = ()
    skus: Annotated[tuple[Some, ...], Meta(max_length=100)] = ()
    categories: Annotated[tuple[Some, ...], Meta(max_length=100)] = ()
    collections: Annotated[tuple[Some, ...], Meta(max_length=100)] = ()

    @property
    def by_shelf(self) -> bool:
        """Whether it has to be known on which shelves a product stands."""
        return bool(self.categories or self.collections)

    def has(self, sku: str, product_id: str, shelves: Iterable[str]) -> bool:
        if not (self.products or self.skus or self.by_shelf):
            return True
        wanted = {*self.categories, *(f"+{name}" for name in self.collections)}
        return sku in self.skus or product_id in self.products or not wanted.isdisjoint(shelves)


class PercentOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="percent_off"):
    """So much of each line, or of all lines together."""

    percent: Percent
    of: Literal["lines", "order"] = "lines"


class AmountOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="amount_off"):
    """A fixed amount off each line, or once off all lines together."""

    amounts: Amounts
    of: Literal["lines", "order"] = "order"


class FixedPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="fixed_price"):
    """Each piece costs `prices`, unless it costs less already."""

    prices: Amounts


class BuyXGetY(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="buy_x_get_y"):
    """For each `buy` pieces `get` more are `percent` cheaper.

    Without `gifts` these are of the same SKU: of `buy` + `get` pieces `get`. With `gifts` they are the cheapest pieces
    of the lines that it names; those count as bought for nothing. The `buy` pieces may be of several lines.
    """

    buy: Pieces
    get: Pieces = 1
    percent: Percent = Decimal(100)
    gifts: Selection | None = None


class CheapestFree(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="cheapest_free"):
    """One of each `of` pieces is free: of all pieces the cheapest."""

    of: Annotated[int, Meta(ge=2, le=999)]


class PiecesTier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at_least: Pieces
    percent: Percent


class TieredByQuantity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="by_quantity"):
    """So much of each line as the highest tier says that all pieces together reach."""

    tiers: Annotated[tuple[PiecesTier, ...], Meta(min_length=1, max_length=20)]


class TotalTier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `at_least` on `percent`, or the fixed `amount`, which is in the same currency."""

    at_least: Money
    percent: Percent | None = None
    amount: Money | None = None


class TieredByTotal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="by_total"):
    """So much of all lines together as the highest tier says that they reach before any discount."""

    tiers: Annotated[tuple[TotalTier, ...], Meta(min_length=1, max_length=50)]


class FreeShipping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="free_shipping"):
    """Shipping costs nothing; with `options` only if it is one of these."""

    options: Annotated[tuple[Some, ...], Meta(max_length=50)] = ()


Effect = PercentOff | AmountOff | FixedPrice | BuyXGetY | CheapestFree | TieredByQuantity | TieredByTotal | FreeShipping


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What has to hold, all of it. `lines` is also what the effect takes something off.

    `minimum` is what all goods of the order cost at least before any discount, in one of its currencies. `first_order`
    asks for a customer who is logged in and has not ordered yet. It counts from `starts_at` on and before `ends_at`.
    """

    lines: Selection = Selection()
    groups: Annotated[tuple[Some, ...], Meta(max_length=50)] = ()
    first_order: bool = False
    currencies: Annotated[tuple[Currency, ...], Meta(max_length=50)] = ()
    minimum: Annotated[tuple[Money, ...], Meta(max_length=50)] = ()
    starts_at: Annotated[datetime, Meta(tz=True)] | None = None
    ends_at: Annotated[datetime, Meta(tz=True)] | None = None


class PromotionDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What staff say of a promotion; its id is in the path. How several go together says pricing/promotions.py.

    It counts by itself, or with `needs_coupon` for whoever has a coupon of it. The lower the `priority`, the earlier.
    """

    name: Name
    effect: Effect
    conditions: Conditions = Conditions()
    needs_coupon: bool = False
    active: bool = True
    priority: Annotated[int, Meta(ge=0, le=9999)] = 100
    stackable: bool = True
    exclusive: bool = False


class Promotion(PromotionDraft, frozen=True, kw_only=True):
    id: str

    @property
    def selections(self) -> list[Selection]:
        """All that it names lines by."""
        gifts = self.effect.gifts if isinstance(self.effect, BuyXGetY) else None
        return [self.conditions.lines, *([gifts] if gifts else [])]

    @property
    def by_shelf(self) -> bool:
        return any(selection.by_shelf for selection in self.selections)

    @property
    def stage(self) -> str:
        """Whether it takes something off lines, off the order or off shipping."""
        if isinstance(self.effect, PercentOff | AmountOff):
            return self.effect.of
        if isinstance(self.effect, TieredByTotal):
            return ORDER
        return SHIPPING if isinstance(self.effect, FreeShipping) else LINES


def promotion(promotion_id: str, draft: PromotionDraft) -> Promotion:
    fields = {name: getattr(draft, name) for name in PromotionDraft.__struct_fields__}
    return Promotion(id=promotion_id, **fields)


def collections(promotions: Iterable[Promotion]) -> list[str]:
    """The collections that promotions name, each once."""
    return sorted({name for one in promotions for selection in one.selections for name in selection.collections})


def of_currency(amounts: Iterable[Money], currency: str) -> int | None:
    """The amount in this currency, in minor units."""
    return next((money.amount for money in amounts if money.currency == currency), None)


def counts_in(one: PromotionDraft, currency: str) -> bool:
    """Whether a promotion has anything to say in a currency."""
    limits, effect = one.conditions, one.effect
    if limits.currencies and currency not in limits.currencies:
        return False
    if limits.minimum and of_currency(limits.minimum, currency) is None:
        return False
    if isinstance(effect, AmountOff):
        return of_currency(effect.amounts, currency) is not None
    if isinstance(effect, FixedPrice):
        return of_currency(effect.prices, currency) is not None
    if isinstance(effect, TieredByTotal):
        return any(tier.at_least.currency == currency for tier in effect.tiers)
    return True


def check(draft: PromotionDraft, at: str = "") -> None:
    """Raise what makes this no promotion, by its place below `at`."""
    limits = draft.conditions
    _check_one_per_currency(limits.minimum, f"{at}/conditions/minimum")
    if limits.starts_at and limits.ends_at and limits.ends_at <= limits.starts_at:
        raise invalid(f"{at}/conditions/ends_at", "It ends before it begins.")
    _check_effect(draft.effect, f"{at}/effect")


def _check_effect(effect: Effect, at: str) -> None:
    if isinstance(effect, PercentOff | BuyXGetY):
        _check_percent(effect.percent, f"{at}/percent")
    elif isinstance(effect, AmountOff):
        _check_one_per_currency(effect.amounts, f"{at}/amounts")
    elif isinstance(effect, FixedPrice):
        _check_one_per_currency(effect.prices, f"{at}/prices")
    elif isinstance(effect, TieredByQuantity):
        for place, tier in enumerate(effect.tiers):
            _check_percent(tier.percent, f"{at}/tiers/{place}/percent")
        _check_different([tier.at_least for tier in effect.tiers], f"{at}/tiers")
    elif isinstance(effect, TieredByTotal):
        for place, step in enumerate(effect.tiers):
            _check_tier(step, f"{at}/tiers/{place}")
        _check_different([(step.at_least.currency, step.at_least.amount) for step in effect.tiers], f"{at}/tiers")


def _check_tier(tier: TotalTier, at: str) -> None:
    if (tier.percent is None) == (tier.amount is None):
        raise invalid(at, "A tier has either a percentage or an amount.")
    if tier.percent is not None:
        _check_percent(tier.percent, f"{at}/percent")
    if tier.amount is not None and tier.amount.currency != tier.at_least.currency:
        raise invalid(f"{at}/amount/currency", f"This tier is in {tier.at_least.currency}.")


def _check_percent(percent: Decimal, at: str) -> None:
    if not percent.is_finite() or not 0 < percent <= 100 or percent * 100 != int(percent * 100):
        raise invalid(at, "Say more than 0 and at most 100, with at most two decimals.")


def _check_one_per_currency(amounts: Iterable[Money], at: str) -> None:
    _check_different([money.currency for money in amounts], at)


def _check_different(keys: Sequence[object], at: str) -> None:
    if len(set(keys)) != len(keys):
        raise invalid(at, "This says the same twice.")
