"""Helpful votes: one per customer and review, each counted."""

from typing import Any

import pytest
from buyers import delivered, delivered_to, published, write
from inprocess import Shop
from refusals import refusal

TRANSACTION = "TransactWriteItems"


@pytest.fixture
def path(shop: Shop) -> str:
    shop.product("mug", stock={"ams": 100})
    review = published(shop, delivered(shop))
    return f"/me/products/mug/reviews/{review['id']}/helpful"


def shown(shop: Shop) -> int:
    (review,) = shop.guest.get("/products/mug/reviews")["data"]
    return int(review["helpful"])


def test_each_customer_votes_once(shop: Shop, path: str) -> None:
    for name in ("ann", "ben", "ann"):
        answer = shop.customer(name).post(path)
    assert (answer["helpful"], answer["voted"]) == (2, True)
    assert shown(shop) == 2


def test_a_vote_is_taken_back_once(shop: Shop, path: str) -> None:
    ann, ben = shop.customer("ann"), shop.customer("ben")
    ann.post(path)
    ben.post(path)
    for _ in range(2):
        assert ann.call("DELETE", path)["helpful"] == 1
    assert shown(shop) == 1
    ann.post(path)
    assert shown(shop) == 2


def test_two_tabs_are_one_vote(shop: Shop, path: str, weather: Any) -> None:
    ann = shop.customer("ann")
    weather(TRANSACTION, [lambda: ann.post(path)])
    ann.post(path)
    assert shown(shop) == 1


def test_votes_of_two_at_once_are_both_counted(shop: Shop, path: str, weather: Any) -> None:
    weather(TRANSACTION, [lambda: shop.customer("ben").post(path)])
    assert shop.customer("ann").post(path)["voted"] is True
    assert shown(shop) == 2


def test_a_vote_while_staff_take_the_review_down(shop: Shop, path: str, weather: Any) -> None:
    review_id = path.split("/")[5]
    weather(TRANSACTION, [lambda: shop.staff.post(f"/admin/reviews/{review_id}/reject", {"reason": "No."})])
    assert refusal(shop.customer().post, path)["status"] == 404
    assert shop.staff.get(f"/admin/reviews/{review_id}")["helpful"] == 0


def test_votes_outlive_a_change_of_the_review_at_the_same_time(shop: Shop, path: str, weather: Any) -> None:
    """The vote lands between staff's look and their commit: neither is lost."""
    review_id = path.split("/")[5]
    weather(TRANSACTION, [lambda: shop.customer().post(path)])
    shop.staff.post(f"/admin/reviews/{review_id}/reject", {"reason": "No."})
    shop.staff.post(f"/admin/reviews/{review_id}/approve")
    assert shown(shop) == 1


def test_what_nobody_can_read_nobody_votes_for(shop: Shop, path: str) -> None:
    waiting = write(delivered(shop))["id"]
    ann = shop.customer()
    for wrong in (
        f"/me/products/mug/reviews/{waiting}/helpful",
        path.replace("/mug/", "/bowl/"),
        "/me/products/mug/reviews/rev_x/helpful",
    ):
        assert refusal(ann.post, wrong)["status"] == 404
    product = shop.guest.get("/products/mug")["id"]
    shop.staff.post(f"/admin/products/{product}/unpublish")
    assert refusal(ann.post, path)["status"] == 404


def test_nobody_votes_for_themselves(shop: Shop, path: str) -> None:
    ann = shop.customer("ann")
    mine = published(shop, delivered_to(shop, ann))["id"]
    refused = refusal(ann.post, f"/me/products/mug/reviews/{mine}/helpful")
    assert (refused["status"], refused["code"]) == (409, "own_review")


def test_a_guest_does_not_vote(shop: Shop, path: str) -> None:
    assert shop.guest.send("POST", path, "{}")[0] == 401
