"""Products follow when a category moves or a rule changes, whoever saves them meanwhile."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Shop

from chalicelib.catalog import tables
from chalicelib.catalog.sorting import arranging, categories, collections, shelving
from chalicelib.core import jobs, sqs

Travel = Callable[[timedelta], None]
Json = dict[str, Any]


class Queue:
    """What waits in the queue of `catalog_arrange`: bodies and the seconds after which they come."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.waiting: list[tuple[str, int]] = []

    def send(self, url: str, body: str, delay_seconds: int = 0) -> None:
        assert 0 <= delay_seconds <= 900
        self.waiting.append((body, delay_seconds))

    def work_off(self) -> None:
        """Let the consumer have what it was sent, once."""
        from chalicelib.catalog.consumers import catalog_arrange

        bodies, self.waiting = [body for body, _ in self.waiting], []
        for body in bodies:
            assert not self.shop.consume(catalog_arrange, json.loads(body))


@pytest.fixture
def queue(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Queue:
    found = Queue(shop)
    monkeypatch.setattr(sqs, "send", found.send)
    return found


@pytest.fixture
def settle(shop: Shop, queue: Queue, travel: Travel) -> Callable[[], None]:
    """Let all events be consumed and all walks be done."""

    def until_all_is_done() -> None:
        shop.deliver()
        while queue.waiting:
            travel(timedelta(seconds=max(delay for _, delay in queue.waiting)))
            queue.work_off()
            shop.deliver()

    return until_all_is_done


def put(shop: Shop, category_id: str, parent: str | None = None, **fields: Any) -> None:
    shop.staff.put(f"/admin/categories/{category_id}", {"name": category_id, "parent": parent, **fields})


def rule(shop: Shop, collection_id: str, text: str | None) -> None:
    shop.staff.put(f"/admin/collections/{collection_id}", {"name": "C", "published": True, "rule": text})


def listed(shop: Shop, path: str) -> list[str]:
    return sorted(card["handle"] for card in shop.guest.get(path)["data"])


def entries(shop: Shop) -> set[tuple[str, str]]:
    """Every entry of every shelf but staff's own: shelf and product id."""
    items = shop.dynamodb.scan(TableName="test-catalog")["Items"]
    found = [item for item in items if item["pk"]["S"].startswith("SHELF#")]
    return {(item["pk"]["S"].split("#")[1], item["product_id"]["S"]) for item in found} - {
        ("*", item["product_id"]["S"]) for item in found
    }


def assert_all_is_right(shop: Shop) -> None:
    wanted = set()
    for product in shop.staff.get("/admin/products?limit=100")["data"]:
        found = tables.product_by_id(product["id"])
        assert found is not None
        belongs = shelving.shelves_of(found) if found.published else []
        assert found.shelves == belongs
        wanted |= {(shelf, found.id) for shelf in belongs}
    assert entries(shop) == wanted


@pytest.fixture
def clothes(shop: Shop, queue: Queue) -> Shop:
    for category_id, parent in (("clothes", None), ("men", "clothes"), ("shirts", "men"), ("sale", None)):
        put(shop, category_id, parent)
    shop.product("shirt", category="shirts", tags=["summer"])
    shop.product("belt", category="men")
    shop.product("scarf", category="clothes", tags=["winter"])
    shop.product("mug", category="sale")
    shop.product("draft", category="men", status="draft")
    shop.deliver()
    queue.waiting.clear()
    return shop


def told(shop: Shop) -> list[str]:
    """The handles of the products that were said to have changed since the shop was made."""
    return sorted(event["detail"]["handle"] for event in shop.events() if event["name"] == "ProductUpdated")


def test_what_stands_in_a_category_moves_with_it(clothes: Shop, settle: Callable[[], None]) -> None:
    put(clothes, "men", "sale")
    clothes.deliver()
    assert listed(clothes, "/products?category=sale") == ["belt", "mug", "shirt"]
    assert listed(clothes, "/products?category=clothes") == ["scarf"]
    assert listed(clothes, "/products?category=men") == ["belt", "shirt"]
    settle()
    assert_all_is_right(clothes)


def test_only_what_is_concerned_is_written_and_search_is_told_once(
    clothes: Shop, settle: Callable[[], None], queue: Queue
) -> None:
    before = {p["handle"]: clothes.staff.get(f"/admin/products/{p['id']}")["version"] for p in all_products(clothes)}
    put(clothes, "men", "sale")
    move = clothes.events()[-1]
    clothes.tell(move)
    assert told(clothes) == ["belt", "shirt"]
    settle()
    clothes.tell(move)  # late and again
    assert (queue.waiting, told(clothes)) == ([], ["belt", "shirt"])
    after = {p["handle"]: clothes.staff.get(f"/admin/products/{p['id']}")["version"] for p in all_products(clothes)}
    assert {handle for handle in after if after[handle] != before[handle]} == {"belt", "shirt"}
    assert all(after[handle] == before[handle] + 1 for handle in ("belt", "shirt"))


def all_products(shop: Shop) -> list[Json]:
    found: list[Json] = shop.staff.get("/admin/products")["data"]
    return found


def test_a_new_name_is_told_to_search_for_all_below(clothes: Shop, settle: Callable[[], None]) -> None:
    put(clothes, "clothes", name="Fashion", position=4)
    clothes.tell(clothes.events()[-1])
    assert told(clothes) == ["belt", "scarf", "shirt"]
    settle()
    assert told(clothes) == ["belt", "scarf", "shirt"]
    put(clothes, "clothes", name="Fashion", position=5, description="New")
    assert clothes.names()[-1] != "CategoryChanged"


def test_a_new_category_moves_only_what_stands_in_it_already(clothes: Shop, settle: Callable[[], None]) -> None:
    put(clothes, "new", "clothes")
    assert clothes.names()[-1] != "CategoryChanged"
    clothes.dynamodb.delete_item(  # as if it was deleted while the mug was put into it
        TableName="test-catalog", Key={"pk": {"S": "CATEGORIES"}, "sk": {"S": "CATEGORY#sale"}}
    )
    put(clothes, "sale", "clothes")
    settle()
    assert_all_is_right(clothes)
    assert "mug" in listed(clothes, "/products?category=clothes")


def test_a_rule_takes_in_and_lets_go(clothes: Shop, settle: Callable[[], None]) -> None:
    rule(clothes, "season", "tag = summer")
    clothes.deliver()
    assert listed(clothes, "/collections/season/products") == ["shirt"]
    rule(clothes, "season", "category = clothes and not tag = summer")
    settle()
    assert listed(clothes, "/collections/season/products") == ["belt", "scarf"]
    assert_all_is_right(clothes)
    put(clothes, "men", "sale")
    settle()
    assert listed(clothes, "/collections/season/products") == ["scarf"]
    clothes.staff.call("DELETE", "/admin/collections/season")
    settle()
    assert_all_is_right(clothes)
    assert not any(shelf.startswith("+") for shelf, _ in entries(clothes))


def test_a_rule_that_becomes_a_choice_lets_go_of_all(clothes: Shop, settle: Callable[[], None]) -> None:
    rule(clothes, "season", "price > 0")
    settle()
    rule(clothes, "season", None)
    settle()
    assert_all_is_right(clothes)
    assert listed(clothes, "/collections/season/products") == []


def test_a_rule_that_means_the_same_moves_nothing(clothes: Shop) -> None:
    rule(clothes, "season", "tag = summer")
    known = clothes.names()
    rule(clothes, "season", "(tag  =  summer)")
    assert clothes.names() == known


@pytest.fixture
def stale(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Let something be done by a process that knows what was known when the test began."""

    def by_an_old_process(save: Callable[[], Any], known: Any, rules: Any) -> None:
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(categories, "present", lambda since=0: known)
            elsewhere.setattr(collections, "present", lambda: rules)
            save()

    return by_an_old_process


def test_who_saves_by_the_settings_of_a_minute_ago_is_put_right(
    clothes: Shop, settle: Callable[[], None], stale: Callable[..., None], queue: Queue
) -> None:
    known, rules = categories.present(), collections.present()
    put(clothes, "men", "sale")
    rule(clothes, "season", "category = sale")
    clothes.deliver()
    stale(lambda: clothes.product("late", category="shirts"), known, rules)
    assert listed(clothes, "/products?category=sale") == ["belt", "mug", "shirt"]
    assert listed(clothes, "/products?category=clothes") == ["late", "scarf"]
    assert queue.waiting
    assert all(delay > 120 for _, delay in queue.waiting)
    settle()
    assert listed(clothes, "/products?category=sale") == ["belt", "late", "mug", "shirt"]
    assert listed(clothes, "/collections/season/products") == ["belt", "late", "mug", "shirt"]
    assert_all_is_right(clothes)


def test_a_product_that_is_saved_while_it_is_arranged_keeps_what_was_saved(
    clothes: Shop, settle: Callable[[], None], weather: Any
) -> None:
    belt = next(p for p in all_products(clothes) if p["handle"] == "belt")
    put(clothes, "men", "sale")
    archived: list[str] = []

    def archive() -> None:
        if not archived:
            archived.append("belt")
            clothes.staff.post(f"/admin/products/{belt['id']}/archive")

    weather("TransactWriteItems", [archive] * 3)
    settle()
    assert archived
    assert_all_is_right(clothes)
    assert listed(clothes, "/products?category=sale") == ["mug", "shirt"]


def test_a_walk_that_runs_out_of_time_goes_on_where_it_was(
    clothes: Shop, settle: Callable[[], None], monkeypatch: pytest.MonkeyPatch, queue: Queue
) -> None:
    monkeypatch.setattr(arranging, "_PAGE", 1)
    looked_at: list[str] = []
    arrange = arranging._arrange
    monkeypatch.setattr(
        arranging, "_arrange", lambda product, event: looked_at.append(product.handle) or arrange(product, event)
    )
    left: Iterator[bool] = iter([False, True] * 50)
    monkeypatch.setattr("chalicelib.core.jobs.deadline", lambda seconds: lambda: next(left))
    rule(clothes, "season", "price > 0")
    settle()
    assert sorted(looked_at) == sorted(["shirt", "belt", "scarf", "mug"] * 2)
    assert_all_is_right(clothes)


def test_a_walk_that_fails_goes_on_where_it_was(
    clothes: Shop, settle: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.catalog.consumers import catalog_arrange

    monkeypatch.setattr(arranging, "_PAGE", 1)
    rule(clothes, "season", "price > 0")
    event = clothes.events()[-1]
    arrange, looked_at = arranging._arrange, list[str]()

    def stumble(product: Any, event: Any) -> str:
        looked_at.append(product.handle)
        if len(looked_at) == 3:
            raise ConnectionError
        return arrange(product, event)

    monkeypatch.setattr(arranging, "_arrange", stumble)
    assert len(clothes.consume(catalog_arrange, clothes.envelope(event))) == 1
    settle()
    assert looked_at[:5] == ["mug", "scarf", "belt", "belt", "shirt"]
    assert_all_is_right(clothes)


def test_one_walk_at_a_time_and_another_one_comes_again(clothes: Shop, queue: Queue) -> None:
    rule(clothes, "season", "price > 0")
    event = clothes.events()[-1]

    def meanwhile(run: jobs.Run) -> None:
        clothes.tell(event)

    jobs.run(arranging.JOB, meanwhile, 60)
    assert [delay for _, delay in queue.waiting] == [30]
    assert listed(clothes, "/collections/season/products") == []
    queue.work_off()
    assert len(listed(clothes, "/collections/season/products")) == 4


def test_what_was_done_is_on_record(clothes: Shop) -> None:
    rule(clothes, "season", "tag = summer")
    clothes.deliver()
    (run,) = clothes.staff.get("/admin/jobs/catalog_arrange/runs?limit=1")["data"]
    assert (run["outcome"], run["counts"]) == ("done", {"arranged": 1, "unchanged": 3})


def test_search_is_told_where_a_product_stands_and_by_which_names(clothes: Shop, settle: Callable[[], None]) -> None:
    shirt = next(p for p in all_products(clothes) if p["handle"] == "shirt")
    rule(clothes, "season", "tag = summer")
    put(clothes, "men", "sale", name="Men", translations={"zh": {"name": "男装"}})
    settle()
    product = tables.product_by_id(shirt["id"])
    assert product is not None
    assert shelving.category_path(product) == ["sale", "men", "shirts"]
    assert shelving.collections_of(product) == ["season"]
    known = categories.present(since=int(product.tree_version))
    assert known.path_names(product.category) == ["sale", "Men", "男装", "shirts"]
    assert [item.id for item in known.below("sale")] == ["men", "shirts"]
