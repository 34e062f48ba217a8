"""The shop's own tax engine: what staff's table of rates says of a sale. Exact fractions, rounded half up."""

from collections.abc import Hashable, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from chalicelib.core.money import Money, allocate
from chalicelib.orders.pricing.pricing import Tax
from chalicelib.orders.taxes import tax_zones
from chalicelib.orders.taxes.assessing import STANDARD_CLASS, Assessed, Assessment, Place, Sale, Taxable, Untaxed
from chalicelib.orders.taxes.tax_zones import TaxRate, TaxSettings, Zone

STANDARD, EXPORT, REVERSE_CHARGE = "standard", "export", "reverse_charge"
_NAMES = {EXPORT: "Export", REVERSE_CHARGE: "Reverse charge"}

Rates = tuple[TaxRate, ...]


class Treatment(msgspec.Struct, frozen=True):
    """How a sale is taxed: by the rates of `zone`, or not at all for the reason `kind`. Then `zone` is the shop's own,
    whose tax prices may contain."""

    kind: str
    zone: Zone | None


class TaxTable(msgspec.Struct, frozen=True):
    """The built-in TaxProvider.

    What goes to a country of the tax union without a zone of its own is taxed as at home, as a shop does below the
    threshold for distance sales. What goes elsewhere in the home country where there is no zone is not taxed.
    """

    settings: TaxSettings

    def assess(self, sale: Sale, /) -> Assessment:
        how = treatment(self.settings, sale.to, sale.vat_id)
        if how.zone is None and how.kind == STANDARD:
            return Untaxed().assess(sale)
        portions = _portions(sale, self.settings.shipping_class)
        rates = [tax_zones.rates_on(how.zone, each.tax_class, sale.day) if how.zone else () for _, each in portions]
        amounts = [each.amount for _, each in portions]
        included, per_order = self.settings.prices_include_tax, self.settings.rounding == "order"
        if how.kind != STANDARD:
            parts = contained(amounts, rates, per_order=per_order) if included else [() for _ in portions]
            answers = [_zero_rated(sale, how.kind, *each) for each in zip(amounts, parts, strict=True)]
        else:
            parts = (contained if included else added)(amounts, rates, per_order=per_order)
            taxed = zip(amounts, rates, parts, strict=True)
            answers = [_taxed(sale, *each, included=included) for each in taxed]
        owners = [owner for owner, _ in portions]
        goods = tuple(_together(answers, owners, number) for number in range(len(sale.goods)))
        return Assessment(goods, _together(answers, owners, None))


def treatment(settings: TaxSettings, to: Place | None, vat_id: str | None) -> Treatment:
    """How what goes to a place is taxed; at home where nobody knows where it goes."""
    home = settings.home
    if home is None or not settings.zones:
        return Treatment(STANDARD, None)
    to = to or home
    own, zone = tax_zones.zone_of(settings.zones, home), tax_zones.zone_of(settings.zones, to)
    if zone is not None and zone.export:
        return Treatment(EXPORT, own)
    abroad = {*settings.union} - {home.country}
    if to.country in abroad and vat_id is not None and country_of(vat_id) in abroad:
        return Treatment(REVERSE_CHARGE, own)
    if zone is not None or to.country == home.country:
        return Treatment(STANDARD, zone)
    return Treatment(STANDARD if to.country in abroad else EXPORT, own)


def country_of(vat_id: str) -> str:
    """The country whose prefix a VAT id has: Greece's is EL."""
    return "GR" if vat_id.startswith("EL") else vat_id[:2]


def added(amounts: Sequence[int], rates: Sequence[Rates], *, per_order: bool) -> list[tuple[int, ...]]:
    """The tax that comes on top of net amounts, by the rates of each."""
    shares = [
        (number, position, amount * _part(rate), (rate.name, rate.percent))
        for number, (amount, own) in enumerate(zip(amounts, rates, strict=True))
        for position, rate in enumerate(own)
    ]
    rounded = _rounded([share for _, _, share, _ in shares], [key for *_, key in shares], per_order=per_order)
    found = {(number, position): tax for (number, position, *_), tax in zip(shares, rounded, strict=True)}
    return [tuple(found[number, position] for position in range(len(own))) for number, own in enumerate(rates)]


def contained(amounts: Sequence[int], rates: Sequence[Rates], *, per_order: bool) -> list[tuple[int, ...]]:
    """The tax that is in gross amounts, by the rates of each. It is rounded as a whole before the rates share it, so
    that no amount contains more tax than it is."""
    wholes = [sum((_part(rate) for rate in own), start=Fraction()) for own in rates]
    shares = [amount * whole / (1 + whole) for amount, whole in zip(amounts, wholes, strict=True)]
    rounded = _rounded(shares, list(rates), per_order=per_order)
    return [_split(tax, own) for tax, own in zip(rounded, rates, strict=True)]


def _split(tax: int, rates: Rates) -> tuple[int, ...]:
    weights = [int(Decimal(rate.percent) * 10_000) for rate in rates]
    return tuple(allocate(tax, weights)) if any(weights) else tuple(0 for _ in rates)


def _part(rate: TaxRate) -> Fraction:
    return Fraction(rate.percent) / 100


def half_up(share: Fraction) -> int:
    return (2 * share.numerator + share.denominator) // (2 * share.denominator)


def _rounded(shares: Sequence[Fraction], keys: Sequence[Hashable], *, per_order: bool) -> list[int]:
    """Shares in whole minor units: each by itself, or the sum of those with the same key, which they then share."""
    if not per_order:
        return [half_up(share) for share in shares]
    rounded = [0] * len(shares)
    for key in dict.fromkeys(keys):
        places = [n for n, other in enumerate(keys) if other == key]
        for place, tax in zip(places, _largest_remainder([shares[n] for n in places]), strict=True):
            rounded[place] = tax
    return rounded


def _largest_remainder(shares: Sequence[Fraction]) -> list[int]:
    """The rounded sum of the shares, in parts none of which is a whole unit away from its share."""
    parts = [share.numerator // share.denominator for share in shares]
    rest = half_up(sum(shares, start=Fraction())) - sum(parts)
    for place in sorted(range(len(shares)), key=lambda n: (parts[n] - shares[n], n))[:rest]:
        parts[place] += 1
    return parts


def _portions(sale: Sale, shipping_class: str | None) -> list[tuple[int | None, Taxable]]:
    """All that costs something, by the place of the goods, and of shipping, by None, what each class has of it."""
    goods: list[tuple[int | None, Taxable]] = [(n, each) for n, each in enumerate(sale.goods) if each.amount]
    if not sale.shipping:
        return goods
    if shipping_class is not None:
        return [*goods, (None, Taxable(shipping_class, sale.shipping))]
    carried: dict[str, int] = {}
    for _, each in goods:
        carried[each.tax_class] = carried.get(each.tax_class, 0) + each.amount
    by_class = sorted(carried.items()) or [(STANDARD_CLASS, 1)]
    shares = allocate(sale.shipping, [amount for _, amount in by_class])
    carries = zip(by_class, shares, strict=True)
    return [*goods, *((None, Taxable(tax_class, share)) for (tax_class, _), share in carries if share)]


def _taxed(sale: Sale, amount: int, rates: Rates, parts: tuple[int, ...], *, included: bool) -> Assessed:
    base = Money(amount - sum(parts) if included else amount, sale.currency)
    return Assessed(
        tuple(
            Tax(rate.name, Decimal(rate.percent), base, Money(part, sale.currency), included)
            for rate, part in zip(rates, parts, strict=True)
        )
    )


def _zero_rated(sale: Sale, kind: str, amount: int, parts: tuple[int, ...]) -> Assessed:
    net, nothing = Money(amount - sum(parts), sale.currency), Money(0, sale.currency)
    return Assessed((Tax(_NAMES[kind], Decimal(0), net, nothing, included=False, kind=kind),), sum(parts))


def _together(answers: Sequence[Assessed], owners: Sequence[int | None], owner: int | None) -> Assessed:
    """What was said of all portions of one thing."""
    mine = [answer for answer, whose in zip(answers, owners, strict=True) if whose == owner]
    taxes = [tax for answer in mine for tax in answer.taxes]
    return Assessed(_merged(taxes), sum(answer.relief for answer in mine))


def _merged(taxes: Sequence[Tax]) -> tuple[Tax, ...]:
    """Taxes of the same name and rate in one. Of shipping there may be several, one of each class."""
    merged: dict[tuple[str, Decimal, str], Tax] = {}
    for tax in taxes:
        key = (tax.name, tax.rate, tax.kind)
        one = merged.get(key)
        whole = msgspec.structs.replace(tax, base=one.base + tax.base, amount=one.amount + tax.amount) if one else tax
        merged[key] = whole
    return tuple(merged.values())
