"""Staff read reviews; what they decide counts once, whoever else decides at the same time."""

from typing import Any

import pytest
from buyers import GOOD, all_pages, delivered, published, rated, write
from inprocess import OWNER, Gateway, Order, Shop
from pynamodb.exceptions import CancellationReason, VerboseClientError
from refusals import refusal

from chalicelib.core.paging import encode_cursor
from infra.local.client import Json

TRANSACTION = "TransactWriteItems"


@pytest.fixture
def mug(shop: Shop) -> str:
    return str(shop.product("mug", stock={"ams": 100})["id"])


@pytest.fixture
def order(shop: Shop, mug: str) -> Order:
    return delivered(shop)


@pytest.fixture
def review(order: Order) -> Json:
    return write(order, stars=4)


def approve(staff: Gateway, review: Json, **body: Any) -> Json:
    return staff.post(f"/admin/reviews/{review['id']}/approve", body)


def reject(staff: Gateway, review: Json, **body: Any) -> Json:
    return staff.post(f"/admin/reviews/{review['id']}/reject", {"reason": "Not about the mug.", **body})


def with_role(role: str) -> Gateway:
    return Gateway(OWNER | {"cognito:groups": f"[{role}]"})


def test_what_waits_longest_is_read_first(shop: Shop, mug: str) -> None:
    made = [write(delivered(shop), title=str(n))["id"] for n in range(7)]
    assert [r["id"] for r in all_pages(shop.staff.get, "/admin/reviews?status=pending", 3)] == made
    assert [r["id"] for r in all_pages(shop.staff.get, "/admin/reviews", 100)] == made
    approve(shop.staff, {"id": made[0]})
    reject(shop.staff, {"id": made[1]})
    assert [r["id"] for r in shop.staff.get("/admin/reviews")["data"]] == made[2:]


def test_staff_see_what_they_decide_about(shop: Shop, order: Order, mug: str, review: Json) -> None:
    (waiting,) = shop.staff.get("/admin/reviews")["data"]
    assert waiting == shop.staff.get(f"/admin/reviews/{review['id']}")
    assert (waiting["order_id"], waiting["product_id"], waiting["sku"]) == (order.id, mug, "MUG")
    assert (waiting["status"], waiting["version"], waiting["stars"]) == ("pending", 1, 4)


def test_rejected_reviews_are_listed_newest_first(shop: Shop, mug: str, travel: Any) -> None:
    from datetime import timedelta

    made = []
    for _ in range(4):
        made.append(reject(shop.staff, write(delivered(shop)))["id"])
        travel(timedelta(days=20))
    assert [r["id"] for r in all_pages(shop.staff.get, "/admin/reviews?status=rejected", 3)] == made[::-1]
    assert refusal(shop.staff.get, "/admin/reviews?status=rejected&cursor=eA")["pointer"] == "/query/cursor"


def test_a_place_before_all_time_is_refused_and_one_in_the_future_is_the_beginning(
    shop: Shop, mug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.catalog.reviews import review_tables

    asked: list[Any] = []
    real = review_tables.rejected_in
    monkeypatch.setattr(review_tables, "rejected_in", lambda month, *more: asked.append(month) or real(month, *more))
    rejected = reject(shop.staff, write(delivered(shop)))
    path = "/admin/reviews?status=rejected&cursor="
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert refusal(shop.staff.get, path + str(encode_cursor(f"{moment}#x")))["pointer"] == "/query/cursor"
    future = shop.staff.get(path + str(encode_cursor("2100-01-01T00:00:00.000Z#x")))
    assert [review["id"] for review in future["data"]] == [rejected["id"]]
    assert len(asked) < 15


def test_published_reviews_are_listed_by_product(shop: Shop, order: Order, mug: str) -> None:
    shown = published(shop, order)
    assert shop.staff.get(f"/admin/reviews?status=published&product_id={mug}")["data"] == [shown]
    for query in ("status=published", f"status=pending&product_id={mug}"):
        assert refusal(shop.staff.get, f"/admin/reviews?{query}")["pointer"] == "/query/product_id"


def test_a_repeated_approval_changes_nothing(shop: Shop, mug: str, review: Json) -> None:
    first = approve(shop.staff, review)
    assert approve(shop.staff, review) == first
    assert rated(shop, mug) == {"reviews": 1, "stars": 4, "stars_4": 1}
    assert shop.names().count("ReviewPublished") == 1


def test_a_rejected_review_tells_its_author_why(shop: Shop, order: Order, mug: str, review: Json) -> None:
    first = reject(shop.staff, review)
    assert reject(shop.staff, review, reason="Another one.") == first
    mine = order.get(f"/reviews/{review['id']}")
    assert (mine["status"], mine["reason"]) == ("rejected", "Not about the mug.")
    assert shop.guest.get("/products/mug/reviews")["data"] == []
    assert rated(shop, mug) == {}
    assert "ReviewUnpublished" not in shop.names()


def test_a_review_is_taken_down_and_back(shop: Shop, order: Order, mug: str, review: Json) -> None:
    approve(shop.staff, review)
    reject(shop.staff, review)
    assert shop.guest.get("/products/mug/reviews")["data"] == []
    assert rated(shop, mug) == {}
    back = approve(shop.staff, review)
    assert (back["status"], back["reason"]) == ("published", None)
    assert rated(shop, mug) == {"reviews": 1, "stars": 4, "stars_4": 1}


def test_a_rejected_review_can_be_written_anew(shop: Shop, order: Order, mug: str, review: Json) -> None:
    reject(shop.staff, review)
    again = order.put(f"/reviews/{review['id']}", {**GOOD, "stars": 3})
    assert (again["status"], again["reason"]) == ("pending", None)
    assert [r["id"] for r in shop.staff.get("/admin/reviews")["data"]] == [review["id"]]
    assert shop.staff.get("/admin/reviews?status=rejected")["data"] == []


def test_nobody_approves_what_they_have_not_read(shop: Shop, order: Order, mug: str, review: Json) -> None:
    order.put(f"/reviews/{review['id']}", {**GOOD, "text": "Buy at evil.example!"})
    refused = refusal(approve, shop.staff, review, version=1)
    assert (refused["status"], refused["code"]) == (409, "review_changed")
    assert approve(shop.staff, review, version=2)["status"] == "published"


def test_an_author_who_changes_it_while_it_is_approved(
    shop: Shop, order: Order, mug: str, review: Json, weather: Any
) -> None:
    weather(TRANSACTION, [lambda: order.put(f"/reviews/{review['id']}", {**GOOD, "stars": 1})])
    assert refusal(approve, shop.staff, review, version=1)["code"] == "review_changed"
    assert rated(shop, mug) == {}


def test_an_approval_while_the_author_changes_it(
    shop: Shop, order: Order, mug: str, review: Json, weather: Any
) -> None:
    weather(TRANSACTION, [lambda: approve(shop.staff, review)])
    now = order.put(f"/reviews/{review['id']}", {**GOOD, "stars": 1})
    assert now["status"] == "pending"
    assert rated(shop, mug) == {}
    assert [e for e in shop.names() if e.startswith("Review")] == ["ReviewPublished", "ReviewUnpublished"]


def test_two_of_staff_approve_at_once(shop: Shop, mug: str, review: Json, weather: Any) -> None:
    first: list[Json] = []
    weather(TRANSACTION, [lambda: first.append(approve(shop.staff, review))])
    assert approve(shop.staff, review) == first[0]
    assert rated(shop, mug) == {"reviews": 1, "stars": 4, "stars_4": 1}
    assert shop.names().count("ReviewPublished") == 1


def test_one_approves_while_another_rejects(shop: Shop, mug: str, review: Json, weather: Any) -> None:
    weather(TRANSACTION, [lambda: reject(shop.staff, review)])
    assert approve(shop.staff, review)["status"] == "published"
    assert rated(shop, mug) == {"reviews": 1, "stars": 4, "stars_4": 1}


def test_approvals_of_many_reviews_interleaved_are_all_counted(shop: Shop, mug: str, weather: Any) -> None:
    """Between the look and the commit of each approval the next one begins, and a conflict on top."""
    made = [write(delivered(shop), stars=n) for n in (1, 2, 3, 4, 5, 5)]
    error = {"Error": {"Code": "TransactionCanceledException", "Message": "canceled"}}
    reasons = [CancellationReason(code="TransactionConflict"), None, None, None]
    conflict = VerboseClientError(error, TRANSACTION, {}, cancellation_reasons=reasons)
    following = iter(made[1:])
    storms: list[Any] = []
    for _ in made[1:]:
        storms += [lambda: approve(shop.staff, next(following)), conflict]
    weather(TRANSACTION, storms)
    approve(shop.staff, made[0])
    assert rated(shop, mug) == {"reviews": 6, "stars": 20} | {f"stars_{n}": 1 for n in range(1, 5)} | {"stars_5": 2}
    assert shop.guest.get("/products/mug")["rating"] == {"average": 3.33, "count": 6}


def test_reviews_beside_changes_of_the_product_are_all_counted(
    shop: Shop, mug: str, review: Json, weather: Any
) -> None:
    weather(TRANSACTION, [lambda: approve(shop.staff, review)])
    shop.staff.post(f"/admin/products/{mug}/archive")
    assert rated(shop, mug)["reviews"] == 1
    assert shop.staff.get(f"/admin/products/{mug}")["rating"]["count"] == 1


@pytest.mark.parametrize("role", ["support", "merchandiser"])
def test_who_reads_reviews(shop: Shop, review: Json, role: str) -> None:
    assert len(with_role(role).get("/admin/reviews")["data"]) == 1
    assert approve(with_role(role), review)["status"] == "published"
    assert refusal(with_role("warehouse").get, "/admin/reviews")["status"] == 403


@pytest.mark.parametrize(
    ("body", "pointer"), [({}, "/reason"), ({"reason": ""}, "/reason"), ({"reason": "x" * 501}, "/reason")]
)
def test_a_rejection_has_a_reason(shop: Shop, review: Json, body: Json, pointer: str) -> None:
    refused = refusal(shop.staff.post, f"/admin/reviews/{review['id']}/reject", body)
    assert (refused["status"], refused["pointer"]) == (422, pointer)
