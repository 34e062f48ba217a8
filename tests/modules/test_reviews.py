"""Reviews: by buyers, read by staff first, counted exactly."""

import json
from typing import Any

import pytest
from buyers import GOOD, all_pages, deliver, delivered, delivered_to, published, rated, write
from inprocess import Shop, eur
from refusals import refusal

from bench.counting import counted

TRANSACTION = "TransactWriteItems"


@pytest.fixture
def mug(shop: Shop) -> str:
    return str(shop.product("mug", stock={"ams": 100})["id"])


def test_a_buyer_says_something_of_what_was_delivered(shop: Shop, mug: str) -> None:
    order = delivered(shop)
    made = write(order)
    assert (made["status"], made["stars"], made["product_id"], made["sku"]) == ("pending", 5, mug, "MUG")
    assert order.get(f"/reviews/{made['id']}") == made
    assert order.get("/reviews")["data"] == [made]
    assert shop.guest.get("/products/mug/reviews")["data"] == []
    assert rated(shop, mug) == {}


@pytest.mark.parametrize("step", ["nothing", "pack", "dispatch"])
def test_nothing_is_said_of_what_has_not_arrived(shop: Shop, mug: str, step: str) -> None:
    order = shop.order()
    shop.deliver()
    parcel = order.get("/shipments")["data"][0]["id"]
    steps = {"nothing": [], "pack": ["pack"], "dispatch": ["pack", "dispatch"]}[step]
    for done in steps:
        shop.staff.post(f"/admin/shipments/{parcel}/{done}", {"tracking_number": "T"} if done == "dispatch" else {})
    refused = refusal(write, order)
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "not_delivered", "/sku")


def test_of_two_parcels_the_one_that_arrived_can_be_reviewed(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 5})
    shop.product("bowl", stock={"sha": 5})
    order = shop.order(("MUG", 1), ("BOWL", 1))
    deliver(shop, order, 1)
    first = {"ams": "MUG", "sha": "BOWL"}[order.get("/shipments")["data"][0]["location"]]
    other = {"MUG": "BOWL", "BOWL": "MUG"}[first]
    assert write(order, first)["status"] == "pending"
    assert refusal(write, order, other)["code"] == "not_delivered"


def test_a_line_is_reviewed_once(shop: Shop, mug: str) -> None:
    order = delivered(shop, ("MUG", 3))
    first = write(order)
    refused = refusal(write, order, stars=1)
    assert (refused["status"], refused["code"]) == (409, "already_reviewed")
    assert order.get("/reviews")["data"] == [first]
    assert write(delivered(shop))["id"] != first["id"]


def test_two_tabs_write_one_review(shop: Shop, mug: str, weather: Any) -> None:
    order = delivered(shop)
    weather(TRANSACTION, [lambda: write(order, stars=4)])
    assert refusal(write, order)["code"] == "already_reviewed"
    assert [review["stars"] for review in order.get("/reviews")["data"]] == [4]


def test_a_lost_answer_is_given_again(shop: Shop, mug: str, weather: Any) -> None:
    order, body, key = delivered(shop), {"sku": "MUG", **GOOD}, "a-key-of-16-chars"
    twin: list[Any] = []
    weather(TRANSACTION, [lambda: twin.append(order.post("/reviews", body, key=key))])
    assert order.post("/reviews", body, key=key) == twin[0]
    assert order.post("/reviews", body, key=key) == twin[0]
    refused = refusal(order.post, "/reviews", {**body, "stars": 1}, key=key)
    assert refused["code"] == "idempotency_key_reused"


def test_only_what_was_bought_is_reviewed(shop: Shop, mug: str) -> None:
    shop.product("bowl")
    refused = refusal(write, delivered(shop), "BOWL")
    assert (refused["status"], refused["pointer"]) == (422, "/sku")


def test_somebody_elses_order_is_not_there(shop: Shop, mug: str) -> None:
    ann, ben = shop.customer("ann"), shop.customer("ben")
    order = delivered_to(shop, ann)
    review = write(order)
    bens = delivered_to(shop, ben)
    assert refusal(ben.post, f"/me/orders/{order.id}/reviews", {"sku": "MUG", **GOOD})["status"] == 404
    assert refusal(ben.get, f"/me/orders/{order.id}/reviews/{review['id']}")["status"] == 404
    # Not even through an order of one's own.
    assert refusal(bens.get, f"/reviews/{review['id']}")["status"] == 404
    assert refusal(bens.put, f"/reviews/{review['id']}", GOOD)["status"] == 404


def test_a_claimed_order_keeps_its_review(shop: Shop, mug: str) -> None:
    order = delivered(shop)
    review = write(order)
    ann = shop.customer("ann")
    ann.with_headers(**order.api.headers).post("/me/orders", {"order_id": order.id})
    assert ann.get(f"/me/orders/{order.id}/reviews/{review['id']}") == review
    assert refusal(order.get, "/reviews")["status"] == 404


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"stars": 0}, "/stars"),
        ({"stars": 6}, "/stars"),
        ({"stars": 4.5}, "/stars"),
        ({"stars": None}, "/stars"),
        ({"title": "x" * 151}, "/title"),
        ({"text": "x" * 5001}, "/text"),
        ({"author": "lin@jishi.example"}, "/author"),
        ({"photos": ["x"] * 6}, "/photos"),
        ({"sku": ""}, "/sku"),
        ({"verified": True}, "/verified"),
    ],
)
def test_a_bad_review_is_refused_by_its_field(shop: Shop, mug: str, changed: dict, pointer: str) -> None:
    refused = refusal(write, delivered(shop), **changed)
    assert (refused["status"], refused["pointer"]) == (422, pointer)


def test_a_published_review_is_plain_text_by_nobody_who_can_be_traced(shop: Shop, mug: str) -> None:
    order = delivered(shop)
    published(shop, order, title="<b>Very</b> good", text="A <script>alert(1)</script>B &lt;i&gt;C", author="")
    page = shop.guest.get("/products/mug/reviews")
    (review,) = page["data"]
    assert (review["title"], review["text"], review["author"]) == ("Very good", "A B C", "Verified buyer")
    told = json.dumps(page)
    assert order.id not in told
    assert order.id.partition("_")[2] not in told
    assert "guest@jishi.example" not in told
    assert "order" not in told


def test_what_is_published_can_be_read_and_counts(shop: Shop, mug: str) -> None:
    for stars in (5, 4, 4):
        published(shop, delivered(shop), stars=stars)
    write(delivered(shop), stars=1)
    page = shop.guest.get("/products/mug/reviews")
    assert [review["stars"] for review in page["data"]] == [4, 4, 5]
    distribution = {"1": 0, "2": 0, "3": 0, "4": 2, "5": 1}
    assert page["rating"] == {"average": 4.33, "count": 3, "distribution": distribution}
    rating = {"average": 4.33, "count": 3}
    assert shop.guest.get("/products/mug")["rating"] == rating
    assert shop.guest.get("/products")["data"][0]["rating"] == rating
    assert shop.staff.get(f"/admin/products/{mug}")["rating"] == rating
    assert rated(shop, mug) == {"reviews": 3, "stars": 13, "stars_4": 2, "stars_5": 1}


def test_a_product_that_nobody_reviewed_has_no_average(shop: Shop, mug: str) -> None:
    assert shop.guest.get("/products/mug")["rating"] == {"average": None, "count": 0}
    page = shop.guest.get("/products/mug/reviews")
    assert (page["rating"]["average"], page["rating"]["count"], page["data"]) == (None, 0, [])
    assert set(page["rating"]["distribution"].values()) == {0}


def test_reviews_of_a_product_that_is_not_shown_are_not_either(shop: Shop, mug: str) -> None:
    published(shop, delivered(shop))
    shop.staff.post(f"/admin/products/{mug}/unpublish")
    assert refusal(shop.guest.get, "/products/mug/reviews")["status"] == 404


def test_an_old_handle_leads_to_the_reviews(shop: Shop, mug: str) -> None:
    published(shop, delivered(shop))
    body = {"handle": "cup", "title": "Cup", "status": "published", "variants": [{"sku": "MUG", "price": eur(1290)}]}
    shop.staff.put(f"/admin/products/{mug}", body)
    status, headers, _ = shop.guest.send("GET", "/products/mug/reviews?limit=1")
    assert (status, headers["Location"]) == (301, "../cup/reviews?limit=1")
    assert len(shop.guest.get("/products/cup/reviews")["data"]) == 1


def test_reviews_come_newest_first_page_by_page_for_one_query_each(shop: Shop, mug: str) -> None:
    made = [published(shop, delivered(shop), title=str(n))["id"] for n in range(5)]
    assert [r["id"] for r in all_pages(shop.guest.get, "/products/mug/reviews", 2)] == made[::-1]
    with counted() as calls:
        shop.guest.get("/products/mug/reviews?limit=2")
    assert calls.dynamodb == ["Query", "Query"]  # the product with its rating, and the page


def test_what_has_not_changed_is_not_sent_again(shop: Shop, mug: str) -> None:
    published(shop, delivered(shop))
    _, headers, _ = shop.guest.send("GET", "/products/mug/reviews")
    known = {"If-None-Match": headers["ETag"]}
    assert headers["Cache-Control"].startswith("public")
    assert shop.guest.send("GET", "/products/mug/reviews", None, **known)[0] == 304
    published(shop, delivered(shop))
    assert shop.guest.send("GET", "/products/mug/reviews", None, **known)[0] == 200


def test_saying_something_else_takes_the_review_back_until_it_is_read_again(shop: Shop, mug: str) -> None:
    order = delivered(shop)
    review = published(shop, order, stars=5)
    changed = order.put(f"/reviews/{review['id']}", {**GOOD, "stars": 2, "text": "It broke."})
    assert (changed["status"], changed["stars"]) == ("pending", 2)
    assert shop.guest.get("/products/mug/reviews")["data"] == []
    assert rated(shop, mug) == {}
    shop.staff.post(f"/admin/reviews/{review['id']}/approve")
    assert rated(shop, mug) == {"reviews": 1, "stars": 2, "stars_2": 1}
    (shown,) = shop.guest.get("/products/mug/reviews")["data"]
    assert (shown["text"], shown["created_at"]) == ("It broke.", review["created_at"])


def test_saying_the_same_again_changes_nothing(shop: Shop, mug: str) -> None:
    order = delivered(shop)
    review = published(shop, order)
    before = order.get(f"/reviews/{review['id']}")
    assert order.put(f"/reviews/{review['id']}", GOOD) == before
    assert before["status"] == "published"


def test_search_hears_of_a_rating_that_changed(shop: Shop, mug: str) -> None:
    order = delivered(shop)
    review = published(shop, order, stars=4)
    order.put(f"/reviews/{review['id']}", {**GOOD, "stars": 1})
    shop.staff.post(f"/admin/reviews/{review['id']}/approve")
    shop.staff.post(f"/admin/reviews/{review['id']}/reject", {"reason": "No."})
    told = [(e["name"], e["detail"]["stars"]) for e in shop.events() if e["name"].startswith("Review")]
    gone, shown = "ReviewUnpublished", "ReviewPublished"
    assert told == [(shown, 4), (gone, 4), (shown, 1), (gone, 1)]
    details = [event["detail"] for event in shop.events() if event["name"].startswith("Review")]
    assert {(d["aggregate_id"], d["product_id"]) for d in details} == {(review["id"], mug)}
    assert [d["aggregate_version"] for d in details] == [2, 3, 4, 5]
