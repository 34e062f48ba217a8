"""From when to when a SKU is sold, how many to each customer, and before it is there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Cart, Order, Shop, eur
from refusals import refusal

from chalicelib.core import clock, dynamo
from chalicelib.logistics import tables
from chalicelib.logistics.tables import Backlog, of_order

Json = dict[str, Any]
Travel = Callable[[timedelta], None]
HOUR = timedelta(hours=1)
NEXT_YEAR = "2031-01-01T00:00:00.000Z"


def sell(shop: Shop, **terms: Any) -> Json:
    return shop.staff.put("/admin/sale-terms/MUG", terms)


def preorder(shop: Shop, most: int = 5) -> None:
    sell(shop, oversell="preorder", oversell_most=most, promised_at=NEXT_YEAR)


def at(delta: timedelta) -> str:
    return clock.stamp(clock.now() + delta)


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


# --- when ---------------------------------------------------------------------------------------------------------


def test_before_it_starts_everything_can_be_prepared_and_nothing_bought(shop: Shop, travel: Travel) -> None:
    shop.product()
    sell(shop, starts_at=at(HOUR))
    cart = shop.ready_cart(("MUG", 1))
    assert (line(cart)["status"], cart.get()["totals"]["items"]["amount"]) == ("not_yet", 1290)
    wish = cart.wish()
    refused = refusal(cart.post, "/checkout", wish)
    assert (refused["status"], refused["code"], refused["sku"]) == (409, "not_on_sale", "MUG")
    assert refused["starts_at"] > at(timedelta())
    travel(HOUR)
    assert line(cart)["status"] == "ok"
    assert cart.post("/checkout", wish)["order"]["status"] == "confirmed"


def test_after_it_ended_nothing_is_sold(shop: Shop, travel: Travel) -> None:
    shop.product()
    sell(shop, ends_at=at(HOUR))
    cart, late = shop.ready_cart(("MUG", 1)), shop.ready_cart(("MUG", 1))
    cart.check_out()
    travel(HOUR)
    assert line(late)["status"] == "over"
    assert refusal(late.check_out)["code"] == "not_on_sale"


# --- how many to each ---------------------------------------------------------------------------------------------


def test_nobody_gets_more_than_their_share_however_many_orders_they_place(shop: Shop) -> None:
    shop.product()
    sell(shop, most_per_customer=2)
    shop.ready_cart(("MUG", 2)).check_out(email="Lin+sale@jishi.example")
    for email in ("lin@jishi.example", " LIN@jishi.example".strip(), "lin+again@Jishi.example"):
        refused = refusal(shop.ready_cart(("MUG", 1)).check_out, email=email)
        assert (refused["status"], refused["code"], refused["most"]) == (409, "most_per_customer", 2)
    shop.ready_cart(("MUG", 1)).check_out(email="ann@jishi.example")
    assert shop.stock("MUG")["available"] == 7


def test_one_order_of_too_many_is_refused(shop: Shop) -> None:
    shop.product()
    sell(shop, most_per_customer=2)
    assert refusal(shop.ready_cart(("MUG", 3)).check_out)["code"] == "most_per_customer"


def test_a_customer_is_one_by_account_and_by_address(shop: Shop) -> None:
    shop.product()
    sell(shop, most_per_customer=2)
    ann = shop.customer("ann")
    shop.cart_of(ann, ("MUG", 2)).check_out(email="elsewhere@jishi.example")
    assert refusal(shop.ready_cart(("MUG", 1)).check_out, email="elsewhere@jishi.example")["status"] == 409
    assert refusal(shop.cart_of(ann, ("MUG", 1)).check_out, email="third@jishi.example")["status"] == 409


def test_two_checkouts_at_once_are_counted_together(shop: Shop, weather: Any) -> None:
    shop.product()
    sell(shop, most_per_customer=2)
    slow, fast = shop.ready_cart(("MUG", 2)), shop.ready_cart(("MUG", 1))
    wish = slow.wish()
    weather("TransactWriteItems", [fast.check_out])
    assert refusal(slow.post, "/checkout", wish)["code"] == "most_per_customer"
    assert shop.stock("MUG")["reserved"] == 1


@pytest.mark.parametrize("lifted", [True, False])
def test_what_is_canceled_can_be_bought_again_once(shop: Shop, lifted: bool) -> None:
    shop.product()
    sell(shop, most_per_customer=2)
    order = shop.order(("MUG", 2))
    if lifted:
        shop.staff.call("DELETE", "/admin/sale-terms/MUG")
    for _ in range(2):
        order.post("/cancel")
    sell(shop, most_per_customer=2)
    shop.order(("MUG", 2))
    assert refusal(shop.order, ("MUG", 1))["code"] == "most_per_customer"


def test_pieces_that_are_taken_out_of_an_order_can_be_bought_again(shop: Shop) -> None:
    shop.product()
    sell(shop, most_per_customer=2)
    order = shop.order(("MUG", 2))
    cancel = f"/admin/orders/{order.id}/cancel-lines"
    shop.staff.post(cancel, {"lines": {"MUG": 1}, "reason": "One is enough."})
    shop.order(("MUG", 1))
    assert refusal(shop.order, ("MUG", 1))["code"] == "most_per_customer"
    order.post("/cancel")
    shop.order(("MUG", 1))


@pytest.fixture
def sets(shop: Shop) -> Shop:
    """Of mugs each customer gets four; two of them are in a set, with a bowl."""
    shop.product("mug", stock={"ams": 50})
    shop.product("bowl", stock={"ams": 50})
    shop.product("set", variants=[{"sku": "SET", "price": eur(2000), "components": {"MUG": 2, "BOWL": 1}}])
    sell(shop, most_per_customer=4)
    return shop


def test_a_set_is_no_way_round_the_limit_of_what_is_in_it(sets: Shop) -> None:
    refused = refusal(sets.order, ("SET", 3))
    assert (refused["code"], refused["sku"], refused["most"]) == ("most_per_customer", "MUG", 4)
    assert refusal(sets.order, ("SET", 1), ("MUG", 3))["sku"] == "MUG"
    sets.order(("SET", 1), ("MUG", 1))
    assert refusal(sets.order, ("SET", 1))["sku"] == "MUG"
    sets.order(("MUG", 1), ("BOWL", 9))
    assert refusal(sets.order, ("MUG", 1))["sku"] == "MUG"


def test_a_set_that_is_taken_out_gives_back_what_is_in_it(sets: Shop) -> None:
    order = sets.order(("SET", 1), ("MUG", 2))
    sets.staff.post(f"/admin/orders/{order.id}/cancel-lines", {"lines": {"SET": 1}, "reason": "No set."})
    assert refusal(sets.order, ("MUG", 3))["code"] == "most_per_customer"
    other = sets.order(("SET", 1))
    assert refusal(sets.order, ("MUG", 1))["code"] == "most_per_customer"
    for each in (order, other):
        each.post("/cancel")
    sets.order(("SET", 2))


def test_staff_who_put_the_pieces_in_the_place_of_a_set_give_none_back(sets: Shop) -> None:
    order = sets.order(("SET", 1), ("BOWL", 1))
    change = {"set": {"SET": 0}, "add": {"MUG": 2}, "reason": "No set."}
    sets.staff.post(f"/admin/orders/{order.id}/edit", change)
    assert refusal(sets.order, ("MUG", 3))["code"] == "most_per_customer"
    sets.order(("MUG", 2))


def test_a_set_has_a_limit_of_its_own_beside_that_of_its_pieces(sets: Shop) -> None:
    sets.staff.put("/admin/sale-terms/SET", {"most_per_customer": 1})
    refused = refusal(sets.order, ("SET", 2))
    assert (refused["sku"], refused["most"]) == ("SET", 1)
    sets.order(("SET", 1), ("MUG", 2))
    assert refusal(sets.order, ("SET", 1))["code"] == "most_per_customer"


def test_an_order_that_expires_gives_its_share_back(shop: Shop, buy: Any, travel: Travel) -> None:
    sell(shop, most_per_customer=1)
    order = buy(1)
    travel(timedelta(hours=25))
    shop.expire()
    assert order.get()["status"] == "expired"
    assert shop.order(("MUG", 1)).get()["status"] == "confirmed"


# --- before it is there -------------------------------------------------------------------------------------------


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


# --- staff --------------------------------------------------------------------------------------------------------


def test_staff_see_change_and_take_back_terms(shop: Shop) -> None:
    terms = sell(shop, most_per_customer=2)
    assert shop.staff.get("/admin/sale-terms/MUG") == terms
    assert shop.staff.get("/admin/sale-terms")["data"] == [{"sku": "MUG", "terms": terms}]
    assert shop.staff.call("DELETE", "/admin/sale-terms/MUG")["data"] == []
    assert refusal(shop.staff.get, "/admin/sale-terms/MUG")["status"] == 404
    assert refusal(shop.staff.call, "DELETE", "/admin/sale-terms/MUG")["status"] == 404


@pytest.mark.parametrize(
    ("pointer", "terms"),
    [
        ("/ends_at", {"starts_at": NEXT_YEAR, "ends_at": NEXT_YEAR}),
        ("/starts_at", {"starts_at": "2031-01-01T00:00:00"}),
        ("/most_per_customer", {"most_per_customer": 0}),
        ("/oversell", {"oversell": "always"}),
        ("/oversell_most", {"oversell": "backorder", "promised_at": NEXT_YEAR}),
        ("/promised_at", {"oversell": "backorder", "oversell_most": 5}),
    ],
)
def test_terms_that_make_no_sense_are_refused_with_the_field_named(shop: Shop, pointer: str, terms: Json) -> None:
    assert refusal(shop.staff.put, "/admin/sale-terms/MUG", terms)["pointer"] == pointer


def test_what_staff_add_and_take_out_again_gives_no_pieces_back(shop: Shop) -> None:
    sell(shop, most_per_customer=2)
    shop.product("mug", stock={"ams": 50})
    shop.product("set", variants=[{"sku": "SET", "price": eur(2990), "components": {"MUG": 2}}])
    order = shop.order(("MUG", 2))
    shop.deliver()
    for change in ({"add": {"SET": 1}}, {"set": {"SET": 0}}):
        shop.staff.post(f"/admin/orders/{order.id}/edit", change)
    assert refusal(shop.ready_cart(("MUG", 2)).check_out)["code"] == "most_per_customer"


def test_a_set_is_not_sold_before_its_pieces_are(shop: Shop) -> None:
    sell(shop, starts_at=at(HOUR))
    shop.product("mug", stock={"ams": 50})
    shop.product("set", variants=[{"sku": "SET", "price": eur(2990), "components": {"MUG": 2}}])
    refused = refusal(shop.ready_cart(("SET", 1)).check_out)
    assert (refused["code"], refused["sku"]) == ("not_on_sale", "MUG")
