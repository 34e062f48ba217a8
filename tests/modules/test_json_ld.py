"""What a product page tells search engines: what it shows, in schema.org's words."""

from typing import Any

import pytest
from inprocess import Shop, eur

MUG = "https://shop.example/products/mug"


def told(shop: Shop, path: str = "/products/mug") -> dict[str, Any]:
    found: dict[str, Any] = shop.guest.get(path)["json_ld"]
    return found


def test_a_product_page_says_what_it_shows(shop: Shop) -> None:
    shop.staff.put("/admin/categories/kitchen", {"name": "Kitchen"})
    shop.staff.put("/admin/categories/cups", {"name": "Cups", "parent": "kitchen"})
    variant = {"sku": "MUG", "price": eur(1290), "compare_at": eur(1590), "barcode": "4006381333931"}
    shop.product(
        "mug",
        description="<p>A <b>mug</b>.</p>",
        brand="Weaver",
        category="cups",
        images=[{"url": "https://img.example/mug.jpg"}],
        variants=[variant],
    )
    said = told(shop)
    assert (said["@context"], said["@type"], said["name"]) == ("https://schema.org", "Product", "Mug")
    assert (said["description"], said["brand"]["name"], said["image"]) == (
        "A mug.",
        "Weaver",
        ["https://img.example/mug.jpg"],
    )
    assert (said["sku"], said["gtin"], said["url"]) == ("MUG", "4006381333931", MUG)
    assert (said["offers"]["price"], said["offers"]["priceCurrency"], said["offers"]["url"]) == ("12.90", "EUR", MUG)
    assert said["offers"]["priceSpecification"]["price"] == "15.90"
    assert "aggregateRating" not in said
    assert "availability" not in said["offers"]  # the page does not know it
    steps = said["mainEntityOfPage"]["breadcrumb"]["itemListElement"]
    assert [(step["name"], step["item"]) for step in steps] == [
        ("Kitchen", "https://shop.example/categories/kitchen"),
        ("Cups", "https://shop.example/categories/cups"),
        ("Mug", MUG),
    ]


def test_the_price_told_is_the_price_shown(shop: Shop) -> None:
    shop.staff.put("/admin/price-lists/sale", {"name": "Sale"})
    shop.staff.put("/admin/price-lists/dollars", {"name": "Dollars", "currency": "USD"})
    prices = [
        {"list": "sale", "price": eur(990)},
        {"list": "dollars", "price": {"amount": 1400, "currency": "USD"}},
        {"list": "sale", "price": eur(500), "min_quantity": 10},
    ]
    shop.product("mug", variants=[{"sku": "MUG", "price": eur(1290), "prices": prices}])
    for path in ("/products/mug", "/products/mug?currency=USD"):
        page = shop.guest.get(path)
        offer, shown = page["json_ld"]["offers"], page["variants"][0]["price"]
        assert (round(float(offer["price"]) * 100), offer["priceCurrency"]) == (shown["amount"], shown["currency"])


def test_variants_are_told_each_with_its_own_page(shop: Shop) -> None:
    shop.product(
        "mug",
        options=["Colour"],
        variants=[{"sku": f"MUG {c}", "price": eur(1), "option_values": [c]} for c in ("red", "blue")],
    )
    said = told(shop)
    assert (said["@type"], said["variesBy"]) == ("ProductGroup", ["https://schema.org/color"])
    assert [(v["sku"], v["color"], v["offers"]["url"]) for v in said["hasVariant"]] == [
        ("MUG red", "red", f"{MUG}?sku=MUG%20red"),
        ("MUG blue", "blue", f"{MUG}?sku=MUG%20blue"),
    ]


def test_a_translation_is_told_in_its_language(shop: Shop) -> None:
    shop.product("mug", translations={"zh": {"title": "马克杯", "description": "<p>杯</p>"}})
    said = told(shop, "/products/mug?locale=zh")
    assert (said["name"], said["description"]) == ("马克杯", "杯")
    assert said["url"] == "https://shop.example/zh/products/mug"
    assert said["mainEntityOfPage"]["inLanguage"] == "zh"
    other = told(shop, "/products/mug?locale=fr")
    assert (other["url"], other.get("mainEntityOfPage")) == (MUG, None)


def test_a_rating_is_told_once_there_are_reviews(shop: Shop) -> None:
    from chalicelib.catalog import tables
    from chalicelib.catalog.tables import Standing
    from chalicelib.core import dynamo

    product = shop.product("mug")
    standing = Standing(**tables.standing_key(product["id"]))
    dynamo.write(dynamo.update(standing, [Standing.reviews.set(2), Standing.stars.set(9)]))
    assert told(shop)["aggregateRating"] == {
        "@type": "AggregateRating",
        "ratingValue": 4.5,
        "reviewCount": 2,
        "bestRating": 5,
        "worstRating": 1,
    }


def test_a_shop_that_does_not_know_its_storefront_tells_no_addresses(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    import msgspec

    from chalicelib.catalog.feeds import listings

    monkeypatch.setattr(listings, "settings", msgspec.structs.replace(listings.settings, shop_url=""))
    shop.product("mug")
    said = told(shop)
    assert "url" not in said
    assert "url" not in said["offers"]
    assert "mainEntityOfPage" not in said


def test_staff_see_no_json_ld(shop: Shop) -> None:
    product = shop.product("mug")
    assert "json_ld" not in shop.staff.get(f"/admin/products/{product['id']}")
