"""What comes back: onto the shelf or written off, and its money once."""

from collections.abc import Callable
from typing import Any

import pytest
from buyers import delivered
from inprocess import Order, Shop, eur
from refusals import refusal
from returning import approved, ask, came, given_back, line, receive, received, refund


@pytest.fixture
def order(shop: Shop) -> Order:
    """Two mugs that have arrived."""
    shop.product("mug", stock={"ams": 20})
    return delivered(shop, ("MUG", 2))


def test_what_comes_back_is_sold_again_or_written_off(shop: Shop, order: Order) -> None:
    path = approved(shop, order, line(quantity=2))
    before = shop.stock("MUG")["on_hand"]
    received = receive(shop, path, came(location="sha"), came(condition="damaged"))
    assert (received["status"], received["received"]) == (
        "received",
        [came(location="sha"), came(condition="damaged")],
    )
    assert received["value"] == order.get()["totals"]["items"]
    stock = {level["location"]: level for level in shop.stock("MUG")["levels"]}
    assert shop.stock("MUG")["on_hand"] == before + 1
    assert stock["sha"] == {"location": "sha", "on_hand": 1, "available": 1, "reserved": 0}
    assert order.names()[-1] == "return_received"
    assert shop.staff.get("/admin/returns?status=received")["data"] == [received]


def test_receiving_it_again_puts_nothing_more_on_the_shelf(shop: Shop, order: Order) -> None:
    path = approved(shop, order, line(quantity=2))
    received = receive(shop, path)
    stock = shop.stock("MUG")
    assert receive(shop, path) == received
    assert refusal(receive, shop, path, came(2))["code"] == "wrong_state"
    assert shop.stock("MUG") == stock


def test_two_of_the_warehouse_receive_it_once(shop: Shop, order: Order, weather: Callable[..., Any]) -> None:
    path = approved(shop, order)
    before = shop.stock("MUG")["on_hand"]
    weather("TransactWriteItems", [lambda: receive(shop, path)])
    assert receive(shop, path)["status"] == "received"
    assert shop.stock("MUG")["on_hand"] == before + 1
    assert order.names().count("return_received") == 1


def test_what_was_announced_and_did_not_come_can_come_yet(shop: Shop, order: Order) -> None:
    path = approved(shop, order, line(quantity=2))
    receive(shop, path)
    assert refusal(ask, order, line(quantity=2))["returnable"] == 1
    receive(shop, approved(shop, order))
    assert refusal(ask, order)["code"] == "too_many_returned"


def test_only_what_was_announced_is_received(shop: Shop, order: Order) -> None:
    path = approved(shop, order, line(quantity=2))
    for lines, pointer in (
        ([came(), came(2)], "/lines/1/quantity"),
        ([came(sku="BOWL")], "/lines/0/sku"),
        ([came(), came(location="mars")], "/lines/1/location"),
        ([came(condition="eaten")], "/lines/0/condition"),
        ([came(0)], "/lines/0/quantity"),
    ):
        refused = refusal(receive, shop, path, *lines)
        assert (refused["status"], refused["pointer"]) == (422, pointer)
    assert order.get("/returns")["data"][0]["status"] == "approved"


def test_nothing_is_received_that_was_not_approved(shop: Shop, order: Order) -> None:
    path = f"/admin/returns/{ask(order)['id']}"
    assert refusal(receive, shop, path)["code"] == "wrong_state"


def test_of_a_bundle_its_components_come_back(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 9})
    shop.product("bowl", stock={"ams": 9})
    parts = {"MUG": 2, "BOWL": 1}
    shop.product("set", variants=[{"sku": "SET", "price": eur(3000), "components": parts}])
    order = delivered(shop, ("SET", 1), ("MUG", 1))
    path = approved(shop, order, line("SET"), line("MUG"))
    receive(shop, path, came(sku="SET"), came(sku="MUG"))
    assert [shop.stock(sku)["on_hand"] for sku in ("MUG", "BOWL")] == [9, 9]
    assert order.get("/returns")["data"][0]["value"] == order.get()["totals"]["items"]


def test_what_was_paid_for_what_came_goes_back(shop: Shop, order: Order) -> None:
    path = received(shop, order)
    done = refund(shop, path)
    assert (done["status"], done["refunded"]) == ("refunded", eur(1290))
    (asked,) = shop.staff.get(f"/admin/orders/{order.id}/refunds")["data"]
    assert (asked["id"], asked["amount"]) == (done["refund_id"], eur(1290))
    shop.deliver()
    page = order.get()
    assert page["payment_status"] == "partially_refunded"
    (told,) = [entry["facts"] for entry in page["timeline"] if entry["name"] == "return_refunded"]
    assert told == {"return_id": done["id"], "refund_id": done["refund_id"]}
    assert shop.staff.get("/admin/returns?status=received")["data"] == []


def test_returning_everything_gives_back_exactly_what_was_paid(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 9})
    shop.product("bowl", stock={"ams": 9})
    order = delivered(shop, ("MUG", 3), ("BOWL", 1))
    refund(shop, received(shop, order))
    path = approved(shop, order, line("BOWL"), line(quantity=2))
    receive(shop, path, came(sku="BOWL"), came(2, condition="damaged"))
    refund(shop, path, shipping=True)
    shop.deliver()
    assert given_back(shop, order) == order.get()["total"]["amount"]
    assert order.get()["payment_status"] == "refunded"


def test_shipping_goes_back_once(shop: Shop, order: Order) -> None:
    assert refund(shop, received(shop, order), shipping=True)["refunded"] == eur(1290 + 495)
    path = received(shop, order)
    refused = refusal(refund, shop, path, shipping=True)
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "shipping_refunded", "/shipping")
    refund(shop, path)
    assert given_back(shop, order) == order.get()["total"]["amount"]


def test_a_fee_is_kept_and_never_more_than_there_is(shop: Shop, order: Order) -> None:
    path = received(shop, order, 2)
    for wish, pointer in (
        ({"fee": eur(2581)}, "/fee"),
        ({"fee": {"amount": 1, "currency": "USD"}}, "/fee/currency"),
        ({"amount": eur(100), "fee": eur(1)}, "/amount"),
        ({"amount": eur(100), "shipping": True}, "/amount"),
        ({"amount": {"amount": -1, "currency": "EUR"}}, "/amount/amount"),
    ):
        refused = refusal(refund, shop, path, **wish)
        assert (refused["status"], refused["pointer"]) == (422, pointer)
    assert refusal(refund, shop, path, fee=eur(2580))["code"] == "nothing_to_refund"
    assert refusal(refund, shop, path, amount=eur(10_000))["code"] == "refund_too_large"
    assert refund(shop, path, fee=eur(580))["refunded"] == eur(2000)


def test_staff_may_name_an_amount(shop: Shop, order: Order) -> None:
    assert refund(shop, received(shop, order), amount=eur(77))["refunded"] == eur(77)


def test_a_refund_pressed_twice_is_paid_once(shop: Shop, order: Order, weather: Callable[..., Any]) -> None:
    path = received(shop, order)
    weather("TransactWriteItems", [lambda: refund(shop, path, key="a-key-of-16-chars")])
    done = refund(shop, path, key="a-key-of-16-chars")
    assert refund(shop, path, key="a-key-of-16-chars") == done
    assert refusal(refund, shop, path)["code"] == "wrong_state"
    assert given_back(shop, order) == 1290


def test_two_returns_received_at_once_are_worth_what_both_were_paid(
    shop: Shop, order: Order, weather: Callable[..., Any]
) -> None:
    """A line whose pieces have no equal parts: of 10.00 for three each has its own."""
    shop.product("bowl", stock={"ams": 9})
    order = delivered(shop, ("BOWL", 3))
    snapshot = {"pk": {"S": f"ORDER#{order.id}"}, "sk": {"S": "SNAPSHOT#001"}}
    kept = shop.dynamodb.get_item(TableName="test-orders", Key=snapshot)["Item"]
    kept["lines"]["S"] = kept["lines"]["S"].replace('"to_pay":{"amount":3870', '"to_pay":{"amount":1000')
    shop.dynamodb.put_item(TableName="test-orders", Item=kept)
    paths = [approved(shop, order, line("BOWL")) for _ in range(3)]
    weather("TransactWriteItems", [lambda: receive(shop, paths[1], came(sku="BOWL"))])
    receive(shop, paths[0], came(sku="BOWL"))
    receive(shop, paths[2], came(sku="BOWL"))
    values = [item["value"]["amount"] for item in order.get("/returns")["data"]]
    assert sorted(values) == [333, 333, 334]


def test_money_of_a_card_goes_back_to_it(shop: Shop, bank: Any, buy: Callable[..., Any]) -> None:
    order = buy(2)
    bank.pay(order.secret)
    shop.hear(bank)
    for step, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
        shop.staff.post(f"/admin/shipments/{order.parcel()}/{step}", body)
        shop.hear(bank)
    refund(shop, received(shop, order))
    shop.hear(bank)
    assert bank.given_back("pi_000001") == 1290
    assert order.get()["payment_status"] == "partially_refunded"
    refund(shop, received(shop, order), shipping=True)
    shop.hear(bank)
    assert bank.given_back("pi_000001") == order.get()["total"]["amount"]
    assert order.get()["payment_status"] == "refunded"


def test_nothing_is_paid_back_for_what_did_not_come(shop: Shop, order: Order) -> None:
    path = approved(shop, order)
    assert refusal(refund, shop, path)["code"] == "wrong_state"
    shop.staff.post(f"{path}/close", {})
    assert refusal(refund, shop, path)["code"] == "wrong_state"
