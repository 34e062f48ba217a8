"""Public prices that begin and end by the clock, or by staff: search hears of it, product by product."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Shop, eur, list_price, usd
from refusals import refusal
from searching import follow, handles

from chalicelib.catalog.pricing import price_turns
from chalicelib.core import clock

Json = dict[str, Any]
HOUR, SOON = timedelta(hours=1), timedelta(minutes=2)
Travel = Callable[[timedelta], None]


def on_sale(shop: Shop, *handles: str, name: str = "sale", pieces: int = 1, **fields: Any) -> None:
    for handle in handles:
        variant = {"sku": handle.upper(), "price": eur(1290), "prices": [list_price(name, eur(990), pieces)]}
        shop.product(handle, variants=[variant], **fields)


def told(shop: Shop) -> list[str]:
    """The handles that were announced as updated since this was asked last."""
    new = [event for event in shop.events() if event["id"] not in shop.delivered]
    shop.delivered |= {event["id"] for event in new}
    return sorted(event["detail"]["handle"] for event in new if event["name"] == "ProductUpdated")


def versions(shop: Shop) -> dict[str, int]:
    items = shop.dynamodb.scan(TableName="test-catalog")["Items"]
    return {item["handle"]["S"]: int(item["version"]["N"]) for item in items if item["sk"]["S"] == "STANDING"}


def test_a_list_that_begins_and_ends_tells_its_products_once_each_time(shop: Shop, travel: Travel) -> None:
    begins, ends = (clock.stamp(clock.now() + HOUR * n) for n in (1, 2))
    shop.price_list("sale", valid_from=begins, valid_until=ends)
    on_sale(shop, "mug", "bowl")
    on_sale(shop, "draft", status="draft")
    on_sale(shop, "many", pieces=10)
    shop.product("plate")
    travel(SOON)
    assert (shop.turn_prices(), told(shop)) == ({"outcome": "done"}, [])
    travel(HOUR)
    assert shop.turn_prices() == {"outcome": "done", "begun": 1, "products": 2}
    assert told(shop) == ["bowl", "mug"]
    assert (shop.turn_prices(), told(shop)) == ({"outcome": "done"}, [])
    travel(HOUR)
    assert shop.turn_prices() == {"outcome": "done", "ended": 1, "products": 2}
    assert (told(shop), shop.turn_prices()) == (["bowl", "mug"], {"outcome": "done"})
    assert versions(shop) == {"mug": 2, "bowl": 2, "draft": 0, "many": 0, "plate": 0}


def test_what_staff_change_is_told_once_every_function_knows_it(shop: Shop, travel: Travel) -> None:
    on_sale(shop, "mug")
    shop.price_list("sale")
    assert (shop.turn_prices(), told(shop)) == ({"outcome": "done"}, [])
    travel(SOON)
    assert (shop.turn_prices()["begun"], told(shop)) == (1, ["mug"])
    shop.price_list("sale", groups=["vip"])
    travel(SOON)
    assert (shop.turn_prices()["ended"], told(shop)) == (1, ["mug"])
    shop.price_list("sale", groups=["vip", "friends"])
    travel(SOON)
    assert (shop.turn_prices(), told(shop)) == ({"outcome": "done"}, [])


def test_a_list_that_was_deleted_is_gone_when_its_products_know(shop: Shop, travel: Travel) -> None:
    on_sale(shop, "mug")
    for name in ("sale", "other"):
        shop.price_list(name)
    travel(SOON)
    shop.turn_prices()
    told(shop)
    for name in ("sale", "other"):
        shop.staff.delete(f"/admin/price-lists/{name}")
    assert refusal(shop.staff.get, "/admin/price-lists/sale")["status"] == 404
    travel(SOON)
    assert shop.turn_prices() == {"outcome": "done", "deleted": 2, "products": 1}
    assert told(shop) == ["mug"]
    assert "PRICE_LISTS" not in str(shop.dynamodb.scan(TableName="test-catalog")["Items"])


def test_a_list_that_is_made_again_while_it_goes_stays(shop: Shop, travel: Travel, monkeypatch: Any) -> None:
    on_sale(shop, "mug")
    shop.price_list("sale")
    travel(SOON)
    shop.turn_prices()
    shop.staff.delete("/admin/price-lists/sale")
    travel(SOON)
    tell = price_turns._tell

    def tell_and_change_ones_mind(*what: Any) -> None:
        tell(*what)
        shop.price_list("sale")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(price_turns, "_tell", tell_and_change_ones_mind)
        shop.turn_prices()
    told(shop)
    assert shop.guest.get("/products/mug")["price_from"] == eur(990)
    travel(SOON)
    assert (shop.turn_prices()["begun"], told(shop)) == (1, ["mug"])


def test_a_run_that_stopped_goes_on_with_the_batch_it_was_at(
    shop: Shop, travel: Travel, monkeypatch: pytest.MonkeyPatch, weather: Callable[..., Any]
) -> None:
    monkeypatch.setattr(price_turns, "_BATCH", 2)
    on_sale(shop, *"abcde")
    shop.price_list("sale")
    travel(SOON)
    weather("TransactWriteItems", [lambda: None, ConnectionError()])
    with pytest.raises(Exception, match="1 failed"):
        shop.turn_prices()
    assert told(shop) == ["d", "e"]
    assert (shop.turn_prices()["products"], told(shop)) == (3, ["a", "b", "c"])


def test_a_list_that_can_not_be_told_holds_up_no_other(shop: Shop, travel: Travel, weather: Callable[..., Any]) -> None:
    on_sale(shop, "mug")
    on_sale(shop, "bowl", name="offer")
    for name in ("sale", "offer"):
        shop.price_list(name)
    travel(SOON)
    weather("TransactWriteItems", [ConnectionError()])
    with pytest.raises(Exception, match="1 failed"):
        shop.turn_prices()
    assert told(shop) == ["mug"]
    assert (shop.turn_prices()["begun"], told(shop)) == (1, ["bowl"])


def test_search_knows_the_price_that_everybody_pays_now(searchable: Shop, travel: Travel) -> None:
    shop = searchable
    shop.price_list("sale", valid_from=clock.stamp(clock.now() + HOUR))
    shop.price_list("dollars", currency="USD")
    on_sale(shop, "mug")
    shop.product("bowl", variants=[{"sku": "BOWL", "price": eur(1200), "prices": [list_price("dollars", usd(1500))]}])
    follow(shop)
    assert handles(shop, "sort=price_asc") == ["bowl", "mug"]
    assert handles(shop, "price_max=1000") == []
    travel(HOUR)
    shop.turn_prices()
    follow(shop)
    assert handles(shop, "sort=price_asc") == ["mug", "bowl"]
    (found,) = shop.guest.get("/search?price_max=1000")["data"]
    assert (found["handle"], found["price_from"]) == ("mug", eur(990))
    in_dollars = shop.guest.get("/search?sort=price_asc&currency=USD")["data"]
    assert [(card["handle"], card["price_from"]) for card in in_dollars] == [("bowl", usd(1500)), ("mug", None)]
    assert refusal(shop.guest.get, "/search?currency=GBP")["pointer"] == "/query/currency"
