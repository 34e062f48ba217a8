"""Products over their life: renamed, planned, archived, written by several people at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Shop, eur
from refusals import refusal

from chalicelib.catalog import tables
from chalicelib.core import clock, dynamo

SHIRT = {
    "handle": "shirt",
    "title": "Shirt",
    "description": "<p>Soft</p><script>alert(1)</script>",
    "seo": {"title": "A soft shirt", "description": "Buy it."},
    "translations": {"zh": {"title": "衬衫", "description": "<b>软</b><img src=x onerror=alert(1)>"}},
    "brand": "Weaver",
    "tags": ["summer"],
    "attributes": {"material": "cotton", "washable": True, "weight.gsm": 180, "care": ["30°", "iron"]},
    "options": ["Size"],
    "images": [{"url": "https://example.com/shirt.jpg", "alt": "Front", "width": 800, "height": 600}],
    "status": "published",
    "variants": [
        {
            "sku": f"SHIRT-{size}",
            "price": eur(2990),
            "compare_at": eur(3990),
            "option_values": [size],
            "barcode": "4006381333931",
            "weight_grams": 250,
            "dimensions": {"length": 300, "width": 200, "height": 20},
            "hs_code": "610910",
            "origin": "PT",
        }
        for size in ("S", "M")
    ],
}


def plan(**times: timedelta) -> dict[str, str]:
    return {name: clock.stamp(clock.now() + wait) for name, wait in times.items()}


def test_a_product_page_shows_every_field(shop: Shop) -> None:
    shop.staff.post("/admin/products", SHIRT)
    page = shop.guest.get("/products/shirt")
    assert page["description"] == "<p>Soft</p>"
    assert page["translations"]["zh"]["description"] == '<b>软</b><img src="x">'
    assert (page["seo"], page["attributes"]) == (SHIRT["seo"], SHIRT["attributes"])
    for shown, sent in zip(page["variants"], SHIRT["variants"], strict=True):
        assert {name: shown[name] for name in sent} == sent
        assert (shown["image"], shown["digital"], shown["components"]) == ("https://example.com/shirt.jpg", False, {})


def test_a_renamed_product_is_found_under_both_handles(shop: Shop) -> None:
    made = shop.staff.post("/admin/products", SHIRT)
    shop.staff.put(f"/admin/products/{made['id']}", SHIRT | {"handle": "tee-衫"})
    assert shop.guest.get("/products/tee-%E8%A1%AB")["title"] == "Shirt"
    status, headers, problem = shop.guest.send("GET", "/products/shirt?locale=zh")
    assert (status, headers["Location"], problem["code"]) == (301, "tee-%E8%A1%AB?locale=zh", "moved")
    refused = refusal(shop.staff.post, "/admin/products", {**SHIRT, "title": "Another"})
    assert (refused["status"], refused["code"]) == (409, "handle_taken")
    back = shop.staff.put(f"/admin/products/{made['id']}", SHIRT)
    assert (back["handle"], shop.guest.get("/products/shirt")["title"]) == ("shirt", "Shirt")
    assert shop.guest.send("GET", "/products/tee-%E8%A1%AB")[0] == 301


def test_the_old_handle_of_what_is_not_shown_leads_nowhere(shop: Shop) -> None:
    made = shop.staff.post("/admin/products", SHIRT)
    shop.staff.put(f"/admin/products/{made['id']}", SHIRT | {"handle": "tee", "status": "draft"})
    assert refusal(shop.guest.get, "/products/shirt")["status"] == 404


def test_a_product_can_not_take_another_ones_handle(shop: Shop) -> None:
    shop.product("mug")
    made = shop.staff.post("/admin/products", SHIRT)
    refused = refusal(shop.staff.put, f"/admin/products/{made['id']}", SHIRT | {"handle": "mug"})
    assert (refused["status"], refused["pointer"]) == (409, "/handle")
    assert refusal(shop.staff.put, "/admin/products/prd_none", SHIRT)["status"] == 404


@pytest.mark.parametrize("rival", ["Rival", "Mug"])
def test_of_two_who_create_a_handle_at_once_one_wins_and_nothing_is_replaced(
    shop: Shop, weather: Callable[..., Any], rival: str
) -> None:
    body = {"handle": "mug", "title": "Mug", "variants": [{"sku": "MUG", "price": eur(1)}]}
    weather("TransactWriteItems", [lambda: shop.staff.post("/admin/products", body | {"title": rival})])
    if rival == "Mug":
        assert shop.staff.post("/admin/products", body)["version"] == 1
    else:
        assert refusal(shop.staff.post, "/admin/products", body)["code"] == "handle_taken"
    assert [p["title"] for p in shop.staff.get("/admin/products")["data"]] == [rival]


def test_a_large_product_that_was_interrupted_comes_in_whole_when_tried_again(
    shop: Shop, weather: Callable[..., Any]
) -> None:
    variants = [{"sku": f"BIG-{n}", "price": eur(100), "option_values": [str(n)]} for n in range(250)]
    body = {"handle": "big", "title": "Big", "status": "published", "options": ["Size"], "variants": variants}
    calls = weather("TransactWriteItems", [lambda: None, lambda: None, ConnectionError()])
    assert shop.staff.send("POST", "/admin/products", _json(body))[0] == 500
    assert calls.count("TransactWriteItems") == 3
    assert refusal(shop.guest.get, "/products/big")["status"] == 404
    shop.staff.post("/admin/products", body)
    assert len(shop.guest.get("/products/big")["variants"]) == 250


def test_a_planned_product_shows_itself_and_hides_again(shop: Shop, travel: Callable[[timedelta], None]) -> None:
    times = plan(publish_at=timedelta(hours=1), unpublish_at=timedelta(hours=2))
    made = shop.staff.post("/admin/products", {**SHIRT, "status": "draft", **times})
    assert (made["status"], shop.publish()) == ("draft", {"outcome": "done"})
    assert refusal(shop.cart().post, "/items", {"sku": "SHIRT-S"})["code"] == "unknown_sku"
    travel(timedelta(hours=1, seconds=1))
    assert shop.publish() == {"outcome": "done", "published": 1}
    assert shop.guest.get("/products/shirt")["title"] == "Shirt"
    assert len(shop.guest.get("/products")["data"]) == 1
    shop.cart(("SHIRT-S", 1))
    travel(timedelta(hours=1))
    assert shop.publish() == {"outcome": "done", "draft": 1}
    assert refusal(shop.guest.get, "/products/shirt")["status"] == 404
    assert shop.publish() == {"outcome": "done"}
    assert shop.names() == ["ProductPublished", "ProductUnpublished"]


def test_what_staff_do_now_is_stronger_than_what_was_planned(shop: Shop, travel: Callable[[timedelta], None]) -> None:
    made = shop.staff.post("/admin/products", {**SHIRT, "status": "draft", **plan(publish_at=timedelta(hours=1))})
    shop.staff.post(f"/admin/products/{made['id']}/unpublish")
    travel(timedelta(hours=2))
    assert shop.publish() == {"outcome": "done"}
    assert shop.staff.get(f"/admin/products/{made['id']}")["publish_at"] is None


def test_a_time_that_has_passed_counts_at_once(shop: Shop) -> None:
    past = plan(publish_at=-timedelta(hours=2))
    assert shop.staff.post("/admin/products", {**SHIRT, "status": "draft", **past})["status"] == "published"
    over = SHIRT | {"handle": "over", "variants": [{"sku": "O", "price": eur(1)}], "options": []}
    over |= plan(publish_at=-timedelta(hours=2), unpublish_at=-timedelta(hours=1))
    assert shop.staff.post("/admin/products", over)["status"] == "draft"
    assert shop.publish() == {"outcome": "done"}


def test_an_archived_product_is_sold_no_more_and_keeps_its_handle(shop: Shop) -> None:
    made = shop.staff.post("/admin/products", SHIRT)
    assert shop.staff.post(f"/admin/products/{made['id']}/archive")["status"] == "archived"
    assert refusal(shop.guest.get, "/products/shirt")["status"] == 404
    assert refusal(shop.staff.post, "/admin/products", SHIRT | {"title": "New"})["code"] == "handle_taken"
    assert shop.staff.post(f"/admin/products/{made['id']}/publish")["status"] == "published"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"publish_at": "2026-01-01T00:00:00"}, "/publish_at"),
        ({"publish_at": "0001-01-01T00:00:00+14:00"}, "/publish_at"),
        ({"unpublish_at": "9999-12-31T23:59:59-14:00"}, "/unpublish_at"),
        ({"publish_at": "2026-01-02T00:00:00Z", "unpublish_at": "2026-01-01T00:00:00Z"}, "/unpublish_at"),
        ({"attributes": {"Bad Name!": 1}}, "/attributes"),
        ({"attributes": {"care": [""]}}, "/attributes"),
        ({"description": "x" * 60_000}, "/description"),
        ({"images": [{"url": "https://e.com/" + "x" * 1980} for _ in range(200)]}, "/images"),
        ({"status": "sold"}, "/status"),
    ],
)
def test_what_is_no_product_is_refused_by_its_field(shop: Shop, changed: dict[str, Any], pointer: str) -> None:
    refused = refusal(shop.staff.post, "/admin/products", SHIRT | changed)
    assert (refused["status"], refused["pointer"]) == (422, pointer)


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"origin": "Portugal"}, "/variants/0/origin"),
        ({"hs_code": "61.09.10"}, "/variants/0/hs_code"),
        ({"dimensions": {"length": 1, "width": 1}}, "/variants/0/dimensions/height"),
        ({"components": {"NONE": 1}}, "/variants/0/components/NONE"),
        ({"components": {"A": 1}}, "/variants/0/components"),
        ({"components": {"MUG": 1}, "stock": {"ams": 1}}, "/variants/0/stock"),
        ({"digital": True, "stock": {"ams": 1}}, "/variants/0/stock"),
        ({"prices": [{"list": "vip", "price": eur(1)}] * 2}, "/variants/0/prices/1"),
    ],
)
def test_what_is_no_variant_is_refused_by_its_field(shop: Shop, changed: dict[str, Any], pointer: str) -> None:
    shop.product("mug")
    body = {"handle": "a", "title": "A", "variants": [{"sku": "A", "price": eur(1), **changed}]}
    refused = refusal(shop.staff.post, "/admin/products", body)
    assert (refused["status"], refused["pointer"]) == (422, pointer)


def test_what_staff_do_follows_from_what_is_there_and_not_from_what_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, reads, calm = shop.staff.post("/admin/products", SHIRT), [], dynamo._connection.dispatch

    def dispatch(operation: str, request: Any) -> Any:
        if operation == "BatchGetItem":
            reads.extend(table["ConsistentRead"] for table in request["RequestItems"].values())
        return calm(operation, request)

    monkeypatch.setattr(dynamo._connection, "dispatch", dispatch)
    shop.staff.post(f"/admin/products/{made['id']}/unpublish")
    assert reads
    assert all(reads)


def test_a_page_that_the_index_does_not_show_yet_is_not_found(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.product("cup")
    monkeypatch.setattr(tables, "product_page", lambda handle: None)
    assert refusal(shop.guest.get, "/products/cup")["status"] == 404


def _json(body: Any) -> str:
    import json

    return json.dumps(body)
