"""What is sold before it is there: promised, waited for, and given to who waited longest."""

from typing import Any

import pytest
from inprocess import Cart, Order, Shop
from refusals import refusal

from chalicelib.core import dynamo
from chalicelib.logistics import tables
from chalicelib.logistics.tables import Backlog, of_order

Json = dict[str, Any]
NEXT_YEAR = "2031-01-01T00:00:00.000Z"


def preorder(shop: Shop, most: int = 5) -> None:
    terms = {"oversell": "preorder", "oversell_most": most, "promised_at": NEXT_YEAR}
    shop.staff.put("/admin/sale-terms/MUG", terms)


def line(cart: Cart) -> Json:
    (only,) = cart.get()["lines"]
    return dict(only)


def reserved(order: Order) -> dict[str, int]:
    found: dict[str, int] = {}
    for r in of_order(order.id)[0]:
        found[r.state] = found.get(r.state, 0) + int(r.quantity)
    return found


def backlog() -> int:
    return sum(int(item.pieces) for item in dynamo.collection(Backlog, "BACKLOGS"))


def count(shop: Shop, pieces: int, location: str = "ams") -> None:
    shop.staff.put("/admin/stock/MUG", {"location": location, "on_hand": pieces})


def test_what_is_not_there_yet_is_promised_and_the_level_does_not_move(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 2})
    preorder(shop)
    few, more = shop.ready_cart(("MUG", 2)), shop.ready_cart(("MUG", 5))
    assert (line(few)["status"], line(few)["promised_at"]) == ("ok", None)
    assert (line(more)["status"], line(more)["promised_at"]) == ("ok", NEXT_YEAR)
    order = shop.order_of(more.check_out())
    page = order.get()
    assert (page["promised_at"], page["lines"][0]["promised_at"]) == (NEXT_YEAR, NEXT_YEAR)
    assert reserved(order) == {"held": 2, "awaited": 3}
    assert shop.stock("MUG") | {"levels": 0} == {"sku": "MUG", "on_hand": 2, "available": 0, "reserved": 2, "levels": 0}
    assert backlog() == 3


def test_no_more_are_promised_than_staff_said(shop: Shop, weather: Any) -> None:
    shop.product("mug", stock={})
    preorder(shop, most=3)
    shop.order(("MUG", 2))
    cart = shop.ready_cart(("MUG", 2))
    assert line(cart)["status"] == "not_enough"
    refused = refusal(cart.check_out)
    assert (refused["code"], refused["available"]) == ("out_of_stock", 1)
    slow, fast = shop.ready_cart(("MUG", 1)), shop.ready_cart(("MUG", 1))
    wish = slow.wish()
    weather("TransactWriteItems", [fast.check_out])
    assert refusal(slow.post, "/checkout", wish)["code"] == "out_of_stock"
    assert backlog() == 3


def test_what_comes_in_goes_to_the_oldest_order_first_and_into_a_parcel(shop: Shop) -> None:
    shop.product("mug", stock={})
    preorder(shop, most=9)
    first, second = shop.order(("MUG", 2)), shop.order(("MUG", 2))
    shop.deliver()
    assert first.get("/shipments")["data"] == []
    count(shop, 3)
    assert shop.allocate() == {"outcome": "done", "pieces": 3, "orders": 2}
    shop.deliver()
    assert (reserved(first), reserved(second)) == ({"held": 2}, {"held": 1, "awaited": 1})
    assert [s["quantity"] for s in first.get("/shipments")["data"]] == [2]
    assert (shop.stock("MUG")["available"], shop.stock("MUG")["reserved"], backlog()) == (0, 3, 1)
    assert shop.allocate() == {"outcome": "done"}
    count(shop, 9, "sha")
    shop.allocate()
    shop.deliver()
    assert reserved(second) == {"held": 2}
    assert (backlog(), [s["location"] for s in second.get("/shipments")["data"]]) == (0, ["ams", "sha"])
    assert list(tables.awaiting("MUG")) == []


def test_an_order_with_everything_in_the_end_is_completed(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 1})
    preorder(shop)
    order = shop.order(("MUG", 3))
    shop.deliver()
    count(shop, 3)
    shop.allocate()
    for parcel in order.get("/shipments")["data"] or []:
        assert parcel["quantity"] in (1, 3)
    shop.deliver()
    for parcel in order.get("/shipments")["data"]:
        path = f"/admin/shipments/{parcel['id']}"
        shop.staff.post(f"{path}/pack")
        shop.staff.post(f"{path}/dispatch", {"tracking_number": "T"})
        shop.staff.post(f"{path}/deliver")
    shop.deliver()
    assert order.get()["status"] == "completed"
    assert shop.stock("MUG")["on_hand"] == 0


def test_whoever_comes_later_does_not_get_what_others_wait_for(shop: Shop) -> None:
    """Also in the minute between the count and the allocation."""
    shop.product("mug", stock={})
    preorder(shop, most=9)
    waiting = shop.order(("MUG", 2))
    count(shop, 3)
    late = shop.order(("MUG", 2))
    assert reserved(late) == {"held": 1, "awaited": 1}
    shop.allocate()
    assert (reserved(waiting), reserved(late)) == ({"held": 2}, {"held": 1, "awaited": 1})


@pytest.mark.parametrize("unpaid", [True, False])
def test_what_came_in_before_an_order_was_planned_is_planned_with_it(shop: Shop, unpaid: bool) -> None:
    shop.product("mug", stock={"ams": 1})
    preorder(shop)
    order = shop.order(("MUG", 3))
    if not unpaid:
        shop.deliver()
    count(shop, 9)
    shop.allocate()
    shop.deliver()
    assert sum(s["quantity"] for s in order.get("/shipments")["data"]) == 3
    assert reserved(order) == {"held": 3}


def test_an_order_that_is_called_off_waits_no_more(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 1})
    preorder(shop, most=3)
    order = shop.order(("MUG", 4))
    shop.deliver()
    order.post("/cancel")
    assert (reserved(order), backlog(), shop.stock("MUG")["available"]) == ({"released": 4}, 0, 1)
    assert list(tables.awaiting("MUG")) == []
    shop.order(("MUG", 4))


def test_pieces_that_are_taken_out_of_an_order_are_those_that_are_not_there(shop: Shop) -> None:
    from chalicelib.logistics.service import shorten

    shop.product("mug", stock={"ams": 1})
    preorder(shop)
    order = shop.order(("MUG", 4))
    shop.deliver()
    dynamo.transaction(shorten(order.id, {"MUG": 2}, AssertionError()))
    assert (reserved(order), backlog()) == ({"held": 1, "awaited": 1}, 1)
    dynamo.transaction(shorten(order.id, {"MUG": 1}, AssertionError()))
    assert (reserved(order), backlog(), list(tables.awaiting("MUG"))) == ({"held": 1}, 0, [])


def test_canceling_and_allocating_at_once(shop: Shop, weather: Any) -> None:
    shop.product("mug", stock={})
    preorder(shop)
    order = shop.order(("MUG", 2))
    shop.deliver()
    count(shop, 2)
    weather("TransactWriteItems", [shop.allocate])
    order.post("/cancel")
    assert (reserved(order), backlog(), shop.stock("MUG")["available"]) == ({"released": 2}, 0, 2)


def test_confirming_and_allocating_at_once(shop: Shop, weather: Any) -> None:
    shop.product("mug", stock={})
    preorder(shop)
    order = shop.order(("MUG", 2))
    count(shop, 2)
    weather("TransactWriteItems", [shop.allocate])
    shop.deliver()
    assert (reserved(order), len(order.get("/shipments")["data"])) == ({"held": 2}, 1)


def test_a_run_that_had_no_time_goes_on_where_it_stopped(shop: Shop) -> None:
    from chalicelib.core import jobs
    from chalicelib.logistics import allocating

    orders = []
    for sku in ("BOWL", "MUG"):
        shop.product(sku.lower(), stock={})
        terms = {"oversell": "backorder", "oversell_most": 5, "promised_at": NEXT_YEAR}
        shop.staff.put(f"/admin/sale-terms/{sku}", terms)
        orders.append(shop.order((sku, 1)))
        shop.staff.put(f"/admin/stock/{sku}", {"location": "ams", "on_hand": 1})
    time = iter([False, True])
    ended = jobs.run("logistics_allocate", lambda run: allocating.allocate_all(run, lambda: next(time)), 300)
    assert ended["outcome"] == "paused"
    assert [reserved(order) for order in orders] == [{"held": 1}, {"awaited": 1}]
    assert shop.allocate()["orders"] == 1
    assert [reserved(order) for order in orders] == [{"held": 1}, {"held": 1}]
