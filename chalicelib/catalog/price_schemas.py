"""What is shown of prices."""

from collections.abc import Mapping

import msgspec

from chalicelib.catalog.price_lists import PriceList
from chalicelib.core.money import Money


class Tier(msgspec.Struct, frozen=True):
    """What each piece costs of at least `min_quantity`."""

    min_quantity: int
    price: Money


class PriceLists(msgspec.Struct, frozen=True):
    data: list[PriceList]
    next_cursor: str | None


class SoldCurrency(msgspec.Struct, frozen=True):
    """A currency in which everybody can buy. `own`: prices are in it unless another one is asked for."""

    code: str
    own: bool


class Currencies(msgspec.Struct, frozen=True):
    data: list[SoldCurrency]
    next_cursor: str | None


def tiers(found: Mapping[int, Money]) -> list[Tier]:
    """What is paid for more than one piece."""
    return [Tier(pieces, price) for pieces, price in found.items() if pieces > 1]


def currencies(codes: list[str]) -> Currencies:
    """`codes` with the shop's own first."""
    return Currencies([SoldCurrency(code, place == 0) for place, code in enumerate(codes)], None)
