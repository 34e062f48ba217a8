"""What goes into an order's parcels changes after it was placed; after each step stock adds up."""

from collections.abc import Iterator
from typing import Any

import pytest
from inprocess import Order, Shop, eur
from refusals import refusal

from chalicelib.core import dynamo
from chalicelib.core.errors import ShopError
from chalicelib.core.staff import Staff
from chalicelib.logistics import parcels, stock
from chalicelib.logistics.service import extend, hold, let_go, shorten
from chalicelib.logistics.tables import StockLevel, of_order

LIN = Staff("sub-of-lin", frozenset())


class Moved(Exception):
    """What the tests' use cases raise when something moved."""


@pytest.fixture(autouse=True)
def stock_adds_up(shop: Shop) -> Iterator[None]:
    yield
    check_stock("MUG", "BOWL")


def check_stock(*skus: str) -> None:
    """on_hand = available + reserved, and what is reserved is what is held."""
    for sku in skus:
        for level in dynamo.collection(StockLevel, f"STOCK#{sku}", consistent=True):
            on_hand, available, reserved = int(level.on_hand), int(level.available), int(level.reserved)
            assert on_hand == available + reserved
            assert min(on_hand, available, reserved) >= 0


def refused_by(what: Any, *arguments: Any) -> ShopError:
    with pytest.raises(ShopError) as refused:
        what(*arguments)
    return refused.value


def free(*skus: str) -> dict[stock.Place, int]:
    return stock.available(dynamo.load(stock.levels(skus), consistent=True))


def commit(*parts: list[dynamo.Action]) -> None:
    dynamo.transaction([action for part in parts for action in part])
    check_stock("MUG", "BOWL")


def held(order: Order) -> dict[tuple[str, str, int], int]:
    return {(r.sku, r.location, int(r.parcel)): int(r.quantity) for r in of_order(order.id)[0] if r.state == "held"}


def lines(order: Order) -> dict[str, tuple[str, dict[str, int]]]:
    return {s.id.rpartition("-")[2]: (s.state, s.lines) for s in of_order(order.id)[1]}


def placed(shop: Shop, planned: bool = True, **pieces: int) -> Order:
    shop.product("mug", stock={"ams": 5, "sha": 5})
    shop.product("bowl", stock={"ams": 5})
    order = shop.order(*((sku.upper(), n) for sku, n in (pieces or {"mug": 3}).items()))
    if planned:
        shop.deliver()
    return order


def path(order: Order, parcel: int, step: str) -> str:
    return f"/admin/shipments/{order.id.replace('ord', 'shp')}-{parcel}/{step}"


def send(shop: Shop, order: Order, parcel: int = 1) -> None:
    shop.staff.post(path(order, parcel, "pack"))
    shop.staff.post(path(order, parcel, "dispatch"), {"tracking_number": "T"})


def test_each_location_sends_its_own_parcel_and_dispatch_takes_only_what_is_in_it(shop: Shop) -> None:
    order = placed(shop, mug=7)
    assert held(order) == {("MUG", "ams", 1): 5, ("MUG", "sha", 2): 2}
    send(shop, order, 2)
    assert held(order) == {("MUG", "ams", 1): 5}
    assert shop.stock("MUG")["on_hand"] == 8


@pytest.mark.parametrize("planned", [True, False])
def test_pieces_are_taken_out_of_an_order_and_lie_on_the_shelf_again(shop: Shop, planned: bool) -> None:
    order = placed(shop, planned, mug=3, bowl=1)
    commit(shorten(order.id, {"MUG": 2, "BOWL": 1}, Moved()))
    shop.deliver()
    assert held(order) == {("MUG", "ams", 1): 1}
    assert lines(order) == {"1": ("planned", {"MUG": 1})}
    assert (shop.stock("MUG")["available"], shop.stock("BOWL")["available"]) == (9, 5)


def test_a_parcel_of_which_nothing_is_left_is_canceled_and_the_order_knows(shop: Shop) -> None:
    order = placed(shop, mug=7)
    commit(shorten(order.id, {"MUG": 2}, Moved()))
    shop.deliver()
    assert lines(order) == {"1": ("planned", {"MUG": 5}), "2": ("canceled", {})}
    assert [s["status"] for s in order.get("/shipments")["data"]] == ["planned", "canceled"]
    assert "shipment_changed" in order.names()


def test_a_packed_parcel_is_opened_last(shop: Shop) -> None:
    order = placed(shop, mug=7)
    shop.staff.post(path(order, 2, "pack"))
    commit(shorten(order.id, {"MUG": 4}, Moved()))
    assert lines(order) == {"1": ("planned", {"MUG": 1}), "2": ("packed", {"MUG": 2})}
    commit(shorten(order.id, {"MUG": 2}, Moved()))
    assert lines(order) == {"1": ("canceled", {}), "2": ("packed", {"MUG": 1})}


def test_what_is_on_its_way_can_not_be_taken_out(shop: Shop) -> None:
    order = placed(shop, mug=7)
    send(shop, order, 1)
    refused = refused_by(shorten, order.id, {"MUG": 3}, Moved())
    assert (refused.status, refused.code, refused.extra["available"]) == (409, "already_dispatched", 2)
    commit(shorten(order.id, {"MUG": 2}, Moved()))


def test_a_parcel_that_is_packed_meanwhile_is_looked_at_again(shop: Shop) -> None:
    order = placed(shop)
    actions = shorten(order.id, {"MUG": 1}, Moved())
    shop.staff.post(path(order, 1, "pack"))
    with pytest.raises(Moved):
        commit(actions)


def test_planning_that_comes_meanwhile_is_not_overlooked(shop: Shop, weather: Any) -> None:
    order = placed(shop, planned=False)
    actions = shorten(order.id, {"MUG": 1}, Moved())
    shop.deliver()
    with pytest.raises(Moved):
        commit(actions)


def test_planning_plans_what_there_is_when_it_commits(shop: Shop, weather: Any) -> None:
    order = placed(shop, planned=False)
    weather("TransactWriteItems", [lambda: commit(shorten(order.id, {"MUG": 1}, Moved()))])
    shop.deliver()
    assert lines(order) == {"1": ("planned", {"MUG": 2})}


def test_more_pieces_go_into_a_parcel_that_is_still_planned(shop: Shop) -> None:
    order = placed(shop)
    commit(extend(order.id, {"MUG": 1, "BOWL": 2}, free("MUG", "BOWL"), Moved()))
    assert lines(order) == {"1": ("planned", {"MUG": 4, "BOWL": 2})}
    assert held(order) == {("MUG", "ams", 1): 4, ("BOWL", "ams", 1): 2}
    send(shop, order)
    assert (shop.stock("MUG")["on_hand"], shop.stock("BOWL")["on_hand"]) == (6, 3)


@pytest.mark.parametrize("packed", [True, False])
def test_more_pieces_go_into_a_parcel_of_their_own_where_none_is_open(shop: Shop, packed: bool) -> None:
    order = placed(shop, planned=packed)
    if packed:
        shop.staff.post(path(order, 1, "pack"))
    commit(extend(order.id, {"MUG": 2}, free("MUG"), Moved()))
    shop.deliver()
    assert lines(order) == {"1": ("packed" if packed else "planned", {"MUG": 3}), "2": ("planned", {"MUG": 2})}
    assert [s["quantity"] for s in order.get("/shipments")["data"]] == [3, 2]


def test_more_than_there_is_can_not_be_added(shop: Shop) -> None:
    order = placed(shop)
    refused = refused_by(extend, order.id, {"MUG": 8}, free("MUG"), Moved())
    assert (refused.code, refused.extra["available"]) == ("out_of_stock", 7)
    late = extend(order.id, {"MUG": 7}, free("MUG"), Moved())
    shop.order(("MUG", 1))
    with pytest.raises(Moved):
        commit(late)


def test_an_order_on_hold_is_neither_packed_nor_dispatched(shop: Shop) -> None:
    order = placed(shop)
    commit(hold(order.id, "Is this address right?"))
    commit(hold(order.id, "Is it?"))
    refused = refusal(shop.staff.post, path(order, 1, "pack"))
    assert (refused["status"], refused["code"]) == (409, "order_on_hold")
    commit(let_go(order.id))
    shop.staff.post(path(order, 1, "pack"))
    commit(hold(order.id, "Wait"))
    assert refusal(shop.staff.post, path(order, 1, "dispatch"), {"tracking_number": "T"})["code"] == "order_on_hold"
    commit(let_go(order.id))
    send(shop, order)


def test_a_hold_holds_what_is_planned_after_it(shop: Shop) -> None:
    order = placed(shop, planned=False)
    commit(hold(order.id, "Wait"))
    shop.deliver()
    assert refusal(shop.staff.post, path(order, 1, "pack"))["code"] == "order_on_hold"


def test_a_hold_that_comes_while_a_parcel_is_packed_stops_it(shop: Shop, weather: Any) -> None:
    order = placed(shop)
    weather("TransactWriteItems", [lambda: dynamo.transaction(hold(order.id, "Wait"))])
    assert refusal(shop.staff.post, path(order, 1, "pack"))["code"] == "order_on_hold"


def test_a_parcel_is_split_and_each_part_is_sent_by_itself(shop: Shop) -> None:
    order = placed(shop, mug=3, bowl=2)
    made = shop.staff.post(path(order, 1, "split"), {"lines": {"MUG": 1, "BOWL": 2}})
    assert made["lines"] == {"MUG": 1, "BOWL": 2}
    shop.deliver()
    assert lines(order) == {"1": ("planned", {"MUG": 2}), "2": ("planned", {"MUG": 1, "BOWL": 2})}
    assert held(order) == {("MUG", "ams", 1): 2, ("MUG", "ams", 2): 1, ("BOWL", "ams", 2): 2}
    for parcel in (2, 1):
        send(shop, order, parcel)
        shop.staff.post(path(order, parcel, "deliver"))
    shop.deliver()
    assert order.get()["status"] == "completed"
    assert shop.stock("MUG") | {"levels": 0} == {"sku": "MUG", "on_hand": 7, "available": 7, "reserved": 0, "levels": 0}


def test_a_split_order_is_called_off_as_a_whole(shop: Shop) -> None:
    order = placed(shop)
    shop.staff.post(path(order, 1, "split"), {"lines": {"MUG": 1}})
    assert order.post("/cancel")["status"] == "canceled"
    assert {state for state, _ in lines(order).values()} == {"canceled"}
    assert shop.stock("MUG")["available"] == 10


def test_an_order_that_is_too_large_for_one_transaction_is_called_off_all_the_same(shop: Shop) -> None:
    skus = [f"S{n}" for n in range(40)]
    variants = [{"sku": sku, "option_values": [sku], "price": eur(100), "stock": {"ams": 5}} for sku in skus]
    shop.product("many", options=["Number"], variants=variants)
    order = shop.order(*((sku, 2) for sku in skus))
    shop.deliver()
    shop.staff.post(path(order, 1, "split"), {"lines": dict.fromkeys(skus[:20], 1)})
    shop.deliver()
    assert order.post("/cancel")["status"] == "canceled"
    assert {state for state, _ in lines(order).values()} == {"canceled"}
    assert len(held(order)) == 60
    shop.deliver()
    assert held(order) == {}
    check_stock(*skus)
    assert {shop.stock(sku)["available"] for sku in skus} == {5}
    [told] = [event for event in shop.events() if event["name"] == "StockLeftBehind"]
    shop.tell(told)  # once more
    assert {shop.stock(sku)["available"] for sku in skus} == {5}


def test_so_many_parcels_of_an_order_are_in_the_house_and_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "_MOST", 2)
    order = placed(shop, mug=5)
    shop.staff.post(path(order, 1, "split"), {"lines": {"MUG": 1}})
    refused = refusal(shop.staff.post, path(order, 1, "split"), {"lines": {"MUG": 1}})
    assert (refused["status"], refused["code"]) == (409, "too_many_parcels")
    order.post("/cancel-lines", {"lines": {"MUG": 1}})  # the second one is empty now, and counts no more
    assert shop.staff.post(path(order, 1, "split"), {"lines": {"MUG": 1}})["lines"] == {"MUG": 1}
    refused = refusal(shop.staff.post, path(order, 1, "split"), {"lines": {"MUG": 1}})
    assert refused["code"] == "too_many_parcels"
    for step in ("pack", "dispatch"):  # what has left counts no more
        shop.staff.post(path(order, 3, step), {"tracking_number": "T"} if step == "dispatch" else {})
    assert shop.staff.post(path(order, 1, "split"), {"lines": {"MUG": 1}})["lines"] == {"MUG": 1}


def test_a_split_that_is_sent_twice_is_made_once(shop: Shop) -> None:
    order = placed(shop)
    made = [shop.staff.post(path(order, 1, "split"), {"lines": {"MUG": 1}}, key="a-key-of-16-chars") for _ in "ab"]
    assert made[0] == made[1]
    assert len(lines(order)) == 2


def test_a_parcel_is_not_split_into_what_is_not_in_it(shop: Shop) -> None:
    order = placed(shop)
    wrong = {"/lines/CUP~1RED": {"CUP/RED": 1}, "/lines/MUG": {"MUG": 4}, "/lines": {"MUG": 3}}
    for pointer, wanted in wrong.items():
        refused = refusal(shop.staff.post, path(order, 1, "split"), {"lines": wanted})
        assert (refused["status"], refused["pointer"]) == (422, pointer)
    assert refusal(shop.staff.post, path(order, 1, "split"), {"lines": {"MUG": 0}})["pointer"] == "/lines"
    assert refusal(shop.staff.post, path(order, 1, "split"), {"lines": {}})["pointer"] == "/lines"
    shop.staff.post(path(order, 1, "pack"))
    assert refusal(shop.staff.post, path(order, 1, "split"), {"lines": {"MUG": 1}})["code"] == "wrong_state"


def test_returned_pieces_go_back_to_the_shelf_or_are_written_off(shop: Shop) -> None:
    placed(shop)
    commit(stock.restock("MUG", "ams", 2, "Unopened.", LIN), stock.write_off("MUG", "ams", 1, "Broken.", LIN))
    level = shop.stock("MUG")["levels"][0]
    assert (level["on_hand"], level["available"]) == (7, 4)
    commit(stock.restock("BOWL", "sha", 1, "Sent to the other house.", LIN))
    assert shop.stock("BOWL")["levels"][1] | {"location": ""} == {
        "location": "",
        "on_hand": 1,
        "available": 1,
        "reserved": 0,
    }
    assert refused_by(stock.restock, "MUG", "mars", 1, "", LIN).pointer == "/location"


def test_the_journal_says_why_pieces_came_or_went(shop: Shop) -> None:
    from chalicelib.logistics.tables import StockCount

    placed(shop)
    commit(stock.restock("MUG", "ams", 2, "Unopened.", LIN), stock.write_off("MUG", "ams", 1, "Broken.", LIN))
    (month,) = {item.pk for item in StockCount.scan() if item.sku == "MUG"}
    entries = dynamo.collection(StockCount, month)
    assert sum(int(entry.change) for entry in entries) == shop.stock("MUG")["on_hand"]
    assert [(e.reason, int(e.change), e.written_off) for e in entries if e.reason] == [
        ("Unopened.", 2, None),
        ("Broken.", 0, 1),
    ]


def test_a_parcel_that_nobody_knows_is_404(shop: Shop) -> None:
    assert refusal(shop.staff.post, "/admin/shipments/shp_x-1/split", {"lines": {"MUG": 1}})["status"] == 404
