from itertools import product

import pytest

from chalicelib.core.errors import ShopError
from chalicelib.logistics import states

STATES = {"planned", "packed", "dispatched", "in_transit", "delivered", "failed", "returned", "canceled"}
ALLOWED = {
    ("planned", "packed"),
    ("planned", "canceled"),
    ("packed", "dispatched"),
    ("packed", "canceled"),
    ("dispatched", "in_transit"),
    ("dispatched", "delivered"),
    ("dispatched", "failed"),
    ("dispatched", "returned"),
    ("in_transit", "delivered"),
    ("in_transit", "failed"),
    ("in_transit", "returned"),
    ("failed", "returned"),
}


def test_a_shipment_has_these_states_and_no_others():
    assert {value for name, value in vars(states).items() if name.isupper() and isinstance(value, str)} == STATES


@pytest.mark.parametrize(("present", "wanted"), sorted(ALLOWED))
def test_a_shipment_may_move(present, wanted):
    states.check_move(present, wanted)


@pytest.mark.parametrize(("present", "wanted"), sorted(set(product(STATES, STATES)) - ALLOWED))
def test_a_shipment_can_not_move_otherwise(present, wanted):
    with pytest.raises(ShopError, match=f"that is {present} can not become {wanted}") as refused:
        states.check_move(present, wanted)
    assert (refused.value.code, refused.value.status) == ("wrong_state", 409)


@pytest.mark.parametrize("unknown", ["", "Planned", "lost"])
def test_a_state_that_does_not_exist_leads_nowhere_and_is_never_reached(unknown):
    for state in STATES:
        for move in ((unknown, state), (state, unknown)):
            with pytest.raises(ShopError, match="wrong_state"):
                states.check_move(*move)


def test_only_a_shipment_that_is_still_in_the_house_can_be_canceled():
    assert {present for present, wanted in ALLOWED if wanted == "canceled"} == STATES - states.GONE - {"canceled"}


def test_a_shipment_that_left_the_house_never_counts_as_in_it_again():
    assert all(wanted in states.GONE for present, wanted in ALLOWED if present in states.GONE)
