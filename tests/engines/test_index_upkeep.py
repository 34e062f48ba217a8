"""The index follows the table: late and repeated events, batches, and after an outage."""

from typing import Any

import buyers
import msgspec
import pytest
from inprocess import Shop
from machine import free_port
from searching import about_products, changed, follow, handles, hide, shown, told

from bench import osmem

Json = dict[str, Any]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine and the table are asked from now on."""
    from opensearchpy import Urllib3HttpConnection

    from chalicelib.core import dynamo

    seen: list[str] = []
    perform, dispatch = Urllib3HttpConnection.perform_request, dynamo._connection.dispatch

    def listening(self: Any, method: str, url: str, params: Any = None, body: Any = None, **more: Any) -> Any:
        lines = body.count(b"\n" if isinstance(body, bytes) else "\n") if body else 0
        seen.append(f"{method} {url}" + (f" of {lines} lines" if lines else ""))
        return perform(self, method, url, params, body, **more)

    def reading(operation: str, request: Any) -> Any:
        seen.append(operation)
        return dispatch(operation, request)

    monkeypatch.setattr(Urllib3HttpConnection, "perform_request", listening)
    monkeypatch.setattr(dynamo._connection, "dispatch", reading)
    return seen


@pytest.mark.parametrize("order", [1, -1])
def test_late_and_repeated_events_leave_the_present_state_in_search(searchable: Shop, order: int) -> None:
    shop = searchable
    product = shop.product("mug")
    hide(shop, product)
    shop.product("bowl")
    follow(shop, order)
    assert handles(shop, "") == ["bowl"]
    shop.staff.post(f"/admin/products/{product['id']}/publish")
    follow(shop, order)
    assert sorted(handles(shop, "")) == ["bowl", "mug"]


def test_an_old_state_never_covers_a_newer_one(searchable: Shop) -> None:
    from chalicelib.catalog.search import documents, indexing, search_engine

    shop = searchable
    mug, bowl = shop.product("mug"), shop.product("bowl")
    stale = indexing.present([mug["id"], bowl["id"]])
    changed(shop, mug)
    hide(shop, bowl)
    follow(shop)
    assert search_engine.write(stale, documents.INDEX) == {}
    assert shown(shop) == ["Cup"]


def test_a_change_of_how_a_product_stands_is_a_newer_state(searchable: Shop) -> None:
    from chalicelib.catalog import tables
    from chalicelib.catalog.search import indexing
    from chalicelib.catalog.tables import Standing
    from chalicelib.core import dynamo

    product = searchable.product("mug")
    (before,) = indexing.present([product["id"]])
    standing = Standing(**tables.standing_key(product["id"]))
    dynamo.write(dynamo.update(standing, [Standing.sold.add(1), Standing.version.add(1)]))
    (after,) = indexing.present([product["id"]])
    assert after.version == before.version + 1


def test_search_shows_a_products_rating_as_it_is_now(searchable: Shop) -> None:
    shop = searchable
    shop.product("mug")
    review = buyers.published(shop, buyers.delivered(shop), stars=4)
    follow(shop)
    assert shop.guest.get("/search?q=mug")["data"][0]["rating"] == {"average": 4.0, "count": 1}
    shop.staff.post(f"/admin/reviews/{review['id']}/reject", {"reason": "No."})
    follow(shop, -1)
    assert shop.guest.get("/search?q=mug")["data"][0]["rating"] == {"average": None, "count": 0}


def test_a_batch_takes_one_request_to_each_side_and_no_product_twice(searchable: Shop, asked: list[str]) -> None:
    shop = searchable
    mug = shop.product("mug")
    changed(shop, mug)
    changed(shop, mug, title="Beaker")
    shop.product("bowl")
    follow(shop)
    asked.clear()
    assert told(shop, about_products(shop)) == []
    # Two lines of a bulk request are one document.
    assert asked == ["BatchGetItem", "GET /products-*/_alias", "POST /_bulk of 4 lines"]
    assert shown(shop) == ["Beaker", "Bowl"]


def test_only_what_the_engine_refuses_goes_back_to_the_queue(searchable: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog.search import documents

    shop = searchable
    shop.product("mug"), shop.product("bowl")
    document = documents.document

    def spoilt(product: Any, standing: Any) -> Any:
        made = document(product, standing)
        # No date at all: the mapping refuses it.
        return msgspec.structs.replace(made, published_at="soon") if product.handle == "mug" else made

    monkeypatch.setattr(documents, "document", spoilt)
    broken = {"name": "ProductUpdated", "detail": {"aggregate_id": 7}}
    back = told(shop, [broken, *about_products(shop)])
    assert [event["detail"].get("handle") for event in back] == [None, "mug"]
    assert shown(shop) == ["Bowl"]


def test_after_an_outage_the_index_catches_up_by_itself(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog.search import search_engine
    from chalicelib.core.settings import settings

    port = free_port()
    monkeypatch.setattr(search_engine, "engine", search_engine.engine.__wrapped__)
    usual = settings.opensearch_url
    msgspec.structs.force_setattr(settings, "opensearch_url", f"http://127.0.0.1:{port}")
    try:
        mug, bowl = shop.product("mug"), shop.product("bowl")
        waiting = about_products(shop)
        for _ in range(20):
            waiting = told(shop, waiting)
        changed(shop, mug)
        hide(shop, bowl)
        status, headers, _ = shop.guest.send("GET", "/search?q=mug")
        assert (status, bool(headers["Retry-After"])) == (503, True)
        assert shop.guest.get("/products/mug")["title"] == "Cup"
        assert shop.cart(("MUG", 1)).get()["lines"]
        waiting = told(shop, about_products(shop))
        assert len(waiting) == 4
        with osmem.running(port):
            assert told(shop, waiting) == []
            assert shown(shop) == ["Cup"]
    finally:
        msgspec.structs.force_setattr(settings, "opensearch_url", usual)
