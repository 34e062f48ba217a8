"""What is written down of an order's money adds up, whatever happens to it."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.payments import ledger, methods

AMOUNTS = st.integers(-(10**9), 10**9)
METHODS = st.sampled_from(sorted(methods.METHODS))
POSTINGS = st.one_of(
    AMOUNTS.map(ledger.sale),
    AMOUNTS.map(ledger.forgiven),
    AMOUNTS.map(ledger.fee),
    AMOUNTS.map(ledger.disputed),
    st.builds(ledger.paid, METHODS, AMOUNTS),
    st.builds(ledger.given_back, METHODS, AMOUNTS, to_order=st.booleans()),
)


@given(st.lists(POSTINGS))
def test_every_posting_and_so_every_order_adds_up_to_zero(postings):
    assert all(sum(lines.values()) == 0 for lines in postings)
    assert sum(ledger.balances(postings).values()) == 0


@given(POSTINGS)
def test_what_is_reversed_leaves_nothing(lines):
    assert not any(ledger.balances([lines, ledger.reverse(lines)]).values())


@given(st.integers(1, 10**9), METHODS)
def test_nothing_is_owed_once_it_is_paid_and_again_once_it_was_given_back(price, method):
    bought, paid = ledger.sale(price), ledger.paid(method, price)
    assert ledger.balances([bought, paid])["receivable"] == 0
    returned = [bought, paid, ledger.given_back(method, price)]
    assert ledger.balances(returned)["receivable"] == price
    assert ledger.balances([*returned, ledger.forgiven(price)])["receivable"] == 0


def test_credit_pays_from_what_the_shop_owes_and_money_from_the_customer():
    assert ledger.paid("gift_card", 500) == {"store_credit": 500, "receivable": -500}
    assert ledger.paid("card", 500) == {"captured": 500, "receivable": -500}
    assert ledger.given_back("card", 500, to_order=True) == {"receivable": 500, "store_credit": -500}


def test_a_dispute_that_is_won_leaves_nothing_in_dispute():
    assert ledger.balances([ledger.disputed(900), ledger.disputed(-900)]) == {"dispute": 0, "captured": 0}


def test_nothing_moves_for_nothing():
    assert ledger.sale(0) == ledger.paid("card", 0) == ledger.fee(0) == {}
