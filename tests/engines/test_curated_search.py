"""What staff say of search counts at once, without a new index."""

from inprocess import Shop
from searching import follow, handles


def test_synonyms_are_found_from_the_moment_that_staff_say_so(searchable: Shop) -> None:
    shop = searchable
    shop.product("desk", title="Oak writing desk")
    shop.product("lamp", title="Lamp")
    follow(shop)
    assert handles(shop, "q=davenport") == []
    shop.staff.put("/admin/search/synonyms/davenport", {"terms": ["writing desk"], "only_from": "davenport"})
    assert handles(shop, "q=davenport") == ["desk"]
    shop.staff.delete("/admin/search/synonyms/davenport")
    assert handles(shop, "q=davenport") == []


def test_pinned_products_stand_first_hidden_ones_nowhere_and_pages_fit_together(searchable: Shop) -> None:
    shop = searchable
    # No two have the same score: osmem rounds what it says of scores, and leaves out equals behind a page's end.
    titles = {name: f"Mug {'of ' * place}{name}" for place, name in enumerate("abcde")}
    ids = {name: shop.product(name, title=title)["id"] for name, title in titles.items()}
    ids["gift"] = shop.product("gift", title="Something else")["id"]
    draft = shop.product("draft", status="draft")["id"]
    follow(shop)
    curation = {"queries": ["mug"], "pinned": [ids["gift"], draft, ids["d"]], "hidden": [ids["b"]]}
    shop.staff.put("/admin/search/curations/mugs", curation)
    everything = handles(shop, "q=Mug!")
    assert everything[:2] == ["gift", "d"]
    assert sorted(everything[2:]) == ["a", "c", "e"]
    paged, cursor = [], ""
    while True:
        page = shop.guest.get(f"/search?q=mug&limit=2{cursor}")
        paged += [card["handle"] for card in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert paged == everything
    assert "b" in handles(shop, "q=mug+b")
