"""How a dispute moves: an explicit table, and everything else is no move."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.payments import dispute_states as states

STATES = {"inquiry", "inquiry_under_review", "closed", "opened", "under_review", "won", "lost"}
MONEY = ["opened", "under_review", "won", "lost"]
ALLOWED = {
    *product([None], STATES),
    *product(["inquiry"], ["inquiry_under_review", "closed", *MONEY]),
    *product(["inquiry_under_review"], ["closed", *MONEY]),
    *product(["closed"], MONEY),
    *product(["opened"], ["under_review", "won", "lost"]),
    *product(["under_review"], ["won", "lost"]),
    ("won", "lost"),
    ("lost", "won"),
}
# Along these a dispute only goes forward; what an appeal turns comes after all of it.
_WITHOUT_APPEALS = ["inquiry", "inquiry_under_review", "opened", "under_review"]


def test_a_dispute_has_these_states_and_no_others():
    assert {value for name, value in vars(states).items() if name.isupper() and isinstance(value, str)} == STATES


@pytest.mark.parametrize(("present", "wanted"), sorted(product([None, *STATES], STATES), key=str))
def test_a_dispute_moves_only_so(present, wanted):
    assert states.may_move(present, wanted) == ((present, wanted) in ALLOWED)


@given(st.lists(st.sampled_from(_WITHOUT_APPEALS), max_size=12), st.sampled_from(["won", "lost"]))
def test_news_of_what_was_before_change_nothing_in_whatever_order_they_come(news, outcome):
    present = None
    for wanted in [*news, outcome, *reversed(news), outcome]:
        present = wanted if states.may_move(present, wanted) else present
    assert present == outcome


def test_the_bank_has_the_money_from_the_beginning_to_the_shops_victory():
    assert {state for state in STATES if states.is_taken(state)} == {"opened", "under_review", "lost"}
    assert not states.is_taken(None)


def test_what_is_open_is_looked_after_and_what_nobody_has_answered_waits_for_an_answer():
    assert {state for state in STATES if states.is_open(state)} == set(_WITHOUT_APPEALS)
    assert {state for state in STATES if states.needs_answer(state)} == {"inquiry", "opened"}
