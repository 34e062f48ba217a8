from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.core import money
from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money

DIGITS = {"EUR": 2, "USD": 2, "CNY": 2, "JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3, "CLF": 4}

currencies = st.sampled_from(sorted(DIGITS))
amounts = st.integers(0, 10**15 - 1)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any)


def written(amount: Money) -> str:
    return f"{Decimal(amount.amount).scaleb(-DIGITS[amount.currency]):f}"


def assert_refused(text: str, currency: str) -> None:
    with pytest.raises(ShopError) as refused:
        money.parse(text, currency)
    assert (refused.value.code, refused.value.status) == ("invalid_amount", 422)


@pytest.mark.parametrize(("currency", "digits"), DIGITS.items())
def test_a_currency_has_the_digits_of_iso_4217(currency, digits):
    assert money.exponent(currency) == digits


@given(amounts, currencies)
def test_an_amount_survives_being_written_and_read(amount, currency):
    assert money.parse(written(Money(amount, currency)), currency) == Money(amount, currency)


@pytest.mark.parametrize("text", ["19.90", "19.9", " 19.90\n", "0019.90"])
def test_one_amount_may_be_written_in_several_ways(text):
    assert money.parse(text, "EUR") == Money(1990, "EUR")


@pytest.mark.parametrize(
    ("text", "amount"), [("1990 JPY", 1990), ("19.90 EUR", 1990), ("1.990 KWD", 1990), ("0 EUR", 0), ("0.01 EUR", 1)]
)
def test_minor_units_are_those_of_the_currency(text, amount):
    number, currency = text.split()
    assert money.parse(number, currency) == Money(amount, currency)


@pytest.mark.parametrize("text", ["-1", "+1", "1,50", "1.", ".5", "1.2.3", "1e3", "1_000", "1 000", "1,000.00", "0x10"])
def test_signs_separators_and_exponents_are_refused(text):
    assert_refused(text, "EUR")


@pytest.mark.parametrize("text", ["", " ", "€5", "5 EUR", "NaN", "inf", "１９", "一", "1\n2"])
def test_what_is_not_in_plain_digits_is_refused(text):
    assert_refused(text, "EUR")


@pytest.mark.parametrize("text", ["10000000000000.01", "9" * 15, "9" * 400])
def test_more_money_than_the_shop_can_count_is_refused(text):
    assert_refused(text, "EUR")


@given(amounts, currencies, st.from_regex(r"[0-9]{0,6}[1-9]", fullmatch=True))
def test_more_digits_than_the_currency_has_are_refused_and_never_rounded(amount, currency, more):
    point = "" if DIGITS[currency] else "."
    assert_refused(written(Money(amount, currency)) + point + more, currency)


@given(st.text(max_size=20) | st.text("0123456789.,-+eE ", max_size=20), currencies)
def test_a_text_is_read_exactly_or_refused(text, currency):
    try:
        read = money.parse(text, currency)
    except ShopError:
        return
    assert read.amount == Fraction(text.strip()) * 10 ** DIGITS[currency]


@given(amounts, amounts, currencies)
def test_adding_keeps_the_currency_and_the_order_does_not_matter(a, b, currency):
    one, other = Money(a, currency), Money(b, currency)
    assert one + other == other + one == Money(a + b, currency)
    assert one + money.zero(currency) == one


@given(amounts, amounts, currencies, currencies)
def test_euros_and_yen_can_not_be_added(a, b, one, other):
    assume(one != other)
    with pytest.raises(ShopError, match="currency_mismatch"):
        Money(a, one) + Money(b, other)


@given(st.integers(0, 10**9), st.integers(0, 50), currencies)
def test_several_pieces_cost_as_much_as_adding_them_up(amount, quantity, currency):
    piece = Money(amount, currency)
    assert piece.times(quantity) == sum([piece] * quantity, start=money.zero(currency))


@pytest.mark.parametrize(
    "body",
    [
        {"amount": -1, "currency": "EUR"},
        {"amount": 10**15 + 1, "currency": "EUR"},
        {"amount": 19.9, "currency": "EUR"},
        {"amount": "1990", "currency": "EUR"},
        {"amount": True, "currency": "EUR"},
        {"amount": 1990, "currency": "eur"},
        {"amount": 1990, "currency": "EURO"},
        {"amount": 1990},
        {"amount": 1990, "currency": "EUR", "cents": 0},
    ],
)
def test_a_client_can_not_send_an_amount_that_is_none(body):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(body), type=Money)


@given(st.integers(0, 10**12), weights)
def test_the_parts_of_an_allocation_add_up(amount, weights):
    assert sum(money.allocate(amount, weights)) == amount


@given(st.integers(0, 10**12), weights)
def test_each_part_is_within_one_minor_unit_of_its_share(amount, weights):
    for part, weight in zip(money.allocate(amount, weights), weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


@given(st.integers(0, 10**12), weights)
def test_the_odd_units_go_to_the_largest_remainders_and_ties_to_the_earlier_part(amount, weights):
    shares = [Fraction(amount * weight, sum(weights)) for weight in weights]
    raised = [part > share // 1 for part, share in zip(money.allocate(amount, weights), shares, strict=True)]
    by_claim = sorted(range(len(shares)), key=lambda i: (-(shares[i] % 1), i))
    assert [raised[i] for i in by_claim] == sorted(raised, reverse=True)


@given(st.integers(0, 10**12), weights)
def test_what_weighs_nothing_gets_nothing(amount, weights):
    parts = money.allocate(amount, weights)
    assert not any(part for part, weight in zip(parts, weights, strict=True) if not weight)


@given(st.integers(0, 10**9), weights, st.integers(1, 1000))
def test_only_the_proportion_of_the_weights_matters(amount, weights, factor):
    assert money.allocate(amount, [weight * factor for weight in weights]) == money.allocate(amount, weights)


def test_ten_cents_among_three_are_four_three_three():
    assert money.allocate(10, [1, 1, 1]) == [4, 3, 3]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [2, -1], [-1]])
def test_nothing_is_allocated_to_weights_that_mean_nothing(weights):
    with pytest.raises(ValueError, match="weights"):
        money.allocate(100, weights)


@pytest.mark.parametrize("text", ["1." + "0" * 27 + "1", "10000000000000.0000000000000001", "19.901", str(10**15 + 1)])
def test_a_fraction_of_a_minor_unit_is_never_rounded_away(text: str) -> None:
    with pytest.raises(ShopError, match="invalid_amount"):
        money.parse(text, "EUR")


def test_zeros_behind_the_last_minor_unit_say_nothing() -> None:
    assert money.parse("19.900", "EUR") == Money(1990, "EUR")
    assert money.parse("500.00", "JPY") == Money(500, "JPY")
    assert money.parse(str(10**15), "JPY") == Money(10**15, "JPY")
