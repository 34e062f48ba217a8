"""A hot SKU is spread over shards, and its stock stays what it was."""

from typing import Any

import pytest
from inprocess import Shop
from refusals import refusal

from chalicelib.core import cache, dynamo
from chalicelib.logistics import tables
from chalicelib.logistics.tables import StockLevel


def spread(shop: Shop, shards: int) -> Any:
    return shop.staff.put("/admin/stock/MUG/shards", {"shards": shards})


def shelves() -> dict[tuple[str, int], tuple[int, int]]:
    """(available, reserved) by location and shard, each of which adds up."""
    levels: list[StockLevel] = tables.levels_of("MUG")
    assert all(int(i.on_hand) == int(i.available) + int(i.reserved) for i in levels)
    return {(i.location, int(i.shard)): (int(i.available), int(i.reserved)) for i in levels}


def test_stock_is_spread_evenly_and_none_is_lost(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 10, "sha": 2})
    shop.order(("MUG", 3))
    shown = spread(shop, 4)
    assert [level["shards"] for level in shown["levels"]] == [4, 4]
    assert (shown["on_hand"], shown["available"], shown["reserved"]) == (12, 9, 3)
    assert [shelves()["ams", shard] for shard in range(4)] == [(2, 3), (2, 0), (2, 0), (1, 0)]
    assert [shelves()["sha", shard][0] for shard in range(4)] == [1, 1, 0, 0]


def test_every_piece_of_every_shard_is_sold_and_not_one_more(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 10})
    spread(shop, 4)
    carts = [shop.ready_cart(("MUG", 1)) for _ in range(11)]
    for cart in carts[:10]:
        cart.check_out()
    refused = refusal(carts[10].check_out)
    assert (refused["code"], refused["available"]) == ("out_of_stock", 0)
    assert shelves() == {("ams", n): (0, pieces) for n, pieces in enumerate((3, 3, 2, 2))}


def test_one_order_may_take_from_several_shards_and_gives_all_of_it_back(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 10})
    spread(shop, 4)
    order = shop.order(("MUG", 9))
    shop.deliver()
    (shipment,) = order.get("/shipments")["data"]
    assert shipment["quantity"] == 9
    assert sum(available for available, _ in shelves().values()) == 1
    order.post("/cancel")
    assert shelves() == {("ams", n): (pieces, 0) for n, pieces in enumerate((3, 3, 2, 2))}


def test_a_parcel_takes_its_pieces_out_of_all_shards(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 10})
    spread(shop, 4)
    order = shop.order(("MUG", 9))
    shop.deliver()
    path = f"/admin/shipments/{order.get('/shipments')['data'][0]['id']}"
    shop.staff.post(f"{path}/pack")
    shop.staff.post(f"{path}/dispatch", {"tracking_number": "T"})
    assert shop.stock("MUG")["on_hand"] == 1


def test_orders_begin_at_different_shards(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 400})
    spread(shop, 8)
    for _ in range(8):
        shop.ready_cart(("MUG", 1)).check_out()
    assert sum(1 for _, reserved in shelves().values() if reserved) > 1


def test_a_shard_that_is_given_up_is_looked_at_while_an_order_holds_its_pieces(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 8})
    spread(shop, 8)
    order = shop.order(("MUG", 8))
    spread(shop, 1)
    assert len(shelves()) == 8
    order.post("/cancel")
    shop.order(("MUG", 8))
    assert shop.stock("MUG")["available"] == 0


def test_a_shard_that_is_given_up_and_empty_is_gone(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 8})
    spread(shop, 8)
    shown = spread(shop, 1)
    assert shown["levels"] == [{"location": "ams", "on_hand": 8, "available": 8, "reserved": 0}]
    assert tables.hot() == {}


def test_a_function_that_has_not_heard_of_it_sells_too_little_and_never_too_much(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 8})
    cart, big = shop.ready_cart(("MUG", 2)), shop.ready_cart(("MUG", 3))
    unaware = tables.hot()
    spread(shop, 4)
    tables.hot().clear()
    assert unaware == tables.hot() == {}
    assert refusal(big.check_out)["available"] == 2
    cart.check_out()
    cache.forget()
    big.check_out()
    assert shop.stock("MUG") | {"levels": 0} == {"sku": "MUG", "on_hand": 8, "available": 3, "reserved": 5, "levels": 0}


def test_a_count_of_a_hot_sku_is_of_all_its_shards(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 10})
    spread(shop, 4)
    shop.order(("MUG", 3))
    counted = shop.staff.put("/admin/stock/MUG", {"location": "ams", "on_hand": 21})
    assert (counted["on_hand"], counted["available"], counted["reserved"]) == (21, 18, 3)
    assert sorted(available for available, _ in shelves().values()) == [4, 4, 5, 5]
    refused = refusal(shop.staff.put, "/admin/stock/MUG", {"location": "ams", "on_hand": 2})
    assert (refused["code"], refused["pointer"]) == ("reserved", "/on_hand")
    first = shop.staff.put("/admin/stock/MUG", {"location": "sha", "on_hand": 6})
    assert [level["shards"] for level in first["levels"]] == [4, 4]


def test_stock_that_moves_while_it_is_spread_is_looked_at_again(shop: Shop, weather: Any) -> None:
    shop.product("mug", stock={"ams": 10})
    cart = shop.ready_cart(("MUG", 3))
    weather("TransactWriteItems", [cart.check_out])
    shown = spread(shop, 4)
    assert (shown["on_hand"], shown["available"], shown["reserved"]) == (10, 7, 3)


def test_stock_that_moves_while_it_is_counted_is_looked_at_again(shop: Shop, weather: Any) -> None:
    shop.product("mug", stock={"ams": 10})
    spread(shop, 2)
    cart = shop.ready_cart(("MUG", 7))
    weather("TransactWriteItems", [cart.check_out])
    counted = shop.staff.put("/admin/stock/MUG", {"location": "ams", "on_hand": 9})
    assert (counted["on_hand"], counted["available"], counted["reserved"]) == (9, 2, 7)


def test_the_cart_page_still_takes_two_requests(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.product("mug", stock={"ams": 10, "sha": 10})
    spread(shop, 32)
    cart = shop.ready_cart(("MUG", 1))
    cart.get()
    calm, calls = dynamo._connection.dispatch, []
    monkeypatch.setattr(dynamo._connection, "dispatch", lambda name, request: calls.append(name) or calm(name, request))
    assert cart.get()["lines"][0]["status"] == "ok"
    assert calls == ["BatchGetItem"]


@pytest.mark.parametrize("shards", [0, 33, "four"])
def test_there_are_one_to_thirty_two_shards(shop: Shop, shards: Any) -> None:
    assert refusal(spread, shop, shards)["pointer"] == "/shards"
