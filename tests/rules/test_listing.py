"""How a product is told to the world outside."""

import pytest
from told import euros

from chalicelib.catalog.feeds.listing import Storefront, reduced_from, trait, traits, variant_title
from chalicelib.core.money import Money

SHOP = Storefront("https://shop.example", "/products/{handle}", "/c/{category}", "/{locale}")


def test_a_page_has_an_address_in_every_language() -> None:
    assert SHOP.page("mug") == "https://shop.example/products/mug"
    assert SHOP.page("mug", "zh-Hant") == "https://shop.example/zh-Hant/products/mug"
    assert SHOP.page("茶杯", sku="CUP 1/2&a") == (
        "https://shop.example/products/%E8%8C%B6%E6%9D%AF?sku=CUP%201%2F2%26a"
    )


def test_a_storefront_without_translated_pages_has_one_address() -> None:
    plain = Storefront("https://shop.example/uk", "/p?handle={handle}")
    assert plain.page("mug", "zh", "A") == "https://shop.example/uk/p?handle=mug&sku=A"


def test_categories_have_pages_if_the_storefront_says_so() -> None:
    assert SHOP.category("cups") == "https://shop.example/c/cups"
    assert SHOP.category("茶", "zh") == "https://shop.example/zh/c/%E8%8C%B6"
    assert Storefront("https://shop.example", "/products/{handle}").category("cups") is None


@pytest.mark.parametrize(
    ("option", "known"),
    [("Color", "color"), (" FARBE ", "color"), ("颜色", "color"), ("Größe", "size"), ("Memory", None), ("", None)],
)
def test_an_option_is_known_by_its_name_in_several_languages(option: str, known: str | None) -> None:
    assert trait(option) == known


def test_a_variants_own_color_counts_before_its_products() -> None:
    attributes = {"color": ("red", "blue"), "material": "cotton", "size": True, "pattern": 7}
    assert traits(["Colour", "Memory"], ["red", "8 GB"], attributes) == {
        "color": "red",
        "material": "cotton",
        "pattern": "7",
    }
    assert traits([], [], attributes)["color"] == "red/blue"


def test_a_reduced_price_is_one_that_was_higher_in_the_same_currency() -> None:
    assert reduced_from(euros(20), euros(10)) == euros(20)
    for before in (None, euros(10), euros(9), Money(20, "USD")):
        assert reduced_from(before, euros(10)) is None


def test_a_variant_is_called_by_its_options() -> None:
    assert variant_title("Shirt", ["red", "M"]) == "Shirt - red / M"
    assert variant_title("Mug", []) == "Mug"
