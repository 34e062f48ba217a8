"""Returns: asked for in time, decided by staff, and no piece twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from buyers import all_pages, deliver, delivered, delivered_to, photo, write
from inprocess import Order, Shop, eur
from refusals import refusal

from infra.local.client import Json


@pytest.fixture
def order(shop: Shop) -> Order:
    """Two mugs that have arrived."""
    shop.product("mug", stock={"ams": 20})
    return delivered(shop, ("MUG", 2))


def line(sku: str = "MUG", quantity: int = 1, **fields: Any) -> Json:
    return {"sku": sku, "quantity": quantity, "reason": "damaged", **fields}


def ask(order: Order, *lines: Json, key: str | None = None) -> Json:
    return order.post("/returns", {"lines": lines or [line()]}, key=key)


def test_a_return_is_asked_for_and_approved(shop: Shop, order: Order) -> None:
    made = ask(order, line(reason="does_not_fit", comment="Too small for me."))
    assert (made["status"], made["order_id"]) == ("requested", order.id)
    assert made["lines"] == [
        {"sku": "MUG", "quantity": 1, "reason": "does_not_fit", "comment": "Too small for me.", "photos": []}
    ]
    how = {"instructions": "Put it into its box.", "label_url": "https://post.example/label/1"}
    approved = shop.staff.post(f"/admin/returns/{made['id']}/approve", how)
    assert approved == made | {"status": "approved", **how}
    assert order.get(f"/returns/{made['id']}") == approved
    assert order.get("/returns")["data"] == order.get()["returns"] == [approved]
    assert order.names()[-2:] == ["return_requested", "return_approved"]
    assert order.get()["timeline"][-1]["facts"] == {"return_id": made["id"]}
    told = [event["detail"] for event in shop.events() if event["name"].startswith("Return")]
    assert [(event["aggregate_id"], event["aggregate_version"], event["lines"]) for event in told] == [
        (made["id"], 1, {"MUG": 1}),
        (made["id"], 2, {"MUG": 1}),
    ]
    assert "small" not in str(told)


def test_a_customer_asks_like_a_guest(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 5})
    made = ask(delivered_to(shop, shop.customer()))
    assert shop.staff.get(f"/admin/returns/{made['id']}")["status"] == "requested"


def test_the_same_request_again_is_the_same_return(shop: Shop, order: Order) -> None:
    made = ask(order, key="a-key-of-16-chars")
    assert ask(order, key="a-key-of-16-chars") == made
    assert len(order.get("/returns")["data"]) == 1
    reused = refusal(ask, order, line(quantity=2), key="a-key-of-16-chars")
    assert reused["code"] == "idempotency_key_reused"


def test_a_rejected_return_says_why_and_its_pieces_can_be_asked_for_again(shop: Shop, order: Order) -> None:
    made = ask(order, line(quantity=2))
    assert refusal(ask, order)["code"] == "too_many_returned"
    rejected = shop.staff.post(f"/admin/returns/{made['id']}/reject", {"reason": "They were used."})
    assert (rejected["status"], rejected["rejection"]) == ("rejected", "They were used.")
    assert order.names()[-1] == "return_rejected"
    assert ask(order, line(quantity=2))["id"] == f"{made['id'][:-1]}2"


def test_what_never_came_is_closed_and_can_come_yet(shop: Shop, order: Order) -> None:
    made = ask(order, line(quantity=2))
    shop.staff.post(f"/admin/returns/{made['id']}/approve", {})
    closed = shop.staff.post(f"/admin/returns/{made['id']}/close", {})
    assert (closed["status"], order.names()[-1]) == ("closed", "return_closed")
    ask(order, line(quantity=2))


def test_no_more_pieces_than_came(shop: Shop, order: Order) -> None:
    ask(order)
    refused = refusal(ask, order, line(quantity=2))
    assert (refused["status"], refused["code"], refused["returnable"]) == (409, "too_many_returned", 1)
    assert refused["pointer"] == "/lines/0/quantity"


def test_two_requests_at_once_get_a_piece_once(shop: Shop, order: Order, weather: Callable[..., Any]) -> None:
    weather("TransactWriteItems", [lambda: ask(order, line(quantity=2))])
    assert refusal(ask, order)["code"] == "too_many_returned"
    assert len(order.get("/returns")["data"]) == 1


def test_two_requests_at_once_for_different_pieces_are_two_returns(
    shop: Shop, order: Order, weather: Callable[..., Any]
) -> None:
    other: list[Json] = []
    weather("TransactWriteItems", [lambda: other.append(ask(order, key="a-key-of-16-chars"))])
    mine = ask(order, key="b-key-of-16-chars")
    assert {item["id"] for item in order.get("/returns")["data"]} == {mine["id"], other[0]["id"]}


def test_a_twin_of_the_same_request_is_answered_alike(shop: Shop, order: Order, weather: Callable[..., Any]) -> None:
    twin: list[Json] = []
    weather("TransactWriteItems", [lambda: twin.append(ask(order, key="a-key-of-16-chars"))])
    assert ask(order, key="a-key-of-16-chars") == twin[0]
    assert len(order.get("/returns")["data"]) == 1


def test_only_what_was_delivered_in_time(shop: Shop, order: Order, travel: Callable[[timedelta], None]) -> None:
    waiting = shop.order(("MUG", 1))
    refused = refusal(ask, waiting)
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "not_delivered", "/lines/0/sku")
    travel(timedelta(days=30))
    ask(order)
    travel(timedelta(days=1))
    assert refusal(ask, order)["code"] == "return_window_over"
    shop.staff.put("/admin/order-policy", {"return_days": 60})
    ask(order)


def test_of_an_order_in_two_parcels_what_came_can_go_back(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 1, "sha": 1})
    order = shop.order(("MUG", 2))
    deliver(shop, order, parcels=1)
    assert refusal(ask, order, line(quantity=2))["returnable"] == 1
    ask(order)
    assert refusal(ask, order)["code"] == "not_delivered"


def test_what_is_digital_or_of_another_order_can_not_be_sent_back(shop: Shop, order: Order) -> None:
    refused = refusal(ask, order, line(), line("BOWL"))
    assert (refused["status"], refused["pointer"]) == (422, "/lines/1/sku")
    book = {"sku": "BOOK", "price": eur(900), "digital": True}
    shop.product("book", variants=[book])
    both = delivered(shop, ("BOOK", 1), ("MUG", 1))
    refused = refusal(ask, both, line("BOOK"))
    assert (refused["status"], refused["code"]) == (422, "not_returnable")
    ask(both)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/lines"),
        ({"lines": []}, "/lines"),
        ({"lines": [line(quantity=0)]}, "/lines/0/quantity"),
        ({"lines": [line(quantity=-1)]}, "/lines/0/quantity"),
        ({"lines": [line(reason="because")]}, "/lines/0/reason"),
        ({"lines": [line(comment="x" * 1001)]}, "/lines/0/comment"),
        ({"lines": [line(photos=["med_x"])]}, "/lines/0/photos/0"),
        ({"lines": [line(photos=["med_x", "med_x"])]}, "/lines"),
        ({"lines": [line()], "refund": True}, "/refund"),
    ],
)
def test_a_bad_request_names_its_field(order: Order, body: Json, pointer: str) -> None:
    refused = refusal(order.post, "/returns", body)
    assert (refused["status"], refused["pointer"]) == (422, pointer)
    assert order.get("/returns")["data"] == []


def test_photos_show_staff_what_is_wrong(shop: Shop, order: Order) -> None:
    one, other = photo(shop, order), photo(shop, order)
    made = ask(order, line(photos=[one]), line(reason="other", photos=[other]))
    assert [[p["url"] for p in each["photos"]] for each in made["lines"]] == [[None], [None]]
    (seen,) = shop.staff.get("/admin/returns")["data"]
    assert [p["id"] for each in seen["lines"] for p in each["photos"]] == [one, other]
    assert all(one in p["url"] or other in p["url"] for each in seen["lines"] for p in each["photos"])
    refused = refusal(write, order, photos=[one])
    assert (refused["status"], refused["pointer"]) == (422, "/photos/0")


def test_a_photo_of_another_order_is_no_photo(shop: Shop, order: Order) -> None:
    theirs = photo(shop, delivered(shop))
    refused = refusal(ask, order, line(), line(photos=[theirs]))
    assert (refused["status"], refused["pointer"]) == (422, "/lines/1/photos/0")


def test_one_photo_in_a_review_and_a_return_at_once(shop: Shop, order: Order, weather: Callable[..., Any]) -> None:
    sent = photo(shop, order)
    weather("TransactWriteItems", [lambda: write(order, photos=[sent])])
    refused = refusal(ask, order, line(photos=[sent]))
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "photo_gone", "/lines/0/photos")
    assert order.get("/returns")["data"] == []


def test_staff_find_open_returns_the_oldest_first_by_status(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 20})
    made = [ask(delivered(shop))["id"] for _ in range(5)]
    assert [item["id"] for item in all_pages(shop.staff.get, "/admin/returns", 2)] == made
    shop.staff.post(f"/admin/returns/{made[1]}/approve", {})
    shop.staff.post(f"/admin/returns/{made[3]}/reject", {"reason": "no"})
    waiting = all_pages(shop.staff.get, "/admin/returns?status=requested", 3)
    assert [item["id"] for item in waiting] == [made[0], made[2], made[4]]
    assert [item["id"] for item in shop.staff.get("/admin/returns?status=approved")["data"]] == [made[1]]
    assert refusal(shop.staff.get, "/admin/returns?status=closed")["pointer"] == "/query/status"
    assert refusal(shop.staff.get, "/admin/returns?cursor=eHl6")["pointer"] == "/query/cursor"


def test_a_decision_is_made_once(shop: Shop, order: Order, weather: Callable[..., Any]) -> None:
    path = f"/admin/returns/{ask(order)['id']}"
    weather("TransactWriteItems", [lambda: shop.staff.post(f"{path}/reject", {"reason": "no"})])
    assert refusal(shop.staff.post, f"{path}/approve", {})["code"] == "return_changed"
    assert refusal(shop.staff.post, f"{path}/approve", {})["code"] == "wrong_state"
    assert order.names().count("return_rejected") == 1


def test_labels_are_links(shop: Shop, order: Order) -> None:
    path = f"/admin/returns/{ask(order)['id']}/approve"
    for address in ("javascript:alert(1)", "http://post.example", "https://", "https://a b"):
        assert refusal(shop.staff.post, path, {"label_url": address})["pointer"] == "/label_url"


def test_nobody_knows_a_return_that_there_is_not(shop: Shop, order: Order) -> None:
    for get, path in (
        (shop.staff.get, "/admin/returns/ret_x"),
        (shop.staff.get, f"/admin/returns/{order.id.replace('ord_', 'ret_')}-1"),
        (order.get, "/returns/ret_x"),
    ):
        assert refusal(get, path)["status"] == 404


def came(quantity: int = 1, condition: str = "resellable", location: str = "ams", sku: str = "MUG") -> Json:
    return {"sku": sku, "quantity": quantity, "condition": condition, "location": location}


def approved(shop: Shop, order: Order, *lines: Json) -> str:
    """The path of a return that may be sent."""
    path = f"/admin/returns/{ask(order, *lines)['id']}"
    shop.staff.post(f"{path}/approve", {})
    return path


def receive(shop: Shop, path: str, *lines: Json) -> Json:
    return shop.staff.post(f"{path}/receive", {"lines": lines or [came()]})


def test_what_comes_back_is_sold_again_or_written_off(shop: Shop, order: Order) -> None:
    path = approved(shop, order, line(quantity=2))
    before = shop.stock("MUG")["on_hand"]
    received = receive(shop, path, came(location="sha"), came(condition="damaged"))
    assert (received["status"], received["received"]) == (
        "received",
        [came(location="sha"), came(condition="damaged")],
    )
    assert received["value"] == order.get()["totals"]["items"]
    stock = {level["location"]: level for level in shop.stock("MUG")["levels"]}
    assert shop.stock("MUG")["on_hand"] == before + 1
    assert stock["sha"] == {"location": "sha", "on_hand": 1, "available": 1, "reserved": 0}
    assert order.names()[-1] == "return_received"
    assert shop.staff.get("/admin/returns?status=received")["data"] == [received]


def test_receiving_it_again_puts_nothing_more_on_the_shelf(shop: Shop, order: Order) -> None:
    path = approved(shop, order, line(quantity=2))
    received = receive(shop, path)
    stock = shop.stock("MUG")
    assert receive(shop, path) == received
    assert refusal(receive, shop, path, came(2))["code"] == "wrong_state"
    assert shop.stock("MUG") == stock


def test_two_of_the_warehouse_receive_it_once(shop: Shop, order: Order, weather: Callable[..., Any]) -> None:
    path = approved(shop, order)
    before = shop.stock("MUG")["on_hand"]
    weather("TransactWriteItems", [lambda: receive(shop, path)])
    assert receive(shop, path)["status"] == "received"
    assert shop.stock("MUG")["on_hand"] == before + 1
    assert order.names().count("return_received") == 1


def test_what_was_announced_and_did_not_come_can_come_yet(shop: Shop, order: Order) -> None:
    path = approved(shop, order, line(quantity=2))
    receive(shop, path)
    assert refusal(ask, order, line(quantity=2))["returnable"] == 1
    receive(shop, approved(shop, order))
    assert refusal(ask, order)["code"] == "too_many_returned"


def test_only_what_was_announced_is_received(shop: Shop, order: Order) -> None:
    path = approved(shop, order, line(quantity=2))
    for lines, pointer in (
        ([came(), came(2)], "/lines/1/quantity"),
        ([came(sku="BOWL")], "/lines/0/sku"),
        ([came(), came(location="mars")], "/lines/1/location"),
        ([came(condition="eaten")], "/lines/0/condition"),
        ([came(0)], "/lines/0/quantity"),
    ):
        refused = refusal(receive, shop, path, *lines)
        assert (refused["status"], refused["pointer"]) == (422, pointer)
    assert order.get("/returns")["data"][0]["status"] == "approved"


def test_nothing_is_received_that_was_not_approved(shop: Shop, order: Order) -> None:
    path = f"/admin/returns/{ask(order)['id']}"
    assert refusal(receive, shop, path)["code"] == "wrong_state"


def test_of_a_bundle_its_components_come_back(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 9})
    shop.product("bowl", stock={"ams": 9})
    parts = {"MUG": 2, "BOWL": 1}
    shop.product("set", variants=[{"sku": "SET", "price": eur(3000), "components": parts}])
    order = delivered(shop, ("SET", 1), ("MUG", 1))
    path = approved(shop, order, line("SET"), line("MUG"))
    receive(shop, path, came(sku="SET"), came(sku="MUG"))
    assert [shop.stock(sku)["on_hand"] for sku in ("MUG", "BOWL")] == [9, 9]
    assert order.get("/returns")["data"][0]["value"] == order.get()["totals"]["items"]


def refund(shop: Shop, path: str, key: str | None = None, **wish: Any) -> Json:
    return shop.staff.post(f"{path}/refund", wish, key=key)


def received(shop: Shop, order: Order, quantity: int = 1) -> str:
    path = approved(shop, order, line(quantity=quantity))
    receive(shop, path, came(quantity))
    return path


def given_back(shop: Shop, order: Order) -> int:
    return sum(item["amount"]["amount"] for item in shop.staff.get(f"/admin/orders/{order.id}/refunds")["data"])


def test_what_was_paid_for_what_came_goes_back(shop: Shop, order: Order) -> None:
    path = received(shop, order)
    done = refund(shop, path)
    assert (done["status"], done["refunded"]) == ("refunded", eur(1290))
    (asked,) = shop.staff.get(f"/admin/orders/{order.id}/refunds")["data"]
    assert (asked["id"], asked["amount"]) == (done["refund_id"], eur(1290))
    shop.deliver()
    page = order.get()
    assert page["payment_status"] == "partially_refunded"
    (told,) = [entry["facts"] for entry in page["timeline"] if entry["name"] == "return_refunded"]
    assert told == {"return_id": done["id"], "refund_id": done["refund_id"]}
    assert shop.staff.get("/admin/returns?status=received")["data"] == []


def test_returning_everything_gives_back_exactly_what_was_paid(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 9})
    shop.product("bowl", stock={"ams": 9})
    order = delivered(shop, ("MUG", 3), ("BOWL", 1))
    refund(shop, received(shop, order))
    path = approved(shop, order, line("BOWL"), line(quantity=2))
    receive(shop, path, came(sku="BOWL"), came(2, condition="damaged"))
    refund(shop, path, shipping=True)
    shop.deliver()
    assert given_back(shop, order) == order.get()["total"]["amount"]
    assert order.get()["payment_status"] == "refunded"


def test_shipping_goes_back_once(shop: Shop, order: Order) -> None:
    assert refund(shop, received(shop, order), shipping=True)["refunded"] == eur(1290 + 495)
    path = received(shop, order)
    refused = refusal(refund, shop, path, shipping=True)
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "shipping_refunded", "/shipping")
    refund(shop, path)
    assert given_back(shop, order) == order.get()["total"]["amount"]


def test_a_fee_is_kept_and_never_more_than_there_is(shop: Shop, order: Order) -> None:
    path = received(shop, order, 2)
    for wish, pointer in (
        ({"fee": eur(2581)}, "/fee"),
        ({"fee": {"amount": 1, "currency": "USD"}}, "/fee/currency"),
        ({"amount": eur(100), "fee": eur(1)}, "/amount"),
        ({"amount": eur(100), "shipping": True}, "/amount"),
        ({"amount": {"amount": -1, "currency": "EUR"}}, "/amount/amount"),
    ):
        refused = refusal(refund, shop, path, **wish)
        assert (refused["status"], refused["pointer"]) == (422, pointer)
    assert refusal(refund, shop, path, fee=eur(2580))["code"] == "nothing_to_refund"
    assert refusal(refund, shop, path, amount=eur(10_000))["code"] == "refund_too_large"
    assert refund(shop, path, fee=eur(580))["refunded"] == eur(2000)


def test_staff_may_name_an_amount(shop: Shop, order: Order) -> None:
    assert refund(shop, received(shop, order), amount=eur(77))["refunded"] == eur(77)


def test_a_refund_pressed_twice_is_paid_once(shop: Shop, order: Order, weather: Callable[..., Any]) -> None:
    path = received(shop, order)
    weather("TransactWriteItems", [lambda: refund(shop, path, key="a-key-of-16-chars")])
    done = refund(shop, path, key="a-key-of-16-chars")
    assert refund(shop, path, key="a-key-of-16-chars") == done
    assert refusal(refund, shop, path)["code"] == "wrong_state"
    assert given_back(shop, order) == 1290


def test_two_returns_received_at_once_are_worth_what_both_were_paid(
    shop: Shop, order: Order, weather: Callable[..., Any]
) -> None:
    """A line whose pieces have no equal parts: of 10.00 for three each has its own."""
    shop.product("bowl", stock={"ams": 9})
    order = delivered(shop, ("BOWL", 3))
    snapshot = {"pk": {"S": f"ORDER#{order.id}"}, "sk": {"S": "SNAPSHOT#001"}}
    kept = shop.dynamodb.get_item(TableName="test-orders", Key=snapshot)["Item"]
    kept["lines"]["S"] = kept["lines"]["S"].replace('"to_pay":{"amount":3870', '"to_pay":{"amount":1000')
    shop.dynamodb.put_item(TableName="test-orders", Item=kept)
    paths = [approved(shop, order, line("BOWL")) for _ in range(3)]
    weather("TransactWriteItems", [lambda: receive(shop, paths[1], came(sku="BOWL"))])
    receive(shop, paths[0], came(sku="BOWL"))
    receive(shop, paths[2], came(sku="BOWL"))
    values = [item["value"]["amount"] for item in order.get("/returns")["data"]]
    assert sorted(values) == [333, 333, 334]


def test_money_of_a_card_goes_back_to_it(shop: Shop, bank: Any, buy: Callable[..., Any]) -> None:
    order = buy(2)
    bank.pay(order.secret)
    shop.hear(bank)
    for step, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
        shop.staff.post(f"/admin/shipments/{order.parcel()}/{step}", body)
        shop.hear(bank)
    refund(shop, received(shop, order))
    shop.hear(bank)
    assert bank.given_back("pi_000001") == 1290
    assert order.get()["payment_status"] == "partially_refunded"
    refund(shop, received(shop, order), shipping=True)
    shop.hear(bank)
    assert bank.given_back("pi_000001") == order.get()["total"]["amount"]
    assert order.get()["payment_status"] == "refunded"


def test_nothing_is_paid_back_for_what_did_not_come(shop: Shop, order: Order) -> None:
    path = approved(shop, order)
    assert refusal(refund, shop, path)["code"] == "wrong_state"
    shop.staff.post(f"{path}/close", {})
    assert refusal(refund, shop, path)["code"] == "wrong_state"
