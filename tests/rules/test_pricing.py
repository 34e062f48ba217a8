import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money
from chalicelib.orders.pricing.pricing import Offer, PriceSource, Shipping, Tier, goods, price_lines, totals

SKUS = ["bowl", "cup", "pot", "tea", "tray"]


def sent(amount: int, currency: str = "EUR") -> Shipping:
    price = Money(amount, currency)
    return Shipping("post", "Post", price, price, 1, 3)


shippings = st.none() | st.integers(0, 5_000).map(sent)


def offer(sku: str, price: int = 1000, sold: bool = True, available: int | None = 10, currency: str = "EUR") -> Offer:
    return Offer(sku, f"prd_{sku}", sku.title(), [], None, Money(price, currency), sold, available)


offers = st.fixed_dictionaries(
    {
        sku: st.builds(offer, st.just(sku), st.integers(0, 10**6), st.booleans(), st.none() | st.integers(0, 12))
        for sku in SKUS
    }
)
carts = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 12)), max_size=5, unique_by=lambda line: line[0])


def status(quantity: int, **offered: object) -> str:
    return price_lines([("cup", quantity)], {"cup": offer("cup", **offered)})[0].status


@given(carts, offers, shippings)
def test_totals_add_up(cart, offers, shipping):
    lines = price_lines(cart, offers)
    sums = totals(lines, shipping, "EUR")
    assert sums.total == sums.items + sums.shipping
    assert sums.items.amount == sum(offers[sku].price.amount * quantity for sku, quantity in cart if offers[sku].sold)
    assert sums.shipping == (shipping.price if shipping else Money(0, "EUR"))


@given(carts.flatmap(lambda drawn: st.tuples(st.just(drawn), st.permutations(drawn))), offers, shippings)
def test_the_order_of_lines_does_not_matter_to_totals(drawn, offers, shipping):
    one, other = (totals(price_lines(cart, offers), shipping, "EUR") for cart in drawn)
    assert one == other


@given(carts, offers)
def test_a_line_costs_its_unit_price_times_its_quantity(cart, offers):
    for line in price_lines(cart, offers):
        assert line.unit_price == offers[line.sku].price
        assert line.total == Money(line.unit_price.amount * line.quantity, "EUR")


@given(carts, offers)
def test_lines_stay_in_the_order_of_the_cart(cart, offers):
    assert [(line.sku, line.quantity) for line in price_lines(cart, offers)] == cart


@given(carts, offers)
def test_a_line_that_can_be_bought_as_it_is_says_so(cart, offers):
    for line in price_lines(cart, offers):
        one = offers[line.sku]
        assert (line.status == "ok") == (one.sold and (one.available is None or one.available >= line.quantity))


def test_the_last_piece_can_be_bought():
    assert status(3, available=3) == "ok"


def test_a_line_that_wants_one_piece_too_many_says_so():
    assert status(4, available=3) == "not_enough"


def test_a_line_that_is_no_longer_sold_says_so_even_where_there_is_stock():
    assert status(1, available=3, sold=False) == "not_sold"
    assert status(4, available=3, sold=False) == "not_sold"


def test_where_nobody_looked_at_the_stock_there_is_enough():
    assert status(999, available=None) == "ok"


def test_what_is_no_longer_sold_costs_nothing():
    lines = price_lines([("cup", 2), ("pot", 1)], {"cup": offer("cup", 500), "pot": offer("pot", 9900, sold=False)})
    assert goods(lines, "EUR") == Money(1000, "EUR")


def test_a_line_that_wants_too_many_pieces_is_still_in_the_total():
    assert goods(price_lines([("cup", 11)], {"cup": offer("cup", 500, available=10)}), "EUR") == Money(5500, "EUR")


def test_an_empty_cart_costs_its_shipping():
    sums = totals([], sent(495), "EUR")
    assert (sums.items, sums.total) == (Money(0, "EUR"), Money(495, "EUR"))


def test_a_line_in_another_currency_is_never_added_up():
    lines = price_lines([("cup", 1), ("tea", 1)], {"cup": offer("cup"), "tea": offer("tea", currency="JPY")})
    with pytest.raises(ShopError, match="currency_mismatch"):
        totals(lines, None, "EUR")


def test_shipping_in_another_currency_is_never_added_up():
    with pytest.raises(ShopError, match="currency_mismatch"):
        totals(price_lines([("cup", 1)], {"cup": offer("cup")}), sent(495, "JPY"), "EUR")


def test_a_line_says_where_its_unit_price_comes_from():
    tiers = {1: Tier(Money(1000, "EUR"), None), 5: Tier(Money(900, "EUR"), "bulk")}
    cup = replace(offer("cup"), tiers=tiers)
    lines = [price_lines([("cup", pieces)], {"cup": cup})[0] for pieces in (4, 5, 6)]
    assert [line.price_source for line in lines] == [
        PriceSource(None, 1),
        PriceSource("bulk", 5),
        PriceSource("bulk", 5),
    ]
    seen = cup.at(5)
    assert price_lines([("cup", 5)], {"cup": seen}) == price_lines([("cup", 5)], {"cup": cup})


def test_what_is_not_sold_in_so_few_pieces_has_no_price_that_came_from_anywhere():
    cup = replace(offer("cup"), tiers={5: Tier(Money(900, "EUR"), "bulk")})
    (line,) = price_lines([("cup", 4)], {"cup": cup})
    assert (line.status, line.price_source) == ("not_sold", None)


def test_a_line_shows_what_was_offered():
    tea = Offer("tea", "prd_1", "龙井茶", ["100 g"], "https://img.example/tea.jpg", Money(1990, "EUR"), True, 5)
    (line,) = price_lines([("tea", 2)], {"tea": tea})
    assert (line.product_id, line.title, line.option_values, line.image) == (
        "prd_1",
        "龙井茶",
        ["100 g"],
        "https://img.example/tea.jpg",
    )
