"""Orders of a set and of what it is made of, which change after they were placed: a mug is a mug."""

from collections.abc import Callable

import pytest
from amending import edit, paid, quantities, send
from inprocess import Buyer, Order, Shop, eur
from refusals import refusal
from strict_stripe import StripeServer


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


def test_what_has_left_stands_for_no_dearer_line_than_was_paid(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    """A paid set is on its way. Its parts, which nobody paid for, are taken out again; the set is not."""
    shop.product("bowl")
    shop.product("set", variants=[{"sku": "SET", "price": eur(1490), "components": {"MUG": 1, "BOWL": 2}}])
    order = buy(0, ("SET", 1))
    paid(shop, bank, order)
    send(shop, order, "pack")
    shop.hear(bank)
    send(shop, order, "dispatch")
    edit(shop, order, add={"MUG": 1, "BOWL": 2})
    refused = refusal(order.post, "/cancel-lines", {"lines": {"SET": 1}})
    assert (refused["status"], refused["code"]) == (409, "payment_not_secured")
    assert quantities(order.post("/cancel-lines", {"lines": {"MUG": 1, "BOWL": 2}})) == {"SET": 1}
    send(shop, order, "deliver")
    shop.hear(bank)
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")
