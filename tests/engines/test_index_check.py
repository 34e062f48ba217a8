"""The nightly check finds what is wrong in the index, and repairs it."""

from contextlib import suppress
from typing import Any

from inprocess import CONTEXT, Shop
from searching import changed, follow, hide, refresh, shown

Json = dict[str, Any]


def check() -> Json:
    from chalicelib.catalog.console import catalog_check_index_now

    return dict(catalog_check_index_now({}, CONTEXT))


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
