"""A total is shared among what pays for it, in the order in which that was named, and no cent is lost."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.payments.tenders import split

AMOUNTS = st.integers(0, 10**12)


@given(AMOUNTS, st.lists(AMOUNTS, max_size=5))
def test_the_parts_add_up_and_none_is_negative_or_more_than_there_is(total, balances):
    parts, missing = split(total, balances)
    assert sum(parts) + missing == total
    assert missing >= 0
    assert all(0 <= part <= balance for part, balance in zip(parts, balances, strict=True))


@given(AMOUNTS, st.lists(AMOUNTS, max_size=5))
def test_a_later_one_pays_only_when_the_earlier_ones_are_used_up(total, balances):
    parts, missing = split(total, balances)
    for place, (part, balance) in enumerate(zip(parts, balances, strict=True)):
        if part < balance:
            assert sum(parts[place + 1 :]) == missing == 0


def test_nothing_to_pay_takes_nothing():
    assert split(0, [500, 20]) == ([0, 0], 0)
    assert split(700, []) == ([], 700)
