"""Fill an empty shop with the demo catalogue, through the shop's own API."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from infra.local.client import Api, wait_for

CATALOGUE = Path(__file__).with_name("demo") / "catalogue.json"


def seed(staff: Api, say: Callable[[str], None]) -> int:
    """Locations, shipping options, categories and published products; returns how many products there are.

    Seeding again changes nothing, so a seed that was interrupted can simply be repeated.
    """
    catalogue: dict[str, Any] = json.loads(CATALOGUE.read_text())
    for location in catalogue["locations"]:
        staff.put(f"/admin/locations/{location.pop('id')}", location)
    for option in catalogue["shipping_options"]:
        staff.put(f"/admin/shipping-options/{option.pop('id')}", option)
    for category in catalogue["categories"]:
        staff.put(f"/admin/categories/{category.pop('id')}", category)
    products = catalogue["products"]
    with ThreadPoolExecutor(4) as several:
        for done, _ in enumerate(
            several.map(lambda p: staff.post("/admin/products", {**p, "status": "published"}), products), 1
        ):
            if done % 20 == 0:
                say(f"{done} of {len(products)} products")
    wait_for("the products in search", lambda: _searchable(staff, len(products)))
    return len(products)


def _searchable(shop: Api, count: int) -> bool:
    return bool(shop.get("/search?limit=1")["total"] >= count)
