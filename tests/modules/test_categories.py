"""The tree of categories: moved by staff, several at once, and grown by files."""

from collections.abc import Callable
from typing import Any

import pytest
from inprocess import Shop, eur
from refusals import refusal

from chalicelib.catalog.sorting import categories
from chalicelib.catalog.sorting.taxonomy import CategoryDraft
from chalicelib.core import cache
from chalicelib.core.staff import Staff

Weather = Callable[[str, list[Any]], list[str]]


def put(shop: Shop, category_id: str, parent: str | None = None, **fields: Any) -> dict[str, Any]:
    return shop.staff.put(f"/admin/categories/{category_id}", {"name": category_id, "parent": parent, **fields})


def paths(shop: Shop) -> dict[str, list[str]]:
    return {found["id"]: found["path"] for found in shop.guest.get("/categories")["data"]}


@pytest.fixture
def clothes(shop: Shop) -> Shop:
    for category_id, parent in (("clothes", None), ("men", "clothes"), ("shirts", "men"), ("sale", None)):
        put(shop, category_id, parent)
    return shop


def test_a_move_is_right_for_everything_below(clothes: Shop) -> None:
    assert paths(clothes)["shirts"] == ["clothes", "men", "shirts"]
    put(clothes, "men", "sale")
    assert paths(clothes) == {
        "clothes": ["clothes"],
        "sale": ["sale"],
        "men": ["sale", "men"],
        "shirts": ["sale", "men", "shirts"],
    }


def test_a_category_shows_the_way_to_it_and_on(clothes: Shop) -> None:
    clothes.staff.put(
        "/admin/categories/men",
        {
            "name": "Men",
            "parent": "clothes",
            "position": 3,
            "description": "For <b>men</b><script>alert(1)</script>",
            "seo": {"title": "Men's clothes"},
            "translations": {"zh": {"name": "男装", "description": "<i>好</i>"}},
        },
    )
    page = clothes.guest.get("/categories/men?locale=zh")
    assert page["breadcrumbs"] == [{"id": "clothes", "name": "clothes"}, {"id": "men", "name": "男装"}]
    assert [child["id"] for child in page["children"]] == ["shirts"]
    assert (page["description"], page["seo"]["title"], page["position"]) == ("<i>好</i>", "Men's clothes", 3)
    assert clothes.guest.get("/categories/men")["description"] == "For <b>men</b>"
    assert refusal(clothes.guest.get, "/categories/none")["status"] == 404
    status, headers, _ = clothes.guest.send("GET", "/categories/men")
    assert (status, headers["Cache-Control"].startswith("public")) == (200, True)


@pytest.mark.parametrize("parent", ["men", "shirts", "nowhere"])
def test_a_category_can_not_stand_where_there_is_no_place(clothes: Shop, parent: str) -> None:
    refused = refusal(clothes.staff.put, "/admin/categories/men", {"name": "Men", "parent": parent})
    assert (refused["status"], refused["pointer"]) == (422, "/parent")


def test_of_two_moves_that_together_make_a_circle_one_is_refused(shop: Shop, weather: Weather) -> None:
    put(shop, "a")
    put(shop, "b")
    weather("TransactWriteItems", [lambda: put(shop, "b", "a")])
    refused = refusal(shop.staff.put, "/admin/categories/a", {"name": "a", "parent": "b"})
    assert (refused["status"], refused["pointer"]) == (422, "/parent")
    assert paths(shop) == {"a": ["a"], "b": ["a", "b"]}


def test_a_parent_that_is_deleted_meanwhile_gets_no_children(shop: Shop, weather: Weather) -> None:
    put(shop, "a")
    put(shop, "b")
    weather("TransactWriteItems", [lambda: shop.staff.call("DELETE", "/admin/categories/b")])
    assert refusal(shop.staff.put, "/admin/categories/a", {"name": "a", "parent": "b"})["pointer"] == "/parent"
    assert paths(shop) == {"a": ["a"]}


def test_a_tree_that_never_stands_still_is_a_reason_to_come_back(shop: Shop, weather: Weather) -> None:
    put(shop, "a")
    others = iter(range(100))

    def rival() -> None:
        put(shop, f"other-{next(others)}")

    # Each attempt meets somebody else's change, whose own calls are let pass.
    weather("TransactWriteItems", [step for _ in range(5) for step in (rival, lambda: None)])
    assert refusal(shop.staff.put, "/admin/categories/a", {"name": "A"})["code"] == "busy"
    assert shop.guest.get("/categories/a")["name"] == "a"


def test_a_category_goes_only_when_it_is_empty(clothes: Shop) -> None:
    def delete(category_id: str) -> dict[str, Any]:
        return clothes.staff.call("DELETE", f"/admin/categories/{category_id}")

    assert refusal(delete, "men")["code"] == "category_not_empty"
    made = clothes.product("mug", category="sale")
    assert refusal(delete, "sale")["status"] == 409
    clothes.staff.post(f"/admin/products/{made['id']}/unpublish")
    assert [found["id"] for found in delete("sale")["data"]] == ["clothes", "men", "shirts"]
    assert refusal(delete, "sale")["status"] == 404
    clothes.staff.post(f"/admin/products/{made['id']}/publish")
    assert paths(clothes)["sale"] == ["sale"]


def test_a_category_lists_what_is_in_it_and_below(clothes: Shop) -> None:
    clothes.product("shirt", category="shirts")
    clothes.product("belt", category="men")
    clothes.product("mug")

    def listed(category_id: str) -> list[str]:
        return [card["handle"] for card in clothes.guest.get(f"/products?category={category_id}")["data"]]

    assert listed("clothes") == listed("men") == ["belt", "shirt"]
    assert (listed("shirts"), listed("sale")) == (["shirt"], [])


def test_a_file_grows_the_tree_and_leaves_what_staff_have_put(clothes: Shop) -> None:
    clothes.staff.put("/admin/categories/men", {"name": "Gentlemen", "parent": "sale"})
    for _ in range(2):
        categories.ensure_path([("men", "Men"), ("men-shoes", "Shoes"), ("men-shoes-boots", "Boots")])
    assert paths(clothes)["men-shoes-boots"] == ["sale", "men", "men-shoes", "men-shoes-boots"]
    assert clothes.guest.get("/categories/men")["name"] == "Gentlemen"
    assert clothes.guest.get("/categories/men-shoes")["name"] == "Shoes"


def test_a_path_that_is_too_long_for_the_tree_is_shortened(shop: Shop) -> None:
    categories.ensure_path([(f"l{n}", f"Level {n}") for n in range(12)])
    assert {len(path) for path in paths(shop).values()} == set(range(1, 9))
    assert len(paths(shop)) == 12


def test_a_path_that_is_known_takes_no_request(shop: Shop, weather: Weather) -> None:
    calls = weather("", [])
    categories.ensure_path([("men", "Men"), ("men-shirts", "Shirts")])
    made = len(calls)
    categories.ensure_path([("men", "Men"), ("men-shirts", "Shirts")])
    assert (calls.count("TransactWriteItems"), len(calls)) == (1, made)


def test_a_tree_is_no_larger_than_it_may_be(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "MOST_CATEGORIES", 2)
    put(shop, "a")
    put(shop, "b")
    put(shop, "b", "a")
    assert refusal(shop.staff.put, "/admin/categories/c", {"name": "c"})["status"] == 422
    body = {"handle": "x", "title": "X", "category": "c", "variants": [{"sku": "X", "price": eur(1)}]}
    assert refusal(shop.staff.post, "/admin/products", body)["pointer"] == "/category"


def test_an_older_tree_is_read_again_for_whoever_knows_of_a_newer_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shop, "a")
    known = categories.present()
    with monkeypatch.context() as elsewhere:  # a change by another process
        elsewhere.setattr(cache, "forget", lambda: None)
        categories.put("b", CategoryDraft("b"), Staff("somebody", frozenset()))
    assert categories.present() is known
    assert categories.present(since=known.version + 1).version == known.version + 1


def test_a_product_page_leads_down_to_its_category(clothes: Shop) -> None:
    put(clothes, "men", "clothes", name="Men", translations={"zh": {"name": "男装"}})
    clothes.product("shirt", category="shirts")
    clothes.product("mug")
    assert clothes.guest.get("/products/shirt?locale=zh")["breadcrumbs"] == [
        {"id": "clothes", "name": "clothes"},
        {"id": "men", "name": "男装"},
        {"id": "shirts", "name": "shirts"},
    ]
    assert clothes.guest.get("/products/mug")["breadcrumbs"] == []
