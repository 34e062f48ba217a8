"""Orders of a set and of what it is made of, which change after they were placed: a mug is a mug."""

import pytest
from inprocess import Order, Shop, eur
from refusals import refusal


def parcel(order: Order) -> str:
    return str(order.get("/shipments")["data"][0]["id"])


def a_set_on_its_way(shop: Shop, parts: dict[str, int]) -> Order:
    """A set has left the house, and staff add what it is made of as lines of the same order."""
    shop.product("mug")
    shop.product("bowl")
    shop.product("set", variants=[{"sku": "SET", "price": eur(2990), "components": parts}])
    order = shop.order(("SET", 1))
    shop.deliver()
    shop.staff.post(f"/admin/shipments/{parcel(order)}/pack")
    shop.staff.post(f"/admin/shipments/{parcel(order)}/dispatch", {"tracking_number": "JISHI1NL"})
    shop.deliver()
    shop.staff.post(f"/admin/orders/{order.id}/edit", {"add": parts})
    return order


@pytest.mark.parametrize("taken_out", [{"SET": 1}, {"MUG": 1, "BOWL": 2}])
def test_pieces_that_have_left_stand_for_whichever_line_stays(shop: Shop, taken_out: dict[str, int]) -> None:
    order = a_set_on_its_way(shop, {"MUG": 1, "BOWL": 2})
    mugs, bowls = shop.stock("MUG")["available"], shop.stock("BOWL")["available"]
    left = order.post("/cancel-lines", {"lines": taken_out})
    assert {line["sku"] for line in left["lines"]} == {"SET", "MUG", "BOWL"} - taken_out.keys()
    assert (shop.stock("MUG")["available"], shop.stock("BOWL")["available"]) == (mugs + 1, bowls + 2)
    assert order.get()["fulfillment_status"] == "dispatched"
    refused = refusal(order.post, "/cancel-lines", {"lines": {left["lines"][0]["sku"]: 1}})
    assert refused["code"] == "already_dispatched"


def test_a_set_that_is_sent_back_is_not_taken_out_by_giving_other_pieces_back(shop: Shop) -> None:
    """Its money goes back with the return, once."""
    order = a_set_on_its_way(shop, {"MUG": 2})
    shop.staff.post(f"/admin/shipments/{parcel(order)}/deliver")
    shop.deliver()
    order.post("/returns", {"lines": [{"sku": "SET", "quantity": 1, "reason": "changed_mind"}]})
    refused = refusal(order.post, "/cancel-lines", {"lines": {"SET": 1}})
    assert (refused["status"], refused["code"], refused["available"]) == (409, "already_dispatched", 0)
    assert order.post("/cancel-lines", {"lines": {"MUG": 2}})["quantity"] == 1
