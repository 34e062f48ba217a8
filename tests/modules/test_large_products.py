"""Products with more variants than one transaction holds: interrupted, raced for, and whole again afterwards."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Shop, eur
from refusals import refusal

from chalicelib.catalog import product_writes, tables
from chalicelib.core import clock
from chalicelib.core.jobs import JobsFailed

Weather = Callable[..., list[str]]
MANY = 26


@pytest.fixture(autouse=True)
def small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many are more than one transaction holds: moto takes a second for one that is full."""
    monkeypatch.setattr(product_writes, "_MOST_AT_ONCE", MANY - 4)


def big(price: int = 1000, many: int = MANY, **more: Any) -> dict[str, Any]:
    variants = [{"sku": f"BIG-{n:03d}", "price": eur(price), "option_values": [str(n)]} for n in range(many)]
    return {"handle": "big", "title": "Big", "status": "published", "options": ["Size"], "variants": variants, **more}


def interrupted(
    shop: Shop, weather: Weather, after: int, method: str, path: str, body: dict[str, Any] | None = None
) -> int:
    """A request whose function is killed after so many transactions; its status."""
    storms: list[Any] = [*[lambda: None] * after, ConnectionError()]
    weather("TransactWriteItems", storms)
    status = shop.staff.send(method, path, json.dumps(body or {}))[0]
    storms.clear()
    return status


def sold(many: int = MANY + 10) -> list[str]:
    """The SKUs that a cart would take."""
    found = tables.variants([f"BIG-{n:03d}" for n in range(many)], consistent=True)
    return [sku for sku, variant in found.items() if variant.published]


def prices(shop: Shop) -> set[int]:
    return {variant["price"]["amount"] for variant in shop.guest.get("/products/big")["variants"]}


@pytest.mark.parametrize("after", [1, 2])
def test_the_old_prices_are_back_when_they_are_saved_again_after_a_killed_change(
    shop: Shop, weather: Weather, after: int
) -> None:
    made = shop.staff.post("/admin/products", big())
    assert interrupted(shop, weather, after, "PUT", f"/admin/products/{made['id']}", big(price=1)) == 500
    shop.staff.put(f"/admin/products/{made['id']}", big())
    assert prices(shop) == {1000}


def test_of_two_who_save_at_once_one_wins_whole(shop: Shop, weather: Weather) -> None:
    made = shop.staff.post("/admin/products", big())
    path = f"/admin/products/{made['id']}"
    rival = big(title="Rival", price=2)
    weather("TransactWriteItems", [lambda: None, lambda: shop.staff.put(path, rival)])
    shop.staff.put(path, big(price=1))
    assert (shop.guest.get("/products/big")["title"], prices(shop)) == ("Big", {1})


@pytest.mark.parametrize("after", range(1, 3))
def test_of_two_who_create_at_once_one_wins_whole(shop: Shop, weather: Weather, after: int) -> None:
    rival = big(price=2, title="Rival")
    weather("TransactWriteItems", [*[lambda: None] * after, lambda: shop.staff.post("/admin/products", rival)])
    assert refusal(shop.staff.post, "/admin/products", big())["code"] == "handle_taken"
    assert (shop.guest.get("/products/big")["title"], prices(shop)) == ("Rival", {2})


def test_a_creation_that_others_take_over_leaves_no_variant_behind(shop: Shop, weather: Weather) -> None:
    assert interrupted(shop, weather, 2, "POST", "/admin/products", big()) == 500
    shop.staff.post("/admin/products", big(many=1, status="draft"))
    assert sold() == []
    assert list(tables.variants([f"BIG-{n:03d}" for n in range(MANY)], consistent=True)) == ["BIG-000"]


@pytest.mark.parametrize("before", [1, 2])
def test_a_draft_that_somebody_saves_while_it_is_published_is_not_sold(
    shop: Shop, weather: Weather, before: int
) -> None:
    made = shop.staff.post("/admin/products", big(status="draft"))
    path = f"/admin/products/{made['id']}"
    again = big(status="draft", description="new")
    weather("TransactWriteItems", [*[lambda: None] * before, lambda: shop.staff.put(path, again)])
    assert refusal(shop.staff.post, f"{path}/publish")["code"] == "product_changed"
    assert (shop.staff.get(path)["status"], sold()) == ("draft", [])


@pytest.mark.parametrize("after", range(3))
def test_what_was_published_half_can_be_hidden_and_published(shop: Shop, weather: Weather, after: int) -> None:
    made = shop.staff.post("/admin/products", big(status="draft"))
    path = f"/admin/products/{made['id']}"
    assert interrupted(shop, weather, after, "POST", f"{path}/publish") == 500
    assert shop.staff.post(f"{path}/unpublish")["status"] == "draft"
    assert sold() == []
    assert interrupted(shop, weather, after, "POST", f"{path}/publish") == 500
    assert shop.staff.post(f"{path}/publish")["status"] == "published"
    assert len(sold()) == MANY


@pytest.mark.parametrize("after", range(4))
def test_what_was_hidden_half_is_hidden_by_the_same_request(shop: Shop, weather: Weather, after: int) -> None:
    made = shop.staff.post("/admin/products", big())
    path = f"/admin/products/{made['id']}/unpublish"
    assert interrupted(shop, weather, after, "POST", path) == 500
    assert shop.staff.post(path)["status"] == "draft"
    assert sold() == []


@pytest.mark.parametrize("after", range(3))
def test_the_clock_goes_on_with_what_it_has_turned_half(
    shop: Shop, weather: Weather, travel: Callable[[timedelta], None], after: int
) -> None:
    at = clock.stamp(clock.now() + timedelta(hours=1))
    shop.staff.post("/admin/products", big(unpublish_at=at))
    travel(timedelta(hours=1, seconds=1))
    storms: list[Any] = [*[lambda: None] * after, ConnectionError()]
    weather("TransactWriteItems", storms)
    with pytest.raises(JobsFailed):
        shop.publish()
    storms.clear()
    travel(timedelta(minutes=10))
    assert shop.publish()["draft"] == 1
    assert sold() == []


def test_variants_that_a_killed_change_brought_are_hidden_too_and_go_with_the_next_one(
    shop: Shop, weather: Weather
) -> None:
    made = shop.staff.post("/admin/products", big())
    path = f"/admin/products/{made['id']}"
    assert interrupted(shop, weather, 2, "PUT", path, big(many=MANY + 10)) == 500
    assert f"BIG-{MANY + 9:03d}" in sold()
    shop.staff.post(f"{path}/unpublish")
    assert sold() == []
    shop.staff.put(path, big())
    other = {"handle": "other", "title": "Other", "variants": [{"sku": f"BIG-{MANY + 9:03d}", "price": eur(1)}]}
    assert shop.staff.post("/admin/products", other)["version"] == 1
    assert len(sold()) == MANY


def test_a_product_that_lost_half_of_its_variants_loses_the_rest_when_asked_again(shop: Shop, weather: Weather) -> None:
    made = shop.staff.post("/admin/products", big(many=MANY + 30))
    path = f"/admin/products/{made['id']}"
    assert interrupted(shop, weather, 2, "PUT", path, big(many=1)) == 500
    assert len(shop.staff.put(path, big(many=1))["variants"]) == 1
    assert list(tables.variants([f"BIG-{n:03d}" for n in range(MANY + 30)], consistent=True)) == ["BIG-000"]


def test_a_sku_that_became_another_products_meanwhile_stays_there(shop: Shop, weather: Weather) -> None:
    made = shop.staff.post("/admin/products", big(many=MANY + 30))
    path = f"/admin/products/{made['id']}"
    assert interrupted(shop, weather, 2, "PUT", path, big(many=1)) == 500
    free = next(f"BIG-{n:03d}" for n in range(MANY + 30) if not tables.variants([f"BIG-{n:03d}"], consistent=True))
    other = {"handle": "other", "title": "Other", "status": "published", "variants": [{"sku": free, "price": eur(1)}]}
    shop.staff.post("/admin/products", other)
    assert free not in [variant["sku"] for variant in shop.staff.get(path)["variants"]]
    shop.staff.post(f"{path}/unpublish")
    assert sold(MANY + 30) == [free]
    shop.staff.put(path, big(many=1))
    assert sorted(sold(MANY + 30)) == ["BIG-000", free]


@pytest.mark.parametrize("after", range(2, 4))
def test_a_product_that_was_hidden_half_leaves_its_lists(shop: Shop, weather: Weather, after: int) -> None:
    shop.staff.put("/admin/categories/shelf", {"name": "Shelf"})
    made = shop.staff.post("/admin/products", big(category="shelf"))
    path = f"/admin/products/{made['id']}"
    assert interrupted(shop, weather, after, "POST", f"{path}/unpublish") == 500
    shop.staff.post(f"{path}/unpublish")
    shop.staff.delete("/admin/categories/shelf")
    shop.staff.post(f"{path}/publish")
    assert [found["handle"] for found in shop.guest.get("/products")["data"]] == ["big"]
    assert refusal(shop.staff.delete, "/admin/categories/shelf")["code"] == "category_not_empty"
