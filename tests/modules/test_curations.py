"""Synonyms and curated results that staff edit."""

import pytest
from inprocess import Shop
from refusals import refusal

from chalicelib.catalog.search import curating, curation
from chalicelib.core import cache


def also(*query: str) -> list[tuple[tuple[str, ...], ...]]:
    return [span.also for span in curating.synonyms().spans(query)]


def test_synonyms_are_put_changed_and_taken_away(shop: Shop) -> None:
    path = "/admin/search/synonyms/davenport"
    made = shop.staff.put(path, {"terms": ["davenport", "writing desk"]})
    assert (
        made == shop.staff.get(path) == {"id": "davenport", "terms": ["davenport", "writing desk"], "only_from": None}
    )
    assert also("davenport") == [(("writing", "desk"),)]
    assert also("writing", "desk") == [(("davenport",),)]
    shop.staff.put(path, {"terms": ["desk"], "only_from": "davenport"})
    assert (also("davenport"), also("desk")) == ([(("desk",),)], [()])
    left = shop.staff.delete(path)["data"]
    assert "davenport" not in {group["id"] for group in left}
    assert also("davenport") == [()]
    assert refusal(shop.staff.get, path)["status"] == refusal(shop.staff.delete, path)["status"] == 404


def test_what_the_shop_comes_with_can_be_switched_off_and_comes_back(shop: Shop) -> None:
    path = "/admin/search/synonyms/sofa"
    before = shop.staff.get(path)
    assert "couch" in before["terms"]
    assert shop.staff.put(path, {})["terms"] == []
    assert also("couch") == [()]
    shop.staff.delete(path)
    assert shop.staff.get(path) == before
    assert also("couch") != [()]


def test_curated_results_are_found_by_every_spelling_of_their_queries(shop: Shop) -> None:
    mug, bowl = shop.product("mug")["id"], shop.product("bowl")["id"]
    path = "/admin/search/curations/gifts"
    made = shop.staff.put(path, {"queries": ["gift ideas", "礼物"], "pinned": [bowl], "hidden": [mug]})
    assert made == shop.staff.get(path)
    assert shop.staff.get("/admin/search/curations")["data"] == [made]
    for text in ("gift ideas", " Gift  IDEAS! ", "礼物"):
        found = curating.of(text)
        assert (found.pinned, found.hidden) == ((bowl,), (mug,))
    assert curating.of("gift") is curating.of("") is curation.NONE
    assert shop.staff.delete(path)["data"] == []
    assert curating.of("gift ideas") is curation.NONE


@pytest.mark.parametrize(
    ("changed", "status", "pointer"),
    [
        ({"queries": []}, 422, "/queries"),
        ({"queries": ["tea", "?"]}, 422, "/queries/1"),
        ({"queries": ["tea", "GIFT!"]}, 422, "/queries/1"),
        ({"pinned": ["prd_nobody"]}, 422, "/pinned/0"),
        ({"hidden": ["prd_nobody"]}, 422, "/hidden/0"),
        ({"pinned": ["prd_x"] * 21}, 422, "/pinned"),
        ({"boosted": []}, 422, "/boosted"),
    ],
)
def test_a_bad_curation_is_refused_by_its_field(shop: Shop, changed: dict, status: int, pointer: str) -> None:
    mug = shop.product("mug")["id"]
    shop.staff.put("/admin/search/curations/gifts", {"queries": ["gift"], "pinned": [mug]})
    body = {"queries": ["tea"], "pinned": [mug]} | changed
    refused = refusal(shop.staff.put, "/admin/search/curations/teas", body)
    assert (refused["status"], refused["pointer"]) == (status, pointer)
    shop.staff.put("/admin/search/curations/gifts", {"queries": ["gift", "tea"], "pinned": [mug]})


def test_a_shop_has_so_many_and_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curating, "_MOST_GROUPS", 1)
    monkeypatch.setattr(curating, "_MOST_CURATIONS", 1)
    mug = shop.product("mug")["id"]
    for name, status in (("a", 200), ("b", 422), ("a", 200)):
        group = f'{{"terms": ["{name}a", "{name}b"]}}'
        assert shop.staff.send("PUT", f"/admin/search/synonyms/{name}", group)[0] == status
        gifts = f'{{"queries": ["{name}"], "pinned": ["{mug}"]}}'
        assert shop.staff.send("PUT", f"/admin/search/curations/{name}", gifts)[0] == status


def test_searches_read_them_once_a_minute(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.core import dynamo

    cache.forget()
    asked: list[str] = []
    query = dynamo.collection
    monkeypatch.setattr(dynamo, "collection", lambda *a, **more: asked.append(a[1]) or query(*a, **more))
    for text in ("tea", "mug", "cup"):
        curating.synonyms()
        curating.of(text)
    assert asked == ["SEARCH"]
