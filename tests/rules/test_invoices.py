"""What invoices and credit notes say: added up, they are what an order costs, and so is each tax."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.orders.invoices.invoice_content import (
    ITEM,
    SHIPPING,
    Line,
    TaxPart,
    amount_of,
    costs,
    difference,
    given_back,
    kind_of,
    language,
    number,
    taxes_of,
)
from chalicelib.orders.invoices.invoice_words import WORDS

RATES = (Decimal(0), Decimal(7), Decimal("8.875"), Decimal(19))


def priced(sku: str, quantity: int, unit: int, rate: Decimal, included: bool, off: int, kind: str = ITEM) -> Line:
    """A line as pricing leaves it: the discount is not more than the price, the tax is of what is left."""
    total = quantity * unit
    off = min(off, total)
    paid = total - off
    tax = int(paid * rate / (100 + rate)) if included else int(paid * rate / 100)
    part = TaxPart(f"VAT {rate}", rate, included, "standard", paid - tax if included else paid, tax)
    return Line(kind, sku, sku, quantity, unit, total, paid if included else paid + tax, off, taxes=[part])


amounts = st.integers(0, 50_000)
items = st.builds(
    priced,
    st.sampled_from("ABCDE"),
    st.integers(1, 9),
    amounts,
    st.sampled_from(RATES),
    st.booleans(),
    amounts,
)
shippings = st.builds(
    priced, st.just(""), st.just(1), amounts, st.sampled_from(RATES), st.booleans(), st.just(0), st.just(SHIPPING)
)
orders = st.builds(
    lambda lines, shipping: list({line.key: line for line in [*lines, *shipping]}.values()),
    st.lists(items, max_size=6),
    st.lists(shippings, max_size=1),
)
# How an order stood, time after time: what it cost, which pieces came back, and which part of the price was given
# back, in thousandths.
returns = st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 12))
histories = st.lists(st.tuples(orders, returns, st.integers(0, 1000)), min_size=1, max_size=5)


def stands(order: list[Line], returned: dict[str, int], thousandths: int) -> list[Line]:
    return costs(order, returned, amount_of(order) * thousandths // 1000)


def documented(history: list[list[Line]]) -> list[list[Line]]:
    """The documents that an order with this history has."""
    found: list[list[Line]] = []
    for now in history:
        missing = difference(now, [line for lines in found for line in lines])
        if missing:
            found.append(missing)
    return found


@given(histories)
def test_documents_add_up_to_what_the_customer_pays_and_so_does_each_tax(history):
    stood = [stands(*at) for at in history]
    everything = [line for lines in documented(stood) for line in lines]
    assert amount_of(everything) == amount_of(stood[-1])
    by_tax = {tax.key: (tax.base, tax.amount) for tax in taxes_of(stood[-1])}
    assert {tax.key: (tax.base, tax.amount) for tax in taxes_of(everything)} == by_tax


@given(histories)
def test_each_line_of_each_document_adds_up(history):
    for lines in documented([stands(*at) for at in history]):
        for line in lines:
            on_top = sum(tax.amount for tax in line.taxes if not tax.included)
            assert line.to_pay == line.total - line.discount - line.relief + on_top
            assert line.unit_price is None or line.unit_price * line.quantity == line.total
        assert kind_of(lines) == ("credit_note" if amount_of(lines) < 0 else "invoice")


@given(histories)
def test_where_nothing_changed_nothing_is_documented_again(history):
    stood = [stands(*at) for at in history]
    everything = [line for lines in documented(stood) for line in lines]
    assert difference(stood[-1], everything) == []


@given(orders, returns)
def test_where_everything_was_given_back_nothing_is_left_of_any_tax(order, returned):
    back = stands(order, returned, 1000)
    assert amount_of(back) == 0
    assert taxes_of(back) == []


@given(orders, returns, st.integers(0, 1000))
def test_what_was_given_back_is_not_owed_whatever_came_back(order, returned, part):
    assert amount_of(stands(order, returned, part)) == amount_of(order) - amount_of(order) * part // 1000


@given(orders, returns, st.integers(0, 1000), st.randoms())
def test_the_order_of_lines_makes_no_difference_to_a_refund(order, returned, part, dice):
    shuffled = dice.sample(order, len(order))
    assert taxes_of(stands(order, returned, part)) == taxes_of(stands(shuffled, returned, part))


def test_what_was_called_off_after_the_invoice_is_credited():
    order = [priced("A", 2, 500, RATES[3], True, 0), priced("B", 1, 300, RATES[1], True, 0)]
    (credit,) = difference(order[:1], order)
    assert (credit.sku, credit.quantity, credit.unit_price, credit.to_pay) == ("B", -1, 300, -300)
    fewer = [priced("A", 1, 500, RATES[3], True, 0), order[1]]
    (credit,) = difference(fewer, order)
    assert (credit.sku, credit.quantity, credit.unit_price, credit.to_pay) == ("A", -1, 500, -500)
    assert kind_of([credit]) == "credit_note"


def test_a_return_is_credited_by_its_pieces_and_the_fee_is_not():
    order = [priced("A", 3, 500, RATES[3], True, 0), priced("B", 1, 300, RATES[1], True, 0)]
    (credit,) = difference(costs(order, {"A": 2}, 1000), order)
    assert (credit.sku, credit.quantity, credit.unit_price, credit.to_pay) == ("A", -2, 500, -1000)
    credit, fee = difference(costs(order, {"A": 2}, 900), order)
    assert (credit.to_pay, fee.kind, fee.to_pay) == (-1000, "retained", 100)
    assert {tax.rate for tax in fee.taxes} == {RATES[3]}


def test_a_higher_price_of_the_same_pieces_is_no_price_of_a_piece():
    (more,) = difference([priced("A", 2, 600, RATES[0], True, 0)], [priced("A", 2, 500, RATES[0], True, 0)])
    assert (more.quantity, more.unit_price, more.to_pay) == (0, None, 200)


def test_money_that_was_owed_back_is_no_gift():
    assert given_back(cost=80, captured=100, refunded=20) == 0
    assert given_back(cost=80, captured=100, refunded=25) == 5
    assert given_back(cost=100, captured=100, refunded=100) == 100
    assert given_back(cost=100, captured=0, refunded=0) == 0
    assert given_back(cost=0, captured=100, refunded=100) == 0


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_was_paid_in_full_is_documented_as_what_was_paid_less_what_went_back(cost, more, refunded):
    captured = cost + more
    refunded = min(refunded, captured)
    documented = cost - given_back(cost, captured, refunded)
    assert documented == min(cost, captured - refunded)


def test_numbers_are_six_digits_until_there_are_more():
    assert number("INV", 2026, 1) == "INV-2026-000001"
    assert number("CN", 2026, 1_234_567) == "CN-2026-1234567"


def test_a_document_speaks_the_customers_language():
    assert language("DE", "fr-CA", "en") == "fr"
    assert language("DE", "da", "en") == "de"
    assert language("AT", None, "en") == "de"
    assert language("BR", None, "nl") == "nl"
    assert language(None, None, "zh") == "zh"


def test_every_language_has_every_word():
    assert len({frozenset(words) for words in WORDS.values()}) == 1
    assert set(WORDS) == {"en", "de", "nl", "fr", "zh"}
    assert all(word for words in WORDS.values() for word in words.values())


def test_a_stored_document_is_read_as_it_was_written():
    line = priced("A", 2, 500, RATES[2], False, 3)
    assert msgspec.json.decode(msgspec.json.encode(line), type=Line) == line
