import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.money import Money
from chalicelib.logistics.shipping import ShippingOption, offered

euros = st.integers(0, 20_000).map(lambda amount: Money(amount, "EUR"))
monies = st.builds(Money, st.integers(0, 20_000), st.sampled_from(["EUR", "JPY"]))
countries = st.sampled_from(["NL", "DE", "CN"])
price_lists = st.lists(
    st.builds(
        ShippingOption,
        id=st.sampled_from(["a", "b", "c", "d", "e"]),
        name=st.just("Parcel"),
        price=st.builds(Money, st.sampled_from([0, 495, 995]), st.sampled_from(["EUR", "JPY"])),
        countries=st.sampled_from([(), ("NL",), ("DE", "CN")]),
        free_from=st.none() | monies,
        days_min=st.just(1),
        days_max=st.integers(1, 3),
    ),
    max_size=5,
    unique_by=lambda option: option.id,
)


def option(option_id="parcel", price=495, countries=(), free_from=None, days_max=3) -> ShippingOption:
    free = None if free_from is None else Money(free_from, "EUR")
    return ShippingOption(option_id, "Parcel", Money(price, "EUR"), countries, free, 1, days_max)


def prices(*options: ShippingOption, goods: int = 1000, country: str = "NL") -> dict[str, int]:
    return {o.id: o.price.amount for o in offered(options, country, Money(goods, "EUR"))}


@given(price_lists, countries, monies)
def test_exactly_the_options_that_go_to_the_country_in_the_currency_are_offered(options, country, goods):
    possible = {o.id for o in options if o.price.currency == goods.currency and country in (o.countries or (country,))}
    assert {o.id for o in offered(options, country, goods)} == possible


@given(price_lists, countries, monies)
def test_an_option_costs_its_price_or_nothing(options, country, goods):
    listed = {o.id: o for o in options}
    for seen in offered(options, country, goods):
        own = listed[seen.id]
        free = own.free_from and own.free_from.currency == goods.currency and goods.amount >= own.free_from.amount
        assert seen.price == Money(0 if free else own.price.amount, goods.currency)


@given(price_lists, countries, monies)
def test_the_cheapest_comes_first_and_of_those_the_fastest(options, country, goods):
    seen = [(o.price.amount, o.days_max) for o in offered(options, country, goods)]
    assert seen == sorted(seen)


@given(price_lists.flatmap(lambda drawn: st.tuples(st.just(drawn), st.permutations(drawn))), countries, euros)
def test_the_order_of_the_price_list_does_not_matter(lists, country, goods):
    one, other = lists
    assert offered(one, country, goods) == offered(other, country, goods)


@given(price_lists, countries, euros, st.integers(0, 5_000))
def test_more_goods_never_make_an_option_dearer(options, country, goods, more):
    before = {o.id: o.price.amount for o in offered(options, country, goods)}
    after = {o.id: o.price.amount for o in offered(options, country, Money(goods.amount + more, "EUR"))}
    assert before.keys() == after.keys()
    assert all(after[option_id] <= price for option_id, price in before.items())


@pytest.mark.parametrize(("goods", "price"), [(4999, 495), (5000, 0), (5001, 0)])
def test_an_option_is_free_from_its_threshold_and_not_a_cent_below(goods, price):
    assert prices(option(free_from=5000), goods=goods) == {"parcel": price}


def test_an_option_without_a_threshold_is_never_free():
    assert prices(option(), goods=10**9) == {"parcel": 495}


def test_a_threshold_in_another_currency_makes_nothing_free():
    yen = ShippingOption("parcel", "Parcel", Money(495, "EUR"), (), Money(1, "JPY"), 1, 3)
    assert prices(yen) == {"parcel": 495}


def test_an_option_that_became_free_comes_before_a_cheaper_one():
    dear_but_free = option("express", price=1995, free_from=1000)
    assert list(prices(option("parcel", price=495), dear_but_free)) == ["express", "parcel"]


def test_of_equal_prices_the_faster_comes_first():
    assert list(prices(option("a", days_max=5), option("b", days_max=2))) == ["b", "a"]


def test_options_that_are_alike_always_come_in_the_same_order():
    assert list(prices(option("b"), option("a"))) == list(prices(option("a"), option("b"))) == ["a", "b"]


def test_an_option_without_countries_goes_everywhere():
    assert prices(option(), option("eu", countries=("DE", "NL")), country="CN") == {"parcel": 495}
