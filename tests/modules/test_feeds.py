"""Google's product feed and the sitemaps: what is in them, how they are made in pieces, and when they are shown."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element, fromstring

import boto3
import msgspec
import pytest
import requests
from inprocess import CONTEXT, Shop, eur

from chalicelib.core import jobs

G = "{http://base.google.com/ns/1.0}"
S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"
HOME = "https://shop.example/"
NIGHTLY = {"detail-type": "Scheduled Event"}


def make(event: dict[str, Any] | None = None) -> dict[str, Any]:
    from chalicelib.catalog.console import catalog_feeds

    made: dict[str, Any] = catalog_feeds(event or {}, CONTEXT)
    return made


def fetch(shop: Shop, path: str) -> Element:
    """What a reader gets who follows the redirect, as a strict parser reads it."""
    answer = shop.guest.raw("GET", path)
    assert (answer["statusCode"], answer["body"]) == (302, "")
    file = requests.get(answer["headers"]["Location"], timeout=10)
    assert file.headers["Content-Type"].startswith("application/xml")
    return fromstring(file.content)


def google(shop: Shop) -> dict[str, dict[str, str]]:
    """The feed's items by id."""
    items = fetch(shop, "/feeds/google.xml").findall("channel/item")
    read = [{member.tag.replace(G, ""): member.text or "" for member in item} for item in items]
    found = {item["id"]: item for item in read}
    assert len(found) == len(read)
    return found


def addresses(shop: Shop) -> list[str]:
    """All pages of all sitemaps that the index lists."""
    found = []
    for entry in fetch(shop, "/sitemap.xml").iter(f"{S}loc"):
        assert entry.text is not None
        path = entry.text.removeprefix("https://shop.example")
        found += [loc.text or "" for loc in fetch(shop, path).iter(f"{S}loc")]
    return found


def test_published_products_are_in_the_feed_and_in_the_sitemap(shop: Shop) -> None:
    shop.staff.put("/admin/categories/kitchen", {"name": "Kitchen"})
    shop.staff.put("/admin/categories/cups", {"name": "Cups & mugs", "parent": "kitchen"})
    shop.product("mug", category="cups", description="<p>A <b>mug</b> &amp; more.</p>", brand="Weaver")
    shop.product("draft", status="draft")
    assert make() == {"outcome": "done", "products": 1, "offers": 1}
    item = google(shop)["MUG"]
    assert (item["title"], item["description"], item["brand"]) == ("Mug", "A mug & more.", "Weaver")
    assert (item["price"], item["availability"], item["link"]) == ("12.90 EUR", "in_stock", f"{HOME}products/mug")
    assert item["product_type"] == "Kitchen > Cups & mugs"
    assert addresses(shop) == [
        HOME,
        f"{HOME}products/mug",
        f"{HOME}categories/kitchen",
        f"{HOME}categories/cups",
    ]


def test_availability_is_what_a_cart_would_find(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 0, "sha": 3})
    shop.product("bowl", stock={"ams": 1})
    shop.product("gone", stock={"ams": 0})
    shop.product("never", stock={})
    file = {"sku": "FILE", "price": eur(1), "digital": True}
    shop.product("file", variants=[file])
    for handle, parts in {
        "set": {"MUG": 3, "BOWL": 1},
        "big-set": {"MUG": 4, "BOWL": 1},
        "with-file": {"MUG": 1, "FILE": 1},
        "files": {"FILE": 2},
    }.items():
        shop.product(handle, variants=[{"sku": handle.upper(), "price": eur(1), "components": parts}])
    make()
    found = google(shop)
    assert {sku: item["availability"] for sku, item in found.items()} == {
        "MUG": "in_stock",
        "BOWL": "in_stock",
        "GONE": "out_of_stock",
        "NEVER": "out_of_stock",
        "SET": "in_stock",
        "BIG-SET": "out_of_stock",
        "WITH-FILE": "in_stock",
    }
    assert found["SET"]["is_bundle"] == "yes"
    assert f"{HOME}products/file" in addresses(shop)  # it has a page, but nothing that Google could send


def test_variants_and_public_prices_are_as_the_page_shows_them(shop: Shop) -> None:
    shop.staff.put("/admin/price-lists/sale", {"name": "Sale"})
    variants = [
        {
            "sku": f"MUG-{colour}",
            "price": eur(1290),
            "compare_at": eur(1590),
            "option_values": [colour],
            "prices": [{"list": "sale", "price": eur(990)}] if colour == "red" else [],
        }
        for colour in ("red", "blue")
    ]
    made = shop.product("mug", options=["Colour"], variants=variants)
    make()
    red, blue = google(shop)["MUG-red"], google(shop)["MUG-blue"]
    assert (red["price"], red["sale_price"]) == ("15.90 EUR", "9.90 EUR")
    assert (blue["price"], blue["sale_price"]) == ("15.90 EUR", "12.90 EUR")
    assert (red["color"], red["title"], red["link"]) == ("red", "Mug - red", f"{HOME}products/mug?sku=MUG-red")
    assert red["item_group_id"] == blue["item_group_id"] == made["id"]


def test_translations_have_pages_that_name_each_other(shop: Shop) -> None:
    shop.product("mug", translations={"zh": {"title": "马克杯"}, "de": {"title": "Becher"}})
    make()
    pages = fetch(shop, "/sitemaps/1.xml").findall(f"{S}url")[1:]
    named = {
        "x-default": f"{HOME}products/mug",
        "de": f"{HOME}de/products/mug",
        "zh": f"{HOME}zh/products/mug",
    }
    assert [page.findtext(f"{S}loc") for page in pages] == list(named.values())
    for page in pages:
        assert {link.get("hreflang"): link.get("href") for link in page.findall(LINK)} == named


def test_a_page_says_when_its_product_was_changed(shop: Shop, travel: Callable[[timedelta], None]) -> None:
    made = shop.product("mug")
    first = shop.staff.get(f"/admin/products/{made['id']}")["published_at"]
    travel(timedelta(days=1))
    body = {"handle": "mug", "title": "Better", "status": "published", "variants": [{"sku": "MUG", "price": eur(1)}]}
    shop.staff.put(f"/admin/products/{made['id']}", body)
    make()
    page = fetch(shop, "/sitemaps/1.xml").findall(f"{S}url")[1]
    assert (page.findtext(f"{S}lastmod") or "") > first


def test_what_is_in_a_product_can_not_break_the_feed(shop: Shop) -> None:
    title = "</title><g:id>x</g:id>]]> & \x00\x0b\ufffe <!--"
    shop.product("mug", title=title, variants=[{"sku": "<M&G>", "price": eur(1)}])
    make()
    assert google(shop)["<M&G>"]["title"] == "</title><g:id>x</g:id>]]> &  <!--"


def test_before_they_are_made_there_are_none(shop: Shop) -> None:
    for path in ("/feeds/google.xml", "/sitemap.xml", "/sitemaps/1.xml"):
        status, headers, problem = shop.guest.send("GET", path)
        assert (status, problem["code"], headers["Cache-Control"]) == (404, "no_feeds", "public, max-age=10")


def test_an_empty_shop_has_feeds_that_can_be_read(shop: Shop) -> None:
    assert make() == {"outcome": "done"}
    assert (google(shop), addresses(shop)) == ({}, [HOME])
    assert shop.guest.send("GET", "/sitemaps/2.xml")[0] == 404
    assert shop.guest.send("GET", "/sitemaps/0.xml")[2]["pointer"] == "/path/file"


def test_without_a_storefront_nothing_is_made_and_the_answer_says_why(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.catalog.feeds import feeds, listings

    make()
    for module in (feeds, listings):
        monkeypatch.setattr(module, "settings", msgspec.structs.replace(feeds.settings, shop_url=""))
    made = make()
    assert (made["outcome"], "ShopUrl" in made["detail"]) == ("not_configured", True)
    status, _, problem = shop.guest.send("GET", "/sitemap.xml")
    assert (status, "ShopUrl" in problem["detail"]) == (404, True)


def test_a_link_outlives_the_answer_that_a_cdn_keeps(shop: Shop) -> None:
    make()
    headers = shop.guest.raw("GET", "/feeds/google.xml")["headers"]
    assert headers["Cache-Control"] == "public, max-age=60"
    assert parse_qs(urlsplit(headers["Location"]).query)["X-Amz-Expires"] == ["900"]


def test_the_clock_makes_them_once_a_day_and_a_person_at_any_time(
    shop: Shop, travel: Callable[[timedelta], None]
) -> None:
    shop.product("mug")
    assert make(NIGHTLY)["products"] == 1
    shop.product("bowl")
    assert make(NIGHTLY) == {"outcome": "done"}
    assert list(google(shop)) == ["MUG"]
    assert make()["products"] == 2
    assert set(google(shop)) == {"MUG", "BOWL"}
    travel(timedelta(days=1))
    assert make(NIGHTLY)["products"] == 2


# --- in pieces -------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, parts and sitemaps of a few products."""
    from chalicelib.catalog import storage
    from chalicelib.catalog.feeds import feed_making, window

    monkeypatch.setattr(window, "_PAGE", 3)
    monkeypatch.setattr(window, "_MOST_VARIANTS", 2)
    monkeypatch.setattr(feed_making, "_MOST_ADDRESSES", 4)
    monkeypatch.setattr(storage, "SMALLEST_PART", 2000)
    monkeypatch.setattr("moto.settings.S3_UPLOAD_PART_MIN_SIZE", 2000, raising=False)
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 2000, raising=False)


@pytest.fixture
def shelf(shop: Shop, small: None) -> list[str]:
    """Seventeen products in the shop window; their SKUs."""
    for n in range(17):
        shop.product(f"p{n}", description="word " * 40, stock={"ams": n % 2})
    return [f"P{n}" for n in range(17)]


def run(out_of_time: Callable[[], bool], **wanted: bool) -> dict[str, Any]:
    from chalicelib.catalog.feeds import feed_making, listings

    where = listings.storefront()
    assert where is not None
    return jobs.run("catalog_feeds", lambda this: feed_making.make(this, where, out_of_time, **wanted), 900)


def test_many_products_fill_several_parts_and_sitemaps(shop: Shop, shelf: list[str]) -> None:
    assert make()["offers"] == 17
    assert set(google(shop)) == set(shelf)
    found = addresses(shop)
    assert sorted(found) == sorted([HOME, *(f"{HOME}products/{sku.lower()}" for sku in shelf)])
    files = fetch(shop, "/sitemap.xml").findall(f"{S}sitemap")
    assert len(files) > 3


def test_whoever_has_little_time_makes_the_same_in_several_runs(shop: Shop, shelf: list[str]) -> None:
    runs = 1
    while run(lambda: True)["outcome"] == "paused":
        runs += 1
        assert shop.guest.send("GET", "/feeds/google.xml")[0] == 404  # nobody sees half of it
    assert runs == 18
    assert set(google(shop)) == set(shelf)
    assert sorted(addresses(shop)) == sorted([HOME, *(f"{HOME}products/{sku.lower()}" for sku in shelf)])


def test_a_run_that_dies_anywhere_is_gone_on_with_and_nothing_is_lost_or_doubled(
    shop: Shop, shelf: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import botocore.client

    real = botocore.client.BaseClient._make_api_call
    calls, fatal = 0, 0

    class Died(Exception):
        pass

    def call(client: Any, operation: str, request: Any) -> Any:
        nonlocal calls
        if client.meta.service_model.service_name != "s3":
            return real(client, operation, request)
        calls += 1
        if calls == fatal:
            raise Died
        answer = real(client, operation, request)
        if calls == -fatal:  # after the effect
            raise Died
        return answer

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    deaths = 0
    for moment in (when for n in range(1, 27, 3) for when in (n, -n)):
        calls, fatal = 0, moment
        try:
            run(lambda: False)
        except Died:
            deaths += 1
            while run(iter([False, False, True] * 50).__next__)["outcome"] == "paused":
                pass
        calls, fatal = 0, 0
        assert set(google(shop)) == set(shelf)
        assert sorted(addresses(shop)) == sorted([HOME, *(f"{HOME}products/{sku.lower()}" for sku in shelf)])
    assert deaths > 5


def test_what_was_too_little_for_a_part_counts_once_even_if_a_run_dies_before_it_says_so(
    shop: Shop, shelf: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.catalog import storage

    monkeypatch.setattr(storage, "SMALLEST_PART", 1 << 20)
    assert run(iter([False, True]).__next__)["outcome"] == "paused"

    def die(this: jobs.Run, position: str) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(jobs.Run, "reached", die)
        with pytest.raises(ConnectionError):
            run(lambda: False)
    make()
    assert set(google(shop)) == set(shelf)
    assert sorted(addresses(shop)) == sorted([HOME, *(f"{HOME}products/{sku.lower()}" for sku in shelf)])


def test_while_new_ones_are_made_the_old_ones_are_shown(shop: Shop, shelf: list[str]) -> None:
    make()
    shop.product("new")
    seen = iter([False] * 9 + [True])
    assert run(seen.__next__)["outcome"] == "paused"
    assert "NEW" not in google(shop)
    assert set(google(shop)) == set(shelf)
    make()
    assert set(google(shop)) == {*shelf, "NEW"}


def test_what_was_begun_long_ago_or_for_another_storefront_is_not_gone_on_with(
    shop: Shop, shelf: list[str], travel: Callable[[timedelta], None]
) -> None:
    seen = iter([False] * 9 + [True])
    run(seen.__next__)
    travel(timedelta(days=1))
    assert make()["products"] == 17
    left = boto3.client("s3").list_multipart_uploads(Bucket="media").get("Uploads", [])
    assert left == []


def test_a_product_that_leaves_the_window_meanwhile_is_not_doubled_or_missed(shop: Shop, shelf: list[str]) -> None:
    made = {p["handle"]: p["id"] for p in shop.staff.get("/admin/products?limit=100")["data"]}
    seen = iter([False] * 9 + [True])
    run(seen.__next__)
    shop.staff.post(f"/admin/products/{made['p0']}/unpublish")  # not reached yet
    shop.staff.post(f"/admin/products/{made['p16']}/unpublish")  # written already
    make()
    assert set(google(shop)) == {*shelf} - {"P0"}


def test_one_product_more_than_a_group_holds(shop: Shop, small: None) -> None:
    options = [{"sku": f"MUG-{n}", "price": eur(1), "option_values": [str(n)]} for n in range(5)]
    shop.product("mug", options=["Size"], variants=options)
    shop.product("bowl")
    make()
    assert len(google(shop)) == 6


def test_the_job_leaves_a_record(shop: Shop) -> None:
    shop.product("mug")
    make()
    (record,) = shop.staff.get("/admin/jobs/catalog_feeds/runs")["data"]
    assert (record["outcome"], record["counts"]) == ("done", {"products": 1, "offers": 1})


def test_a_file_that_is_begun_is_not_seen(shop: Shop) -> None:
    from chalicelib.catalog import storage
    from chalicelib.core.errors import ShopError

    file = storage.grow(storage.begin("feeds/x", "text/plain"), b"one")
    with pytest.raises(ShopError, match="no_file"):
        storage.whole("feeds/x")
    storage.finish(file)
    storage.finish(file)  # its answer got lost
    assert storage.whole("feeds/x") == b"one"
    storage.give_up(file)
