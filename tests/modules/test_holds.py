"""An order on hold: nothing of it leaves the house, and its customer is not told why."""

from collections.abc import Callable
from typing import Any

import buyers
import pytest
from inprocess import OWNER, Buyer, Order, Shop, eur
from refusals import refusal
from strict_stripe import StripeServer


@pytest.fixture
def order(shop: Shop) -> Order:
    shop.product("mug", stock={"ams": 10})
    return shop.order(("MUG", 2))


def hold(shop: Shop, order: Order, reason: str = "Odd address") -> Any:
    return shop.staff.post(f"/admin/orders/{order.id}/hold", {"reason": reason})


def release(shop: Shop, order: Order) -> Any:
    return shop.staff.post(f"/admin/orders/{order.id}/release")


def step(shop: Shop, order: Order, verb: str) -> Any:
    parcel = order.get("/shipments")["data"][0]["id"]
    body = {"tracking_number": "T"} if verb == "dispatch" else {}
    return shop.staff.post(f"/admin/shipments/{parcel}/{verb}", body)


def test_what_is_on_hold_is_not_packed_until_it_is_released(shop: Shop, order: Order) -> None:
    shop.deliver()
    held = hold(shop, order)
    assert held["hold"] | {"at": ""} == {"reason": "Odd address", "by": OWNER["sub"], "at": ""}
    assert refusal(step, shop, order, "pack") | {"detail": ""} == {
        "status": 409,
        "code": "order_on_hold",
        "detail": "",
    }
    assert release(shop, order)["hold"] is None
    buyers.deliver(shop, order)
    assert order.get()["status"] == "completed"


def test_what_is_packed_already_is_not_dispatched(shop: Shop, order: Order) -> None:
    shop.deliver()
    step(shop, order, "pack")
    hold(shop, order)
    assert refusal(step, shop, order, "dispatch")["code"] == "order_on_hold"
    release(shop, order)
    assert step(shop, order, "dispatch")["id"]


def test_holding_and_releasing_again_changes_nothing(shop: Shop, order: Order) -> None:
    first = hold(shop, order)
    assert hold(shop, order, "another reason") == first
    released = release(shop, order)
    assert release(shop, order) == released
    assert [name for name in shop.names() if name in ("OrderHeld", "OrderReleased")] == ["OrderHeld", "OrderReleased"]


def test_staff_see_who_held_and_why_and_the_customer_sees_neither(shop: Shop, order: Order) -> None:
    hold(shop, order, "Stolen card?")
    release(shop, order)
    timeline = shop.staff.get(f"/admin/orders/{order.id}")["timeline"]
    assert [(e["name"], e["by"], e["facts"]) for e in timeline][2:] == [
        ("held", OWNER["sub"], {"reason": "Stolen card?"}),
        ("released", OWNER["sub"], {}),
    ]
    seen = order.get()
    assert [entry["name"] for entry in seen["timeline"]] == ["placed", "confirmed"]
    assert "Stolen" not in str(seen)
    assert "Stolen" not in str(shop.events())


def test_orders_on_hold_are_found(shop: Shop, order: Order) -> None:
    other = shop.order()
    hold(shop, order)
    found = {flag: [o["id"] for o in shop.staff.get(f"/admin/orders?on_hold={flag}")["data"]] for flag in "10"}
    assert found == {"1": [order.id], "0": [other.id]}


def test_an_order_on_hold_can_be_called_off(shop: Shop, order: Order) -> None:
    hold(shop, order)
    order.post("/cancel")
    assert shop.stock("MUG")["reserved"] == 0
    assert shop.staff.get(f"/admin/orders/{order.id}")["hold"] is None
    assert shop.staff.get("/admin/orders?on_hold=true")["data"] == []


def test_what_is_over_or_on_its_way_is_not_held(shop: Shop, order: Order) -> None:
    shop.deliver()
    step(shop, order, "pack")
    step(shop, order, "dispatch")
    shop.deliver()
    assert refusal(hold, shop, order)["code"] == "already_dispatched"
    step(shop, order, "deliver")
    shop.deliver()
    assert refusal(hold, shop, order)["code"] == "wrong_state"


def test_an_order_that_waits_for_its_payment_can_be_held_and_is_then_still_paid(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    hold(shop, order)
    bank.pay(order.secret)
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"
    assert refusal(step, shop, order, "pack")["code"] == "order_on_hold"


# --- guests who pay at the door ------------------------------------------------------------------------------------


def decide(shop: Shop, **policy: Any) -> None:
    shop.staff.put("/admin/order-policy", policy)


def test_a_guest_pays_at_the_door_only_up_to_the_limit(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 50})
    decide(shop, guest_cod_limit=[eur(5000)])
    refused = refusal(shop.ready_cart(("MUG", 4)).check_out)
    assert (refused["status"], refused["code"]) == (422, "payment_method_unavailable")
    assert refused["pointer"] == "/payment_method"
    assert refused["limit"] == eur(5000)
    assert "50.00 EUR" in refused["detail"]
    assert shop.stock("MUG")["reserved"] == 0
    assert shop.order(("MUG", 3)).get()["status"] == "confirmed"
    ann = shop.cart_of(shop.customer(), ("MUG", 4)).check_out()
    assert ann["order"]["status"] == "confirmed"


def test_a_guests_large_order_at_the_door_waits_until_staff_have_looked_at_it(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 50})
    decide(shop, guest_cod_review_from=[eur(5000)])
    small, large = shop.order(("MUG", 3)), shop.order(("MUG", 4))
    shop.deliver()
    assert large.get()["status"] == "confirmed"
    waiting = shop.staff.get("/admin/orders?on_hold=true")["data"]
    assert [(order["id"], order["hold"]["reason"], order["hold"]["by"]) for order in waiting] == [
        (large.id, "cod_review", None)
    ]
    assert refusal(step, shop, large, "pack")["code"] == "order_on_hold"
    assert step(shop, small, "pack")["id"]
    release(shop, large)
    buyers.deliver(shop, large)
    assert large.get()["status"] == "completed"
    shop.deliver()
    ann = shop.cart_of(shop.customer(), ("MUG", 4)).check_out()
    assert shop.staff.get(f"/admin/orders/{ann['order']['id']}")["hold"] is None
    names = [entry["name"] for entry in shop.staff.get(f"/admin/orders/{large.id}")["timeline"]]
    assert names[:3] == ["placed", "confirmed", "held"]
