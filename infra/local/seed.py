"""Fill an empty shop with the demo catalogue, through the shop's own API."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from infra.local.client import Api, wait_for

# What products refer to, in an order in which each finds what it refers to itself.
_SETTINGS = ("locations", "shipping_options", "attributes", "categories", "collections", "price_lists")
CATALOGUE = Path(__file__).with_name("demo") / "catalogue.json"


def seed(staff: Api, say: Callable[[str], None]) -> int:
    """All that the demo catalogue holds, its products published; returns how many products there are.

    Seeding again changes nothing, so a seed that was interrupted can simply be repeated.
    """
    catalogue: dict[str, Any] = json.loads(CATALOGUE.read_text())
    for kind in _SETTINGS:
        for item in catalogue[kind]:
            staff.put(f"/admin/{kind.replace('_', '-')}/{item.pop('id')}", item)
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
