"""What has left the house has to be paid, whichever lines it stands for."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.money import Money
from chalicelib.orders.amending import sent_lines
from chalicelib.orders.pricing.pricing import PricedLine

SET = {"MUG": 1, "BOWL": 2}


def lines(**wanted: tuple[int, int, dict[str, int]]) -> list[PricedLine]:
    return [line(sku, *row) for sku, row in wanted.items()]


def line(sku: str, pieces: int, price: int, parts: dict[str, int]) -> PricedLine:
    unit = Money(price, "EUR")
    total = unit.times(pieces)
    return PricedLine(sku, f"prd_{sku}", sku, [], None, pieces, unit, total, total, "ok", parts)


@pytest.mark.parametrize(
    ("sent", "worth"),
    [
        ({}, 0),
        ({"MUG": 1, "BOWL": 2}, 2990),  # a whole set, which costs less than its parts
        ({"MUG": 2, "BOWL": 2}, 2990 + 1290),
        ({"MUG": 1}, 1290),  # a mug, rather than a set that has begun
        ({"MUG": 1, "BOWL": 1}, 2990),  # a set that has begun, rather than a mug and a bowl
        ({"MUG": 2}, 1290 + 2990),  # there is one mug: the other one is of the set
    ],
)
def test_pieces_that_left_are_worth_the_cheapest_lines_that_they_can_be(sent: dict[str, int], worth: int) -> None:
    order = lines(MUG=(1, 1290, {"MUG": 1}), BOWL=(2, 2450, {"BOWL": 1}), SET=(1, 2990, SET))
    assert sent_lines.worth(order, sent) == worth


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5000)), min_size=3, max_size=3),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_all_of_an_order_that_has_left_is_worth_all_that_it_costs(
    rows: list[tuple[int, int]], mugs: int, bowls: int
) -> None:
    made_of = ({"MUG": 1}, {"BOWL": 1}, SET)
    order = lines(**{f"L{n}": (*row, parts) for n, (row, parts) in enumerate(zip(rows, made_of, strict=True))})
    needed: Counter[str] = Counter()
    for line in order:
        needed.update({sku: count * line.quantity for sku, count in line.parts.items()})
    total = sum(line.to_pay.amount for line in order)
    assert sent_lines.worth(order, needed) == total
    assert 0 <= sent_lines.worth(order, {"MUG": min(mugs, needed["MUG"]), "BOWL": min(bowls, needed["BOWL"])}) <= total
