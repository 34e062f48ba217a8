import json
import random

import pytest
from inprocess import Order, Shop, consumers_of
from refusals import refusal

FULL_TIMELINE = [
    "placed",
    "confirmed",
    "shipment_planned",
    "shipment_packed",
    "shipment_dispatched",
    "shipment_delivered",
    "completed",
    "payment_captured",
]


def parcels(order: Order) -> list[str]:
    return [shipment["id"] for shipment in order.get("/shipments")["data"]]


def send(shop: Shop, parcel: str, tracking: str = "TRACK1") -> None:
    shop.staff.post(f"/admin/shipments/{parcel}/pack")
    shop.staff.post(f"/admin/shipments/{parcel}/dispatch", {"tracking_number": tracking, "carrier": "postnl"})
    shop.staff.post(f"/admin/shipments/{parcel}/deliver")


def test_from_checkout_to_the_doorstep(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 2))
    shop.deliver()
    send(shop, parcels(order)[0])
    shop.deliver()
    page = order.get()
    assert [entry["name"] for entry in page["timeline"]] == FULL_TIMELINE
    assert (page["status"], page["payment_status"], page["fulfillment_status"]) == ("completed", "paid", "delivered")
    assert page["shipments"][0]["tracking_number"] == "TRACK1"
    assert shop.stock("MUG")["levels"] == [{"location": "ams", "on_hand": 3, "available": 3, "reserved": 0}]


def test_only_those_are_woken_for_whom_there_is_something_to_do(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 1))
    shop.deliver()
    send(shop, parcels(order)[0])
    shop.deliver()
    woken = {event["name"]: {consumer.func.__name__ for consumer in consumers_of(event)} for event in shop.events()}
    assert woken["ShipmentPacked"] == {"orders_events"}  # nothing is captured where the driver is paid
    assert woken["OrderCompleted"] == {"payments_events"}  # the invoice came with the parcel


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_arrival_does_not_matter(shop: Shop, seed: int) -> None:
    """All events of a delivery wait in a heap, are drawn at random, and each comes twice."""
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 2))
    shop.deliver()
    send(shop, parcels(order)[0])
    draw = random.Random(seed)
    shop.deliver(lambda heap: draw.sample(heap * 2, len(heap) * 2))
    page = order.get()
    assert [entry["name"] for entry in page["timeline"]] == FULL_TIMELINE
    assert (page["status"], page["payment_status"]) == ("completed", "paid")
    assert shop.names().count("OrderCompleted") == 1
    assert shop.names().count("PaymentCaptured") == 1
    assert page["shipments"][0]["status"] == "delivered"


def test_an_event_about_an_order_nobody_knows_goes_back_to_the_queue(shop: Shop) -> None:
    from chalicelib.core import events
    from chalicelib.logistics.events import ShipmentPlanned
    from chalicelib.orders.consumers import orders_events

    stray = ShipmentPlanned(
        aggregate_id="shp_x-1", aggregate_version=1, order_id="ord_x", location="ams", quantity=1, lines={"MUG": 1}
    )
    message = {"detail-type": "ShipmentPlanned", "detail": json.loads(events.encode(stray))}
    assert len(shop.consume(orders_events, message)) == 1


def test_an_order_from_two_locations_is_two_parcels_and_completes_with_the_second(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 2, "sha": 2})
    order = shop.order(("MUG", 3))
    shop.deliver()
    first, second = parcels(order)
    send(shop, first)
    shop.deliver()
    assert (order.get()["status"], order.get()["fulfillment_status"]) == ("confirmed", "partially_dispatched")
    send(shop, second, "TRACK2")
    shop.deliver()
    assert order.get()["status"] == "completed"
    assert shop.stock("MUG") | {"levels": 0} == {"sku": "MUG", "on_hand": 1, "available": 1, "reserved": 0, "levels": 0}


def test_doing_a_step_twice_changes_nothing(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 2))
    shop.deliver()
    send(shop, parcels(order)[0])
    told = len(shop.events())
    refused = refusal(send, shop, parcels(order)[0])
    assert (refused["status"], refused["code"]) == (409, "wrong_state")
    assert shop.staff.post(f"/admin/shipments/{parcels(order)[0]}/deliver")["state"] == "delivered"
    assert len(shop.events()) == told
    assert shop.stock("MUG")["on_hand"] == 3


def test_a_parcel_is_not_sent_before_it_is_packed(shop: Shop) -> None:
    shop.product()
    order = shop.order()
    shop.deliver()
    path = f"/admin/shipments/{parcels(order)[0]}/dispatch"
    assert refusal(shop.staff.post, path, {"tracking_number": "T"})["code"] == "wrong_state"
    assert refusal(shop.staff.post, path, {})["pointer"] == "/tracking_number"


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_cancel_gives_the_stock_back_once(shop: Shop, planned: bool, packed: bool) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 2))
    if planned or packed:
        shop.deliver()
    if packed:
        shop.staff.post(f"/admin/shipments/{parcels(order)[0]}/pack")
    for _ in range(2):
        assert order.post("/cancel", {"reason": "too late"})["status"] == "canceled"
    shop.deliver()
    assert shop.stock("MUG")["levels"] == [{"location": "ams", "on_hand": 5, "available": 5, "reserved": 0}]
    assert shop.names().count("OrderCanceled") == 1
    assert order.names()[-1] == "canceled" or not planned
    assert order.api.get(f"/payments/{order.placed['payment']['id']}")["status"] == "canceled"


def test_a_canceled_order_is_never_planned(shop: Shop) -> None:
    shop.product()
    order = shop.order()
    order.post("/cancel")
    shop.deliver()
    assert "ShipmentPlanned" not in shop.names()


def test_what_is_on_its_way_can_not_be_canceled(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 2, "sha": 2})
    order = shop.order(("MUG", 3))
    shop.deliver()
    parcel = parcels(order)[0]
    shop.staff.post(f"/admin/shipments/{parcel}/pack")
    shop.staff.post(f"/admin/shipments/{parcel}/dispatch", {"tracking_number": "T"})
    assert refusal(order.post, "/cancel")["code"] == "already_dispatched"
    assert shop.stock("MUG")["reserved"] == 1


def test_nothing_is_sent_for_a_canceled_payment(shop: Shop) -> None:
    from chalicelib.orders.events import OrderCanceled
    from chalicelib.payments import settlement

    shop.product()
    order = shop.order()
    shop.deliver()
    parcel = parcels(order)[0]
    shop.staff.post(f"/admin/shipments/{parcel}/pack")
    header = order.get()
    settlement.call_off(
        OrderCanceled(
            aggregate_id=order.id, aggregate_version=9, total=header["total"], payment_method="cash_on_delivery"
        )
    )
    path = f"/admin/shipments/{parcel}/dispatch"
    assert refusal(shop.staff.post, path, {"tracking_number": "T"})["code"] == "payment_not_secured"


def test_staff_see_orders_newest_first_page_by_page(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 50})
    made = [shop.order().id for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = shop.staff.get(f"/admin/orders?limit=2{cursor}")
        seen += [order["id"] for order in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == made[::-1]


def test_a_count_keeps_what_is_reserved(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 5})
    shop.order(("MUG", 2))
    assert shop.staff.put("/admin/stock/MUG", {"location": "ams", "on_hand": 9})["available"] == 7
    refused = refusal(shop.staff.put, "/admin/stock/MUG", {"location": "ams", "on_hand": 1})
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "reserved", "/on_hand")
    assert refusal(shop.staff.put, "/admin/stock/MUG", {"location": "mars", "on_hand": 1})["status"] == 404
