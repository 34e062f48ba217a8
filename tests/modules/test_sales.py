"""What was sold, counted once for each parcel."""

from typing import Any

import pytest
from buyers import deliver, standing
from inprocess import Shop

from infra.local.client import Json

TRANSACTION = "TransactWriteItems"


def dispatched(shop: Shop) -> list[Json]:
    return [event for event in shop.events() if event["name"] == "ShipmentDispatched"]


def test_what_left_the_house_is_sold(shop: Shop) -> None:
    mug, bowl = shop.product("mug")["id"], shop.product("bowl")["id"]
    order = shop.order(("MUG", 2), ("BOWL", 1))
    shop.deliver()
    assert standing(shop, mug) == {}
    deliver(shop, order)
    deliver(shop, shop.order(("MUG", 3)))
    assert standing(shop, mug) == {"version": 2, "sold": 5}
    assert standing(shop, bowl) == {"version": 1, "sold": 1}


def test_each_parcel_counts_once(shop: Shop, weather: Any) -> None:
    mug = shop.product("mug", stock={"ams": 1, "sha": 1})["id"]
    deliver(shop, shop.order(("MUG", 2)))
    first, second = dispatched(shop)
    assert standing(shop, mug) == {"version": 2, "sold": 2}
    for event in (second, first, second):
        shop.tell(event)
    assert standing(shop, mug) == {"version": 2, "sold": 2}


def test_a_parcel_that_two_consumers_count_at_once_counts_once(shop: Shop, weather: Any) -> None:
    from chalicelib.catalog.consumers import catalog_sales

    mug = shop.product("mug")["id"]
    deliver(shop, shop.order(("MUG", 2)))
    (event,) = dispatched(shop)
    key = {"pk": {"S": f"SOLD#{event['detail']['aggregate_id']}"}, "sk": {"S": "SOLD"}}
    shop.dynamodb.delete_item(TableName="test-catalog", Key=key)
    message = shop.envelope(event)
    weather(TRANSACTION, [lambda: shop.consume(catalog_sales, message)])
    assert shop.consume(catalog_sales, message) == []
    assert standing(shop, mug)["sold"] == 4


def test_variants_of_one_product_add_up(shop: Shop) -> None:
    from inprocess import eur

    variants = [
        {"sku": f"MUG-{size}", "option_values": [size], "price": eur(100), "stock": {"ams": 9}} for size in ("S", "L")
    ]
    mug = shop.product("mug", options=["Size"], variants=variants)["id"]
    deliver(shop, shop.order(("MUG-S", 2), ("MUG-L", 3)))
    assert standing(shop, mug) == {"version": 1, "sold": 5}


def test_a_sku_that_is_gone_takes_no_other_with_it(shop: Shop) -> None:
    bowl = shop.product("bowl")["id"]
    shop.product("mug")
    order = shop.order(("MUG", 1), ("BOWL", 1))
    shop.deliver()
    shop.dynamodb.delete_item(TableName="test-catalog", Key={"pk": {"S": "SKU#MUG"}, "sk": {"S": "VARIANT"}})
    deliver(shop, order)
    assert standing(shop, bowl)["sold"] == 1


def test_the_count_does_not_wait_for_search(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog.search import search_engine

    monkeypatch.setattr(search_engine, "write", lambda *_: 1 / 0)
    mug = shop.product("mug")["id"]
    deliver(shop, shop.order(("MUG", 1)))
    assert standing(shop, mug)["sold"] == 1


def test_a_parcel_is_remembered_for_longer_than_its_event_can_come_again(shop: Shop) -> None:
    from chalicelib.catalog.reviews import sales
    from chalicelib.core import outbox

    assert sales._REMEMBERED.days >= outbox.KEPT.days + 14
