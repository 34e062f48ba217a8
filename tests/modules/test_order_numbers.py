"""Order numbers: given by chance, one to an order, and found however they are written."""

from typing import Any

import pytest
from inprocess import Order, Shop
from refusals import refusal

from chalicelib.orders.finding import numbering


@pytest.fixture
def order(shop: Shop) -> Order:
    shop.product()
    return shop.order()


def found(shop: Shop, number: str) -> list[str]:
    return [order["id"] for order in shop.staff.get(f"/admin/orders?number={number}")["data"]]


def test_customer_and_staff_see_the_same_number(shop: Shop, order: Order) -> None:
    number = order.placed["order"]["number"]
    assert order.get()["number"] == number
    assert shop.staff.get(f"/admin/orders/{order.id}")["number"] == number
    assert [listed["number"] for listed in shop.staff.get("/admin/orders")["data"]] == [number]
    ann = shop.customer()
    hers = shop.cart_of(ann, ("MUG", 1)).check_out()["order"]["number"]
    assert [listed["number"] for listed in ann.get("/me/orders")["data"]] == [hers]


def test_staff_find_an_order_however_its_number_is_written(shop: Shop, order: Order) -> None:
    number = order.get()["number"]
    spoken = number.lower().replace("0", "o").replace("1", "l").replace("-", "%20")
    for written in (number, number.replace("-", ""), spoken):
        assert found(shop, written) == [order.id]


def test_a_wrong_number_is_refused_and_an_unknown_one_finds_nothing(shop: Shop, order: Order) -> None:
    number = order.get()["number"]
    wrong = number[:-1] + ("7" if number[-1] != "7" else "8")
    refused = refusal(shop.staff.get, f"/admin/orders?number={wrong}")
    assert (refused["status"], refused["pointer"]) == (422, "/query/number")
    assert "check character" in refused["detail"]
    while (other := numbering.new_number()) == number:
        pass
    assert found(shop, other) == []


def test_a_number_that_is_taken_is_given_to_nobody_else(
    shop: Shop, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, free = order.get()["number"], numbering.new_number()
    draws = [taken, taken, free]
    monkeypatch.setattr(numbering, "new_number", lambda: draws.pop(0))
    second = shop.order()
    assert second.get()["number"] == free
    assert (found(shop, taken), found(shop, free)) == ([order.id], [second.id])
    assert shop.stock("MUG")["reserved"] == 2


def test_the_same_checkout_again_has_the_same_number(shop: Shop) -> None:
    shop.product()
    cart = shop.ready_cart()
    wish: Any = cart.wish()
    numbers = {cart.post("/checkout", wish, key="a-key-of-16-chars")["order"]["number"] for _ in range(2)}
    assert len(numbers) == 1
