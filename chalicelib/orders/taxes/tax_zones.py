"""What staff say of taxes: classes of goods, zones of the world, and which rates hold in each and when."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import combinations
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.errors import ShopError, invalid
from chalicelib.orders.taxes.assessing import STANDARD_CLASS, Country, Place

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=60)]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
# A text, because a JSON number may have become a binary fraction on its way.
Percent = Annotated[str, Meta(pattern=r"^(100|[0-9]{1,2})(\.[0-9]{1,4})?$(?!\n)", description="a decimal: 7.7")]
PostalCode = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"[0-9A-Za-z]")]

# DynamoDB keeps at most 400 KB an item.
_LARGEST = 300_000


class TaxClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is taxed alike: products and their variants name it by its id. The class `standard` is always there."""

    id: Slug
    name: Name


class TaxRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tax on the goods of a class, by its name on the invoice. It holds from `valid_from` to `valid_until`, both
    days included, or without end where one is not said."""

    name: Name
    percent: Percent
    tax_class: Slug = STANDARD_CLASS
    valid_from: date | None = None
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from or day) <= day <= (self.valid_until or day)


class PostalRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Postal codes that begin with `first`, with `last`, or with what is between them, which is as long. Without `last`
    only with `first`. Spaces, signs and case make no difference."""

    first: PostalCode
    last: Annotated[str, Meta(max_length=20)] = ""

    @property
    def bounds(self) -> tuple[str, str]:
        return _bare(self.first), _bare(self.last or self.first)

    def holds(self, postal_code: str) -> bool:
        first, last = self.bounds
        return first <= _bare(postal_code)[: len(first)] <= last


class Zone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A country, or a part of it by its region, by postal codes or by both.

    All rates of a class that hold on a day are added together, such as GST and PST. Goods of a class that has none
    here on that day are taxed as `standard`: what is exempt has a rate of 0. `export` makes it a place outside of the
    tax union although its country is in it, such as the Canary Islands.
    """

    id: Slug
    name: Name
    country: Country
    region: Annotated[str, Meta(max_length=200)] = ""
    postal_codes: Annotated[tuple[PostalRange, ...], Meta(max_length=200)] = ()
    rates: Annotated[tuple[TaxRate, ...], Meta(max_length=100)] = ()
    export: bool = False


class TaxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the shop's sales are taxed. Without zones there is no tax.

    `home` is where the shop sells from; `union` are the countries that are no export for it, such as those of the EU.
    `prices_include_tax`: prices are what is paid in every zone that is taxed, and the tax is contained in them;
    otherwise it comes on top. `rounding`: fractions of a minor unit are rounded half up on each line, or once for the
    whole order and then spread over its lines. `shipping_class` taxes shipping as goods of that class; without one it
    is taxed as the goods that it carries, in proportion to what they cost.
    """

    home: Place | None = None
    union: Annotated[tuple[Country, ...], Meta(max_length=100)] = ()
    classes: Annotated[tuple[TaxClass, ...], Meta(max_length=50)] = ()
    zones: Annotated[tuple[Zone, ...], Meta(max_length=1000)] = ()
    prices_include_tax: bool = False
    rounding: Literal["line", "order"] = "line"
    shipping_class: Slug | None = None


def zone_of(zones: Iterable[Zone], place: Place) -> Zone | None:
    """The most specific zone in which a place is: the longest postal code decides, then the region."""
    best, closest = None, (-1, False)
    for zone in zones:
        fit = _fit(zone, place)
        if fit is not None and fit > closest:
            best, closest = zone, fit
    return best


def _fit(zone: Zone, place: Place) -> tuple[int, bool] | None:
    """How closely a zone fits a place; None if the place is not in it."""
    if zone.country != place.country:
        return None
    if zone.region and zone.region.casefold() != place.region.strip().casefold():
        return None
    digits = [len(codes.bounds[0]) for codes in zone.postal_codes if codes.holds(place.postal_code)]
    if zone.postal_codes and not digits:
        return None
    return max(digits, default=0), bool(zone.region)


def rates_on(zone: Zone, tax_class: str, day: date) -> tuple[TaxRate, ...]:
    """The rates that are added together for goods of a class."""
    for wanted in (tax_class, STANDARD_CLASS):
        if found := tuple(rate for rate in zone.rates if rate.tax_class == wanted and rate.holds_on(day)):
            return found
    return ()


def _bare(postal_code: str) -> str:
    return "".join(filter(str.isalnum, postal_code)).upper()


def check(settings: TaxSettings) -> None:
    """Raise the first thing that can not be so, by its place."""
    if settings.zones and settings.home is None:
        raise invalid("/home", "Say where the shop sells from.")
    _distinct([item.id for item in settings.classes], "/classes")
    _distinct([zone.id for zone in settings.zones], "/zones")
    known = {STANDARD_CLASS, *(item.id for item in settings.classes)}
    if settings.shipping_class is not None and settings.shipping_class not in known:
        raise invalid("/shipping_class", "There is no such tax class.")
    for number, zone in enumerate(settings.zones):
        _check_zone(zone, known, f"/zones/{number}")
    if len(msgspec.json.encode(settings)) > _LARGEST:
        raise ShopError("too_large", 422, f"At most {_LARGEST} bytes of settings can be kept.", pointer="/zones")


def _distinct(names: Sequence[str], place: str) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            raise invalid(f"{place}/{number}/id", "This id is there twice.")


def _check_zone(zone: Zone, known: set[str], place: str) -> None:
    for number, codes in enumerate(zone.postal_codes):
        first, last = codes.bounds
        if len(first) != len(last) or first > last:
            raise invalid(
                f"{place}/postal_codes/{number}/last", "This has to be as long as the first, and not before it."
            )
    for number, rate in enumerate(zone.rates):
        if rate.tax_class not in known:
            raise invalid(f"{place}/rates/{number}/tax_class", "There is no such tax class.")
        if rate.valid_from and rate.valid_until and rate.valid_until < rate.valid_from:
            raise invalid(f"{place}/rates/{number}/valid_until", "This is before the rate begins.")
    for (_, one), (number, other) in combinations(enumerate(zone.rates), 2):
        if (one.tax_class, one.name) == (other.tax_class, other.name) and _meet(one, other):
            raise invalid(f"{place}/rates/{number}", "A rate of this name and class holds at that time already.")


def _meet(one: TaxRate, other: TaxRate) -> bool:
    """Whether two rates hold on the same day, ever."""
    begin = max(one.valid_from or date.min, other.valid_from or date.min)
    return begin <= min(one.valid_until or date.max, other.valid_until or date.max)
