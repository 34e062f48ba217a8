"""A bundle shares the stock of its components; what is digital is neither counted nor sent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import ADDRESS, Buyer, Shop, eur
from refusals import refusal
from strict_stripe import StripeServer

from chalicelib.core import clock
from chalicelib.orders import tables


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """Ten mugs, four bowls, an e-book, and a set of one mug, two bowls and the e-book."""
    shop.product("mug")
    shop.product("bowl", stock={"ams": 4})
    shop.product("ebook", variants=[{"sku": "EBOOK", "price": eur(500), "digital": True}])
    components = {"MUG": 1, "BOWL": 2, "EBOOK": 1}
    shop.product("set", variants=[{"sku": "SET", "price": eur(3000), "components": components}])
    return shop


def lines(cart: Any) -> list[tuple[str, str]]:
    return [(line["sku"], line["status"]) for line in cart.get()["lines"]]


def test_a_bundle_is_there_as_long_as_all_of_its_components_are(stocked: Shop) -> None:
    assert lines(stocked.cart(("SET", 2))) == [("SET", "ok")]
    assert lines(stocked.cart(("SET", 3))) == [("SET", "not_enough")]
    stocked.staff.put("/admin/stock/MUG", {"location": "ams", "on_hand": 1})
    assert lines(stocked.cart(("SET", 2))) == [("SET", "not_enough")]


def test_a_bundle_and_its_component_do_not_count_the_same_piece_twice(stocked: Shop) -> None:
    cart = stocked.ready_cart(("SET", 1), ("BOWL", 3))
    assert lines(cart) == [("SET", "ok"), ("BOWL", "not_enough")]
    refused = refusal(cart.check_out)
    assert (refused["code"], refused["sku"], refused["available"]) == ("out_of_stock", "BOWL", 4)
    assert stocked.stock("BOWL")["available"] == 4


def test_components_are_reserved_sent_and_counted(stocked: Shop) -> None:
    order = stocked.order(("SET", 2), ("MUG", 1))
    stocked.deliver()
    assert [stocked.stock(sku)["available"] for sku in ("MUG", "BOWL")] == [7, 0]
    page = order.get()
    assert (page["quantity"], page["lines"][0]["parts"]) == (3, {"MUG": 1, "BOWL": 2})
    (parcel,) = page["shipments"]
    assert parcel["quantity"] == 7
    for verb, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
        stocked.staff.post(f"/admin/shipments/{parcel['id']}/{verb}", body)
        stocked.deliver()
    assert (order.get()["status"], order.get()["fulfillment_status"]) == ("completed", "delivered")
    assert [stocked.stock(sku)["on_hand"] for sku in ("MUG", "BOWL")] == [7, 0]


def test_a_canceled_bundle_gives_its_components_back(stocked: Shop) -> None:
    order = stocked.order(("SET", 2))
    order.post("/cancel")
    assert [stocked.stock(sku)["available"] for sku in ("MUG", "BOWL")] == [10, 4]


def test_the_last_component_is_sold_once(stocked: Shop, weather: Callable[..., Any]) -> None:
    first, second = stocked.ready_cart(("SET", 2)), stocked.ready_cart(("BOWL", 1))
    wish = second.wish()
    weather("TransactWriteItems", [first.check_out])
    assert refusal(second.post, "/checkout", wish)["code"] == "out_of_stock"
    assert stocked.stock("BOWL")["available"] == 0


def test_a_bundle_of_what_is_gone_is_not_sold(stocked: Shop) -> None:
    bowl = stocked.staff.get("/admin/products")["data"][-2]
    other = {"handle": "bowl", "title": "Bowl", "status": "published", "variants": [{"sku": "BOWL-2", "price": eur(1)}]}
    cart = stocked.cart(("SET", 1))
    stocked.staff.put(f"/admin/products/{bowl['id']}", other)
    stocked.staff.put("/admin/stock/BOWL", {"location": "ams", "on_hand": 0})
    assert lines(cart) == [("SET", "not_enough")]


def test_a_bundle_whose_part_became_a_bundle_is_not_sold(stocked: Shop) -> None:
    inner = stocked.product("inner")
    stocked.product("outer", variants=[{"sku": "OUTER", "price": eur(3000), "components": {"INNER": 1}}])
    cart = stocked.ready_cart(("OUTER", 1))
    variant = {"sku": "INNER", "price": eur(1000), "components": {"MUG": 1}}
    nested = {"handle": "inner", "title": "Inner", "status": "published", "variants": [variant]}
    stocked.staff.put(f"/admin/products/{inner['id']}", nested)
    assert lines(cart) == [("OUTER", "not_sold")]
    assert refusal(cart.check_out)["status"] == 409
    assert stocked.stock("INNER")["available"] == 10


def test_a_cart_with_a_known_bundle_is_read_as_cheaply_as_any(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.client

    stocked.product("pair", variants=[{"sku": "PAIR", "price": eur(3000), "components": {"MUG": 1, "BOWL": 1}}])
    cart = stocked.cart(("PAIR", 1), ("EBOOK", 1))
    calls: list[str] = []
    real = botocore.client.BaseClient._make_api_call

    def call(client: Any, operation: str, request: Any) -> Any:
        calls.append(operation)
        return real(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    cart.get()
    assert calls == ["GetItem", "BatchGetItem"]


def digital_order(shop: Shop, *more: tuple[str, int]) -> Buyer:
    cart = shop.cart(("EBOOK", 2), *more)
    seen = cart.get()
    assert (seen["needs_shipping"], seen["totals"]["shipping"]) == (False, eur(0))
    placed = cart.check_out(payment_method="card")
    order = shop.order_of(placed)
    return Buyer(order.api, order.path, placed)


def test_a_digital_order_needs_no_address_and_is_completed_by_its_money(stocked: Shop, bank: StripeServer) -> None:
    order = digital_order(stocked)
    page = order.get()
    assert (page["shipping_address"], page["shipping_option"], page["status"]) == (None, None, "pending_payment")
    assert page["fulfillment_status"] == "unfulfilled"
    bank.pay(order.secret)
    stocked.hear(bank)
    page = order.get()
    assert (page["status"], page["payment_status"], page["fulfillment_status"]) == ("completed", "paid", "delivered")
    assert page["shipments"] == []
    assert order.names() == [
        "placed",
        "payment_authorized",
        "confirmed",
        "nothing_to_send",
        "payment_captured",
        "completed",
    ]
    stocked.staff.post(f"/admin/orders/{order.id}/refunds", {})
    stocked.hear(bank)
    assert order.get()["payment_status"] == "refunded"


def test_a_digital_order_whose_promise_lapsed_is_completed_by_the_next_payment_and_waits_for_nothing(
    stocked: Shop, bank: StripeServer
) -> None:
    order = digital_order(stocked)
    bank.pay(order.secret)
    stocked.hear_only(bank)
    bank.lapse("pi_000001")
    stocked.hear(bank)
    assert (order.get()["status"], order.get()["payment_status"]) == ("confirmed", "unpaid")
    in_two_days = clock.now() + timedelta(hours=49)
    assert list(tables.waiting(in_two_days, 50)) == [order.id]
    again = order.post("/payments")
    bank.pay(again["client_secret"])
    stocked.hear_only(bank)
    stocked.deliver(lambda events: events[::-1])  # that the money is there is heard of before that it was promised
    assert order.get()["status"] == "completed"
    assert list(tables.waiting(in_two_days, 50)) == []


def test_a_digital_order_can_not_be_paid_at_the_door(stocked: Shop) -> None:
    refused = refusal(stocked.cart(("EBOOK", 1)).check_out)
    assert (refused["code"], refused["pointer"]) == ("payment_method_unavailable", "/payment_method")


def test_what_costs_nothing_and_is_not_sent_is_completed_at_once(stocked: Shop, bank: StripeServer) -> None:
    stocked.product("gift", variants=[{"sku": "GIFT", "price": eur(0), "digital": True}])
    order = stocked.order_of(stocked.cart(("GIFT", 1)).check_out(payment_method="card"))
    stocked.hear(bank)
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")
    assert order.names() == ["placed", "confirmed", "completed"]


def test_of_a_mixed_order_only_the_goods_are_sent(stocked: Shop) -> None:
    cart = stocked.cart(("EBOOK", 1), ("MUG", 1))
    assert refusal(cart.check_out)["code"] == "shipping_address_required"
    cart.put("/shipping-address", ADDRESS)
    cart.put("/shipping-option", {"id": "standard"})
    order = stocked.order_of(cart.check_out())
    stocked.deliver()
    assert [shipment["quantity"] for shipment in order.get()["shipments"]] == [1]
