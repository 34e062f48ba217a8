"""While the index is built anew, every search has its answer, and no change is lost or undone."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from inprocess import CONTEXT, Shop
from searching import about_products, changed, follow, handles, hide, refresh, shown, told

Json = dict[str, Any]


def reindex() -> Json:
    from chalicelib.catalog.console import catalog_reindex

    return dict(catalog_reindex({}, CONTEXT))


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


def test_no_search_goes_without_an_answer_while_new_indexes_take_over(searchable: Shop) -> None:
    searchable.product("mug")
    follow(searchable)
    refresh()
    over, seen, failed = threading.Event(), list[list[str]](), list[Exception]()

    def look() -> None:
        while not over.is_set():
            try:
                seen.append(handles(searchable, ""))
            except Exception as error:
                failed.append(error)

    shoppers = [threading.Thread(target=look) for _ in range(2)]
    for shopper in shoppers:
        shopper.start()
    for _ in range(12):
        reindex()
    over.set()
    for shopper in shoppers:
        shopper.join()
    assert failed == []
    assert seen
    assert all(found == ["mug"] for found in seen)


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
    search_engine.engine().indices.create(index="products-shown-before", body=documents.INDEX)
    reindex()
    assert len(search_engine.engine().indices.get_alias(index="products-*")) == 1
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
