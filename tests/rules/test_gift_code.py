"""The codes of gift cards: nobody guesses one, nobody confuses its characters, and a wrong one is noticed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.payments.gift_code import ALPHABET, last_four, of_bits, read, shown

CODES = st.integers(0, 2**128 - 1).map(of_bits)


@given(CODES)
def test_a_code_is_twenty_characters_that_nobody_confuses(code):
    assert len(code) == 20
    assert set(code) <= set(ALPHABET)
    assert not set(ALPHABET) & set("01ILOU")
    assert read(code) == code
    assert shown(code).split("-") == [code[at : at + 4] for at in range(0, 20, 4)]
    assert shown(code).endswith(last_four(code))


def test_a_code_has_more_than_eighty_random_bits():
    assert math.log2(len(ALPHABET) ** 19) > 80
    assert len({of_bits(bits)[:19] for bits in range(10_000)}) == 10_000


@given(CODES, st.data())
def test_a_code_is_understood_however_it_is_written(code, data):
    written = "".join(
        data.draw(st.sampled_from([c, c.lower()])) + data.draw(st.sampled_from(["", " ", "-", " "])) for c in code
    )
    assert read(f" {written}\n") == code


@given(CODES, st.integers(0, 19), st.sampled_from(ALPHABET))
def test_a_wrong_character_is_noticed(code, place, other):
    wrong = code[:place] + other + code[place + 1 :]
    assert (read(wrong) == code) is (wrong == code)
    assert wrong == code or read(wrong) is None


@given(CODES)
def test_what_is_too_short_or_too_long_is_no_code(code):
    assert read(code[:-1]) is read(code + code[0]) is None


@pytest.mark.parametrize("text", ["", "-", "HELLO", "0" * 20, "É" * 20, "２" * 20])
def test_what_has_other_characters_is_no_code(text):
    assert read(text) is None
