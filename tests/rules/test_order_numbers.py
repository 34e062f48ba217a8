"""Order numbers: what people make of them when they read, hear and write them, and that a wrong one is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import ShopError
from chalicelib.orders.finding.order_numbers import ALPHABET, of_bits, read

numbers = st.integers(0, 2**62 - 1).map(of_bits).filter(bool)


@given(numbers)
def test_a_number_is_nine_characters_that_nobody_confuses(number):
    assert [len(part) for part in number.split("-")] == [4, 4, 1]
    assert not set(number) & set("AEIOUL")
    assert read(number, "/number") == number


@given(numbers, st.data())
def test_a_number_is_understood_however_it_is_written(number, data):
    lookalikes = {"0": "0Oo", "1": "1IiLl"}
    written = "".join(
        data.draw(st.sampled_from(lookalikes.get(c, c + c.lower()))) + data.draw(st.sampled_from(["", " ", "-"]))
        for c in number
    )
    assert read(f" {written}", "/number") == number


@given(numbers, st.integers(0, 8), st.sampled_from(ALPHABET))
def test_a_wrong_character_is_noticed(number, place, other):
    plain = number.replace("-", "")
    wrong = plain[:place] + other + plain[place + 1 :]
    if wrong == plain:
        return
    with pytest.raises(ShopError) as refused:
        read(wrong, "/query/number")
    assert (refused.value.status, refused.value.pointer) == (422, "/query/number")
    assert "check character" in refused.value.detail


def test_nearly_all_swaps_of_neighbours_are_noticed():
    missed = swapped = 0
    for bits in range(0, 3_000 * 7_919, 7_919):
        plain = (of_bits(bits * 30**4 + bits) or "").replace("-", "")
        for place in range(len(plain) - 1):
            wrong = plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
            if wrong != plain:
                swapped += 1
                missed += _passes(wrong)
    assert swapped > 10_000
    assert missed / swapped < 0.03


def _passes(number):
    try:
        return bool(read(number, "/number"))
    except ShopError:
        return False


@pytest.mark.parametrize("text", ["", "-", "4TKD", "4TKD-9QW2-MM", "4TKD-9QW2-?", "УТКД-9QW2-M", "4TKD-9QU2-M"])
def test_what_is_no_number_is_told_what_one_looks_like(text):
    with pytest.raises(ShopError, match="eight characters"):
        read(text, "/number")
