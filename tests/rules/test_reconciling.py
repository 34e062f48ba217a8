"""What the provider's books say beside ours, line by line."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.money import Money
from chalicelib.payments import reconciling, states, stripe_webhooks
from chalicelib.payments.provider import ListedIntent, Movement
from chalicelib.payments.reconciling import Entry, Ours, Verdict

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAY, REF, PI = "pay_1", "ref_1", "pi_1"
DEAD = ("failed", "canceled")
LIVE = ("created", "requires_action", "processing", "authorized", "captured")
BOOKED = ("capture", "refund", "refund_failed")

amounts = st.integers(1, 10**9).map(lambda amount: Money(amount, "EUR"))


def moved(kind="capture", amount=1000, *, payment=PAY, refund=None, intent=PI):
    if kind in ("refund", "refund_failed"):
        payment, refund = None if payment == PAY else payment, refund or REF
    money = amount if isinstance(amount, Money) else Money(amount, "EUR")
    return Movement("txn_1", kind, money, Money(25, "EUR"), NOW, payment, refund, intent)


def entry(what="capture", amount=1000, ref=None, *, entry_id="led_1"):
    money = amount if isinstance(amount, Money) else Money(amount, "EUR")
    return Entry(entry_id, what, ref or (PAY if what == "capture" else REF), money)


def ours(*entries, payment="captured", intent=PI, refund=None):
    return Ours(payment, intent, Money(1000, "EUR"), refund, entries)


@given(st.sampled_from(BOOKED), amounts)
def test_what_both_have_is_found_whether_or_not_somebody_found_it_before(kind, amount):
    for waits in (True, False):
        mine = Entry("led_1", kind, PAY if kind == "capture" else REF, amount, waits)
        verdict = reconciling.of_movement(moved(kind, amount), ours(mine, refund="succeeded"))
        assert verdict == Verdict.FOUND


@given(st.sampled_from(BOOKED), amounts, amounts)
def test_found_is_what_is_the_same_to_the_cent(kind, there, here):
    known = ours(entry(kind, here), refund="succeeded")
    verdict = reconciling.of_movement(moved(kind, there), known)
    assert (verdict == Verdict.FOUND) == (there == here)
    assert verdict in (Verdict.FOUND, Verdict.AMOUNT_DIFFERS)


@given(
    st.lists(st.tuples(st.sampled_from(BOOKED), st.sampled_from([PAY, REF, "pay_2", "ref_2"]), amounts), unique=True),
    st.sampled_from(BOOKED),
    amounts,
    st.randoms(),
)
def test_a_line_stands_beside_at_most_one_entry_in_whatever_order_they_are(known, kind, amount, dice):
    """Of each payment there is one capture, of each refund one going and one coming back."""
    once = {(what, ref): Entry(f"led_{n}", what, ref, money) for n, (what, ref, money) in enumerate(known)}
    entries = list(once.values())
    beside = reconciling.counterpart(moved(kind, amount), entries)
    dice.shuffle(entries)
    assert reconciling.counterpart(moved(kind, amount), entries) == beside
    assert beside is None or (beside.what, beside.ref) == (kind, PAY if kind == "capture" else REF)


@given(st.lists(st.tuples(st.sampled_from(BOOKED), st.integers(1, 9), amounts), max_size=20))
def test_books_that_are_the_same_leave_nothing_to_tell(lines):
    """However many lines there are: all are found, no entry is left."""
    once = {(kind, number): amount for kind, number, amount in lines}
    left = {}
    for (kind, number), amount in once.items():
        ref = f"pay_{number}" if kind == "capture" else f"ref_{number}"
        left[kind, ref] = Entry(f"{kind}-{number}", kind, ref, amount)
    known = Ours("captured", PI, Money(1, "EUR"), "failed", tuple(left.values()))
    for (kind, number), amount in once.items():
        line = moved(kind, amount, payment=f"pay_{number}", refund=f"ref_{number}")
        assert reconciling.of_movement(line, known) == Verdict.FOUND
        beside = reconciling.counterpart(line, list(left.values()))
        del left[beside.what, beside.ref]
    assert not left


@pytest.mark.parametrize("state", LIVE)
def test_what_was_captured_there_and_is_not_written_down_here_can_be_looked_up(state):
    assert reconciling.of_movement(moved(), ours(payment=state)) == Verdict.CAPTURED_NOT_HERE
    assert reconciling.of_movement(moved(), ours(payment=state, intent=None)) == Verdict.CAPTURED_NOT_HERE


@pytest.mark.parametrize("state", DEAD)
def test_what_was_captured_for_a_dead_payment_is_told_apart(state):
    assert reconciling.of_movement(moved(), ours(payment=state)) == Verdict.DEAD_BUT_CAPTURED


def test_what_nobody_here_knows_is_told_apart():
    assert reconciling.of_movement(moved(), Ours()) == Verdict.PAYMENT_WITHOUT_ORDER
    assert reconciling.of_movement(moved("refund"), Ours()) == Verdict.PAYMENT_WITHOUT_ORDER
    assert reconciling.of_movement(moved(intent="pi_2"), ours(entry())) == Verdict.SECOND_INTENT


@given(st.sampled_from(["dispute", "dispute_won", "fee", "other", "released", "capture", "refund"]))
def test_what_names_nothing_of_ours_is_none_of_our_business(kind):
    line = Movement("txn_1", kind, Money(1, "EUR"), Money(0, "EUR"), NOW, None, None, PI)
    assert reconciling.of_movement(line, Ours()) == Verdict.NOTHING


def test_what_a_bank_takes_back_of_a_payment_of_ours_is_told():
    assert reconciling.of_movement(moved("dispute"), ours(entry())) == Verdict.DISPUTE
    assert reconciling.of_movement(moved("dispute_won"), ours(entry())) == Verdict.DISPUTE
    assert reconciling.of_movement(moved("other"), ours(entry())) == Verdict.UNKNOWN_MOVEMENT
    assert reconciling.of_movement(moved("released"), ours(entry())) == Verdict.NOTHING


def test_a_refund_that_the_shop_did_not_ask_for_is_told():
    by_hand = Movement("txn_1", "refund", Money(1, "EUR"), Money(0, "EUR"), NOW, PAY, None, PI)
    assert reconciling.of_movement(by_hand, ours(entry())) == Verdict.REFUND_NOT_OURS
    assert reconciling.of_movement(moved("refund"), ours(entry())) == Verdict.REFUND_NOT_OURS


@pytest.mark.parametrize("state", ["requested", "pending", "succeeded", "failed"])
def test_a_refund_that_stands_there_alone_has_to_be_looked_at(state):
    assert reconciling.of_movement(moved("refund"), ours(entry(), refund=state)) == Verdict.REFUND_NOT_HERE


def test_a_refund_that_failed_before_it_had_gone_never_stood_in_our_books():
    back = moved("refund_failed")
    assert reconciling.of_movement(back, ours(entry(), refund="failed")) == Verdict.NOTHING
    assert reconciling.of_movement(back, ours(entry("refund"), refund="failed")) == Verdict.REFUND_NOT_HERE
    assert reconciling.of_movement(back, ours(entry(), refund="pending")) == Verdict.REFUND_NOT_HERE


def intent(state, amount=1000, payment=PAY, intent_id=PI):
    return ListedIntent(intent_id, state, Money(amount, "EUR"), NOW, payment)


@given(st.sampled_from([*LIVE, *DEAD]), st.sampled_from(["created", "requires_action", "processing", "canceled"]))
def test_an_intent_without_money_is_the_customers_business(here, there):
    assert reconciling.of_intent(intent(there), ours(payment=here)) == Verdict.NOTHING
    assert reconciling.of_intent(intent(there), Ours()) == Verdict.NOTHING


@pytest.mark.parametrize("there", ["authorized", "captured"])
def test_an_intent_with_money_is_compared_with_its_payment(there):
    assert reconciling.of_intent(intent(there), Ours()) == Verdict.PAYMENT_WITHOUT_ORDER
    assert reconciling.of_intent(intent(there, payment=None), Ours()) == Verdict.NOTHING
    assert reconciling.of_intent(intent(there, intent_id="pi_2"), ours()) == Verdict.SECOND_INTENT
    assert reconciling.of_intent(intent(there, 999), ours(payment="created")) == Verdict.AMOUNT_DIFFERS
    for here in (there, "captured"):
        assert reconciling.of_intent(intent(there), ours(payment=here)) == Verdict.FOUND
    for here in LIVE[:3]:
        assert reconciling.of_intent(intent(there), ours(payment=here)) == f"{there}_not_here"
    for here in DEAD:
        assert reconciling.of_intent(intent(there), ours(payment=here)) == f"dead_but_{there}"


@given(st.sampled_from([*LIVE, *DEAD]), st.sampled_from([*LIVE, *DEAD]))
def test_only_what_is_alive_here_is_repaired_by_looking_at_it(here, there):
    """What is dead does not move by being looked at."""
    verdict = reconciling.of_intent(intent(there), ours(payment=here))
    if verdict in (Verdict.CAPTURED_NOT_HERE, Verdict.AUTHORIZED_NOT_HERE):
        assert states.may_move(here, there)


def test_why_a_type_of_event_needs_nothing_is_said_of_each():
    assert all(stripe_webhooks.NEEDS_NOTHING.values())
    assert stripe_webhooks.is_understood("payment_intent.succeeded")
    assert stripe_webhooks.is_understood("refund.failed")
    assert stripe_webhooks.is_understood("charge.succeeded")
    assert stripe_webhooks.is_understood("charge.dispute.created")
