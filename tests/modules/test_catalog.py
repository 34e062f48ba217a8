import json

import buyers
import pytest
from inprocess import Shop, eur
from refusals import refusal
from searching import follow, handles, refresh


def test_a_draft_is_seen_by_staff_alone(shop: Shop) -> None:
    product = shop.product("mug", status="draft")
    assert refusal(shop.guest.get, "/products/mug")["status"] == 404
    assert shop.guest.get("/products")["data"] == []
    assert shop.staff.get(f"/admin/products/{product['id']}")["status"] == "draft"
    assert [p["handle"] for p in shop.staff.get("/admin/products")["data"]] == ["mug"]
    assert shop.names() == []


def test_publishing_and_taking_back(shop: Shop) -> None:
    product = shop.product("mug", status="draft")
    for _ in range(2):
        assert shop.staff.post(f"/admin/products/{product['id']}/publish")["status"] == "published"
    assert shop.guest.get("/products/mug")["title"] == "Mug"
    assert len(shop.guest.get("/products")["data"]) == 1
    for _ in range(2):
        shop.staff.post(f"/admin/products/{product['id']}/unpublish")
    assert refusal(shop.guest.get, "/products/mug")["status"] == 404
    assert shop.names() == ["ProductPublished", "ProductUnpublished"]


def test_a_handle_is_taken_once(shop: Shop) -> None:
    shop.product("mug")
    other = {"handle": "mug", "title": "Other", "variants": [{"sku": "OTHER", "price": eur(1)}]}
    assert refusal(shop.staff.post, "/admin/products", other)["code"] == "handle_taken"
    same_sku = {"handle": "other", "title": "Other", "variants": [{"sku": "MUG", "price": eur(1)}]}
    refused = refusal(shop.staff.post, "/admin/products", same_sku)
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "sku_taken", "/variants/0/sku")
    assert len(shop.staff.get("/admin/products")["data"]) == 1


def test_the_shop_window_is_newest_first_page_by_page(shop: Shop) -> None:
    for n in range(7):
        shop.product(f"p{n}")
    seen, cursor = [], ""
    while True:
        page = shop.guest.get(f"/products?limit=3{cursor}")
        seen += [product["handle"] for product in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"p{n}" for n in reversed(range(7))]
    assert refusal(shop.guest.get, "/products?cursor=%25%25")["pointer"] == "/query/cursor"


def test_a_product_page_speaks_its_readers_language(shop: Shop) -> None:
    shop.product("mug", translations={"zh": {"title": "马克杯"}}, description="A mug.")
    assert shop.guest.get("/products/mug?locale=zh")["title"] == "马克杯"
    assert shop.guest.get("/products/mug?locale=zh")["description"] == "A mug."
    assert shop.guest.get("/products/mug?locale=fr")["title"] == "Mug"
    assert shop.guest.get("/products?locale=zh")["data"][0]["title"] == "马克杯"


def test_what_has_not_changed_is_not_sent_again(shop: Shop) -> None:
    shop.product("mug")
    status, headers, _ = shop.guest.send("GET", "/products/mug")
    assert (status, headers["Cache-Control"].startswith("public")) == (200, True)
    assert shop.guest.send("GET", "/products/mug", None, **{"If-None-Match": headers["ETag"]})[0] == 304
    shop.product("bowl")
    assert shop.guest.send("GET", "/products", None, **{"If-None-Match": headers["ETag"]})[0] == 200


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"handle": "../etc"}, "/handle"),
        ({"handle": "Mug"}, "/handle"),
        ({"title": ""}, "/title"),
        ({"variants": []}, "/variants"),
        ({"options": ["Size"]}, "/variants/0/option_values"),
        ({"options": ["Size", "Size"]}, "/options"),
        ({"variants": [{"sku": "A", "price": eur(1)}, {"sku": "A", "price": eur(1)}]}, "/variants/1/option_values"),
        ({"variants": [{"sku": "A", "price": {"amount": 1, "currency": "USD"}}]}, "/variants/0/price/currency"),
        ({"variants": [{"sku": "A", "price": {"amount": 1.5, "currency": "EUR"}}]}, "/variants/0/price/amount"),
        ({"variants": [{"sku": "A", "price": eur(1), "colour": "red"}]}, "/variants/0/colour"),
    ],
)
def test_a_bad_product_is_refused_by_its_field(shop: Shop, changed: dict, pointer: str) -> None:
    body = {"handle": "mug", "title": "Mug", "variants": [{"sku": "MUG", "price": eur(1)}]} | changed
    refused = refusal(shop.staff.post, "/admin/products", body)
    assert (refused["status"], refused["pointer"]) == (422, pointer)


@pytest.mark.parametrize("order", [1, -1])
def test_late_and_repeated_events_leave_the_present_state_in_search(searchable: Shop, order: int) -> None:
    shop = searchable
    product = shop.product("mug")
    shop.staff.post(f"/admin/products/{product['id']}/unpublish")
    shop.product("bowl")
    follow(shop, order)
    assert handles(shop, "") == ["bowl"]
    shop.staff.post(f"/admin/products/{product['id']}/publish")
    follow(shop, order)
    assert sorted(handles(shop, "")) == ["bowl", "mug"]


def test_search_shows_a_products_rating_as_it_is_now(searchable: Shop) -> None:
    shop = searchable
    shop.product("mug")
    review = buyers.published(shop, buyers.delivered(shop), stars=4)
    follow(shop)
    rating = shop.guest.get("/search?q=mug")["data"][0]["rating"]
    assert rating == {"average": 4.0, "count": 1}
    shop.staff.post(f"/admin/reviews/{review['id']}/reject", {"reason": "No."})
    follow(shop, -1)
    assert shop.guest.get("/search?q=mug")["data"][0]["rating"] == {"average": None, "count": 0}


def test_an_old_state_never_covers_a_newer_one(searchable: Shop) -> None:
    from chalicelib.catalog import indexing, search, tables

    shop = searchable
    product = shop.product("mug")
    follow(shop)
    (stale,) = map(indexing.document, tables.products([product["id"]]))
    shop.staff.put(
        f"/admin/products/{product['id']}",
        {"handle": "mug", "title": "Cup", "status": "published", "variants": [{"sku": "MUG", "price": eur(1)}]},
    )
    follow(shop)
    search.put(stale)
    refresh()
    assert shop.guest.get("/search")["data"][0]["title"] == "Cup"


def test_reindex_builds_the_index_from_the_table(searchable: Shop) -> None:
    from inprocess import CONTEXT

    from chalicelib.catalog.console import catalog_reindex

    shop = searchable
    for n in range(5):
        shop.product(f"p{n}", status="draft" if n == 2 else "published")
    for _ in range(2):
        assert catalog_reindex({}, CONTEXT) == {"outcome": "done", "products": 4}
        assert sorted(handles(shop, "")) == ["p0", "p1", "p3", "p4"]


def test_a_reindex_that_stopped_goes_on_and_misses_no_change(searchable: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from inprocess import CONTEXT

    from chalicelib.catalog import indexing, search
    from chalicelib.catalog.console import catalog_reindex

    shop = searchable
    made = [shop.product(f"p{n}") for n in range(5)]
    monkeypatch.setattr(indexing, "_BATCH", 2)
    fill, pages = search.fill, []

    def stumble(index: str, documents: object) -> int:
        pages.append(index)
        if len(pages) == 2:
            raise ConnectionError
        return fill(index, documents)

    monkeypatch.setattr(search, "fill", stumble)
    with pytest.raises(ConnectionError):
        catalog_reindex({}, CONTEXT)
    shop.staff.post(f"/admin/products/{made[4]['id']}/unpublish")
    assert catalog_reindex({}, CONTEXT) == {"outcome": "done", "products": 3}
    assert len(set(pages)) == 1
    search._engine().indices.refresh(index=search.ALIAS)
    assert sorted(handles(shop, "")) == ["p0", "p1", "p2", "p3"]


def test_without_the_engine_search_says_so_and_the_rest_works(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from opensearchpy import OpenSearch

    from chalicelib.catalog import search

    nobody = OpenSearch(hosts=["http://127.0.0.1:9"], max_retries=0)
    monkeypatch.setattr(search, "_engine", lambda: nobody)
    shop.product("mug")
    status, headers, problem = shop.guest.send("GET", "/search?q=mug")
    assert (status, problem["code"]) == (503, "search_unavailable")
    assert headers["Retry-After"]
    assert shop.guest.get("/products/mug")["title"] == "Mug"
    assert shop.cart(("MUG", 1)).get()["lines"]


def test_an_event_that_search_can_not_take_goes_back_to_its_queue(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog import search
    from chalicelib.catalog.consumers import catalog_search

    def down() -> None:
        raise ConnectionError

    monkeypatch.setattr(search, "_make_index", down)
    shop.product("mug")
    event = shop.events()[0]
    message = json.loads(json.dumps({"detail-type": event["name"], "detail": event["detail"]}))
    assert len(shop.consume(catalog_search, message)) == 1
