"""Narrowing down, counting, suggesting, and what is done when little is found: on osmem and on OpenSearch."""

from typing import Any
from urllib.parse import quote

import pytest
from inprocess import Shop, eur
from refusals import refusal
from searching import follow, handles


def listed(shop: Shop, handle: str, price: int = 1000, **fields: Any) -> Any:
    variant = {"sku": handle.upper(), "price": eur(price), **fields.pop("variant", {})}
    return shop.product(handle, variants=[variant], **fields)


@pytest.fixture
def shirts(searchable: Shop) -> Shop:
    """Six shirts and a hat in three categories, one of them below another."""
    shop = searchable
    shop.staff.put("/admin/categories/clothes", {"name": "Clothes"})
    shop.staff.put("/admin/categories/shirts", {"name": "Shirts", "parent": "clothes"})
    for name in ("color", "size"):
        shop.staff.put(f"/admin/attributes/{name}", {"name": name.capitalize(), "facet": True})
    for number, (color, brand) in enumerate((c, b) for c in ("red", "blue", "green") for b in ("Kiln", "Loom")):
        listed(
            shop,
            f"shirt-{number}",
            price=1000 * (number + 1),
            title=f"{brand} linen shirt",
            brand=brand,
            category="shirts",
            attributes={"color": color, "size": "M", "origin": "PT"},
        )
    listed(shop, "hat", title="Straw hat", category="clothes", attributes={"color": "red"})
    follow(shop)
    return shop


def counts(facet: list[Any]) -> dict[str, int]:
    return {entry["value"]: entry["count"] for entry in facet}


def attribute(facets: Any, name: str) -> dict[str, int]:
    return next((counts(entry["values"]) for entry in facets["attributes"] if entry["id"] == name), {})


def test_a_chosen_value_narrows_down_everything_but_its_own_counts(shirts: Shop) -> None:
    whole = shirts.guest.get("/search?q=shirt")["facets"]
    assert attribute(whole, "color") == {"red": 2, "blue": 2, "green": 2}
    assert counts(whole["brands"]) == {"Kiln": 3, "Loom": 3}
    chosen = shirts.guest.get("/search?q=shirt&attribute=color:red&attribute=color:blue&brand=Kiln")
    assert sorted(card["handle"] for card in chosen["data"]) == ["shirt-0", "shirt-2"]
    assert chosen["total"] == 2
    assert attribute(chosen["facets"], "color") == {"red": 1, "blue": 1, "green": 1}
    assert counts(chosen["facets"]["brands"]) == {"Kiln": 2, "Loom": 2}
    assert attribute(chosen["facets"], "size") == {"M": 2}


def test_categories_count_what_is_below_them_and_follow_the_tree_at_once(shirts: Shop) -> None:
    found = shirts.guest.get("/search?category=clothes")
    assert found["total"] == 7
    assert {entry["id"]: entry["count"] for entry in found["facets"]["categories"]} == {"clothes": 7, "shirts": 6}
    shirts.staff.put("/admin/categories/shirts", {"name": "Shirts"})
    assert handles(shirts, "category=clothes") == ["hat"]


def test_prices_and_ratings_are_counted_in_ranges_that_can_be_asked_for(shirts: Shop) -> None:
    price = shirts.guest.get("/search?q=shirt")["facets"]["price"]
    assert (price["currency"], price["lowest"], price["highest"]) == ("EUR", 1000, 6000)
    for entry in price["ranges"]:
        limits = {name: entry[name] for name in ("price_min", "price_max") if entry[name] is not None}
        asked = "&".join(f"{name}={value}" for name, value in limits.items())
        assert shirts.guest.get(f"/search?q=shirt&{asked}")["total"] == entry["count"]
    assert shirts.guest.get("/search?rating_min=4")["total"] == 0


def test_marking_an_attribute_as_facet_needs_no_new_index(shirts: Shop) -> None:
    assert attribute(shirts.guest.get("/search")["facets"], "origin") == {}
    shirts.staff.put("/admin/attributes/origin", {"name": "Origin", "facet": True})
    assert attribute(shirts.guest.get("/search")["facets"], "origin") == {"PT": 6}


def test_what_the_thing_is_stands_before_what_is_for_it(searchable: Shop) -> None:
    shop = searchable
    listed(shop, "pad", title="Gel mouse pad")
    listed(shop, "mouse", title="Optical mouse for office and home")
    listed(shop, "cable", title="Mouse cable")
    follow(shop)
    assert handles(shop, "q=mouse")[0] == "mouse"
    assert handles(shop, "q=mouse+pads")[0] == "pad"


@pytest.mark.parametrize("text", ["smartwatch", "smart watch", "SMART WATCHES"])
def test_a_word_is_found_however_it_is_spaced(searchable: Shop, text: str) -> None:
    shop = searchable
    listed(shop, "one", title="Smartwatch with GPS")
    listed(shop, "two", title="Smart watch, black")
    follow(shop)
    assert sorted(handles(shop, f"q={quote(text)}")) == ["one", "two"]


@pytest.mark.parametrize("text", ["TN-2110", "tn2110", "tn 2110", "0012345678905", "12345678905"])
def test_a_sku_or_a_barcode_finds_its_product_however_it_is_written(searchable: Shop, text: str) -> None:
    shop = searchable
    listed(shop, "toner", title="Black toner", variant={"sku": "TN-2110", "barcode": "012345678905"})
    listed(shop, "other", title="Toner like the 2110")
    follow(shop)
    assert handles(shop, f"q={quote(text)}")[0] == "toner"


def test_misspelt_words_are_put_right_and_it_is_said(shirts: Shop) -> None:
    found = shirts.guest.get("/search?q=linnen+shirt")
    assert (found["did_you_mean"], found["total"]) == ("linen shirt", 6)
    assert shirts.guest.get("/search?q=linen+shirt")["did_you_mean"] is None


@pytest.mark.parametrize("text", ["linnen", "  linnen", '"linnen"', "😀 linnen", "(x) 😀😀 Linnen"])
def test_a_misspelt_word_is_put_right_wherever_it_stands(shirts: Shop, text: str) -> None:
    (suggested,) = shirts.guest.get(f"/search/suggest?q={quote(text)}")["queries"]
    assert suggested.split()[-1] == "linen"
    meant = shirts.guest.get(f"/search?q={quote(text)}")["did_you_mean"]
    assert meant == text.replace("Linnen", "linen").replace("linnen", "linen")


def test_without_an_exact_match_the_words_that_lack_are_named(shirts: Shop) -> None:
    found = shirts.guest.get("/search?q=straw+hat+zeppelin")
    assert found["data"][0]["handle"] == "hat"
    assert found["fallback"] == {"exact": 0, "searched": "straw hat zeppelin", "dropped": ["zeppelin"]}
    assert shirts.guest.get("/search?q=zeppelin")["data"] == []


@pytest.mark.parametrize(
    "text",
    [
        "sony wh 1000xm4 wireless noise cancelling headphones black",
        "logitech mx master wireless mouse for windows mac with fast scrolling black",
        "a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-" * 4,
        "laptop tv ssd cpu ram hdd headset cord gpu telly notebook earbuds",
        "苹果手机华为小米电视冰箱洗衣机空调" * 11,
    ],
    ids=lambda text: text[:20],
)
@pytest.mark.parametrize("path", ["/search", "/search/suggest"])
def test_a_whole_title_can_be_looked_for(searchable: Shop, path: str, text: str) -> None:
    listed(searchable, "one", title=text[:200].replace("-", " "))
    follow(searchable)
    found = searchable.guest.get(f"{path}?q={quote(text[:200])}")
    assert path != "/search" or found["data"][0]["handle"] == "one"


def test_the_words_that_lack_are_the_best_results_on_each_page(searchable: Shop) -> None:
    shop = searchable
    listed(shop, "both", title="Red shoes")
    for name in ("a", "b", "c"):
        listed(shop, name, title=f"{name} shoes")
    follow(shop)
    first = shop.guest.get("/search?q=red+shoes&limit=2")
    second = shop.guest.get(f"/search?q=red+shoes&limit=2&cursor={first['next_cursor']}")
    assert first["data"][0]["handle"] == "both"
    assert len(second["data"]) == 2
    assert first["fallback"] == second["fallback"] == {"exact": 1, "searched": "red shoes", "dropped": []}


def test_what_has_all_the_words_is_counted_among_what_is_chosen(shirts: Shop) -> None:
    everything = shirts.guest.get("/search?q=linen+shirt+hat&sort=price_asc")
    assert everything["fallback"]["exact"] == 0
    listed(shirts, "wool", title="Wool shirt", brand="Kiln")
    follow(shirts)
    found = shirts.guest.get("/search?q=linen+shirt&brand=Kiln")
    assert (found["total"], found["fallback"]["exact"]) == (4, 3)
    assert shirts.guest.get("/search?q=linen+shirt")["fallback"]["exact"] == 6


def test_curated_results_stand_first_and_hidden_ones_nowhere(shirts: Shop) -> None:
    ids = {card["handle"]: card["id"] for card in shirts.guest.get("/search?limit=50")["data"]}
    body = {"queries": ["shirt"], "pinned": [ids["hat"], ids["shirt-5"]], "hidden": [ids["shirt-0"]]}
    shirts.staff.put("/admin/search/curations/shirts", body)
    found = handles(shirts, "q=Shirt")
    assert found[:2] == ["hat", "shirt-5"]
    assert "shirt-0" not in found
    assert len(found) == 6


def test_what_is_curated_holds_for_words_that_were_put_right_page_by_page(shirts: Shop) -> None:
    ids = {card["handle"]: card["id"] for card in shirts.guest.get("/search?limit=50")["data"]}
    body = {"queries": ["linen shirt"], "pinned": [ids["hat"], ids["shirt-5"]], "hidden": [ids["shirt-0"]]}
    shirts.staff.put("/admin/search/curations/shirts", body)
    seen, cursor = [], ""
    while True:
        page = shirts.guest.get(f"/search?q=linnen+shirt&limit=2{cursor}")
        assert page["did_you_mean"] == "linen shirt"
        seen += [card["handle"] for card in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen[:2] == ["hat", "shirt-5"]
    assert sorted(seen[2:]) == ["shirt-1", "shirt-2", "shirt-3", "shirt-4"]


def test_what_is_pinned_is_no_match_for_the_words(shirts: Shop) -> None:
    ids = {card["handle"]: card["id"] for card in shirts.guest.get("/search?limit=50")["data"]}
    body = {"queries": ["linnen shirt", "linen zeppelin", "qqqq wwww"], "pinned": [ids["hat"]]}
    shirts.staff.put("/admin/search/curations/hats", body)
    misspelt = shirts.guest.get("/search?q=linnen+shirt")
    assert (misspelt["did_you_mean"], misspelt["total"], misspelt["data"][0]["handle"]) == ("linen shirt", 7, "hat")
    assert misspelt["fallback"] is None
    relaxed = shirts.guest.get("/search?q=linen+zeppelin")
    assert relaxed["fallback"] == {"exact": 0, "searched": "linen zeppelin", "dropped": ["zeppelin"]}
    assert (relaxed["total"], relaxed["data"][0]["handle"]) == (7, "hat")
    nothing = shirts.guest.get("/search?q=qqqq+wwww")
    assert ([card["handle"] for card in nothing["data"]], nothing["fallback"]) == (["hat"], None)


def test_a_tag_is_found_however_long_it_may_be(searchable: Shop) -> None:
    tags = ["t" * 300, "😀" * 300]
    listed(searchable, "tagged", tags=tags)
    follow(searchable)
    assert [handles(searchable, f"tag={quote(tag)}") for tag in tags] == [["tagged"], ["tagged"]]


def test_synonyms_count_without_a_new_index(shirts: Shop) -> None:
    assert handles(shirts, "q=boater") == []
    shirts.staff.put("/admin/search/synonyms/boater", {"terms": ["boater", "straw hat"]})
    assert handles(shirts, "q=boater") == ["hat"]


def test_suggestions_complete_what_is_typed(shirts: Shop) -> None:
    found = shirts.guest.get("/search/suggest?q=lin")
    assert "linen shirt" in found["queries"]
    assert {card["handle"] for card in found["products"]} <= {f"shirt-{n}" for n in range(6)}
    assert found["products"]
    assert [entry["id"] for entry in shirts.guest.get("/search/suggest?q=shir")["categories"]] == ["shirts"]
    assert shirts.guest.get("/search/suggest?q=strwa+ha")["products"][0]["handle"] == "hat"
    assert shirts.guest.get("/search/suggest?q=%20")["products"] == []


def test_chinese_is_found_and_suggested_by_its_characters(searchable: Shop) -> None:
    shop = searchable
    listed(shop, "tea", title="龙井绿茶 Longjing")
    listed(shop, "quilt", title="秋冬加厚羊毛被")
    follow(shop)
    for text, handle in (
        ("绿茶", "tea"),
        ("茶", "tea"),
        ("龙井 longjing", "tea"),
        ("羊毛被", "quilt"),
        ("羊毛被子", "quilt"),
    ):
        assert handles(shop, f"q={quote(text)}")[:1] == [handle], text
    assert shop.guest.get(f"/search/suggest?q={quote('羊毛')}")["products"][0]["handle"] == "quilt"


def test_pages_by_relevance_follow_on_and_a_foreign_cursor_is_refused(shirts: Shop) -> None:
    seen, cursor = [], ""
    while True:
        page = shirts.guest.get(f"/search?q=shirt&limit=2{cursor}")
        seen += [card["handle"] for card in page["data"]]
        if page["next_cursor"] is None:
            break
        last, cursor = page["next_cursor"], f"&cursor={page['next_cursor']}"
    assert sorted(seen) == [f"shirt-{n}" for n in range(6)]
    for other in ("q=hat", "q=shirt&sort=newest", "q=shirt&brand=Kiln"):
        assert refusal(shirts.guest.get, f"/search?{other}&cursor={last}")["pointer"] == "/query/cursor"
    assert refusal(shirts.guest.get, "/search?cursor=abc")["pointer"] == "/query/cursor"
