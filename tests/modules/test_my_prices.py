"""What a customer pays, which is nobody else's to see."""

from typing import Any
from urllib.parse import quote

import pytest
from inprocess import Shop, eur, list_price, usd
from refusals import refusal

Json = dict[str, Any]


@pytest.fixture
def priced(shop: Shop) -> Shop:
    """A mug with a public sale, prices of a group and a price in dollars."""
    shop.price_list("sale")
    shop.price_list("vip", groups=["vip", "friends"])
    shop.price_list("dollars", currency="USD")
    shop.price_list("trade", currency="GBP", groups=["trade"])
    prices = [
        list_price("sale", eur(1190), 5),
        list_price("vip", eur(990)),
        list_price("vip", eur(790), 10),
        list_price("dollars", usd(1500)),
    ]
    shop.product("mug", variants=[{"sku": "MUG", "price": eur(1290), "prices": prices, "stock": {"ams": 100}}])
    shop.product("odd", variants=[{"sku": "A,B & C", "price": eur(100)}])
    shop.product("draft", status="draft")
    return shop


def tier(pieces: int, price: Json) -> Json:
    return {"min_quantity": pieces, "price": price}


def test_a_customer_of_a_group_sees_its_prices_beside_everybodys(priced: Shop) -> None:
    (mine,) = priced.member("ann", "vip").get("/me/prices?sku=MUG")["variants"]
    product = priced.guest.get("/products/mug")
    assert mine == {
        "sku": "MUG",
        "product_id": product["id"],
        "price": eur(990),
        "tiers": [tier(10, eur(790))],
        "public": {"price": eur(1290), "tiers": [tier(5, eur(1190))]},
    }
    assert (product["variants"][0]["price"], product["variants"][0]["tiers"]) == (eur(1290), [tier(5, eur(1190))])


def test_who_is_in_no_group_sees_everybodys_prices(priced: Shop) -> None:
    for ben in (priced.customer("ben"), priced.member("ben", "strangers")):
        (mine,) = ben.get("/me/prices?sku=MUG")["variants"]
        assert {"price": mine["price"], "tiers": mine["tiers"]} == mine["public"]


def test_leaving_a_group_holds_at_once(priced: Shop) -> None:
    assert priced.member("ann", "friends").get("/me/prices?sku=MUG")["variants"][0]["price"] == eur(990)
    assert priced.member("ann").get("/me/prices?sku=MUG")["variants"][0]["price"] == eur(1290)


def test_skus_and_products_are_asked_for_together(priced: Shop) -> None:
    mug = priced.guest.get("/products/mug")["id"]
    ids = [p["id"] for p in priced.staff.get("/admin/products")["data"]]
    ann = priced.member("ann", "vip")
    wanted = [*(f"product={i}" for i in [*ids, "prd_none"]), "sku=MUG", f"sku={quote('A,B & C')}", "sku=DRAFT", "sku=X"]
    found = ann.get(f"/me/prices?{'&'.join(wanted)}")
    assert [(v["sku"], v["price"]) for v in found["variants"]] == [("MUG", eur(990)), ("A,B & C", eur(100))]
    assert len(found["products"]) == 2
    assert {"id": mug, "price_from": eur(990), "public_price_from": eur(1290)} in found["products"]


def test_a_groups_currency_is_sold_in_to_its_members_alone(priced: Shop) -> None:
    ann, ben = priced.member("ann", "trade"), priced.customer("ben")
    assert ann.get("/me/prices?sku=MUG&currency=GBP")["variants"][0]["price"] is None
    refused = refusal(ben.get, "/me/prices?sku=MUG&currency=GBP")
    assert (refused["status"], refused["code"], refused["pointer"]) == (422, "unknown_currency", "/query/currency")
    for customer in (ann, ben):
        found = customer.get("/me/prices?sku=MUG&currency=USD")
        assert (found["currency"], found["variants"][0]["price"]) == ("USD", usd(1500))


def test_own_prices_are_kept_by_no_cache(priced: Shop) -> None:
    status, headers, _ = priced.member("ann", "vip").send("GET", "/me/prices?sku=MUG")
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert "ETag" not in headers
    assert priced.guest.send("GET", "/me/prices?sku=MUG")[0] == 401


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "/query/sku"),
        ("sku=%20", "/query/sku/0"),
        pytest.param("&".join(["sku=A"] * 101), "/query/sku", id="too many"),
        ("skus=A", "/query/skus"),
        ("sku=A&currency=dollars", "/query/currency"),
    ],
)
def test_a_bad_question_is_refused_by_its_field(priced: Shop, query: str, pointer: str) -> None:
    refused = refusal(priced.customer().get, f"/me/prices?{query}")
    assert (refused["status"], refused["pointer"]) == (422, pointer)
