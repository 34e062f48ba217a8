"""Photos in reviews: their sender's own, checked, and gone if nobody uses them."""

from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from buyers import GOOD, arrive, delivered, delivered_to, photo, published, write
from inprocess import Order, Shop
from pictures import WHERE, jpeg, png
from refusals import refusal

from infra.local.client import Json

NEW = {"content_type": "image/png", "size": 100}


@pytest.fixture
def order(shop: Shop) -> Order:
    shop.product("mug", stock={"ams": 100})
    return delivered(shop)


def claimed(key: str) -> bool:
    """Whether the lifecycle rule leaves the file alone."""
    tags = boto3.client("s3").get_object_tagging(Bucket="media", Key=key)["TagSet"]
    assert tags in ([], [{"Key": "claimed", "Value": "no"}])
    return not tags


def files() -> list[str]:
    return [file["Key"] for file in boto3.client("s3").list_objects_v2(Bucket="media").get("Contents", [])]


def expires(shop: Shop, photo_id: str) -> bool:
    key = {"pk": {"S": f"MEDIA#{photo_id}"}, "sk": {"S": "MEDIA"}}
    return "expires" in shop.dynamodb.get_item(TableName="test-catalog", Key=key)["Item"]


def test_a_photo_is_sent_checked_and_shown_in_the_review(shop: Shop, order: Order) -> None:
    picture = jpeg(640, 480, orientation=6, text=WHERE)
    sent = photo(shop, order, picture, "image/jpeg")
    ready = order.get(f"/review-photos/{sent}")
    assert (ready["status"], ready["width"], ready["height"], ready["upload"]) == ("ready", 480, 640, None)
    review = write(order, photos=[sent])
    assert review["photos"] == [{"id": sent, "url": None, "width": 480, "height": 640}]
    shop.staff.post(f"/admin/reviews/{review['id']}/approve")
    (shown,) = shop.guest.get("/products/mug/reviews")["data"]
    (seen,) = shown["photos"]
    assert (seen["width"], seen["height"]) == (480, 640)
    assert order.get(f"/reviews/{review['id']}")["photos"][0]["url"] == seen["url"]
    file = boto3.client("s3").get_object(Bucket="media", Key=urlsplit(seen["url"]).path.lstrip("/"))
    stored = file["Body"].read()
    assert WHERE not in stored
    assert len(stored) == order.get(f"/review-photos/{sent}")["size"] < len(picture)


def test_nobody_learns_a_photos_address_before_staff_have_seen_it(shop: Shop, order: Order) -> None:
    sent = photo(shop, order)
    review = write(order, photos=[sent])
    (file,) = files()
    told = str([review, order.get("/reviews"), order.get(f"/review-photos/{sent}")])
    assert file.rpartition("/")[2] not in told
    (waiting,) = shop.staff.get("/admin/reviews")["data"]
    assert waiting["photos"][0]["url"].endswith(file)


def test_what_is_in_no_review_is_forgotten_and_what_is_in_one_stays(shop: Shop, order: Order) -> None:
    used, unused = photo(shop, order), photo(shop, order)
    assert [expires(shop, used), expires(shop, unused)] == [True, True]
    write(order, photos=[used])
    assert [expires(shop, used), expires(shop, unused)] == [False, True]
    assert {used in file: claimed(file) for file in files()} == {True: True, False: False}


@pytest.mark.parametrize("whose", ["a guest's", "a customer's", "staff's", "another order's", "nobody's"])
def test_somebody_elses_photo_is_no_photo(shop: Shop, order: Order, whose: str) -> None:
    if whose == "a guest's":
        theirs = photo(shop, delivered(shop))
    elif whose == "a customer's":
        theirs = photo(shop, delivered_to(shop, shop.customer()))
    elif whose == "staff's":
        theirs = shop.staff.post("/admin/media", {"content_type": "image/png", "size": len(png())})["id"]
        arrive(shop, theirs, png())
    elif whose == "another order's":
        theirs = photo(shop, delivered(shop))
    else:
        theirs = "med_x"
    mine = photo(shop, order)
    refused = refusal(write, order, photos=[mine, theirs])
    assert (refused["status"], refused["pointer"]) == (422, "/photos/1")
    assert refusal(order.get, f"/review-photos/{theirs}")["status"] == 404
    assert order.get("/reviews")["data"] == []


def test_a_photo_is_in_one_review_once(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 9})
    shop.product("bowl", stock={"ams": 9})
    order = delivered(shop, ("MUG", 1), ("BOWL", 1))
    sent = photo(shop, order)
    assert refusal(write, order, photos=[sent, sent])["pointer"] == "/photos"
    write(order, photos=[sent])
    assert refusal(write, order, "BOWL", photos=[sent])["pointer"] == "/photos/0"


def test_one_photo_in_two_reviews_at_once(shop: Shop, weather: Any) -> None:
    shop.product("mug", stock={"ams": 9})
    shop.product("bowl", stock={"ams": 9})
    order = delivered(shop, ("MUG", 1), ("BOWL", 1))
    sent = photo(shop, order)
    weather("TransactWriteItems", [lambda: write(order, "BOWL", photos=[sent])])
    refused = refusal(write, order, photos=[sent])
    assert (refused["status"], refused["code"]) == (409, "photo_gone")
    assert [review["sku"] for review in order.get("/reviews")["data"]] == ["BOWL"]


def test_a_photo_is_used_once_it_was_checked(shop: Shop, order: Order) -> None:
    awaited = order.post("/review-photos", NEW)["id"]
    refused = refusal(write, order, photos=[awaited])
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "photo_not_ready", "/photos/0")
    bad = photo(shop, order, b"<svg/>")
    refused = refusal(write, order, photos=[bad])
    assert (refused["status"], refused["pointer"]) == (422, "/photos/0")
    assert "no JPEG" in refused["detail"]
    assert order.get(f"/review-photos/{bad}")["status"] == "rejected"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"content_type": "image/gif"}, "/content_type"),
        ({"content_type": "image/svg+xml"}, "/content_type"),
        ({"size": 8_000_001}, "/size"),
        ({"size": 0}, "/size"),
    ],
)
def test_what_is_no_photo_or_too_large_is_not_announced(shop: Shop, order: Order, changed: Json, pointer: str) -> None:
    refused = refusal(order.post, "/review-photos", NEW | changed)
    assert (refused["status"], refused["pointer"]) == (422, pointer)


def test_photos_are_sent_once_something_was_delivered(shop: Shop) -> None:
    shop.product("mug")
    order = shop.order()
    refused = refusal(order.post, "/review-photos", NEW)
    assert (refused["status"], refused["code"]) == (409, "not_delivered")


def test_nobody_fills_the_bucket(shop: Shop, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog.reviews import photos

    monkeypatch.setattr(photos, "MOST_OF_AN_ORDER", 2)
    first = order.post("/review-photos", NEW, key="a-key-of-16-chars")
    assert order.post("/review-photos", NEW, key="a-key-of-16-chars")["id"] == first["id"]
    order.post("/review-photos", NEW)
    refused = refusal(order.post, "/review-photos", NEW)
    assert (refused["status"], refused["code"]) == (409, "too_many_photos")


def test_a_photo_that_is_taken_out_is_let_go(shop: Shop, order: Order) -> None:
    kept, dropped, added = (photo(shop, order) for _ in range(3))
    review = published(shop, order, photos=[kept, dropped])
    changed = order.put(f"/reviews/{review['id']}", {**GOOD, "photos": [added, kept]})
    assert (changed["status"], [p["id"] for p in changed["photos"]]) == ("pending", [added, kept])
    assert {name: claimed(file) for file in files() for name in (kept, dropped, added) if name in file} == {
        kept: True,
        dropped: False,
        added: True,
    }
    again = refusal(order.put, f"/reviews/{review['id']}", {**GOOD, "photos": [dropped]})
    assert (again["status"], again["pointer"]) == (422, "/photos/0")


def test_the_same_photos_again_change_nothing(shop: Shop, order: Order) -> None:
    sent = photo(shop, order)
    review = published(shop, order, photos=[sent])
    assert order.put(f"/reviews/{review['id']}", {**GOOD, "photos": [sent]})["status"] == "published"


def test_a_photo_that_was_forgotten_meanwhile_is_not_shown_as_a_hole(shop: Shop, order: Order, weather: Any) -> None:
    sent = photo(shop, order)
    key = {"pk": {"S": f"MEDIA#{sent}"}, "sk": {"S": "MEDIA"}}
    weather("TransactWriteItems", [lambda: shop.dynamodb.delete_item(TableName="test-catalog", Key=key)])
    assert refusal(write, order, photos=[sent])["code"] == "photo_gone"
    assert order.get("/reviews")["data"] == []
