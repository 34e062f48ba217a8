"""Fill an empty shop with the demo catalogue, through the shop's own API."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.local.client import Api, Json, wait_for

# What products refer to, in an order in which each finds what it refers to itself.
_SETTINGS = ("locations", "shipping_options", "attributes", "categories", "collections", "price_lists")
# Whoever tries a shop out is one guest at one address, who orders again and again and waits for no parcel.
UNCAPPED = {"open_orders_per_email": None, "open_orders_per_address": None, "open_pieces_per_email": None}
CATALOGUE = Path(__file__).with_name("demo") / "catalogue.json"


def seed(staff: Api, say: Callable[[str], None]) -> int:
    """All that the demo catalogue holds, its products published; returns how many products there are.

    Seeding again changes nothing, so a seed that was interrupted can simply be repeated.
    """
    catalogue: Json = json.loads(CATALOGUE.read_text())
    for kind in _SETTINGS:
        for item in catalogue[kind]:
            staff.put(f"/admin/{kind.replace('_', '-')}/{item.pop('id')}", item)
    staff.put("/admin/order-policy", UNCAPPED)
    products = [{**product, "status": "published"} for product in catalogue["products"]]
    bundles = [product for product in products if _is_bundle(product)]
    with ThreadPoolExecutor(4) as several:
        # Bundles when all else is there: a part's answer may take longer than everything after it.
        for wave in ([product for product in products if product not in bundles], bundles):
            for done, _ in enumerate(several.map(lambda p: staff.post("/admin/products", p), wave), 1):
                if done % 20 == 0:
                    say(f"{done} of {len(products)} products")
    wait_for("the products in search", lambda: _searchable(staff, len(products)))
    return len(products)


def _is_bundle(product: Json) -> bool:
    return any("components" in variant for variant in product["variants"])


def _searchable(shop: Api, count: int) -> bool:
    return bool(shop.get("/search?limit=1")["total"] >= count)
