"""What it costs to have an order sent, and how long it takes."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.money import Money

Days = Annotated[int, Meta(ge=0, le=365)]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166-1 alpha-2 code")]


class ShippingOption(msgspec.Struct, frozen=True):
    """A way to send an order. `countries` is empty where it goes everywhere; goods worth `free_from` go free.

    `days_min` and `days_max` are working days from dispatch to delivery.
    """

    id: str
    name: str
    price: Money
    countries: tuple[str, ...]
    free_from: Money | None
    days_min: int
    days_max: int


def offered(options: Iterable[ShippingOption], country: str, goods: Money) -> list[ShippingOption]:
    """The options for a parcel with `goods` to `country`, at the price it would pay, the cheapest first."""
    possible = [
        o for o in options if o.price.currency == goods.currency and (not o.countries or country in o.countries)
    ]
    priced = [msgspec.structs.replace(option, price=_price(option, goods)) for option in possible]
    return sorted(priced, key=lambda option: (option.price.amount, option.days_max, option.id))


def _price(option: ShippingOption, goods: Money) -> Money:
    free = (
        option.free_from is not None
        and option.free_from.currency == goods.currency
        and goods.amount >= option.free_from.amount
    )
    return Money(0, option.price.currency) if free else option.price
