from itertools import product

import pytest

from chalicelib.payments import states

SETTLED = {"captured", "failed", "canceled"}
STATES = SETTLED | {"created", "requires_action", "processing", "authorized"}
ALLOWED = {
    ("created", "requires_action"),
    ("created", "processing"),
    ("created", "authorized"),
    ("created", "captured"),
    ("created", "failed"),
    ("created", "canceled"),
    ("requires_action", "created"),
    ("requires_action", "processing"),
    ("requires_action", "authorized"),
    ("requires_action", "captured"),
    ("requires_action", "failed"),
    ("requires_action", "canceled"),
    ("processing", "created"),
    ("processing", "requires_action"),
    ("processing", "authorized"),
    ("processing", "captured"),
    ("processing", "failed"),
    ("processing", "canceled"),
    ("authorized", "captured"),
    ("authorized", "failed"),
    ("authorized", "canceled"),
}


def test_a_payment_has_these_states_and_no_others():
    assert {value for name, value in vars(states).items() if name.isupper() and isinstance(value, str)} == STATES


@pytest.mark.parametrize(("present", "wanted"), sorted(ALLOWED))
def test_a_payment_may_move(present, wanted):
    assert states.may_move(present, wanted)


@pytest.mark.parametrize(("present", "wanted"), sorted(set(product(STATES, STATES)) - ALLOWED))
def test_a_payment_can_not_move_otherwise(present, wanted):
    assert not states.may_move(present, wanted)


@pytest.mark.parametrize("state", sorted(STATES))
def test_a_payment_is_open_as_long_as_money_may_still_come(state):
    assert states.is_open(state) == states.may_move(state, "captured") == (state not in SETTLED)


@pytest.mark.parametrize("unknown", ["", "Captured", "refunded"])
def test_a_state_that_does_not_exist_is_not_open_and_leads_nowhere(unknown):
    assert not states.is_open(unknown)
    assert not any(states.may_move(unknown, state) or states.may_move(state, unknown) for state in STATES)


@pytest.mark.parametrize("state", sorted(STATES))
def test_only_what_failed_or_was_canceled_is_dead(state):
    assert states.is_dead(state) == (state in ("failed", "canceled"))
