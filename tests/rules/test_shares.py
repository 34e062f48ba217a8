from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.money import Money
from chalicelib.orders.pricing import pricing, shares
from chalicelib.orders.pricing.pricing import Discount, PricedLine, PriceSource, Tax


def money(amount: int) -> Money:
    return Money(amount, "EUR")


@st.composite
def lines(draw):
    """Any line that the pipeline can make: discounts up to its price, taxes in the price or added, relief."""
    quantity, unit = draw(st.integers(1, 60)), draw(st.integers(0, 5000))
    left = quantity * unit
    discounts = []
    for name in draw(st.lists(st.sampled_from("abc"), unique=True)):
        amount = draw(st.integers(0, left))
        left -= amount
        discounts.append(Discount(name, name, money(amount)))
    relief = draw(st.integers(0, left)) if draw(st.booleans()) else 0
    included = draw(st.booleans())
    taxes, net = [], left - relief
    for rate in draw(st.lists(st.sampled_from([4, 7, 19]), max_size=2, unique=True)):
        amount = net * rate // (200 if included else 100)
        taxes.append(Tax(f"tax {rate}", Decimal(rate), money(net), money(amount), included))
    if included:
        inside = sum(tax.amount.amount for tax in taxes)
        taxes = [Tax(t.name, t.rate, money(net - inside), t.amount, True) for t in taxes]
    added = 0 if included else sum(tax.amount.amount for tax in taxes)
    return PricedLine(
        sku="MUG",
        product_id="prd_1",
        title="Mug",
        option_values=[],
        image=None,
        quantity=quantity,
        unit_price=money(unit),
        total=money(quantity * unit),
        to_pay=money(net + added),
        status="ok",
        discounts=discounts,
        taxes=taxes,
        tax_relief=money(relief) if relief else None,
        price_source=PriceSource("bulk", 10),
    )


def amounts(line: PricedLine) -> list[int]:
    relief = line.tax_relief.amount if line.tax_relief else 0
    of_taxes = [tax.amount.amount for tax in line.taxes]
    return [line.total.amount, line.to_pay.amount, relief, *(d.amount.amount for d in line.discounts), *of_taxes]


def adds_up(line: PricedLine) -> bool:
    added = sum(tax.amount.amount for tax in line.taxes if not tax.included)
    relief = line.tax_relief.amount if line.tax_relief else 0
    return line.to_pay.amount == pricing.discounted(line).amount + added - relief


@given(lines(), st.data())
def test_any_sequence_of_parts_gives_back_exactly_what_was_paid(line, data):
    back, gone = 0, 0
    while gone < line.quantity:
        pieces = data.draw(st.integers(1, line.quantity - gone))
        back += shares.value(line, gone, pieces).amount
        gone += pieces
    assert back == line.to_pay.amount


@given(lines(), st.data())
def test_a_line_that_is_made_smaller_again_and_again_always_adds_up(line, data):
    while line.quantity > 1:
        part = shares.part_of(line, data.draw(st.integers(1, line.quantity - 1)))
        assert adds_up(part)
        assert part.total == part.unit_price.times(part.quantity)
        assert all(0 <= less <= before for less, before in zip(amounts(part), amounts(line), strict=True))
        for tax, was in zip(part.taxes, line.taxes, strict=True):
            assert 0 <= tax.base.amount <= was.base.amount
        line = part


@given(lines(), st.data())
def test_tax_and_net_make_up_the_price_of_a_part_where_they_made_up_the_lines(line, data):
    part = shares.part_of(line, data.draw(st.integers(1, line.quantity)))
    if line.taxes and line.taxes[0].included:
        inside = sum(tax.amount.amount for tax in part.taxes)
        assert part.taxes[0].base.amount + inside == part.to_pay.amount


@given(lines())
def test_a_part_of_all_pieces_is_the_line(line):
    assert shares.part_of(line, line.quantity) == line


@given(lines(), st.data())
def test_more_of_the_same_adds_up_as_well(line, data):
    more = shares.part_of(line, data.draw(st.integers(1, line.quantity)))
    both = shares.together(line, more)
    assert adds_up(both)
    assert both.quantity == line.quantity + more.quantity
    assert both.to_pay == line.to_pay + more.to_pay


@given(lines(), st.data())
def test_fewer_pieces_and_more_of_them_keep_what_their_price_came_from(line, data):
    part = shares.part_of(line, data.draw(st.integers(1, line.quantity)))
    assert shares.together(part, line).price_source == part.price_source == line.price_source


@pytest.mark.parametrize(("pieces", "worth"), [([1, 1, 1], [333, 333, 334]), ([2, 1], [666, 334]), ([3], [1000])])
def test_ten_euros_for_three_pieces(pieces, worth):
    line = PricedLine("MUG", "p", "Mug", [], None, 3, money(334), money(1002), money(1000), "ok")
    before = [sum(pieces[:n]) for n in range(len(pieces))]
    assert [shares.value(line, b, p).amount for b, p in zip(before, pieces, strict=True)] == worth
