"""TransactionConflict, which emulators do not show: another transaction had one of the items in its hands."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from inprocess import Shop
from pynamodb.exceptions import CancellationReason, VerboseClientError
from refusals import refusal

from chalicelib.core import dynamo
from chalicelib.core.errors import ShopError
from chalicelib.logistics import reserving, stock
from chalicelib.logistics.tables import StockLevel, level_key, of_order

TRANSACTION = "TransactWriteItems"


def canceled(*codes: str) -> VerboseClientError:
    error = {"Error": {"Code": "TransactionCanceledException", "Message": "canceled"}}
    reasons = (CancellationReason(code=code) if code != "None" else None for code in codes)
    return VerboseClientError(error, TRANSACTION, {}, cancellation_reasons=reasons)


def test_a_conflict_is_tried_again_and_not_reported(shop: Shop, weather: Any) -> None:
    shop.product("mug", stock={"ams": 1})
    cart = shop.ready_cart()
    calls = weather(TRANSACTION, [canceled("None", "TransactionConflict"), canceled("TransactionConflict", "None")])
    assert cart.check_out()["order"]["status"] == "confirmed"
    assert calls.count(TRANSACTION) == 3


def test_throttling_inside_a_transaction_is_tried_again(shop: Shop, weather: Any) -> None:
    shop.product()
    cart = shop.ready_cart()
    weather(TRANSACTION, [canceled("ThrottlingError"), canceled("ProvisionedThroughputExceeded")])
    assert cart.check_out()["order"]["status"] == "confirmed"


def test_a_conflict_that_does_not_end_is_503_and_changes_nothing(shop: Shop, weather: Any) -> None:
    shop.product("mug", stock={"ams": 1})
    cart = shop.ready_cart()
    weather(TRANSACTION, [canceled("TransactionConflict") for _ in range(99)])
    refused = refusal(cart.check_out)
    assert (refused["status"], refused["code"]) == (503, "busy")
    assert shop.stock("MUG")["reserved"] == 0


def test_a_failed_condition_beside_a_conflict_is_not_tried_again(shop: Shop, weather: Any) -> None:
    shop.product()
    level = StockLevel(**level_key("MUG", "ams"))
    calls = weather(TRANSACTION, [canceled("TransactionConflict", "ConditionalCheckFailed")])
    gone = ShopError("gone", 409, "It is gone.")
    with pytest.raises(ShopError, match="gone"):
        dynamo.transaction(
            [
                dynamo.check(level, StockLevel.available >= 0),
                dynamo.update(level, [StockLevel.available.set(0)], StockLevel.available >= 5, gone),
            ]
        )
    assert calls == [TRANSACTION]


def test_the_buyer_who_was_overtaken_is_told_what_is_left(shop: Shop, weather: Any) -> None:
    """Between reading the stock and reserving it, somebody else buys the last piece."""
    shop.product("mug", stock={"ams": 1})
    slow, fast = shop.ready_cart(), shop.ready_cart()
    wish = slow.wish()
    weather(TRANSACTION, [fast.check_out])
    refused = refusal(slow.post, "/checkout", wish)
    assert (refused["status"], refused["code"], refused["available"]) == (409, "out_of_stock", 0)


def test_the_buyer_who_was_overtaken_gets_a_piece_from_elsewhere(shop: Shop, weather: Any) -> None:
    shop.product("mug", stock={"ams": 1, "sha": 1})
    slow, fast = shop.ready_cart(), shop.ready_cart()
    wish = slow.wish()
    weather(TRANSACTION, [fast.check_out])
    assert slow.post("/checkout", wish)["order"]["status"] == "confirmed"
    assert [level["available"] for level in shop.stock("MUG")["levels"]] == [0, 0]


def test_the_answer_that_was_lost_is_given_again(shop: Shop, weather: Any) -> None:
    """The first request commits and dies before it answers; its twin finds the key taken in the very transaction."""
    shop.product("mug", stock={"ams": 5})
    cart = shop.ready_cart()
    wish, key, twin = cart.wish(), "a-key-of-16-chars", []
    weather(TRANSACTION, [lambda: twin.append(cart.post("/checkout", wish, key=key))])
    assert cart.post("/checkout", wish, key=key) == twin[0]
    assert shop.stock("MUG")["reserved"] == 1


@pytest.mark.parametrize("moment", ["while planning", "while canceling"])
def test_canceling_and_planning_at_once(shop: Shop, weather: Any, moment: str) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 2))
    if moment == "while planning":
        weather(TRANSACTION, [lambda: order.post("/cancel")])
        shop.deliver()
    else:
        weather(TRANSACTION, [shop.deliver])
        order.post("/cancel")
        shop.deliver()
    states = {shipment["status"] for shipment in order.get("/shipments")["data"]}
    shipped = [shipment.state for shipment in of_order(order.id)[1]]
    assert order.get()["status"] == "canceled"
    assert set(shipped) <= {"canceled"}
    assert states <= {"canceled"}
    assert shop.stock("MUG")["available"] == 5


def test_two_tabs_of_one_cart_lose_no_line(shop: Shop, weather: Any) -> None:
    shop.product("mug")
    shop.product("bowl")
    cart = shop.cart()
    weather("PutItem", [])
    weather(TRANSACTION, [lambda: cart.post("/items", {"sku": "BOWL"})])
    added = cart.post("/items", {"sku": "MUG"})
    assert sorted(line["sku"] for line in added["lines"]) == ["BOWL", "MUG"]


def test_reading_goes_on_where_dynamodb_stopped(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.product("mug")
    calm = dynamo._connection.dispatch
    rest: list[Any] = []

    def half(name: str, request: Any) -> Any:
        if name == "BatchGetItem" and not rest:
            rest.append(request["RequestItems"])
            return {"Responses": {}, "UnprocessedKeys": request["RequestItems"]}
        return calm(name, request)

    monkeypatch.setattr(dynamo, "sleep", lambda seconds: None)
    monkeypatch.setattr(dynamo._connection, "dispatch", half)
    assert stock.available(dynamo.load(stock.levels(["MUG"]))) == {("MUG", "ams", 0): 10}
    assert rest


def test_planning_that_orders_were_not_told_of_does_not_outlive_the_cancel(shop: Shop, weather: Any) -> None:
    """The parcel is planned between the cancel's look and its commit; the order's own header has not moved."""
    from chalicelib.core import events
    from chalicelib.logistics import service
    from chalicelib.orders.events import OrderConfirmed

    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 2))
    told = next(event for event in shop.events() if event["name"] == "OrderConfirmed")
    confirmed = events.decode(json.dumps(told["detail"]).encode(), OrderConfirmed)
    weather(TRANSACTION, [lambda: service.plan(confirmed)])
    order.post("/cancel")
    assert [shipment.state for shipment in of_order(order.id)[1]] == ["canceled"]
    assert shop.stock("MUG")["available"] == 5


@pytest.mark.parametrize("step", ["pack", "dispatch", "deliver"])
def test_two_who_do_the_same_with_a_parcel_are_both_told_that_it_is_done(shop: Shop, weather: Any, step: str) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 2))
    shop.deliver()
    path = f"/admin/shipments/{order.get('/shipments')['data'][0]['id']}"
    body = {"carrier": "postnl", "tracking_number": "T1"}
    for before in ("pack", "dispatch", "deliver"):
        if before == step:
            break
        shop.staff.post(f"{path}/{before}", body if before == "dispatch" else {})
    sent = body if step == "dispatch" else {}
    first: list[Any] = []
    weather(TRANSACTION, [lambda: first.append(shop.staff.post(f"{path}/{step}", sent))])
    assert [shop.staff.post(f"{path}/{step}", sent)] == first
    assert [name for name in shop.names() if name.startswith("Shipment")][-2:].count(shop.names()[-1]) == 1


def test_a_parcel_that_went_another_way_meanwhile_is_a_conflict(shop: Shop, weather: Any) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 2))
    shop.deliver()
    path = f"/admin/shipments/{order.get('/shipments')['data'][0]['id']}"
    shop.staff.post(f"{path}/pack")
    weather(TRANSACTION, [lambda: shop.staff.post(f"{path}/dispatch", {"tracking_number": "T1"})])
    refused = refusal(shop.staff.post, f"{path}/dispatch", {"tracking_number": "T2"})
    assert (refused["status"], refused["code"]) == (409, "shipment_changed")


@pytest.mark.parametrize("settle", [reserving.release, reserving.consume])
def test_a_reservation_is_settled_once(shop: Shop, settle: Callable[..., list[dynamo.Action]]) -> None:
    """Two that read it as held both want to settle it."""
    shop.product("mug", stock={"ams": 5})
    held, _ = of_order(shop.order(("MUG", 2)).id)
    twice = [settle(held, ShopError("settled", 409, "It is settled.")) for _ in range(2)]
    dynamo.transaction(twice[0])
    before = shop.stock("MUG")
    with pytest.raises(ShopError, match="settled"):
        dynamo.transaction(twice[1])
    assert shop.stock("MUG") == before
