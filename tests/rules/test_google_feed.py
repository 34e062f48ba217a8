"""The feed as Google's product data specification wants it."""

import re
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from told import PAGE, anything, euros, listing, offer

from chalicelib.catalog.feeds import google_feed
from chalicelib.catalog.feeds.listing import Listing
from chalicelib.catalog.product import Dimensions
from chalicelib.core.money import Money

G = "{http://base.google.com/ns/1.0}"


def feed(product: Listing, category: tuple[str, ...] = (), in_stock: dict[str, bool] | None = None) -> list[Element]:
    """The feed's items, read by a strict reader."""
    known = {sold.sku: True for sold in product.offers} if in_stock is None else in_stock
    body = b"".join(google_feed.items(product, category, known))
    read = fromstring(google_feed.head("https://shop.example/uk") + body + google_feed.TAIL)
    return read.findall("channel/item")


def said(item: Element) -> dict[str, str]:
    return {member.tag.replace(G, ""): member.text or "" for member in item}


def test_an_item_says_all_that_is_known() -> None:
    known = offer(
        gtin="4006381333931",
        compare_at=euros(2990),
        image="https://img.example/é.jpg",
        traits={"color": "red", "material": "cotton"},
        weight_grams=250,
        dimensions=Dimensions(300, 205, 20),
    )
    attributes = {"google_product_category": 212, "gender": "unisex", "age_group": "old", "condition": "refurbished"}
    (item,) = feed(listing(known, attributes=attributes), ("Clothing", "Shirts > Tees"))
    assert said(item) == {
        "title": "Shirt",
        "link": PAGE,
        "description": "A soft shirt.",
        "id": "SHIRT",
        "availability": "in_stock",
        "condition": "refurbished",
        "price": "29.90 EUR",
        "sale_price": "19.90 EUR",
        "brand": "Weaver",
        "gtin": "4006381333931",
        "image_link": "https://img.example/%C3%A9.jpg",
        "additional_image_link": "https://img.example/1.jpg",
        "google_product_category": "212",
        "product_type": "Clothing > Shirts   Tees",
        "color": "red",
        "material": "cotton",
        "gender": "unisex",
        "shipping_weight": "250 g",
        "shipping_length": "30 cm",
        "shipping_width": "20.5 cm",
        "shipping_height": "2 cm",
    }


def test_each_variant_is_an_item_of_one_group() -> None:
    red, blue = feed(
        listing(offer("RED", title="Shirt - red"), offer("BLUE", title="Shirt - blue")),
        in_stock={"RED": True, "BLUE": False},
    )
    assert [said(item)["item_group_id"] for item in (red, blue)] == ["prd_1", "prd_1"]
    assert (said(red)["title"], said(red)["availability"]) == ("Shirt - red", "in_stock")
    assert (said(blue)["id"], said(blue)["availability"]) == ("BLUE", "out_of_stock")


def test_what_is_not_sent_is_not_listed() -> None:
    assert feed(listing(offer("FILE")), in_stock={}) == []


def test_a_bundle_says_that_it_is_one() -> None:
    assert said(feed(listing(offer(components={"MUG": 2})))[0])["is_bundle"] == "yes"


@pytest.mark.parametrize(("price", "written"), [(Money(1500, "JPY"), "1500 JPY"), (euros(5), "0.05 EUR")])
def test_a_price_has_its_currencys_digits(price: Money, written: str) -> None:
    assert said(feed(listing(offer(price=price)))[0])["price"] == written


def test_what_no_number_tells_apart_says_so() -> None:
    assert said(feed(listing())[0])["identifier_exists"] == "no"
    by_number = said(feed(listing(attributes={"mpn": "W-1"}))[0])
    assert by_number["mpn"] == "W-1"
    assert "identifier_exists" not in by_number
    assert said(feed(listing(attributes={"mpn": "W-1"}, brand=None))[0])["identifier_exists"] == "no"
    assert "identifier_exists" not in said(feed(listing(offer(gtin="96385074")))[0])


def test_a_long_title_keeps_what_tells_a_variant_apart() -> None:
    name = "very " * 40 + "long shirt"
    title = said(feed(listing(offer("A", title=f"{name} - red / M"), offer("B"), title=name))[0])["title"]
    assert len(title) <= 150
    assert title.endswith("… - red / M")


def test_a_link_that_would_be_too_long_is_the_products() -> None:
    item = said(feed(listing(offer(url=PAGE + "?sku=" + "x" * 2000)))[0])
    assert item["link"] == PAGE


def test_without_a_description_the_title_is_one() -> None:
    assert said(feed(listing(description=""))[0])["description"] == "Shirt"


@pytest.mark.parametrize("sku", ["A-1", "茶杯", "x" * 50])
def test_a_sku_is_the_id_where_it_can_be(sku: str) -> None:
    assert google_feed.id_of(sku) == sku


@given(st.sets(st.text(min_size=1, max_size=100), min_size=2))
def test_no_two_skus_have_the_same_id(skus: set[str]) -> None:
    ids = {google_feed.id_of(sku) for sku in skus}
    assert len(ids) == len(skus)
    for found in ids:
        assert 1 <= len(found) <= 50
        assert found == " ".join(found.split())
        assert found == google_feed.id_of(found)


LIMITS = {
    "title": 150,
    "description": 5000,
    "link": 2000,
    "id": 50,
    "brand": 70,
    "mpn": 70,
    "color": 100,
    "size": 100,
    "pattern": 100,
    "material": 200,
    "image_link": 2000,
    "product_type": 750,
    "google_product_category": 750,
}


@given(anything, st.lists(st.text(max_size=300), max_size=8).map(tuple))
def test_whatever_a_product_holds_its_items_are_xml_within_googles_limits(
    product: Listing, category: tuple[str, ...]
) -> None:
    for item in feed(product, category):
        found = said(item)
        assert all(len(found.get(name, "")) <= most for name, most in LIMITS.items())
        assert len(item.findall(f"{G}image_link")) <= 1
        assert len(item.findall(f"{G}additional_image_link")) <= 10
        assert re.fullmatch(r"\d+(\.\d{2,3})? [A-Z]{3}", found["price"])
        assert {"id", "title", "link", "description", "availability", "condition"} <= found.keys()
