from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.pricing import price_lists
from chalicelib.catalog.pricing.price_lists import PriceList, Terms
from chalicelib.catalog.product import ListPrice
from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOBODY: frozenset[str] = frozenset()
IDS = ["sale", "vip", "trade", "dollars"]
GROUPS = ["vip", "trade", "staff"]
OWN = Money(1000, "EUR")

moments = st.none() | st.integers(-3, 3).map(lambda hours: NOON + timedelta(hours=hours))
lists = st.lists(
    st.builds(
        PriceList,
        id=st.sampled_from(IDS),
        name=st.just("x"),
        currency=st.sampled_from(["EUR", "USD"]),
        groups=st.lists(st.sampled_from(GROUPS), unique=True).map(tuple),
        valid_from=moments,
        valid_until=moments,
    ),
    unique_by=lambda one: one.id,
)
groups = st.frozensets(st.sampled_from(GROUPS))
amounts = st.integers(0, 3000)
list_prices = st.lists(
    st.builds(
        ListPrice,
        list=st.sampled_from(IDS),
        price=st.builds(Money, amounts, st.sampled_from(["EUR", "USD"])),
        min_quantity=st.integers(1, 12),
    ),
    max_size=8,
)
owns = amounts.map(lambda amount: Money(amount, "EUR"))
currencies = st.sampled_from(["EUR", "USD", "JPY"])
quantities = st.integers(1, 20)


def in_list(amount: int, name: str = "sale", pieces: int = 1, currency: str = "EUR") -> ListPrice:
    return ListPrice(name, Money(amount, currency), pieces)


def paid(own, prices, on, quantity):
    return price_lists.unit_price(price_lists.tiers(own, prices, on), quantity)


@given(owns, list_prices, lists, groups, currencies, quantities)
def test_a_buyer_pays_the_lowest_price_they_qualify_for(own, prices, lists, groups, currency, quantity):
    on = price_lists.terms(lists, groups, currency, NOON)
    counting = {one.id for one in lists if one.currency == currency and one.is_valid(NOON) and one.is_open_to(groups)}
    qualified = [own] if currency == "EUR" else []
    qualified += [
        one.price
        for one in prices
        if one.list in counting and one.price.currency == currency and one.min_quantity <= quantity
    ]
    assert paid(own, prices, on, quantity) == min(qualified, key=lambda money: money.amount, default=None)


@given(owns, list_prices, lists, groups, currencies, quantities)
def test_who_is_in_a_group_never_pays_more_than_the_public(own, prices, lists, groups, currency, quantity):
    public = paid(own, prices, price_lists.terms(lists, NOBODY, currency, NOON), quantity)
    theirs = paid(own, prices, price_lists.terms(lists, groups, currency, NOON), quantity)
    assert public is None or (theirs is not None and theirs.amount <= public.amount)


@given(owns, list_prices, lists, groups, currencies, quantities, quantities)
def test_more_pieces_never_cost_more_a_piece(own, prices, lists, groups, currency, few, many):
    on = price_lists.terms(lists, groups, currency, NOON)
    dear, cheap = (paid(own, prices, on, quantity) for quantity in sorted((few, many)))
    assert dear is None or (cheap is not None and cheap.amount <= dear.amount)


@given(owns, list_prices, lists, groups, currencies)
def test_the_next_tier_takes_more_pieces_and_costs_less(own, prices, lists, groups, currency):
    tiers = list(price_lists.tiers(own, prices, price_lists.terms(lists, groups, currency, NOON)).items())
    for (few, dear), (many, cheap) in pairwise(tiers):
        assert few < many
        assert dear.amount > cheap.amount


@given(owns, list_prices, lists, groups, currencies, st.randoms())
def test_the_order_of_lists_and_prices_does_not_matter(own, prices, lists, groups, currency, random):
    mixed, shuffled = list(lists), list(prices)
    random.shuffle(mixed)
    random.shuffle(shuffled)
    on, other = (price_lists.terms(some, groups, currency, NOON) for some in (lists, mixed))
    assert price_lists.sourced_tiers(own, prices, on) == price_lists.sourced_tiers(own, shuffled, other)


@given(owns, list_prices, lists, groups, currencies)
def test_a_tier_says_who_asks_its_price(own, prices, lists, groups, currency):
    on = price_lists.terms(lists, groups, currency, NOON)
    for pieces, tier in price_lists.sourced_tiers(own, prices, on).items():
        if tier.price_list is None:
            assert (pieces, tier.price) == (1, own)
        else:
            assert tier.price_list in on.lists
            assert ListPrice(tier.price_list, tier.price, pieces) in prices


def test_of_equal_prices_the_variants_own_counts_and_then_the_first_list():
    on = Terms("EUR", frozenset({"sale", "vip"}))
    prices = [in_list(1000, "vip"), in_list(900, "vip", 5), in_list(900, "sale", 5)]
    found = price_lists.sourced_tiers(OWN, prices, on)
    assert {pieces: tier.price_list for pieces, tier in found.items()} == {1: None, 5: "sale"}


@given(owns, list_prices, lists, groups, currencies)
def test_a_list_that_is_not_valid_changes_nothing(own, prices, lists, groups, currency):
    valid = [one for one in lists if one.is_valid(NOON)]
    on, other = (price_lists.terms(some, groups, currency, NOON) for some in (lists, valid))
    assert price_lists.tiers(own, prices, on) == price_lists.tiers(own, prices, other)


@given(st.lists(st.tuples(owns, list_prices), min_size=1), lists, groups, currencies)
def test_a_product_knows_its_lowest_price_without_its_variants(variants, lists, groups, currency):
    on = price_lists.terms(lists, groups, currency, NOON)
    cheapest = min((own for own, _ in variants), key=lambda money: money.amount)
    minima = price_lists.minima(prices for _, prices in variants)
    each = [paid(own, prices, on, 1) for own, prices in variants]
    lowest = min((money.amount for money in each if money), default=None)
    shown = price_lists.price_from(cheapest, minima, on)
    assert (shown.amount if shown else None) == lowest


def test_a_list_counts_from_its_first_instant_and_not_at_its_last():
    one = PriceList("sale", "Sale", "EUR", (), NOON, NOON + timedelta(hours=1))
    instant = timedelta(milliseconds=1)
    times = (NOON - instant, NOON, NOON + timedelta(hours=1) - instant, NOON + timedelta(hours=1))
    assert [one.is_valid(moment) for moment in times] == [False, True, True, False]


def test_a_public_list_is_open_to_all_and_a_groups_to_its_members():
    public, vip = PriceList("a", "A", "EUR"), PriceList("b", "B", "EUR", ("vip", "staff"))
    assert public.is_open_to(NOBODY)
    assert [vip.is_open_to(frozenset(some)) for some in ([], ["trade"], ["trade", "vip"])] == [False, False, True]


def test_a_larger_tier_that_is_dearer_never_counts():
    prices = [in_list(900, pieces=5), in_list(950, pieces=10), in_list(900, pieces=20)]
    assert price_lists.tiers(OWN, prices, Terms("EUR", frozenset({"sale"}))) == {1: OWN, 5: Money(900, "EUR")}


def test_a_list_price_above_the_variants_own_never_counts():
    assert price_lists.tiers(OWN, [in_list(1200)], Terms("EUR", frozenset({"sale"}))) == {1: OWN}


def test_in_another_currency_the_variants_own_price_does_not_count():
    prices = [in_list(1100, "dollars", 5, "USD"), in_list(1, "dollars", 1, "EUR")]
    tiers = price_lists.tiers(OWN, prices, Terms("USD", frozenset({"dollars"})))
    assert tiers == {5: Money(1100, "USD")}
    assert price_lists.unit_price(tiers, 4) is None
    assert price_lists.tiers(OWN, prices, Terms("JPY", NOBODY)) == {}


def test_a_shop_sells_in_its_own_currency_and_in_those_of_the_lists_that_count():
    some = [
        PriceList("dollars", "$", "USD"),
        PriceList("vip", "VIP", "GBP", ("vip",)),
        PriceList("over", "Over", "JPY", (), None, NOON),
        PriceList("own", "Own", "EUR"),
    ]
    assert price_lists.currencies(some, NOBODY, "EUR", NOON) == ["EUR", "USD"]
    assert price_lists.currencies(some, frozenset({"vip"}), "EUR", NOON) == ["EUR", "GBP", "USD"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"valid_from": datetime(2026, 1, 1)}, "/valid_from"),  # noqa: DTZ001
        ({"valid_until": datetime(2026, 1, 1)}, "/valid_until"),  # noqa: DTZ001
        ({"valid_from": NOON, "valid_until": NOON}, "/valid_until"),
        ({"groups": ("vip", "vip")}, "/groups"),
    ],
)
def test_what_is_no_price_list_is_refused_by_its_field(changes, pointer):
    with pytest.raises(ShopError) as refused:
        price_lists.check(msgspec.structs.replace(PriceList("sale", "Sale", "EUR"), **changes))
    assert refused.value.pointer == pointer
