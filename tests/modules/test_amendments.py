"""Orders of which pieces are taken out after they were placed, and their money and stock."""

from collections.abc import Callable
from typing import Any

import botocore.client
import pytest
from amending import paid, quantities, send, steady
from inprocess import Buyer, Shop, eur
from refusals import refusal
from strict_stripe import StripeServer

Json = dict[str, Any]
KEY = "the-key-of-this-change"


def test_a_customer_who_pays_at_the_door_takes_pieces_out(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 5})
    shop.product("bowl", stock={"ams": 5})
    order = shop.order(("MUG", 2), ("BOWL", 1))
    shop.deliver()
    now = order.post("/cancel-lines", {"lines": {"MUG": 1, "BOWL": 1}, "reason": "too many"})
    assert (quantities(now), now["quantity"], now["total"]) == ({"MUG": 1}, 1, eur(1290 + 495))
    assert now["totals"]["total"] == now["total"]
    assert now["timeline"][-1] | {"at": ""} == {
        "name": "amended",
        "at": "",
        "facts": {"reason": "too many", "revision": "2"},
    }
    assert (steady(shop), steady(shop, "BOWL")) == ((4, 1), (5, 0))
    shop.deliver()
    send(shop, order, "pack", "dispatch", "deliver")
    shop.deliver()
    done = order.get()
    assert (done["status"], done["payment_status"], done["fulfillment_status"]) == ("completed", "paid", "delivered")
    assert order.api.get(f"/payments/{order.placed['payment']['id']}")["captured"] == eur(1785)


def test_of_a_card_that_was_not_charged_less_is_charged(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy(3)
    paid(shop, bank, order)
    now = order.post("/cancel-lines", {"lines": {"MUG": 2}})
    shop.hear(bank)
    assert (now["total"], order.get()["payment_status"]) == (eur(1785), "authorized")
    send(shop, order, "pack")
    shop.hear(bank)
    send(shop, order, "dispatch", "deliver")
    shop.hear(bank)
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")
    assert (bank.intents["pi_000001"]["amount_received"], bank.refunds) == (1785, {})


def test_of_a_card_that_was_charged_the_difference_goes_back(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy(3)
    paid(shop, bank, order)
    send(shop, order, "pack")
    shop.hear(bank)
    shop.staff.post(f"/admin/orders/{order.id}/cancel-lines", {"lines": {"MUG": 1}})
    shop.hear(bank)
    assert [refund["amount"] for refund in bank.refunds.values()] == [1290]
    assert order.get()["payment_status"] == "partially_refunded"
    send(shop, order, "dispatch")
    assert steady(shop) == (3, 0)


def test_pieces_of_an_order_that_is_not_paid_are_not_paid_for(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy(3)
    order.post("/cancel-lines", {"lines": {"MUG": 1}})
    paid(shop, bank, order)
    assert (order.get()["status"], order.get()["payment_status"]) == ("confirmed", "authorized")
    send(shop, order, "pack")
    shop.hear(bank)
    assert bank.intents["pi_000001"]["amount_received"] == 2 * 1290 + 495


def test_the_same_request_again_takes_nothing_more_out(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy(3)
    once = order.post("/cancel-lines", {"lines": {"MUG": 1}}, key=KEY)
    assert quantities(order.post("/cancel-lines", {"lines": {"MUG": 1}}, key=KEY)) == quantities(once) == {"MUG": 2}
    assert order.names().count("amended") == 1
    # With another body it is another request.
    assert refusal(order.post, "/cancel-lines", {"lines": {"MUG": 2}}, key=KEY)["code"] == "idempotency_key_reused"


def test_an_order_of_which_everything_was_taken_out_is_canceled(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy(2)
    paid(shop, bank, order)
    assert order.post("/cancel-lines", {"lines": {"MUG": 2}}, key=KEY)["status"] == "canceled"
    assert order.post("/cancel-lines", {"lines": {"MUG": 2}}, key=KEY)["status"] == "canceled"
    shop.hear(bank)
    assert (bank.intents["pi_000001"]["status"], steady(shop)) == ("canceled", (5, 0))
    assert refusal(order.post, "/cancel-lines", {"lines": {"MUG": 1}})["code"] == "wrong_state"


def test_of_two_who_take_out_the_last_pieces_at_once_one_is_told_that_they_are_gone(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], weather: Any
) -> None:
    order = buy(3)
    paid(shop, bank, order)
    path, lines = f"/admin/orders/{order.id}/cancel-lines", {"lines": {"MUG": 2}}
    weather("TransactWriteItems", [lambda: shop.staff.post(path, lines)])
    assert refusal(shop.staff.post, path, lines)["code"] == "invalid_field"
    assert (quantities(order.get()), steady(shop)) == ({"MUG": 1}, (4, 1))


def test_what_is_on_its_way_can_not_be_taken_out(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 1})
    shop.product("bowl", stock={"sha": 1})
    order = shop.order(("MUG", 1), ("BOWL", 1))
    shop.deliver()
    send(shop, order, "pack", "dispatch")
    shop.deliver()
    refused = refusal(order.post, "/cancel-lines", {"lines": {"MUG": 1}})
    assert (refused["status"], refused["code"], refused["sku"]) == (409, "already_dispatched", "MUG")
    assert order.post("/cancel-lines", {"lines": {"BOWL": 1}})["total"] == eur(1290 + 495)
    shop.deliver()
    send(shop, order, "deliver")
    shop.deliver()
    assert order.get()["status"] == "completed"


@pytest.mark.parametrize(
    ("lines", "pointer"),
    [
        ({"MUG": 9}, "/lines/MUG"),
        ({"CUP": 1}, "/lines/CUP"),
        ({"a/b~": 1}, "/lines/a~1b~0"),
        ({"MUG": 0}, "/lines"),
        ({"MUG": -1}, "/lines"),
        ({}, "/lines"),
    ],
)
def test_what_is_not_in_the_order_can_not_be_taken_out(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], lines: Json, pointer: str
) -> None:
    refused = refusal(buy().post, "/cancel-lines", {"lines": lines})
    assert refused["status"] in (400, 422)
    assert refused["pointer"] == pointer


def test_what_is_left_of_an_order_may_be_all_digital(shop: Shop, bank: StripeServer) -> None:
    shop.product("mug", stock={"ams": 5})
    book = {"sku": "BOOK", "price": eur(500), "digital": True}
    shop.product("book", variants=[book])
    placed = shop.ready_cart(("MUG", 1), ("BOOK", 1)).check_out(payment_method="card")
    order = Buyer(shop.order_of(placed).api, f"/orders/{placed['order']['id']}", placed)
    paid(shop, bank, order)
    now = order.post("/cancel-lines", {"lines": {"MUG": 1}})
    assert (now["total"], now["shipping_option"]) == (eur(500), None)
    shop.hear(bank)
    assert (order.get()["status"], bank.intents["pi_000001"]["amount_received"]) == ("completed", 500)
    at_the_door = shop.order(("MUG", 1), ("BOOK", 1))
    refused = refusal(at_the_door.post, "/cancel-lines", {"lines": {"MUG": 1}})
    assert refused["code"] == "payment_method_unavailable"


def test_an_order_that_is_left_for_nothing_is_confirmed_without_a_payment(shop: Shop, bank: StripeServer) -> None:
    shop.product("mug", stock={"ams": 5})
    free = {"sku": "SAMPLE", "price": eur(0), "digital": True}
    shop.product("sample", variants=[free])
    placed = shop.ready_cart(("MUG", 1), ("SAMPLE", 1)).check_out(payment_method="card")
    order = shop.order_of(placed)
    order.post("/cancel-lines", {"lines": {"MUG": 1}})
    shop.hear(bank)
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")
    assert [intent["status"] for intent in bank.intents.values()] == ["canceled"]


def test_nobody_keeps_a_gift_without_what_it_came_with(shop: Shop) -> None:
    shop.product("mug")
    shop.product("bowl")
    effect = {"type": "buy_x_get_y", "buy": 1, "get": 1, "percent": 100, "gifts": {"skus": ["BOWL"]}}
    gift = {"name": "A bowl with each mug", "effect": effect, "conditions": {"lines": {"skus": ["MUG"]}}}
    shop.staff.put("/admin/promotions/gift", gift)
    order = shop.order(("MUG", 1), ("BOWL", 1))
    assert [line["to_pay"]["amount"] for line in order.get()["lines"]] == [1290, 0]
    assert refusal(order.post, "/cancel-lines", {"lines": {"MUG": 1}})["code"] == "gift_would_stay"
    assert order.post("/cancel-lines", {"lines": {"BOWL": 1}})["quantity"] == 1


def test_an_order_page_shows_the_revision_that_holds_in_one_request(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], monkeypatch: pytest.MonkeyPatch
) -> None:
    order = buy(5)
    for _ in range(3):
        order.post("/cancel-lines", {"lines": {"MUG": 1}})
    real, calls = botocore.client.BaseClient._make_api_call, list[str]()

    def call(client: Any, operation: str, request: Any) -> Any:
        calls.append(operation)
        return real(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    assert quantities(order.get()) == {"MUG": 2}
    assert calls == ["Query"]


class Killed(BaseException):
    """The function's machine is gone: no handler sees this coming."""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_change_that_is_killed_anywhere_is_made_once_by_asking_again(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    order = buy(4)
    paid(shop, bank, order)
    send(shop, order, "pack")
    shop.hear(bank)
    path, body = f"/admin/orders/{order.id}/cancel-lines", {"lines": {"MUG": 1}}
    real, left = botocore.client.BaseClient._make_api_call, [0]

    def call(client: Any, operation: str, request: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and moment == "before":
            raise Killed(operation)
        answer = real(client, operation, request)
        if left[0] == 0:
            raise Killed(operation)
        return answer

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    for turn in range(1, 30):
        left[0] = turn
        try:
            shop.staff.post(path, body, key=KEY)
        except Killed:
            continue
        break
    left[0] = 0
    assert turn > 4
    shop.hear(bank)
    assert quantities(order.get()) == {"MUG": 3}
    assert [refund["amount"] for refund in bank.refunds.values()] == [1290]
    assert steady(shop) == (2, 3)
