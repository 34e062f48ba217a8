from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.core.money import Money
from chalicelib.orders.cart.cart_changes import Change, changes, worse
from chalicelib.orders.pricing.pricing import Offer, PriceSource


def offer(cents: int = 1290, available: int | None = 10, sold: bool = True) -> Offer:
    return Offer("MUG", "prd_1", "Mug", [], None, Money(cents, "EUR"), sold, available)


def told(seen: Offer, now: Offer, quantity: int = 2) -> list[tuple[str, Any, Any]]:
    return [(change.kind, change.before, change.after) for change in changes(quantity, seen, now)]


def eur(cents: int) -> Money:
    return Money(cents, "EUR")


def test_the_same_price_from_another_price_list_is_nothing_to_be_told_of() -> None:
    seen = replace(offer(), source=PriceSource("summer", 1))
    assert told(seen, replace(offer(), source=PriceSource("autumn", 2))) == []


@pytest.mark.parametrize(
    ("seen", "now", "change"),
    [
        (offer(1290), offer(1500), ("price_up", eur(1290), eur(1500))),
        (offer(1290), offer(990), ("price_down", eur(1290), eur(990))),
        (offer(available=10), offer(available=1), ("fewer_in_stock", 2, 1)),
        (offer(available=None), offer(available=1), ("fewer_in_stock", 2, 1)),
        (offer(available=1), offer(available=0), ("sold_out", 1, 0)),
        (offer(available=0), offer(available=1), ("back_in_stock", 0, 1)),
        (offer(available=1), offer(available=None), ("back_in_stock", 1, 2)),
        (offer(), offer(sold=False), ("not_sold", None, None)),
        (offer(sold=False), offer(), ("sold_again", None, None)),
    ],
)
def test_each_change_has_a_name(seen: Offer, now: Offer, change: tuple[str, Any, Any]) -> None:
    assert told(seen, now) == [change]


def test_stock_that_is_not_wanted_is_nobodys_business() -> None:
    assert told(offer(available=50), offer(available=2)) == []
    assert told(offer(available=2), offer(available=None)) == []


def test_what_is_not_sold_has_no_price_and_no_stock() -> None:
    assert told(offer(1290, 10), offer(1500, 0, sold=False)) == [("not_sold", None, None)]
    assert told(offer(sold=False), offer(1500, 0, sold=False)) == []


def test_what_is_sold_again_may_be_dearer_and_scarcer() -> None:
    kinds = [kind for kind, _, _ in told(offer(1290, 10, sold=False), offer(1500, 1))]
    assert kinds == ["sold_again", "price_up", "fewer_in_stock"]


def test_only_a_rise_makes_it_worse() -> None:
    assert worse(changes(2, offer(1290), offer(1291)))
    assert not worse(changes(2, offer(1290), offer(1289)))
    assert not worse([Change("MUG", "sold_out", 2, 0)])


OFFERS = st.builds(offer, st.integers(0, 3), st.none() | st.integers(0, 3), st.booleans())


@given(st.integers(1, 3), OFFERS, OFFERS)
def test_what_was_looked_at_is_no_change_any_more(quantity: int, seen: Offer, now: Offer) -> None:
    assert changes(quantity, now, now) == []
    there, back = told(seen, now, quantity), told(now, seen, quantity)
    assert bool(there) == bool(back)
    if seen.sold and now.sold:
        assert [(before, after) for _, before, after in there] == [(after, before) for _, before, after in back]
