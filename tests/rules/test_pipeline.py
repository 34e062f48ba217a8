"""A price comes about in steps that add up, whatever is bought, wherever it goes and however it is taxed."""

from typing import Any

import pytest
import sales
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money
from chalicelib.orders.pricing import pipeline
from chalicelib.orders.pricing.pricing import Offer, price_lines
from chalicelib.orders.taxes.assessing import TaxTerms
from chalicelib.orders.taxes.tax_zones import TaxSettings
from chalicelib.orders.taxes.taxes import TaxTable

NO_TAX = TaxTerms(TaxTable(TaxSettings()), sales.TODAY)


@st.composite
def carts(draw: Any, **fixed: Any) -> tuple[Any, ...]:
    currency = draw(st.sampled_from(sales.CURRENCIES))
    offers, wanted = draw(sales.offered(currency)), draw(sales.wanted)
    return wanted, offers, draw(sales.shipping(currency)), draw(sales.terms(**fixed)), currency


def priced(wanted: Any, offers: Any, shipping: Any, terms: TaxTerms, currency: str) -> pipeline.Priced:
    return pipeline.price(price_lines(wanted, offers), shipping, terms, currency)


@given(carts())
def test_parts_add_up_and_steps_explain_the_total(cart):
    sales.holds(priced(*cart))


@given(carts(), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(cart, random):
    wanted, *rest = cart
    other = list(wanted)
    random.shuffle(other)
    one, another = priced(wanted, *rest), priced(other, *rest)
    assert (one.totals, one.shipping) == (another.totals, another.shipping)
    assert {line.sku: line for line in one.lines} == {line.sku: line for line in another.lines}
    assert [line.sku for line in another.lines] == [sku for sku, _ in other]


@given(carts())
def test_pricing_what_was_priced_changes_nothing(cart):
    _, _, _, terms, currency = cart
    once = priced(*cart)
    assert pipeline.price(once.lines, once.shipping, terms, currency) == once


@given(carts(prices_include_tax=True))
def test_where_prices_include_tax_nobody_pays_more_than_the_price(cart):
    found = priced(*cart).totals
    assert found.total.amount <= found.items.amount + found.shipping.amount


@given(carts(prices_include_tax=False))
def test_where_they_do_not_nobody_pays_less(cart):
    found = priced(*cart).totals
    assert found.total.amount == found.items.amount + found.shipping.amount + found.tax.amount


def test_a_price_in_another_currency_is_never_taxed():
    tea = Offer("TEA", "prd_1", "Tea", [], None, Money(5, "JPY"), sold=True, available=None)
    with pytest.raises(ShopError, match="currency_mismatch"):
        pipeline.price(price_lines([("TEA", 1)], {"TEA": tea}), None, NO_TAX, "EUR")
    with pytest.raises(ShopError, match="currency_mismatch"):
        pipeline.price([], sales.sent(5, "JPY"), NO_TAX, "EUR")


def test_an_empty_cart_costs_nothing():
    found = pipeline.price([], None, NO_TAX, "EUR")
    assert (found.totals.total.amount, [step.kind for step in found.totals.steps]) == (0, ["items"])
