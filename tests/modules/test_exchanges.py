"""Exchanges: what came back pays for something else."""

from collections.abc import Callable
from typing import Any

import pytest
from buyers import deliver, delivered, delivered_to
from inprocess import Order, Shop, eur
from refusals import refusal
from returning import exchange, opened, received


@pytest.fixture
def order(shop: Shop) -> Order:
    """Two mugs that have arrived; there are bowls that cost more and spoons that cost less."""
    shop.product("mug", stock={"ams": 20})
    for handle, cents in (("bowl", 1990), ("spoon", 500)):
        shop.product(handle, variants=[{"sku": handle.upper(), "price": eur(cents), "stock": {"ams": 3}}])
    return delivered(shop, ("MUG", 2))


def test_a_mug_for_a_mug_is_sent_at_once_and_costs_nothing_more(shop: Shop, order: Order) -> None:
    stock = shop.stock("MUG")["available"]
    exchanged = exchange(shop, received(shop, order), MUG=1)
    assert (exchanged["status"], exchanged["refund_id"]) == ("closed", None)
    new = opened(order, exchanged)
    page = new.get()
    assert (page["status"], page["payment_status"], page["total"]) == ("confirmed", "paid", eur(1290))
    assert (page["exchange_of"], page["totals"]["shipping"]) == (exchanged["id"], eur(0))
    assert shop.stock("MUG")["available"] == stock
    assert page["shipping_address"] == order.get()["shipping_address"]
    assert page["email"] == order.get()["email"]
    deliver(shop, new)
    assert (new.get()["status"], new.get()["payment_status"]) == ("completed", "paid")
    assert order.get()["payment_status"] == "partially_refunded"
    assert order.names().count("return_exchanged") == 1
    assert shop.staff.get("/admin/returns?status=received")["data"] == []


def test_what_costs_less_gives_the_rest_back(shop: Shop, order: Order) -> None:
    exchanged = exchange(shop, received(shop, order, 2), SPOON=2)
    assert exchanged["refunded"] == eur(2580 - 1000)
    shop.deliver()
    refunds = {item["id"]: item["amount"] for item in shop.staff.get(f"/admin/orders/{order.id}/refunds")["data"]}
    assert refunds[exchanged["refund_id"]] == eur(1580)
    assert sum(amount["amount"] for amount in refunds.values()) == 2580
    assert opened(order, exchanged).get()["payment_status"] == "paid"


def test_what_costs_more_is_paid_at_the_door(shop: Shop, order: Order) -> None:
    new = opened(order, exchange(shop, received(shop, order), BOWL=1))
    shop.deliver()
    assert (new.get()["status"], new.get()["payment_status"]) == ("confirmed", "partially_paid")
    deliver(shop, new)
    page = new.get()
    assert (page["status"], page["payment_status"], page["total"]) == ("completed", "paid", eur(1990))


@pytest.fixture
def card_order(shop: Shop, bank: Any, buy: Callable[..., Any]) -> Any:
    """Two mugs that were paid by card and have arrived; there are bowls that cost more."""
    bowl = {"sku": "BOWL", "price": eur(1990), "stock": {"ams": 3}}
    shop.product("bowl", variants=[bowl])
    order = buy(2)
    bank.pay(order.secret)
    shop.hear(bank)
    for step, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
        shop.staff.post(f"/admin/shipments/{order.parcel()}/{step}", body)
        shop.hear(bank)
    return order


def test_what_costs_more_waits_for_the_card(shop: Shop, bank: Any, card_order: Any) -> None:
    exchanged = exchange(shop, received(shop, card_order), BOWL=1)
    new = opened(card_order, exchanged)
    assert new.get()["status"] == "pending_payment"
    session = new.post("/payments")
    assert session["amount"] == eur(1990 - 1290)
    bank.pay(session["client_secret"])
    shop.hear(bank)
    assert new.get()["status"] == "confirmed"
    parcel = new.get("/shipments")["data"][0]["id"]
    for step, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
        shop.staff.post(f"/admin/shipments/{parcel}/{step}", body)
        shop.hear(bank)
    assert (new.get()["status"], new.get()["payment_status"]) == ("completed", "paid")


def test_an_exchange_that_nobody_pays_for_gives_the_old_money_back(
    shop: Shop, bank: Any, card_order: Any, travel: Callable[..., Any]
) -> None:
    from datetime import timedelta

    new = opened(card_order, exchange(shop, received(shop, card_order), BOWL=1))
    shop.hear(bank)
    travel(timedelta(days=6))
    shop.expire()
    assert new.get()["status"] == "pending_payment"
    travel(timedelta(days=2))
    shop.expire()
    shop.hear(bank)
    assert new.get()["status"] == "expired"
    assert bank.given_back("pi_000001") == 1290
    assert shop.stock("BOWL")["available"] == 3


def test_a_canceled_exchange_gives_the_old_money_back(shop: Shop, bank: Any, card_order: Any) -> None:
    new = opened(card_order, exchange(shop, received(shop, card_order), MUG=1))
    new.post("/cancel")
    shop.hear(bank)
    assert bank.given_back("pi_000001") == 1290
    assert card_order.get()["payment_status"] == "partially_refunded"


def test_an_exchange_is_made_once(shop: Shop, order: Order, weather: Callable[..., Any]) -> None:
    path = received(shop, order)
    stock = shop.stock("MUG")["available"]
    weather("TransactWriteItems", [lambda: exchange(shop, path, key="a-key-of-16-chars", MUG=1)])
    done = exchange(shop, path, key="a-key-of-16-chars", MUG=1)
    assert exchange(shop, path, key="a-key-of-16-chars", MUG=1) == done
    assert refusal(exchange, shop, path, MUG=1)["code"] == "wrong_state"
    assert refusal(shop.staff.post, f"{path}/refund", {})["code"] == "wrong_state"
    assert shop.stock("MUG")["available"] == stock - 1
    assert len(shop.staff.get("/admin/orders")["data"]) == 2


def test_what_there_is_not_is_not_given_for_it(shop: Shop, order: Order) -> None:
    path = received(shop, order)
    before = order.get()
    for lines, status, code in (
        ({"BOWL": 4}, 409, "out_of_stock"),
        ({"CUP": 1}, 422, "invalid_field"),
        ({}, 422, "invalid_field"),
        ({"BOWL": 0}, 422, "invalid_field"),
    ):
        refused = refusal(exchange, shop, path, **lines)
        assert (refused["status"], refused["code"]) == (status, code)
    assert refusal(exchange, shop, path, CUP=1)["pointer"] == "/lines/CUP"
    assert order.get() == before
    assert len(shop.staff.get("/admin/orders")["data"]) == 1


def test_only_what_came_is_exchanged(shop: Shop, order: Order) -> None:
    wanted = {"lines": [{"sku": "MUG", "quantity": 1, "reason": "other"}]}
    path = f"/admin/returns/{order.post('/returns', wanted)['id']}"
    shop.staff.post(f"{path}/approve", {})
    assert refusal(exchange, shop, path, MUG=1)["code"] == "wrong_state"


def test_a_customer_finds_it_among_their_orders(shop: Shop, order: Order) -> None:
    ann = shop.customer()
    mine = delivered_to(shop, ann)
    exchanged = exchange(shop, received(shop, mine), MUG=1)
    assert [item["id"] for item in ann.get("/me/orders")["data"]] == [exchanged["exchange_order_id"], mine.id]


def test_what_was_exchanged_can_come_back_too(shop: Shop, bank: Any, card_order: Any) -> None:
    """The money goes the whole way back, to the card that paid the first order."""
    new = opened(card_order, exchange(shop, received(shop, card_order), MUG=1))
    shop.hear(bank)
    parcel = new.get("/shipments")["data"][0]["id"]
    for step, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
        shop.staff.post(f"/admin/shipments/{parcel}/{step}", body)
        shop.hear(bank)
    shop.staff.post(f"{received(shop, new)}/refund", {})
    shop.hear(bank)
    assert bank.given_back("pi_000001") == 1290
    assert new.get()["payment_status"] == "refunded"


def test_what_was_bought_with_a_discount_is_worth_what_was_paid(shop: Shop, order: Order) -> None:
    off = {"name": "Sale", "effect": {"type": "percent_off", "percent": 10}}
    shop.staff.put("/admin/promotions/sale", off)
    cheaper = delivered(shop, ("MUG", 2))
    path = received(shop, cheaper, 2)
    value = shop.staff.get(path)["value"]
    assert value == eur(2 * 1161)
    page = opened(cheaper, exchange(shop, path, MUG=1)).get()
    assert (page["total"], page["payment_status"]) == (eur(1290), "paid")
    assert shop.staff.get(path)["refunded"] == eur(2 * 1161 - 1290)


def test_what_is_digital_is_there_as_soon_as_credit_pays_for_it(shop: Shop, order: Order) -> None:
    shop.product("ebook", variants=[{"sku": "EBOOK", "price": eur(1290), "digital": True}])
    new = opened(order, exchange(shop, received(shop, order), EBOOK=1))
    shop.deliver()
    assert (new.get()["status"], new.get()["payment_status"]) == ("completed", "paid")
