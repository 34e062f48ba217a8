"""Price lists and what the public sees of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Shop, eur, list_price, usd
from refusals import refusal

from chalicelib.core import clock, dynamo

Json = dict[str, Any]


def stamp(wait: timedelta) -> str:
    return clock.stamp(clock.now() + wait)


def mug(*prices: Json, handle: str = "mug", **fields: Any) -> Json:
    variant = {"sku": handle.upper(), "price": eur(1290), "prices": list(prices), "stock": {"ams": 100}, **fields}
    return {"variants": [variant]}


def card(shop: Shop, query: str = "") -> Any:
    (shown,) = shop.guest.get(f"/products{query}")["data"]
    return shown["price_from"]


def variant(shop: Shop, query: str = "") -> Json:
    (shown,) = shop.guest.get(f"/products/mug{query}")["variants"]
    return shown


def test_a_price_list_is_what_staff_say_it_is(shop: Shop) -> None:
    made = shop.price_list("summer", valid_from="2026-06-01T00:00:00Z", valid_until="2026-09-01T00:00:00Z")
    assert made == {
        "id": "summer",
        "name": "Summer",
        "currency": "EUR",
        "groups": [],
        "valid_from": "2026-06-01T00:00:00Z",
        "valid_until": "2026-09-01T00:00:00Z",
    }
    vip = shop.price_list("vip", groups=["vip", "friends"], currency="USD")
    assert shop.staff.get("/admin/price-lists/vip") == vip
    assert shop.staff.get("/admin/price-lists")["data"] == [made, vip]
    assert shop.price_list("vip", groups=["vip"], currency="USD")["groups"] == ["vip"]
    assert shop.staff.delete("/admin/price-lists/vip")["data"] == [made]
    assert refusal(shop.staff.get, "/admin/price-lists/vip")["status"] == 404
    assert refusal(shop.staff.delete, "/admin/price-lists/vip")["status"] == 404
    assert shop.price_list("vip", groups=["vip"], currency="GBP")["currency"] == "GBP"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": "Sale", "currency": "Euro"}, "/currency"),
        ({"name": "Sale", "currency": "USD"}, "/currency"),
        ({"name": "Sale", "groups": ["Bad Group!"]}, "/groups/0"),
        ({"name": "Sale", "groups": ["vip", "vip"]}, "/groups"),
        ({"name": "Sale", "valid_from": "2026-06-01T00:00:00"}, "/valid_from"),
        ({"name": "Sale", "valid_from": "0001-01-01T00:00:00+14:00"}, "/valid_from"),
        ({"name": "Sale", "valid_from": "2026-06-01T00:00:00Z", "valid_until": "2026-06-01T00:00:00Z"}, "/valid_until"),
        ({"name": "Sale", "factor": 0.9}, "/factor"),
    ],
)
def test_what_is_no_price_list_is_refused_by_its_field(shop: Shop, body: Json, pointer: str) -> None:
    sale = shop.price_list("sale")
    refused = refusal(shop.staff.put, "/admin/price-lists/sale", body)
    assert (refused["status"], refused["pointer"]) == (422, pointer)
    assert shop.staff.get("/admin/price-lists/sale") == sale


def test_staff_see_a_products_own_prices_and_send_them_back(shop: Shop) -> None:
    shop.price_list("sale")
    prices = [list_price("sale", eur(990)), list_price("vip", eur(790), 10)]
    made = shop.product("mug", **mug(*prices))
    shown = shop.staff.get(f"/admin/products/{made['id']}")
    assert (shown["price_from"], shown["variants"][0]["price"], shown["variants"][0]["prices"]) == (
        eur(1290),
        eur(1290),
        [{"list": "sale", "price": eur(990)}, {"list": "vip", "price": eur(790), "min_quantity": 10}],
    )


def test_a_price_is_in_its_lists_currency(shop: Shop) -> None:
    shop.price_list("dollars", currency="USD")
    refused = refusal(shop.product, "mug", **mug(list_price("other", eur(1)), list_price("dollars", eur(1))))
    assert (refused["status"], refused["pointer"]) == (422, "/variants/0/prices/1/price/currency")


def test_the_prices_of_a_product_name_few_lists(shop: Shop) -> None:
    prices = [list_price(f"list-{n}", eur(1)) for n in range(21)]
    assert refusal(shop.product, "mug", **mug(*prices))["pointer"] == "/variants"
    shop.product("mug", **mug(*prices[:20]))


def test_everybody_sees_the_public_price_and_its_tiers(shop: Shop) -> None:
    shop.product("mug", **mug(list_price("sale", eur(990)), list_price("sale", eur(890), 10), compare_at=eur(1490)))
    assert (card(shop), variant(shop)["price"], variant(shop)["tiers"]) == (eur(1290), eur(1290), [])
    shop.price_list("sale")
    shown = variant(shop)
    assert (card(shop), shop.guest.get("/products/mug")["price_from"]) == (eur(990), eur(990))
    assert (shown["price"], shown["compare_at"]) == (eur(990), eur(1490))
    assert shown["tiers"] == [{"min_quantity": 10, "price": eur(890)}]
    shop.staff.delete("/admin/price-lists/sale")
    assert (card(shop), variant(shop)["price"], variant(shop)["tiers"]) == (eur(1290), eur(1290), [])


def test_a_groups_prices_are_not_public(shop: Shop) -> None:
    shop.price_list("vip", groups=["vip"])
    shop.price_list("vip-dollars", groups=["vip"], currency="USD")
    shop.product("mug", **mug(list_price("vip", eur(1)), list_price("vip-dollars", usd(1))))
    assert (card(shop), variant(shop)["price"], variant(shop)["tiers"]) == (eur(1290), eur(1290), [])
    assert refusal(shop.guest.get, "/products?currency=USD")["code"] == "unknown_currency"
    assert "vip" not in str(shop.guest.get("/products/mug"))


def test_a_list_counts_between_its_times(shop: Shop, travel: Callable[[timedelta], None]) -> None:
    shop.product("mug", **mug(list_price("sale", eur(990))))
    shop.price_list("sale", valid_from=stamp(timedelta(hours=1)), valid_until=stamp(timedelta(hours=2)))
    seen = [card(shop)]
    for _ in range(2):
        travel(timedelta(hours=1))
        seen.append(card(shop))
        assert variant(shop)["price"] == seen[-1]
    assert seen == [eur(1290), eur(990), eur(1290)]


def test_prices_are_shown_in_the_currency_that_is_asked_for(shop: Shop) -> None:
    shop.price_list("dollars", currency="USD")
    shop.price_list("dollar-sale", currency="USD")
    prices = [list_price("dollars", usd(1500)), list_price("dollar-sale", usd(1400)), list_price("dollars", usd(9), 50)]
    shop.product("mug", **mug(*prices, compare_at=eur(1490)))
    assert (card(shop), card(shop, "?currency=EUR"), card(shop, "?currency=USD")) == (eur(1290), eur(1290), usd(1400))
    shown = variant(shop, "?currency=USD")
    assert (shown["price"], shown["compare_at"]) == (usd(1400), None)
    assert shown["tiers"] == [{"min_quantity": 50, "price": usd(9)}]


def test_what_has_no_price_in_a_currency_is_shown_without_one(shop: Shop) -> None:
    shop.price_list("dollars", currency="USD")
    shop.product("mug")
    page = shop.guest.get("/products/mug?currency=USD")
    assert (card(shop, "?currency=USD"), page["price_from"], page["variants"][0]["price"]) == (None, None, None)


def test_a_currency_in_which_nothing_is_sold_is_refused(shop: Shop) -> None:
    shop.product("mug")
    shop.price_list("yen", currency="JPY", valid_from=stamp(timedelta(hours=1)))
    for path in ("/products", "/products/mug"):
        for currency in ("USD", "JPY", "eur"):
            refused = refusal(shop.guest.get, f"{path}?currency={currency}")
            assert (refused["status"], refused["pointer"]) == (422, "/query/currency")


def test_the_shop_says_in_which_currencies_it_sells(shop: Shop) -> None:
    shop.price_list("dollars", currency="USD")
    shop.price_list("trade", currency="GBP", groups=["trade"])
    assert shop.guest.get("/currencies")["data"] == [{"code": "EUR", "own": True}, {"code": "USD", "own": False}]


def test_a_renamed_product_is_found_in_the_same_currency(shop: Shop) -> None:
    shop.price_list("dollars", currency="USD")
    made = shop.product("mug")
    shop.staff.put(f"/admin/products/{made['id']}", {"handle": "cup", "title": "Cup", "status": "published", **mug()})
    assert shop.guest.send("GET", "/products/mug?currency=USD")[1]["Location"] == "cup?currency=USD"


def test_what_is_public_is_the_same_for_everyone(shop: Shop) -> None:
    shop.price_list("vip", groups=["vip"])
    shop.product("mug", **mug(list_price("vip", eur(1))))
    for path in ("/products", "/products/mug", "/currencies"):
        _, headers, answer = shop.guest.send("GET", path)
        for caller in (shop.customer(), shop.staff):
            _, theirs, same = caller.send("GET", path)
            assert (same, theirs["ETag"]) == (answer, headers["ETag"])
        assert headers["Cache-Control"].startswith("public, max-age=60")


def test_without_the_price_lists_there_are_no_prices(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.core import cache

    shop.product("mug")
    cart = shop.ready_cart()
    wish = cart.wish()
    calm = dynamo.collection

    def storm(table: Any, pk: str, **how: Any) -> Any:
        if pk == "PRICE_LISTS":
            raise ConnectionError
        return calm(table, pk, **how)

    monkeypatch.setattr(dynamo, "collection", storm)
    cache.forget()
    for path in ("/products", "/products/mug"):
        assert shop.guest.send("GET", path)[0] == 500
    monkeypatch.undo()
    assert shop.guest.send("GET", "/products/mug")[0] == 200
    assert cart.post("/checkout", wish)["order"]["totals"]["total"] == wish["expected_total"]
