"""What the engine makes of what we send it: the same on osmem and on OpenSearch."""

from inprocess import Shop, eur
from searching import follow, handles


def test_search_finds_words_typos_languages_and_skus(searchable: Shop) -> None:
    shop = searchable
    shop.product("tea", title="Longjing Green Tea", translations={"zh": {"title": "龙井绿茶"}}, category="tea")
    shop.product("mug", title="Stoneware Mug", description="For <b>tea</b> and coffee", brand="Kiln")
    shop.product("draft", title="Draft Tea", status="draft")
    follow(shop)
    assert handles(shop, "q=tea") == ["tea", "mug"]
    assert handles(shop, "q=teas") == ["tea", "mug"]
    assert handles(shop, "q=longjng") == ["tea"]
    assert handles(shop, "q=%E7%BB%BF%E8%8C%B6") == ["tea"]
    assert handles(shop, "q=kiln+mug") == ["mug"]
    assert handles(shop, "q=MUG") == ["mug"]
    assert handles(shop, "q=draft") == []
    assert handles(shop, "q=tea&category=tea") == ["tea"]
    assert shop.guest.get("/search?q=tea&locale=zh")["data"][0]["title"] == "龙井绿茶"


def test_search_filters_sorts_and_pages(searchable: Shop) -> None:
    shop = searchable
    for n in range(5):
        shop.product(f"p{n}", variants=[{"sku": f"P{n}", "price": eur(100 * (n + 1))}])
    follow(shop)
    assert handles(shop, "sort=price_asc") == ["p0", "p1", "p2", "p3", "p4"]
    assert handles(shop, "sort=price_desc&price_min=200&price_max=400") == ["p3", "p2", "p1"]
    assert handles(shop, "sort=newest&limit=2") == ["p4", "p3"]
    seen, cursor = [], ""
    while True:
        page = shop.guest.get(f"/search?sort=price_asc&limit=2{cursor}")
        assert page["total"] == 5
        seen += [card["handle"] for card in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["p0", "p1", "p2", "p3", "p4"]
