"""What everyone may read of the catalogue can be kept by a CDN, and asked for again without being sent again."""

import json
from typing import Any

import pytest
from inprocess import CONTEXT, Shop, eur
from searching import follow

from chalicelib.catalog.console import catalog_feeds
from chalicelib.core.operation import Elsewhere

# What stands for each parameter of a public path.
EXAMPLES = {"handle": "mug", "category_id": "cups", "collection_id": "gifts", "file": "1.xml"}
# What has to be asked of a path, where something has to.
QUESTIONS = {"/search/suggest": "?q=mu"}


@pytest.fixture
def window(searchable: Shop) -> Shop:
    """A shop with something to show on every public page of the catalogue."""
    searchable.staff.put("/admin/categories/cups", {"name": "Cups"})
    searchable.staff.put("/admin/collections/gifts", {"name": "Gifts", "published": True})
    searchable.product("mug", category="cups", description="<p>A mug.</p>")
    follow(searchable)
    catalog_feeds({}, CONTEXT)
    return searchable


def public_paths(*, leading_elsewhere: bool = False) -> list[str]:
    from chalicelib.catalog.routes import routes

    operations = [o for o in routes.operations if o.method == "GET" and (o.answer is Elsewhere) == leading_elsewhere]
    return [o.path.format(**EXAMPLES) + QUESTIONS.get(o.path, "") for o in operations]


def test_every_public_page_is_kept_and_not_sent_twice(window: Shop) -> None:
    for path in public_paths():
        first = window.guest.raw("GET", path)
        assert first["statusCode"] == 200, path
        assert first["headers"]["Cache-Control"].startswith("public, max-age="), path
        tag = first["headers"]["ETag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = window.guest.raw("GET", path, **{"If-None-Match": known})
            assert (again["statusCode"], again["body"]) == (304, ""), path
            assert again["headers"]["ETag"] == tag
            assert again["headers"]["Cache-Control"] == first["headers"]["Cache-Control"]
            assert again["headers"]["Access-Control-Allow-Origin"] == "*"
        assert window.guest.raw("GET", path, **{"If-None-Match": tag.strip('"')})["statusCode"] == 200


def test_an_answer_that_leads_elsewhere_is_kept_for_less_than_its_link_lasts(window: Shop) -> None:
    paths = public_paths(leading_elsewhere=True)
    assert len(paths) == 3
    for path in paths:
        answer = window.guest.raw("GET", path)
        assert (answer["statusCode"], answer["headers"]["Cache-Control"]) == (302, "public, max-age=60"), path
        assert "ETag" not in answer["headers"]


def test_a_page_does_not_depend_on_who_asks(window: Shop) -> None:
    """So a CDN may keep it under its path and query, and no answer needs Vary."""
    asking = {"Accept": "text/html", "Accept-Language": "zh", "Origin": "https://shop.example", "Cart-Token": "t"}
    for path in public_paths():
        plain, asked = window.guest.raw("GET", path), window.guest.raw("GET", path, **asking)
        assert (plain["body"], plain["headers"]) == (asked["body"], asked["headers"]), path
        assert "Vary" not in plain["headers"]


def test_what_is_not_there_is_kept_for_a_moment(shop: Shop) -> None:
    status, headers, _ = shop.guest.send("GET", "/products/none")
    assert (status, headers["Cache-Control"]) == (404, "public, max-age=10")
    _, headers, _ = shop.staff.send("GET", "/admin/products/none")
    assert headers["Cache-Control"] == "no-store"


def test_what_failed_is_not_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog import tables
    from chalicelib.core.errors import ShopError, busy

    def refuse(error: Exception) -> tuple[int, dict[str, str]]:
        def refusing(*_: Any) -> None:
            raise error

        monkeypatch.setattr(tables, "product_page", refusing)
        status, headers, _ = shop.guest.send("GET", "/products/mug")
        return status, headers

    for error in (busy(), ShopError("search_unavailable", 503, "x"), RuntimeError()):
        status, headers = refuse(error)
        assert (status, headers["Cache-Control"]) in ((503, "no-store"), (500, "no-store"))
        assert ("Retry-After" in headers) == (status == 503)


def test_an_answer_can_stand_in_a_page_as_it_is(shop: Shop) -> None:
    title = "</script><script>alert(1)</script><!--"
    shop.product("mug", title=title, variants=[{"sku": "<b>", "price": eur(1)}])
    answer = shop.guest.raw("GET", "/products/mug")
    assert "<" not in answer["body"]
    assert json.loads(answer["body"])["title"] == title
    assert "<" not in shop.guest.raw("GET", "/products/%3Cscript%3E")["body"]
