"""Carts that were left lying are told of once, where there is somebody to write to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Cart, Gateway, Shop, eur
from refusals import refusal

from infra.local.client import Json

Travel = Callable[[timedelta], None]
DAY, HOUR = timedelta(hours=24), timedelta(hours=1)


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    shop.product("mug")
    return shop


def contacted(shop: Shop) -> Cart:
    cart = shop.cart(("MUG", 2))
    cart.put("/contact", {"email": "lin@jishi.example"})
    return cart


def told(shop: Shop) -> list[Json]:
    return [event["detail"] for event in shop.events() if event["name"] == "CartAbandoned"]


def waiting(shop: Shop) -> list[str]:
    """Where carts wait in the index."""
    index: dict[str, Any] = {"TableName": "test-orders", "IndexName": "by_due"}
    return [item["due_key"]["S"] for item in shop.dynamodb.scan(**index)["Items"]]


def test_a_guests_cart_is_told_of_once_after_a_day(stocked: Shop, travel: Travel) -> None:
    cart = contacted(stocked)
    travel(DAY - HOUR)
    stocked.tell_of_abandoned_carts()
    assert told(stocked) == []
    travel(2 * HOUR)
    assert stocked.tell_of_abandoned_carts()["abandoned"] == 1
    (event,) = told(stocked)
    assert event["aggregate_id"] == cart.path.rpartition("/")[2]
    assert (event["customer_id"], event["total"], event["lines"]) == (None, eur(2580), 1)
    assert "lin@" not in str(event)
    travel(2 * DAY)
    assert stocked.tell_of_abandoned_carts() == {"outcome": "done"}
    assert waiting(stocked) == []


def test_a_cart_that_was_told_of_can_still_be_bought(stocked: Shop, travel: Travel) -> None:
    cart = stocked.ready_cart(("MUG", 1))
    cart.put("/contact", {"email": "lin@jishi.example"})
    wish = cart.wish()
    travel(DAY + HOUR)
    stocked.tell_of_abandoned_carts()
    assert cart.post("/checkout", wish)["order"]["status"] == "confirmed"
    assert len(told(stocked)) == 1


def test_a_customers_cart_is_told_of_again_only_when_it_was_touched(stocked: Shop, travel: Travel) -> None:
    cart = stocked.cart_of(stocked.customer(), ("MUG", 1))
    for _ in range(2):
        travel(DAY + HOUR)
        for _ in range(2):
            stocked.tell_of_abandoned_carts()
        cart.patch("/items/MUG", {"quantity": 2})
    assert [event["customer_id"] for event in told(stocked)] == ["sub-of-ann", "sub-of-ann"]


def test_a_cart_that_is_touched_is_looked_at_again_later(stocked: Shop, travel: Travel) -> None:
    cart = contacted(stocked)
    travel(DAY - HOUR)
    cart.patch("/items/MUG", {"quantity": 1})
    travel(2 * HOUR)
    assert stocked.tell_of_abandoned_carts() == {"outcome": "done", "kept": 1}
    travel(DAY - 3 * HOUR)
    assert stocked.tell_of_abandoned_carts() == {"outcome": "done"}
    travel(2 * HOUR)
    assert stocked.tell_of_abandoned_carts()["abandoned"] == 1


@pytest.mark.parametrize("how", ["nobody", "taken back", "empty", "bought", "merged"])
def test_what_nobody_waits_for_is_not_in_the_index(stocked: Shop, travel: Travel, how: str) -> None:
    if how == "nobody":
        stocked.cart(("MUG", 1))
    elif how == "taken back":
        contacted(stocked).put("/contact", {"email": None})
    elif how == "empty":
        contacted(stocked).delete("/items/MUG")
    elif how == "bought":
        stocked.cart_of(stocked.customer(), ("MUG", 1)).check_out()
    else:
        cart, ann = contacted(stocked), stocked.customer()
        logged_in(cart, ann)
        ann.delete("/me/cart/items/MUG")
    assert waiting(stocked) == []


def logged_in(cart: Cart, customer: Gateway) -> Json:
    guests = customer.with_headers(**{"Cart-Token": cart.api.headers["Cart-Token"]})
    return guests.post("/me/cart", {"cart_id": cart.path.rpartition("/")[2]})


def test_what_a_guest_brings_along_is_the_customers_to_abandon(stocked: Shop, travel: Travel) -> None:
    merged = logged_in(contacted(stocked), stocked.customer())
    assert merged["contact"] is None
    travel(DAY + HOUR)
    stocked.tell_of_abandoned_carts()
    assert [event["customer_id"] for event in told(stocked)] == ["sub-of-ann"]


def test_orders_and_carts_wait_apart(stocked: Shop, bank: Any, travel: Travel) -> None:
    stocked.ready_cart(("MUG", 1)).check_out(payment_method="card")
    contacted(stocked)
    assert sorted(key.partition("#")[0] for key in waiting(stocked)) == ["CARTS", "DUE"]
    travel(DAY + HOUR)
    assert stocked.tell_of_abandoned_carts() == {"outcome": "done", "abandoned": 1}
    stocked.expire()
    assert waiting(stocked) == []
    assert stocked.names().count("OrderExpired") == 1


def test_staff_say_how_long_and_whether_at_all(stocked: Shop, travel: Travel) -> None:
    stocked.staff.put("/admin/order-policy", {"abandoned_after_hours": 1})
    contacted(stocked)
    travel(2 * HOUR)
    stocked.tell_of_abandoned_carts()
    assert len(told(stocked)) == 1
    contacted(stocked)
    stocked.staff.put("/admin/order-policy", {"abandoned_after_hours": 0})
    contacted(stocked)
    travel(2 * DAY)
    stocked.tell_of_abandoned_carts()
    assert (len(told(stocked)), waiting(stocked)) == (1, [])


def test_a_contact_is_an_address(stocked: Shop) -> None:
    cart = stocked.cart()
    for body in ({"email": "lin"}, {}, {"email": 1}):
        assert refusal(cart.put, "/contact", body)["pointer"] == "/email"
    assert cart.put("/contact", {"email": "lin@jishi.example"})["contact"] == "lin@jishi.example"
