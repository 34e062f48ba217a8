"""A price comes about in steps that add up, whatever is bought, wherever it goes and however it is taxed."""

from typing import Any

import pytest
import sales
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money
from chalicelib.orders.pricing import pipeline
from chalicelib.orders.pricing.pricing import Offer, discounted, price_lines
from chalicelib.orders.taxes.assessing import Place, TaxTerms
from chalicelib.orders.taxes.tax_zones import TaxRate, TaxSettings, Zone
from chalicelib.orders.taxes.taxes import TaxTable

NO_TAX = TaxTerms(TaxTable(TaxSettings()), sales.TODAY)


@st.composite
def carts(draw: Any, **fixed: Any) -> tuple[Any, ...]:
    """What `pipeline.price` is asked: lines and shipping, how they are taxed, a currency, and who buys at which
    promotions; without anybody what is discounted already."""
    currency = draw(st.sampled_from(sales.CURRENCIES))
    lines, shipping = draw(sales.lines(currency)), draw(sales.shipping(currency))
    active, shopper = draw(sales.promotions(currency)), draw(st.sampled_from((None, sales.SHOPPER)))
    return lines, shipping, draw(sales.terms(**fixed)), currency, active, shopper


@given(carts())
def test_parts_add_up_and_steps_explain_the_total(cart):
    sales.holds(pipeline.price(*cart))


@given(carts(), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(cart, random):
    lines, *rest = cart
    shuffled = random.sample(lines, len(lines))
    one, other = pipeline.price(lines, *rest), pipeline.price(shuffled, *rest)
    assert (one.totals, one.shipping) == (other.totals, other.shipping)
    assert {line.sku: line for line in one.lines} == {line.sku: line for line in other.lines}
    assert [line.sku for line in other.lines] == [line.sku for line in shuffled]


def test_of_lines_that_are_alike_the_first_sku_bears_the_odd_unit_wherever_it_stands_in_the_cart():
    zone = Zone("de", "Germany", "DE", rates=(TaxRate("VAT", "19"),))
    settings = TaxSettings(home=Place("DE"), zones=(zone,), rounding="order")
    offers = {sku: Offer(sku, "prd_1", sku, [], None, Money(3, "EUR"), True, None) for sku in ("CUP", "POT")}
    for wanted in (["CUP", "POT"], ["POT", "CUP"]):
        lines = price_lines([(sku, 1) for sku in wanted], offers)
        found = pipeline.price(lines, None, TaxTerms(TaxTable(settings), sales.TODAY), "EUR")
        assert {line.sku: line.to_pay.amount for line in found.lines} == {"CUP": 4, "POT": 3}


@given(carts())
def test_pricing_what_was_priced_changes_nothing(cart):
    _, _, *rest = cart
    once = pipeline.price(*cart)
    assert pipeline.price(once.lines, once.shipping, *rest) == once


@given(carts())
def test_what_costs_nothing_bears_no_tax(cart):
    found = pipeline.price(*cart)
    for part in (*found.lines, *([found.shipping] if found.shipping else [])):
        if not discounted(part).amount:
            assert (part.taxes, part.to_pay.amount) == ([], 0)


@given(carts(prices_include_tax=True))
def test_where_prices_include_tax_nobody_pays_more_than_the_price(cart):
    found = pipeline.price(*cart).totals
    assert found.total.amount <= found.items.amount + found.shipping.amount - found.discount.amount


@given(carts(prices_include_tax=False))
def test_where_they_do_not_nobody_pays_less(cart):
    found = pipeline.price(*cart).totals
    bare = found.items.amount + found.shipping.amount - found.discount.amount
    assert found.total.amount == bare + found.tax.amount


def test_a_price_in_another_currency_is_never_taxed():
    tea = Offer("TEA", "prd_1", "Tea", [], None, Money(5, "JPY"), sold=True, available=None)
    with pytest.raises(ShopError, match="currency_mismatch"):
        pipeline.price(price_lines([("TEA", 1)], {"TEA": tea}), None, NO_TAX, "EUR")
    with pytest.raises(ShopError, match="currency_mismatch"):
        pipeline.price([], sales.sent(5, "JPY"), NO_TAX, "EUR")


def test_an_empty_cart_costs_nothing():
    found = pipeline.price([], None, NO_TAX, "EUR")
    assert (found.totals.total.amount, [step.kind for step in found.totals.steps]) == (0, ["items"])
