"""Returns: asked for in time, decided by staff, and no piece twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from buyers import all_pages, deliver, delivered, delivered_to, photo, write
from inprocess import Order, Shop, eur
from refusals import refusal
from returning import ask, line

from infra.local.client import Json


@pytest.fixture
def order(shop: Shop) -> Order:
    """Two mugs that have arrived."""
    shop.product("mug", stock={"ams": 20})
    return delivered(shop, ("MUG", 2))


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
