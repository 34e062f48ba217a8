"""What can be sent back, and how a return moves."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money
from chalicelib.orders.pricing.pricing import Offer, PricedLine, price_lines
from chalicelib.orders.returns import return_states
from chalicelib.orders.returns.return_rules import Claim, Parcel, check_received, check_request, to_refund, value

NOW = datetime(2026, 7, 31, 12, tzinfo=UTC)
DAYS = 30
STATES = ("requested", "approved", "rejected", "received", "refunded", "closed")


def line(sku: str, quantity: int, parts: dict[str, int] | None = None) -> PricedLine:
    made_of = {sku: 1} if parts is None else parts
    offer = Offer(sku, "prd_1", sku, [], None, Money(1000, "EUR"), True, None, made_of)
    return price_lines([(sku, quantity)], {sku: offer})[0]


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def parcel(days: float, **pieces: int) -> Parcel:
    return Parcel(ago(days), pieces)


def claim(days: float, parts: dict[str, int] | None = None, **pieces: int) -> Claim:
    return Claim(ago(days), pieces, parts or pieces)


def check(wanted, lines, parcels, claims=(), days=DAYS):
    check_request(lines, wanted, parcels, claims, days, NOW)


def refused(*args, **kwargs):
    with pytest.raises(ShopError) as error:
        check(*args, **kwargs)
    return error.value.code, error.value.pointer


def most(lines, parcels, claims=(), sku="MUG"):
    """The most pieces that can be sent back."""
    for pieces in range(1, 100):
        try:
            check([(sku, pieces)], lines, parcels, claims)
        except ShopError:
            return pieces - 1
    raise AssertionError


def may_move(present, wanted):
    try:
        return_states.check_move(present, wanted)
    except ShopError:
        return False
    return True


def test_a_return_moves_only_as_the_table_says():
    moves = {(present, wanted) for present in STATES for wanted in STATES if may_move(present, wanted)}
    assert moves == {
        ("requested", "approved"),
        ("requested", "rejected"),
        ("approved", "received"),
        ("approved", "closed"),
        ("received", "refunded"),
        ("received", "closed"),
    }


def test_what_was_delivered_can_be_sent_back():
    check([("MUG", 2), ("BOWL", 1)], [line("MUG", 2), line("BOWL", 1)], [parcel(1, MUG=2), parcel(2, BOWL=1)])


def test_what_was_not_delivered_or_not_bought_can_not():
    assert refused([("MUG", 1)], [line("MUG", 2)], []) == ("not_delivered", "/lines/0/sku")
    assert refused([("MUG", 1), ("CUP", 1)], [line("MUG", 2)], [parcel(1, MUG=2)]) == ("invalid_field", "/lines/1/sku")


def test_of_a_partial_delivery_only_what_came_can_be_sent_back():
    lines = [line("MUG", 3)]
    assert most(lines, [parcel(1, MUG=2)]) == 2
    assert refused([("MUG", 3)], lines, [parcel(1, MUG=2)]) == ("too_many_returned", "/lines/0/quantity")


def test_what_is_digital_can_not_be_sent_back():
    assert refused([("BOOK", 1)], [line("BOOK", 1, {})], []) == ("not_returnable", "/lines/0/sku")


def test_a_piece_can_be_sent_back_until_the_last_day_is_over():
    lines = [line("MUG", 1)]
    begins = datetime(2026, 7, 1, tzinfo=UTC)
    check([("MUG", 1)], lines, [Parcel(begins, {"MUG": 1})])
    before = Parcel(begins - timedelta(seconds=1), {"MUG": 1})
    assert refused([("MUG", 1)], lines, [before]) == ("return_window_over", "/lines/0/sku")


def test_of_two_lines_of_one_request_the_pieces_are_added_up():
    lines = [line("MUG", 2)]
    check([("MUG", 1), ("MUG", 1)], lines, [parcel(1, MUG=2)])
    assert refused([("MUG", 1), ("MUG", 2)], lines, [parcel(1, MUG=2)]) == ("too_many_returned", "/lines/1/quantity")


def test_a_piece_is_sent_back_once():
    lines, parcels = [line("MUG", 3)], [parcel(2, MUG=3)]
    assert most(lines, parcels, [claim(1, MUG=2)]) == 1
    assert refused([("MUG", 1)], lines, parcels, [claim(1, MUG=3)]) == ("too_many_returned", "/lines/0/quantity")


def test_a_bundle_comes_back_whole_and_shares_pieces_with_its_component():
    lines = [line("SET", 2, {"MUG": 2, "BOWL": 1}), line("MUG", 1)]
    assert refused([("SET", 1)], lines, [parcel(1, MUG=5)]) == ("not_delivered", "/lines/0/sku")
    check([("SET", 2), ("MUG", 1)], lines, [parcel(1, MUG=5, BOWL=2)])
    assert most(lines, [parcel(1, MUG=3, BOWL=2)], sku="SET") == 1
    assert most(lines, [parcel(1, MUG=5, BOWL=2)], [claim(1, {"MUG": 4, "BOWL": 2}, SET=2)]) == 1


def test_an_old_parcels_pieces_do_not_come_back_as_a_new_ones():
    """Two of four mugs came long ago. Two were asked for since the newer ones came: those are they."""
    lines, parcels = [line("MUG", 4)], [parcel(40, MUG=2), parcel(5, MUG=2)]
    assert most(lines, parcels) == 2
    assert most(lines, parcels, [claim(4, MUG=2)]) == 0


def test_what_was_asked_for_in_time_leaves_the_newer_pieces():
    """Asked for while both parcels could be sent back, pieces are those of the older one."""
    lines, parcels = [line("MUG", 4)], [parcel(40, MUG=2), parcel(15, MUG=2)]
    assert most(lines, parcels, [claim(12, MUG=2)]) == 2


def test_a_shorter_window_does_not_forget_what_was_asked_for():
    lines, parcels = [line("MUG", 2)], [parcel(25, MUG=2)]
    with pytest.raises(ShopError):
        check([("MUG", 2)], lines, parcels, [claim(1, MUG=1)], days=10)
    assert most(lines, parcels, [claim(1, MUG=1)]) == 1


@given(
    bought=st.integers(1, 6),
    parcels=st.lists(st.tuples(st.floats(0, 60), st.integers(1, 3)), max_size=3),
    asked=st.lists(st.integers(1, 3), max_size=5),
)
def test_whatever_is_asked_for_no_piece_comes_back_twice(bought, parcels, asked):
    lines = [line("MUG", bought)]
    arrived = [parcel(days, MUG=pieces) for days, pieces in parcels]
    in_time = sum(p.pieces["MUG"] for p in arrived if NOW.date() <= (p.at + timedelta(days=DAYS)).date())
    claims: list[Claim] = []
    for pieces in asked:
        try:
            check([("MUG", pieces)], lines, arrived, claims)
        except ShopError:
            continue
        claims.append(claim(0, MUG=pieces))
    came_back = sum(each.pieces["MUG"] for each in claims)
    assert came_back <= min(bought, in_time)
    assert came_back + most(lines, arrived, claims) == min(bought, in_time)


def paid(amount: int, quantity: int, sku: str = "MUG") -> PricedLine:
    return msgspec.structs.replace(line(sku, quantity), to_pay=Money(amount, "EUR"))


@st.composite
def orders_and_returns(draw):
    """Lines, each paid with whatever came of it, and all of their pieces in the order in which they come back."""
    lines = [
        paid(draw(st.integers(0, 100_000)), draw(st.integers(1, 12)), sku)
        for sku in draw(st.lists(st.sampled_from(["MUG", "BOWL", "CUP"]), min_size=1, unique=True))
    ]
    pieces = [each.sku for each in lines for _ in range(each.quantity)]
    comebacks: list[Counter[str]] = [Counter()]
    for sku in draw(st.permutations(pieces)):
        if draw(st.booleans()):
            comebacks.append(Counter())
        comebacks[-1][sku] += 1
    return lines, comebacks


@given(orders_and_returns(), st.integers(0, 5000))
def test_however_an_order_comes_back_exactly_what_was_paid_goes_back(made, shipping):
    lines, comebacks = made
    before: Counter[str] = Counter()
    back = 0
    for number, came in enumerate(comebacks):
        worth = value(lines, before, came, "EUR")
        sent = Money(shipping, "EUR") if number == 0 else None
        back += to_refund(worth, sent, None, None).amount
        before.update(came)
    assert back == sum(each.to_pay.amount for each in lines) + shipping


@given(
    st.integers(0, 10_000),
    st.one_of(st.none(), st.integers(0, 1000)),
    st.one_of(st.none(), st.integers(0, 20_000)),
)
def test_a_refund_is_never_negative_and_never_more_than_was_paid(worth, shipping, fee):
    paid_for = [Money(worth, "EUR"), shipping and Money(shipping, "EUR"), fee and Money(fee, "EUR")]
    full = worth + (shipping or 0)
    if (fee or 0) > full:
        with pytest.raises(ShopError) as error:
            to_refund(paid_for[0], paid_for[1] or None, paid_for[2] or None, None)
        assert error.value.pointer == "/fee"
        return
    assert to_refund(paid_for[0], paid_for[1] or None, paid_for[2] or None, None).amount == full - (fee or 0)


def test_a_bundle_is_worth_what_was_paid_for_the_bundle():
    lines = [msgspec.structs.replace(line("SET", 3, {"MUG": 2}), to_pay=Money(1000, "EUR"))]
    assert [value(lines, {"SET": n}, {"SET": 1}, "EUR").amount for n in range(3)] == [333, 333, 334]


def test_pieces_that_were_taken_out_of_the_order_meanwhile_are_worth_nothing_more():
    lines = [paid(1000, 2)]
    assert [value(lines, {"MUG": n}, {"MUG": 2}, "EUR").amount for n in range(4)] == [1000, 500, 0, 0]
    assert value(lines, {}, {"BOWL": 1}, "EUR").amount == 0


def test_a_line_that_is_gone_keeps_the_pieces_that_were_asked_for():
    assert most([line("MUG", 2)], [parcel(1, MUG=2)], [claim(1, {"MUG": 1}, SET=1)]) == 1


def test_only_announced_pieces_are_received():
    check_received({"MUG": 2}, [("MUG", 1), ("MUG", 1)])
    for came, pointer in (([("MUG", 1), ("MUG", 2)], "/lines/1/quantity"), ([("BOWL", 1)], "/lines/0/sku")):
        with pytest.raises(ShopError) as error:
            check_received({"MUG": 2}, came)
        assert error.value.pointer == pointer
