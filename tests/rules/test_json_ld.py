"""A product page in schema.org's words, in the shapes that Google reads."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from told import PAGE, anything, euros, listing, offer

from chalicelib.catalog.feeds import json_ld
from chalicelib.catalog.feeds.json_ld import Rating, Step
from chalicelib.core.money import Money

# The types used here and what schema.org lets them say.
_SHARED = {"@type", "name", "description", "url", "image", "mainEntityOfPage"}
_PRODUCT = {"brand", "sku", "gtin", "mpn", "color", "size", "material", "pattern", "offers", "aggregateRating"}
_PRICE = {"price", "priceCurrency"}
PROPERTIES = {
    "Product": _SHARED | _PRODUCT,
    "ProductGroup": _SHARED | _PRODUCT | {"productGroupID", "variesBy", "hasVariant"},
    "Offer": _SHARED | _PRICE | {"itemCondition", "priceSpecification"},
    "UnitPriceSpecification": _PRICE | {"@type", "priceType"},
    "Brand": {"@type", "name"},
    "AggregateRating": {"@type", "ratingValue", "reviewCount", "bestRating", "worstRating"},
    "ItemPage": {"@type", "url", "inLanguage", "breadcrumb"},
    "BreadcrumbList": {"@type", "itemListElement"},
    "ListItem": {"@type", "position", "name", "item"},
}


def test_a_product_that_is_one_thing() -> None:
    known = offer(gtin="4006381333931", compare_at=euros(2990), image="https://img.example/2.jpg")
    said = json_ld.product(listing(known, attributes={"mpn": "W-1", "condition": "Used"}), Rating(3, 14))
    assert said == {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": "Shirt",
        "description": "A soft shirt.",
        "url": PAGE,
        "image": ["https://img.example/2.jpg", "https://img.example/1.jpg"],
        "brand": {"@type": "Brand", "name": "Weaver"},
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": 4.67,
            "reviewCount": 3,
            "bestRating": 5,
            "worstRating": 1,
        },
        "sku": "SHIRT",
        "gtin": "4006381333931",
        "mpn": "W-1",
        "offers": {
            "@type": "Offer",
            "url": PAGE,
            "price": "19.90",
            "priceCurrency": "EUR",
            "itemCondition": "https://schema.org/UsedCondition",
            "priceSpecification": {
                "@type": "UnitPriceSpecification",
                "priceType": "https://schema.org/StrikethroughPrice",
                "price": "29.90",
                "priceCurrency": "EUR",
            },
        },
    }


def test_a_product_with_variants_is_a_group() -> None:
    red = offer("RED", title="Shirt - red", url=f"{PAGE}?sku=RED", traits={"color": "red"})
    blue = offer("BLUE", title="Shirt - blue", traits={"color": "blue"}, image="https://img.example/b.jpg")
    said = json_ld.product(listing(red, blue, varies_by=("color",), attributes={"mpn": "W-1"}))
    assert (said["@type"], said["productGroupID"]) == ("ProductGroup", "prd_1")
    assert said["variesBy"] == ["https://schema.org/color"]
    assert "offers" not in said
    assert "sku" not in said
    first, second = said["hasVariant"]
    assert (first["name"], first["sku"], first["color"]) == ("Shirt - red", "RED", "red")
    assert first["offers"]["url"] == f"{PAGE}?sku=RED"
    assert "image" not in first
    assert second["image"] == "https://img.example/b.jpg"
    assert "mpn" not in second  # the product's number is not the variant's


@pytest.mark.parametrize(
    ("price", "written"), [(euros(5), "0.05"), (Money(1500, "JPY"), "1500"), (Money(1500, "KWD"), "1.500")]
)
def test_a_price_is_in_major_units(price: Money, written: str) -> None:
    sold = json_ld.product(listing(offer(price=price)))["offers"]
    assert (sold["price"], sold["priceCurrency"]) == (written, price.currency)


def test_without_reviews_there_is_no_rating() -> None:
    assert "aggregateRating" not in json_ld.product(listing(), Rating(0, 0))
    assert "aggregateRating" not in json_ld.product(listing())


def test_what_is_not_sold_has_no_offer() -> None:
    assert "offers" not in json_ld.product(listing(offers=()))
    assert json_ld.product(listing(offers=(), grouped=True))["hasVariant"] == []


def test_a_translation_says_its_language() -> None:
    assert json_ld.product(listing(locale="zh-Hant", url=PAGE))["mainEntityOfPage"] == {
        "@type": "ItemPage",
        "url": PAGE,
        "inLanguage": "zh-Hant",
    }
    assert "mainEntityOfPage" not in json_ld.product(listing())


def test_the_way_down_to_a_product_ends_at_its_page() -> None:
    way = [Step("Clothes", "https://shop.example/c/clothes")]
    page = json_ld.product(listing(), None, way)["mainEntityOfPage"]
    assert page["breadcrumb"] == {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": 1, "name": "Clothes", "item": "https://shop.example/c/clothes"},
            {"@type": "ListItem", "position": 2, "name": "Shirt", "item": PAGE},
        ],
    }


def test_without_a_storefront_there_are_no_addresses() -> None:
    said = msgspec.json.encode(json_ld.product(listing(offer(url=None), url=None)))
    assert b'"url"' not in said


def objects(said: Any) -> list[dict[str, Any]]:
    if isinstance(said, list):
        return [found for member in said for found in objects(member)]
    if not isinstance(said, dict):
        return []
    return [said, *(found for member in said.values() for found in objects(member))]


@given(anything)
def test_whatever_a_product_holds_its_json_ld_is_json_with_schema_orgs_names(product: json_ld.Listing) -> None:
    said = json_ld.product(product, Rating(2, 9), [Step("Cups", PAGE)])
    assert msgspec.json.decode(msgspec.json.encode(said)) == said
    for found in objects(said):
        names = found.keys() - {"@context"}
        assert names <= PROPERTIES[found["@type"]], found["@type"]
        assert all(value not in (None, "", []) for name, value in found.items() if name not in ("name", "hasVariant"))
        if "price" in found:
            assert re.fullmatch(r"\d+(\.\d{2,3})?", found["price"])
