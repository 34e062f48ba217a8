"""Which rates a sale bears and how their fractions are rounded."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
import sales
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.orders.taxes.assessing import Place, Sale, Taxable
from chalicelib.orders.taxes.tax_zones import PostalRange, TaxRate, TaxSettings, Zone, rates_on, zone_of
from chalicelib.orders.taxes.taxes import TaxTable, half_up

GST, PST = TaxRate("GST", "5"), TaxRate("PST", "7")
CANADA = (
    Zone("ca", "Canada", "CA", rates=(GST,)),
    Zone("bc", "British Columbia", "CA", "BC", rates=(GST, PST)),
)
HOME = Place("CA", "BC")


def assess(settings: TaxSettings, *goods: int | Taxable, **sale: Any) -> list[list[int]]:
    """The taxes of each of the goods, and last those of shipping."""
    taxables = tuple(each if isinstance(each, Taxable) else Taxable("standard", each) for each in goods)
    found = TaxTable(settings).assess(Sale("CAD", sales.TODAY, taxables, **sale))
    return [[tax.amount.amount for tax in each.taxes] for each in (*found.goods, found.shipping)]


def shop(*zones: Zone, **changed: Any) -> TaxSettings:
    return TaxSettings(home=HOME, zones=zones or CANADA, **changed)


def of(*percents: str) -> TaxSettings:
    return shop(Zone("ca", "Canada", "CA", rates=tuple(TaxRate(f"T{n}", each) for n, each in enumerate(percents))))


def test_taxes_of_one_zone_are_added_together():
    assert assess(shop(), 1000) == [[50, 70], []]


def test_the_most_specific_zone_is_the_only_one():
    zones = (
        *CANADA,
        Zone("v", "Vancouver", "CA", "BC", postal_codes=(PostalRange("V5", "V7"),)),
        Zone("v6b", "Downtown", "CA", postal_codes=(PostalRange("v6 b"),)),
    )
    found = {
        place: zone_of(zones, place)
        for place in (
            Place("CA"),
            Place("CA", "ON"),
            Place("CA", "bc "),
            Place("CA", "BC", "V4Z 9Z9"),
            Place("CA", "BC", "v7a-1a1"),
            Place("CA", "BC", "V6B 1A1"),
            Place("CA", "", "V7A 1A1"),
        )
    }
    assert [zone.id for zone in found.values() if zone] == ["ca", "ca", "bc", "bc", "v", "v6b", "ca"]
    assert zone_of(zones, Place("US", "BC", "V6B")) is None


@pytest.mark.parametrize(
    ("code", "inside"),
    [("27498", True), ("27499", True), ("27500", False), ("2749", False), ("", False), ("27.498", True)],
)
def test_a_range_of_postal_codes_has_both_its_ends(code: str, inside: bool):
    assert PostalRange("27498", "27499").holds(code) is inside


def test_a_rate_holds_from_its_first_to_its_last_day():
    zone = Zone(
        "de",
        "Germany",
        "DE",
        rates=(
            TaxRate("VAT", "19", valid_until=date(2020, 6, 30)),
            TaxRate("VAT", "16", valid_from=date(2020, 7, 1), valid_until=date(2020, 12, 31)),
            TaxRate("VAT", "19", valid_from=date(2021, 1, 1)),
        ),
    )
    seen = {day: [rate.percent for rate in rates_on(zone, "standard", day)] for day in _days(zone)}
    assert list(seen.values()) == [["19"], ["19"], ["16"], ["16"], ["16"], ["16"], ["19"], ["19"]]


def _days(zone: Zone) -> list[date]:
    ends = [day for rate in zone.rates for day in (rate.valid_from, rate.valid_until) if day]
    return sorted({day + timedelta(days=n) for day in ends for n in (-1, 0, 1)})


def test_a_class_without_a_rate_is_taxed_as_standard_and_one_with_a_rate_of_zero_is_not():
    zone = Zone("ca", "Canada", "CA", rates=(GST, TaxRate("GST", "0", "food")))
    settings = shop(zone)
    assert assess(settings, Taxable("books", 1000), Taxable("food", 1000)) == [[50], [0], []]


def test_half_a_minor_unit_is_rounded_up():
    assert assess(of("5"), 10, 9, 30) == [[1], [0], [2], []]


@given(st.integers(0, 10**13), sales.percents)
def test_a_line_s_tax_is_exact_before_it_is_rounded_half_up(amount, percent):
    exact = (Decimal(amount) * Decimal(percent) / 100).quantize(Decimal(1), ROUND_HALF_UP)
    assert half_up(amount * Fraction(percent) / 100) == exact


def test_per_order_the_tax_of_the_sum_is_rounded_and_spread_by_the_largest_remainder():
    assert assess(of("19"), 3, 3, 3) == [[1], [1], [1], []]
    settings = of("19")
    per_order = shop(*settings.zones, rounding="order")
    assert assess(per_order, 3, 3, 3) == [[1], [1], [0], []]
    assert assess(per_order, 3, 2, 4) == [[1], [0], [1], []]


def test_per_order_each_rate_has_a_sum_of_its_own():
    zone = Zone("ca", "Canada", "CA", rates=(TaxRate("VAT", "19"), TaxRate("VAT", "7", "books")))
    goods = (Taxable("standard", 8), Taxable("books", 22))  # 1.52 and 1.54, together 3.06
    assert assess(shop(zone, rounding="order"), *goods) == [[2], [2], []]


@given(st.lists(st.integers(0, 10**6), max_size=6), sales.percents, st.booleans())
def test_per_order_the_lines_taxes_are_that_of_their_sum(amounts, percent, included):
    settings = shop(*of(percent).zones, rounding="order", prices_include_tax=included)
    rate = Fraction(percent) / 100
    exact = sum(amounts) * (rate / (1 + rate) if included else rate)
    assert sum(tax for taxes in assess(settings, *amounts) for tax in taxes) == half_up(exact)


def test_tax_in_a_price_is_shared_by_the_rates_that_make_it_up():
    assert assess(shop(prices_include_tax=True), 112) == [[5, 7], []]


def test_no_price_contains_more_tax_than_it_is():
    settings = shop(*of("100", "100", "100").zones, prices_include_tax=True, rounding="order")
    assert [sum(taxes) for taxes in assess(settings, 1, 1, 1, 1)] == [1, 1, 1, 0, 0]


def test_shipping_is_taxed_as_the_goods_it_carries():
    zone = Zone("ca", "Canada", "CA", rates=(TaxRate("GST", "10"), TaxRate("GST", "0", "food")))
    goods = (Taxable("standard", 3000), Taxable("food", 1000))
    assert assess(shop(zone), *goods, shipping=400)[-1] == [0, 30]
    assert assess(shop(zone), shipping=400)[-1] == [40]
    assert assess(shop(zone, shipping_class="food"), *goods, shipping=400)[-1] == [0]


@pytest.mark.parametrize(
    ("to", "vat_id", "kind"),
    [
        (None, None, "standard"),
        (None, "NL004495445B01", "standard"),
        (Place("DE"), "NL004495445B01", "standard"),
        (Place("NL"), None, "standard"),
        (Place("NL"), "DE136695976", "standard"),
        (Place("NL"), "NL004495445B01", "reverse_charge"),
        (Place("FR"), "NL004495445B01", "reverse_charge"),
        (Place("CH"), None, "export"),
        (Place("CH"), "NL004495445B01", "export"),
        (Place("DE", postal_code="27498"), None, "export"),
    ],
)
def test_who_owes_the_tax(to: Place | None, vat_id: str | None, kind: str):
    germany = Zone("de", "Germany", "DE", rates=(TaxRate("MwSt.", "19"),))
    island = Zone("helgoland", "Helgoland", "DE", postal_codes=(PostalRange("27498"),), export=True)
    settings = TaxSettings(home=Place("DE"), union=("DE", "FR", "NL"), zones=(germany, island), prices_include_tax=True)
    sale = Sale("EUR", sales.TODAY, (Taxable("standard", 119),), to=to, vat_id=vat_id)
    (found,) = TaxTable(settings).assess(sale).goods
    assert [(tax.kind, tax.base.amount) for tax in found.taxes] == [(kind, 100)]
    assert found.relief == (0 if kind == "standard" else 19)


def test_a_state_in_which_the_shop_has_to_take_no_tax_is_no_export():
    settings = TaxSettings(home=Place("US", "NY"), zones=(Zone("ny", "New York", "US", "NY", rates=(GST,)),))
    assert assess(settings, 1000, to=Place("US", "TX")) == [[], []]
    assert assess(settings, 1000, to=Place("US", "NY")) == [[50], []]
