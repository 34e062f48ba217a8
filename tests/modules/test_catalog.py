import pytest
from inprocess import Shop, eur
from refusals import refusal


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


def test_without_the_engine_search_says_so_and_the_rest_works(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from opensearchpy import OpenSearch

    from chalicelib.catalog.search import search_engine

    nobody = OpenSearch(hosts=["http://127.0.0.1:9"], max_retries=0)
    monkeypatch.setattr(search_engine, "engine", lambda: nobody)
    shop.product("mug")
    status, headers, problem = shop.guest.send("GET", "/search?q=mug")
    assert (status, problem["code"]) == (503, "search_unavailable")
    assert headers["Retry-After"]
    assert shop.guest.get("/products/mug")["title"] == "Mug"
    assert [card["handle"] for card in shop.guest.get("/products")["data"]] == ["mug"]
    assert shop.cart(("MUG", 1)).get()["lines"]
