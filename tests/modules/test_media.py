"""Pictures, from the upload link to their address."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from inprocess import Shop, eur
from pictures import avif, gif, jpeg, png, webp
from refusals import refusal

from infra.local.client import Json

MAKERS = {"image/png": png, "image/jpeg": jpeg, "image/webp": webp, "image/gif": gif, "image/avif": avif}


class Picture:
    """A picture that staff announced."""

    def __init__(self, shop: Shop, data: bytes, content_type: str = "image/png", size: int | None = None) -> None:
        self.shop, self.data = shop, data
        body = {"content_type": content_type, "size": len(data) if size is None else size, "filename": "mug.png"}
        self.made = shop.staff.post("/admin/media", body)
        self.key = f"uploads/{self.made['id']}"

    def send(self, data: bytes | None = None) -> "Picture":
        boto3.client("s3").put_object(Bucket="media", Key=self.key, Body=self.data if data is None else data)
        return self

    def notice(self) -> list[Json]:
        from chalicelib.catalog.consumers import catalog_media

        return self.shop.consume(catalog_media, {"detail": {"object": {"key": self.key}}})

    def now(self) -> Json:
        return self.shop.staff.get(f"/admin/media/{self.made['id']}")

    def arrive(self) -> Json:
        assert self.send().notice() == []
        return self.now()


def files() -> list[str]:
    return [file["Key"] for file in boto3.client("s3").list_objects_v2(Bucket="media").get("Contents", [])]


def served(url: str) -> Any:
    """The file behind an address."""
    return boto3.client("s3").get_object(Bucket="media", Key=urlsplit(url).path.lstrip("/"))


@pytest.mark.parametrize(("content_type", "make"), MAKERS.items())
def test_a_picture_that_arrived_can_be_seen(shop: Shop, content_type: str, make: Any) -> None:
    picture = Picture(shop, make(640, 480), content_type)
    assert (picture.made["status"], picture.made["width"]) == ("awaiting_upload", None)
    now = picture.arrive()
    assert (now["status"], now["width"], now["height"], now["upload"]) == ("ready", 640, 480, None)
    assert now["url"] == picture.made["url"]
    file = served(now["url"])
    assert file["Body"].read() == picture.data
    assert file["ContentType"] == content_type
    assert "immutable" in file["CacheControl"]
    assert files() == [urlsplit(now["url"]).path.lstrip("/")]


def test_the_link_is_for_one_file_of_that_size_and_type(shop: Shop) -> None:
    """What S3 checks is what is signed; moto checks nothing, so the signed names are looked at."""
    picture = Picture(shop, png())
    upload = picture.made["upload"]
    link = urlsplit(upload["url"])
    assert (upload["method"], link.path) == ("PUT", f"/media/{picture.key}")
    assert upload["headers"] == {"Content-Type": "image/png", "If-None-Match": "*"}
    signed = parse_qs(link.query)["X-Amz-SignedHeaders"][0].split(";")
    assert signed == ["content-length", "content-type", "host", "if-none-match"]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"content_type": "image/svg+xml"}, "/content_type"),
        ({"content_type": "text/html"}, "/content_type"),
        ({"size": 0}, "/size"),
        ({"size": 20_000_001}, "/size"),
        ({"size": "7"}, "/size"),
        ({"filename": "a\nb"}, "/filename"),
    ],
)
def test_what_is_no_picture_or_too_large_is_not_even_announced(shop: Shop, changed: Json, pointer: str) -> None:
    refused = refusal(shop.staff.post, "/admin/media", {"content_type": "image/png", "size": 7} | changed)
    assert (refused["status"], refused["pointer"]) == (422, pointer)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (SVG, "no JPEG"),
        (b"<!doctype html><script>alert(1)</script>", "no JPEG"),
        (jpeg(), "announced as image/png, and is image/jpeg"),
        (png(60_000, 60_000), "60000 x 60000"),
        (png()[:20], "broken"),
    ],
    ids=["svg", "html", "another type", "bomb", "cut off"],
)
def test_what_arrives_and_is_no_such_picture_is_served_to_nobody(shop: Shop, data: bytes, why: str) -> None:
    picture = Picture(shop, data)
    now = picture.arrive()
    assert now["status"] == "rejected"
    assert why in now["reason"]
    assert files() == []


@pytest.mark.parametrize("size", [1, len(png()) - 1, len(png()) + 1])
def test_what_is_not_of_the_announced_size_is_not_read(shop: Shop, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    from chalicelib.catalog.media import images

    monkeypatch.setattr(images, "look", lambda data: pytest.fail("it was read"))
    now = Picture(shop, png(), size=size).arrive()
    assert (now["status"], now["reason"]) == ("rejected", f"{size} bytes were announced, and {len(png())} came.")
    assert files() == []


def test_a_second_notice_changes_nothing(shop: Shop) -> None:
    picture = Picture(shop, png())
    first = picture.arrive()
    assert picture.notice() == []
    assert picture.now() == first


def test_another_file_behind_the_same_link_changes_nothing(shop: Shop) -> None:
    picture = Picture(shop, png(4, 3))
    first = picture.arrive()
    assert picture.send(png(5, 5)).notice() == []
    assert picture.now() == first
    assert served(first["url"])["Body"].read() == png(4, 3)
    assert files() == [urlsplit(first["url"]).path.lstrip("/")]


def test_a_crash_before_the_picture_is_noted_is_mended_by_the_second_notice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.core import dynamo

    picture = Picture(shop, png()).send()
    with monkeypatch.context() as crash:
        crash.setattr(dynamo, "write", lambda action: 1 / 0)
        assert len(picture.notice()) == 1
    assert picture.now()["status"] == "awaiting_upload"
    assert picture.notice() == []
    assert picture.now()["status"] == "ready"


def test_two_consumers_at_once_come_to_one_result(shop: Shop, weather: Any) -> None:
    picture = Picture(shop, png()).send()
    weather("UpdateItem", [picture.notice])
    assert picture.notice() == []
    assert picture.now()["status"] == "ready"


def test_a_file_that_nobody_announced_is_removed(shop: Shop) -> None:
    picture = Picture(shop, png())
    picture.key = "uploads/something"
    assert picture.send().notice() == []
    assert files() == []


def test_announcing_twice_with_one_key_is_one_picture(shop: Shop) -> None:
    body = {"content_type": "image/png", "size": 7}
    first = shop.staff.post("/admin/media", body, key="a-key-of-16-chars")
    again = shop.staff.post("/admin/media", body, key="a-key-of-16-chars")
    assert (again["id"], again["url"], again["upload"]["method"]) == (first["id"], first["url"], "PUT")
    other = refusal(shop.staff.post, "/admin/media", {**body, "size": 8}, key="a-key-of-16-chars")
    assert other["code"] == "idempotency_key_reused"


def test_what_is_not_sent_is_forgotten_and_what_was_checked_is_not(shop: Shop) -> None:
    def expires(picture: Picture) -> bool:
        key = {"pk": {"S": f"MEDIA#{picture.made['id']}"}, "sk": {"S": "MEDIA"}}
        return "expires" in shop.dynamodb.get_item(TableName="test-catalog", Key=key)["Item"]

    waiting, ready, rejected = Picture(shop, png()), Picture(shop, png()), Picture(shop, SVG)
    ready.arrive()
    rejected.arrive()
    assert [expires(picture) for picture in (waiting, ready, rejected)] == [True, False, True]


@pytest.mark.parametrize("media_id", ["med_x", "prd_00000000000000000000000000", "x"])
def test_there_is_no_such_picture(shop: Shop, media_id: str) -> None:
    assert refusal(shop.staff.get, f"/admin/media/{media_id}")["status"] == 404


def test_a_product_knows_how_large_the_shops_own_pictures_are(shop: Shop) -> None:
    ready, awaited = Picture(shop, png(640, 480)), Picture(shop, png())
    url = ready.arrive()["url"]
    images = [
        {"url": url, "alt": "A mug", "width": 1, "height": 1},
        {"url": "https://elsewhere.example/media/x.png"},
        {"url": awaited.made["url"]},
        {"url": url + "?v=2"},
        {"url": "https://media.jishi.example/media/x.png"},
    ]
    made = shop.product("mug", images=images)
    assert made["images"] == [images[0] | {"width": 640, "height": 480}, *images[1:]]
    assert shop.guest.get("/products/mug")["images"] == made["images"]
    body = {"handle": "mug", "title": "Mug", "status": "published", "images": images}
    variants = [{"sku": "MUG", "price": eur(1290), "stock": {"ams": 10}}]
    shop.staff.put(f"/admin/products/{made['id']}", {**body, "variants": variants})
    assert shop.staff.get(f"/admin/products/{made['id']}")["version"] == made["version"]


def test_a_product_without_own_pictures_costs_no_request_more(shop: Shop, weather: Any) -> None:
    calls = weather("GetItem", [])
    shop.product("mug", images=[{"url": "https://elsewhere.example/1.png"}])
    without = len(calls)
    url = Picture(shop, png()).arrive()["url"]
    calls.clear()
    shop.product("bowl", images=[{"url": url}, {"url": url + "x"}])
    assert len(calls) == without + 1


def test_the_bucket_itself_is_asked_before_anything_is_believed(shop: Shop) -> None:
    """A notice about a file that is not there comes again, and ends as a dead letter if it stays so."""
    picture = Picture(shop, png())
    assert len(picture.notice()) == 1
    assert picture.now()["status"] == "awaiting_upload"
    with pytest.raises(ClientError):
        served(picture.made["url"])
