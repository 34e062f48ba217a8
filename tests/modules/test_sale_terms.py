"""From when to when a SKU is sold, and how many to each customer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Cart, Shop, eur
from refusals import refusal

from chalicelib.core import clock

Json = dict[str, Any]
Travel = Callable[[timedelta], None]
HOUR = timedelta(hours=1)
NEXT_YEAR = "2031-01-01T00:00:00.000Z"


def sell(shop: Shop, **terms: Any) -> Json:
    return shop.staff.put("/admin/sale-terms/MUG", terms)


def at(delta: timedelta) -> str:
    return clock.stamp(clock.now() + delta)


def line(cart: Cart) -> Json:
    (only,) = cart.get()["lines"]
    return dict(only)


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
