"""Orders that are called off though they hold more than one transaction lets go."""

from typing import Any

import pytest
from inprocess import Order, Shop, eur
from refusals import refusal

from chalicelib.logistics import calling_off
from chalicelib.logistics import parcels as logistics_parcels
from chalicelib.logistics.tables import of_order

TERMS = {"oversell": "backorder", "oversell_most": 5, "promised_at": "2099-01-01T00:00:00Z"}


def of_many_places(shop: Shop, there: int = 40) -> Order:
    """An order of forty SKUs of which those that are there lie at fifteen places; the others are waited for."""
    for n in range(15):
        shop.staff.put(f"/admin/locations/l{n}", {"name": "A", "country": "NL", "priority": 3 + n})
    variants = [{"sku": f"P{n}", "option_values": [str(n)], "price": eur(100)} for n in range(40)]
    for n in range(there):
        variants[n]["stock"] = {f"l{n % 15}": 5}
    shop.product("many", options=["Number"], variants=variants)
    for n in range(there, 40):
        shop.staff.put(f"/admin/sale-terms/P{n}", TERMS)
    return shop.order(*((f"P{n}", 1) for n in range(40)))


def parcels(order: Order) -> set[str]:
    return {shipment.state for shipment in of_order(order.id)[1]}


def confirmed(shop: Shop) -> Any:
    return next(event for event in shop.events() if event["name"] == "OrderConfirmed")


def test_what_is_off_is_not_planned_however_late_its_confirmation_comes(shop: Shop) -> None:
    order = of_many_places(shop)
    order.post("/cancel")
    shop.tell(confirmed(shop))
    assert parcels(order) == {"canceled"}
    first = of_order(order.id)[1][0].id
    assert refusal(shop.staff.post, f"/admin/shipments/{first}/pack")["code"] == "wrong_state"
    shop.deliver()
    assert parcels(order) == {"canceled"}
    assert {reservation.state for reservation in of_order(order.id)[0]} == {"released"}
    assert shop.stock("P0")["available"] == 5


def test_what_is_off_is_given_nothing_that_comes_in(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty SKUs are waited for, and the rest lies in as many parcels as there may be."""
    monkeypatch.setattr(logistics_parcels, "_MOST", 20)
    shop.product("mug", stock={"ams": 60})
    variants = [{"sku": f"P{n}", "option_values": [str(n)], "price": eur(100)} for n in range(20)]
    shop.product("many", options=["Number"], variants=variants)
    for n in range(20):
        shop.staff.put(f"/admin/sale-terms/P{n}", TERMS)
    order = shop.order(("MUG", 40), *((f"P{n}", 1) for n in range(20)))
    shop.deliver()
    first = order.get("/shipments")["data"][0]["id"]
    for _ in range(19):
        shop.staff.post(f"/admin/shipments/{first}/split", {"lines": {"MUG": 1}})
    assert refusal(shop.staff.post, f"/admin/shipments/{first}/split", {"lines": {"MUG": 1}})["code"] == (
        "too_many_parcels"
    )
    assert order.post("/cancel")["status"] == "canceled"
    assert {reservation.state for reservation in of_order(order.id)[0]} == {"held", "awaited"}
    shop.staff.put("/admin/stock/P3", {"location": "ams", "on_hand": 4})
    shop.allocate()
    assert shop.stock("P3")["available"] == 4
    shop.deliver()
    assert {reservation.state for reservation in of_order(order.id)[0]} == {"released"}
    shop.allocate()
    assert (shop.stock("P3")["available"], shop.stock("MUG")["available"]) == (4, 60)


@pytest.mark.parametrize("planned", [True, False], ids=["planned", "not planned yet"])
def test_what_comes_in_while_it_is_called_off_is_not_sent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, planned: bool
) -> None:
    """The last piece is put into a parcel of its own after the order was read and before it is off."""
    order = of_many_places(shop, there=39)
    if planned:
        shop.deliver()
    shop.staff.put("/admin/stock/P39", {"location": "ams", "on_hand": 4})
    read, looks = calling_off.tables.of_order, []

    def of_order_just_before(order_id: str) -> Any:
        found = read(order_id)
        looks.append(order_id)
        if len(looks) == 1:
            shop.allocate()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(calling_off.tables, "of_order", of_order_just_before)
        assert order.post("/cancel")["status"] == "canceled"
    assert len(looks) > 1
    shop.deliver()
    assert parcels(order) == {"canceled"}
    assert (shop.stock("P39")["available"], shop.stock("P0")["available"]) == (4, 5)
