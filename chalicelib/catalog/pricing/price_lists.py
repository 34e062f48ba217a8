"""Price lists: what a piece costs somebody who buys so many of them, in a currency, at a time.

The lowest price that the buyer qualifies for counts. Everybody qualifies for a variant's own price, which is in the
shop's currency; for a list's, whoever the list is open to while it is valid, if they buy enough.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.catalog.product import ListPrice, check_period
from chalicelib.core.errors import invalid
from chalicelib.core.money import Currency, Money

Group = Annotated[str, Meta(pattern=r"^[^\W_]+(-[^\W_]+)*$(?!\n)", max_length=60, description="a customer group")]
# Lowest prices of one piece by list and by currency, in minor units.
ListMinima = dict[str, dict[str, int]]


class PriceList(msgspec.Struct, frozen=True):
    """Under which circumstances the prices that name it count: prices in `currency`, from `valid_from` on and before
    `valid_until`, for customers of one of `groups`. Without groups it is public; without a time it has no end there.
    """

    id: str
    name: str
    currency: str
    groups: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        begun = self.valid_from is None or self.valid_from <= now
        return begun and (self.valid_until is None or now < self.valid_until)

    def is_open_to(self, groups: AbstractSet[str]) -> bool:
        return not self.groups or not groups.isdisjoint(self.groups)


class PriceListDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What staff say of a price list; its id is in the path. Without `currency` it is the shop's."""

    name: Annotated[str, Meta(min_length=1, max_length=300)]
    currency: Currency | None = None
    groups: Annotated[tuple[Group, ...], Meta(max_length=50)] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Terms(msgspec.Struct, frozen=True):
    """On which terms somebody buys at a moment: the currency, and the lists whose prices count for them."""

    currency: str
    lists: frozenset[str]


class TierPrice(msgspec.Struct, frozen=True):
    """What one piece costs, and the id of the price list that says so; None: it is the variant's own price."""

    price: Money
    price_list: str | None


def terms(lists: Iterable[PriceList], groups: AbstractSet[str], currency: str, now: datetime) -> Terms:
    """The terms at `now` of somebody in these customer groups who pays in `currency`."""
    counting = (one for one in lists if one.currency == currency and one.is_valid(now) and one.is_open_to(groups))
    return Terms(currency, frozenset(one.id for one in counting))


def currencies(lists: Iterable[PriceList], groups: AbstractSet[str], own: str, now: datetime) -> list[str]:
    """The currencies in which somebody in these groups can buy at `now`: the shop's `own`, then those of lists."""
    others = {one.currency for one in lists if one.is_valid(now) and one.is_open_to(groups)} - {own}
    return [own, *sorted(others)]


def sourced_tiers(price: Money, prices: Iterable[ListPrice], on: Terms) -> dict[int, TierPrice]:
    """What one piece costs by the least number of pieces to buy for it, on these terms; no entry, no price.

    From one entry to the next the number rises and the price falls. Of those that ask the same the variant's own price
    counts, then the list whose id comes first.
    """
    offered = [(1, price.amount, "")] if price.currency == on.currency else []
    offered += [
        (one.min_quantity, one.price.amount, one.list)
        for one in prices
        if one.list in on.lists and one.price.currency == on.currency
    ]
    falling: dict[int, TierPrice] = {}
    lowest: int | None = None
    for pieces, amount, price_list in sorted(offered):
        if lowest is None or amount < lowest:
            falling[pieces] = TierPrice(Money(amount, on.currency), price_list or None)
            lowest = amount
    return falling


def tiers(price: Money, prices: Iterable[ListPrice], on: Terms) -> dict[int, Money]:
    """The prices of `sourced_tiers` alone."""
    return {pieces: tier.price for pieces, tier in sourced_tiers(price, prices, on).items()}


def unit_price(tiers: Mapping[int, Money], quantity: int) -> Money | None:
    """What each of `quantity` pieces costs; None if so few are not sold."""
    reached = [pieces for pieces in tiers if pieces <= quantity]
    return tiers[max(reached)] if reached else None


def minima(variants: Iterable[Iterable[ListPrice]]) -> ListMinima:
    """The lowest price of one piece of any of the variants, by list and currency: so that a product in a list knows
    its price at any time without its variants."""
    found: ListMinima = {}
    for prices in variants:
        for one in prices:
            if one.min_quantity == 1:
                amounts = found.setdefault(one.list, {})
                present = amounts.get(one.price.currency, one.price.amount)
                amounts[one.price.currency] = min(present, one.price.amount)
    return found


def price_from(price: Money, minima: Mapping[str, Mapping[str, int]], on: Terms) -> Money | None:
    """What the cheapest variant costs on these terms if one piece is bought, of a product whose lowest own price is
    `price`; None if no variant is sold so."""
    amounts = [price.amount] if price.currency == on.currency else []
    amounts += [listed[on.currency] for name, listed in minima.items() if name in on.lists and on.currency in listed]
    return Money(min(amounts), on.currency) if amounts else None


def public_prices(
    price: Money, minima: Mapping[str, Mapping[str, int]], lists: Mapping[str, PriceList], now: datetime
) -> dict[str, int]:
    """`price_from` for everybody at `now`, in minor units by currency, of each currency in which there is one."""
    found = {price.currency: price.amount}
    for name, amounts in minima.items():
        one = lists.get(name)
        if one and not one.groups and one.is_valid(now) and one.currency in amounts:
            found[one.currency] = min(amounts[one.currency], found.get(one.currency, amounts[one.currency]))
    return found


def check(one: PriceList) -> None:
    """Raise what makes this no price list, by its place."""
    check_period(one, "valid_from", "valid_until")
    if len(set(one.groups)) != len(one.groups):
        raise invalid("/groups", "This names a group twice.")
