"""Collections: chosen products in staff's order, and whatever a rule applies to."""

from typing import Any

import pytest
from inprocess import Shop, eur
from refusals import refusal

from chalicelib.catalog.sorting import collections


def put(shop: Shop, collection_id: str, **fields: Any) -> dict[str, Any]:
    body = {"name": collection_id.capitalize(), "published": True, **fields}
    return shop.staff.put(f"/admin/collections/{collection_id}", body)


def choose(shop: Shop, collection_id: str, *product_ids: str) -> dict[str, Any]:
    return shop.staff.put(f"/admin/collections/{collection_id}/products", {"products": list(product_ids)})


def listed(shop: Shop, collection_id: str, limit: int = 24) -> list[str]:
    handles, cursor = [], ""
    while True:
        page = shop.guest.get(f"/collections/{collection_id}/products?limit={limit}{cursor}")
        assert len(page["data"]) <= limit
        handles += [card["handle"] for card in page["data"]]
        if page["next_cursor"] is None:
            return handles
        cursor = f"&cursor={page['next_cursor']}"


def test_a_collection_is_shown_once_it_is_published(shop: Shop) -> None:
    summer = {
        "description": "<b>Hot</b><script>alert(1)</script>",
        "image": "https://example.com/summer.jpg",
        "translations": {"zh": {"name": "夏天"}},
        "position": 2,
    }
    put(shop, "summer", **summer, published=False)
    assert shop.guest.get("/collections")["data"] == []
    for path in ("/collections/summer", "/collections/summer/products", "/collections/none"):
        assert refusal(shop.guest.get, path)["status"] == 404
    assert [found["published"] for found in shop.staff.get("/admin/collections")["data"]] == [False]
    put(shop, "summer", **summer)
    put(shop, "winter", position=1)
    assert [found["id"] for found in shop.guest.get("/collections")["data"]] == ["winter", "summer"]
    page = shop.guest.get("/collections/summer?locale=zh")
    assert (page["name"], page["description"], page["by_rule"]) == ("夏天", "<b>Hot</b>", False)
    _, headers, _ = shop.guest.send("GET", "/collections/summer/products")
    assert headers["Cache-Control"].startswith("public")


def test_chosen_products_come_in_staffs_order_page_by_page(shop: Shop) -> None:
    made = {handle: shop.product(handle)["id"] for handle in "abcdefg"}
    shop.staff.post(f"/admin/products/{made['c']}/unpublish")
    put(shop, "summer")
    order = "gbcafed"
    choose(shop, "summer", *(made[handle] for handle in order))
    assert shop.staff.get("/admin/collections/summer")["products"] == [made[handle] for handle in order]
    for limit in (1, 2, 3, 24):
        assert listed(shop, "summer", limit) == ["g", "b", "a", "f", "e", "d"]


def test_a_reader_goes_on_where_they_were_when_the_list_changes(shop: Shop) -> None:
    made = {handle: shop.product(handle)["id"] for handle in "abcde"}
    put(shop, "summer")
    choose(shop, "summer", *made.values())
    first = shop.guest.get("/collections/summer/products?limit=2")
    assert [card["handle"] for card in first["data"]] == ["a", "b"]
    path = f"/collections/summer/products?cursor={first['next_cursor']}"
    choose(shop, "summer", *(made[handle] for handle in "dabce"))
    assert [card["handle"] for card in shop.guest.get(path)["data"]] == ["c", "e"]
    choose(shop, "summer", *(made[handle] for handle in "acde"))
    assert [card["handle"] for card in shop.guest.get(path)["data"]] == ["c", "d", "e"]
    choose(shop, "summer")
    assert shop.guest.get(path)["data"] == []
    assert refusal(shop.guest.get, "/collections/summer/products?cursor=bm8")["pointer"] == "/query/cursor"


def test_only_products_that_are_there_can_be_chosen_and_each_once(shop: Shop) -> None:
    mug = shop.product("mug")["id"]
    put(shop, "summer")
    for bad in ([mug, "prd_none"], [mug, mug]):
        refused = refusal(choose, shop, "summer", *bad)
        assert (refused["status"], refused["pointer"]) == (422, "/products/1")
    assert refusal(choose, shop, "none", mug)["status"] == 404
    assert refusal(choose, shop, "summer", *["prd_x"] * 1001)["pointer"] == "/products"
    put(shop, "rule", rule="tag = a")
    assert refusal(choose, shop, "rule", mug)["code"] == "collection_by_rule"


def test_a_rule_decides_what_is_saved_from_then_on(shop: Shop) -> None:
    put(shop, "summer", rule="tag = summer and price < 50")
    mug = shop.product("mug", tags=["summer"])
    shop.product("bowl", tags=["summer"], variants=[{"sku": "BOWL", "price": eur(5000)}])
    shop.product("draft", tags=["summer"], status="draft")
    assert listed(shop, "summer") == ["mug"]
    body = {"handle": "mug", "title": "Mug", "status": "published", "variants": [{"sku": "MUG", "price": eur(1290)}]}
    shop.staff.put(f"/admin/products/{mug['id']}", body)
    assert listed(shop, "summer") == []
    shop.staff.put(f"/admin/products/{mug['id']}", body | {"tags": ["Summer"]})
    assert listed(shop, "summer") == ["mug"]
    shop.staff.post(f"/admin/products/{mug['id']}/archive")
    assert listed(shop, "summer") == []


def test_a_rule_may_ask_for_all_that_a_product_is(shop: Shop) -> None:
    shop.staff.put("/admin/categories/kitchen", {"name": "Kitchen"})
    shop.staff.put("/admin/categories/cups", {"name": "Cups", "parent": "kitchen"})
    rule = (
        'category = kitchen and brand = "Blue Kiln" and title contains 杯 and on_sale = yes and attribute.volume >= 300'
    )
    put(shop, "all", rule=rule)
    sale = [{"sku": "MUG", "price": eur(990), "compare_at": eur(1290)}]
    fields = {"category": "cups", "brand": "Blue Kiln", "attributes": {"volume": 300}}
    shop.product("mug", translations={"zh": {"title": "马克杯"}}, variants=sale, **fields)
    assert listed(shop, "all") == ["mug"]


@pytest.mark.parametrize(("rule", "position"), [("tag", 4), ("price < 1.999", 9), ("tag = a or", 11)])
def test_a_bad_rule_is_refused_where_it_is_bad(shop: Shop, rule: str, position: int) -> None:
    refused = refusal(put, shop, "summer", rule=rule)
    assert (refused["status"], refused["pointer"], refused["position"]) == (422, "/rule", position)
    assert refusal(shop.staff.get, "/admin/collections/summer")["status"] == 404


def test_a_collection_that_is_deleted_is_gone_with_its_list(shop: Shop) -> None:
    mug = shop.product("mug")["id"]
    put(shop, "summer")
    choose(shop, "summer", mug)
    assert shop.staff.call("DELETE", "/admin/collections/summer")["data"] == []
    assert refusal(shop.staff.call, "DELETE", "/admin/collections/summer")["status"] == 404
    assert refusal(shop.guest.get, "/collections/summer")["status"] == 404
    assert put(shop, "summer")["products"] == []


def test_there_are_no_more_collections_and_rules_than_a_product_can_be_asked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "MOST_RULES", 1)
    monkeypatch.setattr(collections, "MOST_COLLECTIONS", 2)
    put(shop, "a", rule="tag = a")
    assert refusal(put, shop, "b", rule="tag = b")["pointer"] == "/rule"
    put(shop, "b")
    assert refusal(put, shop, "b", rule="tag = b")["pointer"] == "/rule"
    assert refusal(put, shop, "c")["code"] == "too_many_collections"
    put(shop, "a", rule="tag = c")


def test_of_two_changes_at_once_none_is_lost(shop: Shop, weather: Any) -> None:
    put(shop, "summer")
    weather("TransactWriteItems", [lambda: put(shop, "summer", rule="tag = a")])
    put(shop, "summer", rule="tag = b")
    assert shop.names() == ["CollectionChanged", "CollectionChanged"]
    assert [event["detail"]["aggregate_version"] for event in shop.events()] == [2, 3]


def test_a_product_may_stand_on_more_shelves_than_a_transaction_holds(shop: Shop) -> None:
    for n in range(101):
        put(shop, f"c{n}", rule="tag = everywhere")
    mug = shop.product("mug", tags=["everywhere"])
    assert [listed(shop, f"c{n}") for n in (0, 50, 100)] == [["mug"]] * 3
    shop.staff.post(f"/admin/products/{mug['id']}/unpublish")
    left = shop.dynamodb.scan(TableName="test-catalog")["Items"]
    assert [item["pk"]["S"] for item in left if item["pk"]["S"].startswith("SHELF#+")] == []
