"""The index follows the table: late and repeated events, while it is rebuilt, after an outage, and in the night."""

import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import buyers
import msgspec
import pytest
from inprocess import CONTEXT, Shop, eur
from machine import free_port
from searching import follow, handles, refresh

from bench import osmem

Json = dict[str, Any]


def changed(shop: Shop, product: Json, **fields: Any) -> None:
    variant = {"sku": product["handle"].upper(), "price": eur(1)}
    body = {"handle": product["handle"], "title": "Cup", "status": "published", "variants": [variant], **fields}
    shop.staff.put(f"/admin/products/{product['id']}", body)


def hide(shop: Shop, product: Json) -> None:
    shop.staff.post(f"/admin/products/{product['id']}/unpublish")


def told(shop: Shop, events: list[Json]) -> list[Json]:
    """Give the search consumer these events as one batch; returns those that it gives back."""
    from chalicelib.catalog.consumers import catalog_search

    messages = {str(uuid.uuid4()): event for event in events}
    records = [
        {"messageId": key, "body": json.dumps(shop.envelope(event)), "receiptHandle": "r"}
        for key, event in messages.items()
    ]
    failures = catalog_search({"Records": records}, CONTEXT)["batchItemFailures"]
    return [messages[failure["itemIdentifier"]] for failure in failures]


def about_products(shop: Shop) -> list[Json]:
    return [event for event in shop.events() if event["name"].startswith("Product")]


def shown(shop: Shop) -> list[str]:
    refresh()
    return sorted(card["title"] for card in shop.guest.get("/search?limit=100")["data"])


def reindex() -> Json:
    from chalicelib.catalog.console import catalog_reindex

    return dict(catalog_reindex({}, CONTEXT))


def check() -> Json:
    from chalicelib.catalog.console import catalog_check_index_now

    return dict(catalog_check_index_now({}, CONTEXT))


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


@pytest.fixture
def pages_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog.search import index_check, reindexing

    monkeypatch.setattr(reindexing, "_BATCH", 2)
    monkeypatch.setattr(index_check, "_BATCH", 2)


@pytest.fixture
def between_pages(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let things happen between the reading of a page and its writing, the first of them at the first page."""
    from chalicelib.catalog.search import indexing

    page = indexing.page

    def happen(*things: Callable[[], Any]) -> None:
        waiting = list(things)

        def read(limit: int, after: str | None) -> Any:
            found = page(limit, after)
            if waiting:
                waiting.pop(0)()
            return found

        monkeypatch.setattr(indexing, "page", read)

    return happen


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


def test_reindex_builds_the_index_from_the_table(searchable: Shop) -> None:
    shop = searchable
    for n in range(5):
        shop.product(f"p{n}", status="draft" if n == 2 else "published")
    for _ in range(2):
        assert reindex() == {"outcome": "done", "products": 4}
        assert shown(shop) == ["P0", "P1", "P3", "P4"]


def test_what_changes_while_the_index_is_rebuilt_is_neither_lost_nor_undone(
    searchable: Shop, pages_of_two: None, between_pages: Callable[..., None]
) -> None:
    shop = searchable
    made = [shop.product(f"p{n}") for n in range(5)]
    follow(shop)

    def much_happens() -> None:
        """The page with p4 and p3 was read, and is not written yet."""
        changed(shop, made[4], title="P4 changed")
        hide(shop, made[3])
        hide(shop, made[1])
        shop.product("p5")
        follow(shop)
        assert shown(shop) == ["P0", "P2", "P4 changed", "P5"]

    def the_last_page_is_late() -> None:
        changed(shop, made[0], title="P0 changed")
        follow(shop)

    between_pages(much_happens, the_last_page_is_late)
    reindex()
    assert shown(shop) == ["P0 changed", "P2", "P4 changed", "P5"]


def test_search_answers_with_the_present_state_all_through_a_reindex(
    searchable: Shop, pages_of_two: None, between_pages: Callable[..., None]
) -> None:
    shop = searchable
    made = [shop.product(f"p{n}") for n in range(5)]
    follow(shop)
    seen: list[list[str]] = []

    def change(product: Json, title: str) -> Callable[[], None]:
        def happens() -> None:
            changed(shop, product, title=title)
            follow(shop)
            seen.append(shown(shop))

        return happens

    between_pages(change(made[4], "A"), change(made[0], "B"), change(made[2], "C"))
    reindex()
    seen.append(shown(shop))
    assert seen == [
        ["A", "P0", "P1", "P2", "P3"],
        ["A", "B", "P1", "P2", "P3"],
        ["A", "B", "C", "P1", "P3"],
        ["A", "B", "C", "P1", "P3"],
    ]


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_search_under_which_the_index_is_replaced_is_asked_once_more(
    searchable: Shop, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    from opensearchpy.exceptions import NotFoundError, TransportError

    from chalicelib.catalog.search import search_engine

    searchable.product("mug")
    follow(searchable)
    kind = NotFoundError if status == 404 else TransportError
    asked, real = list[int](), search_engine.engine().search

    def search(**question: Any) -> Any:
        asked.append(1)
        if len(asked) == 1:
            raise kind(status, "index_not_found_exception", {})
        return real(**question)

    monkeypatch.setattr(search_engine.engine(), "search", search)
    assert handles(searchable, "") == ["mug"]
    assert len(asked) == 2


def test_a_reindex_that_stopped_goes_on_and_misses_no_change(
    searchable: Shop, pages_of_two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.catalog.search import search_engine

    shop = searchable
    made = [shop.product(f"p{n}") for n in range(5)]
    fill, pages = search_engine.fill, []

    def stumble(writes: Any) -> None:
        pages.append(search_engine.building())
        if len(pages) == 2:
            raise ConnectionError
        fill(writes)

    monkeypatch.setattr(search_engine, "fill", stumble)
    with pytest.raises(ConnectionError):
        reindex()
    hide(shop, made[4])
    follow(shop)
    assert reindex() == {"outcome": "done", "products": 3}
    assert len(set(map(frozenset, pages))) == 1
    assert shown(shop) == ["P0", "P1", "P2", "P3"]


def test_a_reindex_without_time_says_so_and_goes_on(
    searchable: Shop, pages_of_two: None, between_pages: Callable[..., None]
) -> None:
    from chalicelib.catalog.search import reindexing
    from chalicelib.core import jobs
    from chalicelib.core.errors import ShopError

    shop = searchable
    for n in range(5):
        shop.product(f"p{n}")
    left = [False, False, True]
    with pytest.raises(ShopError, match="out_of_time"):
        jobs.run("catalog_reindex", lambda run: reindexing.reindex(run, lambda: left.pop(0)), 60)
    assert reindex()["products"] == 1
    assert len(shown(shop)) == 5


def test_two_do_not_rebuild_the_index_at_once(searchable: Shop, between_pages: Callable[..., None]) -> None:
    searchable.product("mug")
    second: list[Json] = []
    between_pages(lambda: second.append(reindex()))
    assert reindex()["outcome"] == "done"
    assert second == [{"outcome": "running_elsewhere"}]


def test_what_a_broken_off_reindex_left_behind_is_gone_after_the_next(searchable: Shop) -> None:
    from chalicelib.catalog.search import documents, search_engine

    searchable.product("mug")
    search_engine.build("products-left-behind", documents.INDEX)
    reindex()
    assert list(search_engine.engine().indices.get_alias(index="products-*")) != []
    assert not search_engine.engine().indices.exists(index="products-left-behind")
    assert search_engine.building() == set()


def test_what_is_written_as_the_new_index_takes_over_makes_no_index_by_accident(
    searchable: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.catalog.search import search_engine

    shop = searchable
    mug = shop.product("mug")
    reindex()
    changed(shop, mug)
    # The consumer has seen that an index is being built, and then it took over.
    monkeypatch.setattr(search_engine, "_aliases", lambda: {"products": {"x"}, "products-building": {"y"}})
    assert told(shop, about_products(shop)) == []
    assert shown(shop) == ["Cup"]
    assert len(search_engine.engine().indices.get_alias(index="products-*")) == 1


def test_the_check_finds_nothing_in_an_index_that_is_right(searchable: Shop, pages_of_two: None) -> None:
    shop = searchable
    for n in range(5):
        shop.product(f"p{n}")
    follow(shop)
    assert check() == {
        "outcome": "done",
        "products": 5,
        "missing": 0,
        "stale": 0,
        "documents": 5,
        "surplus": 0,
    }


def test_the_check_repairs_what_is_missing_old_or_too_much(searchable: Shop, pages_of_two: None) -> None:
    from chalicelib.catalog.search import documents, search_engine
    from chalicelib.catalog.search.search_engine import Write

    shop = searchable
    made = [shop.product(f"p{n}") for n in range(5)]
    follow(shop)
    fields = search_engine.engine().get(index="products", id=made[0]["id"])["_source"]
    search_engine.write([Write("prd_of_nobody", 3, {**fields, "id": "prd_of_nobody"})], documents.INDEX)
    # None of this is told to the consumer.
    changed(shop, made[1], title="P1 changed")
    hide(shop, made[2])
    shop.product("p5")
    refresh()
    found = check()
    assert found == {"outcome": "done", "products": 5, "missing": 1, "stale": 1, "documents": 7, "surplus": 2} | {
        "documents": found["documents"]
    }
    assert shown(shop) == ["P0", "P1 changed", "P3", "P4", "P5"]
    assert (check()["missing"], check()["stale"], check()["surplus"]) == (0, 0, 0)


def test_the_check_goes_on_where_it_stopped(searchable: Shop, pages_of_two: None) -> None:
    from chalicelib.catalog.search import index_check
    from chalicelib.core import jobs
    from chalicelib.core.errors import ShopError

    shop = searchable
    for n in range(5):
        shop.product(f"p{n}")
    counts: list[Json] = []
    for _ in range(7):
        left = [False, True]

        def one_page(run: jobs.Run, left: list[bool] = left) -> None:
            try:
                index_check.check(run, lambda: left.pop(0))
            finally:
                refresh()
                counts.append(dict(run.counts))

        with suppress(ShopError):
            jobs.run("catalog_check_index", one_page, 60)
            break
    assert [page.get("products", 0) for page in counts][:3] == [2, 2, 1]
    assert [page.get("documents", 0) for page in counts][3:] == [2, 2, 1]
    assert len(shown(shop)) == 5


def test_an_empty_engine_is_filled_by_the_check(searchable: Shop) -> None:
    searchable.product("mug")
    assert check()["missing"] == 1
    assert shown(searchable) == ["Mug"]


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
