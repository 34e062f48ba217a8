from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import ShopError
from chalicelib.orders import states
from chalicelib.orders.states import fulfillment_status, payment_status

STATES = {"pending_payment", "confirmed", "completed", "expired", "canceled"}
ALLOWED = {
    ("pending_payment", "confirmed"),
    ("pending_payment", "expired"),
    ("pending_payment", "canceled"),
    ("confirmed", "completed"),
    ("confirmed", "canceled"),
}
PROGRESS = ["unfulfilled", "partially_dispatched", "dispatched", "delivered"]
STILL_HERE = ["planned", "packed", "failed", "returned", "canceled"]
ON_THE_WAY = ["dispatched", "in_transit"]

totals = st.integers(1, 10**9)
pieces = st.integers(1, 9)
shipments = st.lists(st.tuples(st.sampled_from([*STILL_HERE, *ON_THE_WAY, "delivered"]), pieces), max_size=6)


def test_an_order_has_these_states_and_no_others():
    assert {value for name, value in vars(states).items() if name.isupper() and isinstance(value, str)} == STATES


@pytest.mark.parametrize(("present", "wanted"), sorted(ALLOWED))
def test_an_order_may_move(present, wanted):
    states.check_move(present, wanted)


@pytest.mark.parametrize(("present", "wanted"), sorted(set(product(STATES, STATES)) - ALLOWED))
def test_an_order_can_not_move_otherwise(present, wanted):
    with pytest.raises(ShopError, match=f"that is {present} can not become {wanted}") as refused:
        states.check_move(present, wanted)
    assert (refused.value.code, refused.value.status) == ("wrong_state", 409)


@given(totals, st.data())
def test_an_order_is_unpaid_until_all_of_its_money_is_promised(total, data):
    promised = data.draw(st.integers(0, total - 1))
    assert payment_status(total, promised, 0, 0) == ("partially_authorized" if promised else "unpaid")
    assert payment_status(total, total, 0, 0) == "authorized"


@given(totals.filter(lambda total: total > 1), st.data())
def test_an_order_is_partially_paid_up_to_the_last_cent(total, data):
    assert payment_status(total, total, data.draw(st.integers(1, total - 1)), 0) == "partially_paid"


@given(totals, st.integers(0, 10**6))
def test_an_order_is_paid_when_all_of_its_total_came(total, more):
    assert payment_status(total, total, total + more, 0) == "paid"


@given(totals.filter(lambda total: total > 1), st.data())
def test_an_order_is_refunded_when_the_last_cent_went_back(total, data):
    assert payment_status(total, total, total, data.draw(st.integers(1, total - 1))) == "partially_refunded"
    assert payment_status(total, total, total, total) == "refunded"


def test_an_order_that_costs_nothing_is_paid():
    assert payment_status(0, 0, 0, 0) == "paid"


@given(st.integers(1, 50), shipments.flatmap(lambda drawn: st.tuples(st.just(drawn), st.permutations(drawn))))
def test_the_order_of_shipments_does_not_matter(ordered, drawn):
    one, other = drawn
    assert fulfillment_status(ordered, one) == fulfillment_status(ordered, other)


@given(st.integers(1, 50), st.lists(st.tuples(st.sampled_from(STILL_HERE), pieces), max_size=6))
def test_nothing_is_fulfilled_by_a_parcel_that_did_not_leave_or_did_not_arrive(ordered, parcels):
    assert fulfillment_status(ordered, parcels) == "unfulfilled"


@given(st.lists(pieces, min_size=1, max_size=6))
def test_an_order_is_delivered_when_all_of_its_pieces_are(parcels):
    delivered = [("delivered", quantity) for quantity in parcels]
    assert fulfillment_status(sum(parcels), delivered) == "delivered"
    assert fulfillment_status(sum(parcels) + 1, delivered) == "partially_dispatched"


@given(pieces, st.lists(st.tuples(st.sampled_from([*ON_THE_WAY, "delivered"]), pieces), max_size=6))
def test_an_order_is_dispatched_when_all_of_its_pieces_left_and_one_is_on_its_way(last, parcels):
    sent = [*parcels, ("dispatched", last)]
    everything = sum(quantity for _, quantity in sent)
    assert fulfillment_status(everything, sent) == "dispatched"
    assert fulfillment_status(everything + 1, sent) == "partially_dispatched"


@given(st.integers(1, 50), shipments, pieces)
def test_one_more_delivered_parcel_never_moves_an_order_back(ordered, parcels, quantity):
    before = fulfillment_status(ordered, parcels)
    after = fulfillment_status(ordered, [*parcels, ("delivered", quantity)])
    assert PROGRESS.index(after) >= PROGRESS.index(before)


def test_shipments_are_counted_once_even_where_they_can_be_read_only_once():
    assert fulfillment_status(3, iter([("delivered", 1), ("dispatched", 2)])) == "dispatched"
