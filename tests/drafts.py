"""Products as lines of the shop's own file."""

import json
from typing import Any

from inprocess import eur

FULL = {
    "handle": "mug",
    "title": "Mug",
    "description": "<p>Blue</p>",
    "seo": {"title": "A mug", "description": "Buy it."},
    "translations": {"de": {"title": "Becher", "description": "Blau", "seo": {"title": "Ein Becher"}}},
    "category": "tableware",
    "brand": "Jishi",
    "tags": ["blue", "new"],
    "attributes": {"material": "clay", "dishwasher": True, "height-cm": 9.5, "colors": ["blue", "white"]},
    "options": ["Size"],
    "images": [{"url": "https://example.com/1.jpg", "alt": "A mug", "width": 10, "height": 20}],
    "status": "published",
    "unpublish_at": "2099-01-01T00:00:00Z",
    "variants": [
        {
            "sku": "MUG-S",
            "price": eur(1290),
            "option_values": ["S"],
            "compare_at": eur(1490),
            "prices": [{"list": "trade", "price": eur(990), "min_quantity": 10}],
            "barcode": "4006381333931",
            "weight_grams": 300,
            "dimensions": {"length": 100, "width": 90, "height": 80},
            "hs_code": "691110",
            "origin": "NL",
            "tax_class": "reduced",
            "image": "https://example.com/2.jpg",
            "stock": {"ams": 4},
        },
        {"sku": "MUG-FILE", "price": eur(100), "option_values": ["File"], "digital": True},
    ],
}


def bowl(number: int) -> dict[str, Any]:
    return {"handle": f"bowl-{number}", "title": f"Bowl {number}", "variants": [{"sku": f"B{number}", "price": eur(1)}]}


def file(*products: dict[str, Any]) -> str:
    return "".join(json.dumps(product) + "\n" for product in products)
