"""What is known of products' attributes."""

from typing import Any

import pytest
from inprocess import Shop, eur
from refusals import refusal

from chalicelib.catalog.sorting import attributes

MUG = {"handle": "mug", "title": "Mug", "status": "published", "variants": [{"sku": "MUG", "price": eur(1)}]}


def put(shop: Shop, attribute_id: str, **fields: Any) -> dict[str, Any]:
    return shop.staff.put(f"/admin/attributes/{attribute_id}", {"name": attribute_id, **fields})


def test_a_product_page_says_what_its_attributes_are_called(shop: Shop) -> None:
    words = {"zh": {"name": "容量", "unit": "毫升"}, "de": {"name": "Inhalt"}}
    put(shop, "volume", name="Volume", type="number", unit="ml", translations=words, facet=True)
    shop.product("mug", attributes={"volume": 300, "material": "clay"})
    page = shop.guest.get("/products/mug")
    assert page["attributes"] == {"volume": 300, "material": "clay"}
    assert page["attribute_labels"] == {"volume": {"name": "Volume", "unit": "ml"}}
    assert shop.guest.get("/products/mug?locale=zh")["attribute_labels"]["volume"] == {"name": "容量", "unit": "毫升"}
    assert shop.guest.get("/products/mug?locale=de")["attribute_labels"]["volume"] == {"name": "Inhalt", "unit": "ml"}


def test_attributes_are_listed_in_their_order(shop: Shop) -> None:
    put(shop, "b", position=2)
    put(shop, "a", position=2)
    put(shop, "z", position=1, facet=True, translations={"zh": {"name": "颜色"}})
    listed = shop.guest.get("/attributes?locale=zh")["data"]
    assert [(found["id"], found["name"], found["facet"]) for found in listed] == [
        ("z", "颜色", True),
        ("a", "a", False),
        ("b", "b", False),
    ]
    assert listed[1] == {
        "id": "a",
        "name": "a",
        "translations": {},
        "type": None,
        "unit": None,
        "facet": False,
        "position": 2,
    }
    assert shop.staff.get("/admin/attributes/z")["name"] == "z"


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", "blue", [1, True, ["blue"]]),
        ("number", 1.5, ["1.5", True]),
        ("boolean", False, [0, "no"]),
        ("list", ["30°"], ["30°", 30]),
    ],
)
def test_a_value_has_to_fit_its_attributes_type(shop: Shop, kind: str, good: Any, bad: list[Any]) -> None:
    put(shop, "care", type=kind)
    for value in bad:
        refused = refusal(shop.staff.post, "/admin/products", {**MUG, "attributes": {"care": value}})
        assert (refused["status"], refused["pointer"]) == (422, "/attributes/care")
    shop.staff.post("/admin/products", {**MUG, "attributes": {"care": good, "other": 1}})
    assert shop.guest.get("/products/mug")["attributes"]["care"] == good


def test_an_attribute_of_which_nothing_is_known_takes_any_value(shop: Shop) -> None:
    put(shop, "care", type="number")
    assert shop.staff.call("DELETE", "/admin/attributes/care")["data"] == []
    assert refusal(shop.staff.call, "DELETE", "/admin/attributes/care")["status"] == 404
    assert refusal(shop.staff.get, "/admin/attributes/care")["status"] == 404
    shop.product("mug", attributes={"care": "hand wash"})
    assert shop.guest.get("/products/mug")["attribute_labels"] == {}


def test_a_file_names_what_staff_have_not(shop: Shop) -> None:
    put(shop, "size", name="Screen size", type="number")
    for _ in range(2):
        attributes.define([("size", "Size"), ("colour", "Colour"), ("empty", " "), ("long", "x" * 400)])
    names = {found["id"]: found["name"] for found in shop.guest.get("/attributes")["data"]}
    assert names == {"size": "Screen size", "colour": "Colour", "empty": "empty", "long": "x" * 300}
    assert attributes.names("colour") == ["Colour"]
    assert attributes.names("unknown") == []


def test_files_describe_no_more_attributes_than_there_is_room_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, weather: Any
) -> None:
    monkeypatch.setattr(attributes, "MOST_ATTRIBUTES", 3)
    attributes.define([(f"a{n}", f"A {n}") for n in range(5)])
    assert len(attributes.present()) == 3
    calls = weather("", [])
    attributes.define([("more", "More"), ("a0", "A 0")])
    assert calls == []
    assert refusal(shop.staff.put, "/admin/attributes/more", {"name": "More"})["code"] == "too_many_attributes"
    assert put(shop, "a0", name="Changed")["name"] == "Changed"
