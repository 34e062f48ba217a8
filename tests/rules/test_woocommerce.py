"""WooCommerce's product CSV, as its shops really write it."""

import csv
import io
from datetime import UTC, datetime

import pytest

from chalicelib.catalog.files import dialects, woocommerce
from chalicelib.catalog.files.reading import Numbered, Read, Shop

SHOP = Shop("EUR", datetime(2026, 6, 1, tzinfo=UTC))
MUG = {"SKU": "MUG", "Name": "Mug", "Published": "1", "Regular price": "9"}


def read(row: dict[str, str]) -> Read:
    return woocommerce.read([Numbered(2, row)], SHOP)


def dialect(header: str) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(header.split(","))
    return dialects.recognise(text.getvalue().encode(), True).dialect


def test_names_are_read_as_customers_saw_them() -> None:
    categories = "Clothing &amp; Shoes > Men&#039;s, A &gt; B"
    result = read(MUG | {"Name": "Salt &amp; Pepper", "Categories": categories, "Brands": "Tom &amp; Co"})
    assert result.draft
    assert (result.handle, result.draft.title) == ("salt-pepper", "Salt & Pepper")
    assert [name for _, name in result.categories] == ["Clothing & Shoes", "Men's"]
    assert (result.draft.brand, result.draft.tags) == ("Tom & Co", ("A > B",))


def test_without_a_type_a_product_is_a_simple_one() -> None:
    assert dialect("SKU,Name,Published,Regular price,Stock") == "woocommerce"
    result = read(MUG)
    assert result.draft
    assert [variant.sku for variant in result.draft.variants] == ["MUG"]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Handle,Title,Variant Price,Published", "shopify"),
        ("sku,product_type,name,price,product_online", "magento"),
        ("id,title,price,link", "google_merchant"),
    ],
)
def test_columns_of_other_programs_stay_theirs(header: str, name: str) -> None:
    assert dialect(header) == name


@pytest.mark.parametrize("sized", ["https://res.c.com/w_100,h_100/a.jpg", r"https://res.c.com/w_100\,h_100/a.jpg"])
def test_a_comma_in_the_address_of_an_image_parts_nothing(sized: str) -> None:
    result = read(MUG | {"Images": f"{sized}, https://x.example/b.jpg,http://x.example/c.jpg,"})
    assert result.draft
    assert result.problems == ()
    assert [image.url for image in result.draft.images] == [
        "https://res.c.com/w_100,h_100/a.jpg",
        "https://x.example/b.jpg",
        "http://x.example/c.jpg",
    ]
