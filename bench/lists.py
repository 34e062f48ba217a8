"""A page of a list costs the same however long the list is."""

import copy
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from typing import Any

from inprocess import UNCAPPED, Gateway, Shop

from bench.counting import counted
from bench.figures import Figure, Section

FEW = 10
# So that a page is full in both cases and has one after it.
PAGE = 5
NAMES = dict.fromkeys(
    (
        "staff's orders",
        "orders in a state",
        "orders of an e-mail",
        "staff's products",
        "products",
        "products of a category",
    ),
    1.0,
)
Image = dict[str, Any]


def measure(shop: Shop, many: int) -> Section:
    """`shop` must have no product and no order yet."""
    shop.staff.put("/admin/order-policy", UNCAPPED)  # one guest places them all
    for number in range(FEW):
        shop.product(f"tea-{number}", category="tea", stock={"ams": 50})
        shop.order((f"TEA-{number}", 1))
    few = _costs(shop)
    with counted() as short:
        shop.staff.get(f"/admin/orders?limit={FEW}")
    _fill(shop, many - FEW)
    lots = _costs(shop)
    heads = [f"page of {PAGE}", f"units at {FEW}", f"units at {many:,}", f"requests at {FEW}", f"requests at {many:,}"]
    rows = [heads]
    figures = []
    for name, budget in NAMES.items():
        (units, requests), (units_then, requests_then) = few[name], lots[name]
        figures.append(Figure(f"{name}, {many:,} against {FEW}", round(units_then / units, 2), budget, "x"))
        rows.append([name, f"{units:g}", f"{units_then:g}", f"{requests}", f"{requests_then}"])
    note = "it looks for more orders in each of the twelve months before"
    figures.append(Figure("staff's orders, a page that is not full", len(short.dynamodb), None, "requests", note))
    about = f"Read units of a page of {PAGE}, of a list of {many:,} items against one of {FEW}, on DynamoDB Local."
    return Section("Lists", about, figures, rows)


def _costs(shop: Shop) -> dict[str, tuple[float, int]]:
    asked: dict[str, tuple[Gateway, str]] = {
        "staff's orders": (shop.staff, f"/admin/orders?limit={PAGE}"),
        "orders in a state": (shop.staff, f"/admin/orders?limit={PAGE}&status=confirmed"),
        "orders of an e-mail": (shop.staff, f"/admin/orders?limit={PAGE}&email=guest@jishi.example"),
        "staff's products": (shop.staff, f"/admin/products?limit={PAGE}"),
        "products": (shop.guest, f"/products?limit={PAGE}"),
        "products of a category": (shop.guest, f"/products?limit={PAGE}&category=tea"),
    }
    costs = {}
    for name, (api, path) in asked.items():
        with counted() as calls:
            page = api.get(path)
        if len(page["data"]) != PAGE:
            raise RuntimeError(f"{path} has {len(page['data'])} items")
        costs[name] = (calls.read_units, len(calls.dynamodb))
    return costs


def _fill(shop: Shop, number: int) -> None:
    """More of what the shop made itself: orders of this month and published products, all of the same size."""
    from chalicelib.core.settings import settings

    orders, catalog = settings.tables["orders"], settings.tables["catalog"]
    with ThreadPoolExecutor(4) as several:
        for table, images in ((orders, _orders(shop, orders, number)), (catalog, _products(shop, catalog, number))):
            list(several.map(_writer(shop, table), _batches(images)))


def _orders(shop: Shop, table: str, number: int) -> Iterator[Image]:
    from chalicelib.core import clock, ids
    from chalicelib.orders.finding.finding_tables import emails_order_key
    from chalicelib.orders.tables import header_key, listing, status_key

    pattern = _items(shop, table, lambda item: item["kind"]["S"] == "order")[0]
    entry = _items(shop, table, lambda item: item["kind"]["S"] == "emails_order")[0]
    began = clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for n in range(number):
        order = ids.new_id("ord")
        placed_at = clock.stamp(began + timedelta(microseconds=n))
        keys = {**header_key(order), **listing(order, placed_at), "id": order, "placed_at": placed_at}
        yield _like(pattern, {**keys, "status_key": status_key(pattern["state"]["S"], order, placed_at)})
        found_by = emails_order_key("guest@jishi.example", placed_at, order)
        yield _like(entry, {**found_by, "order_id": order})


def _products(shop: Shop, table: str, number: int) -> Iterator[Image]:
    from chalicelib.catalog import tables
    from chalicelib.core import clock, ids

    product = _items(shop, table, lambda item: item["sk"]["S"] == "PRODUCT")[0]
    entry = _items(shop, table, lambda item: item["pk"]["S"].startswith("SHELF#"))[0]
    for n in range(number):
        name = ids.new_id("prd")
        now = clock.stamp(clock.now() + timedelta(microseconds=n))
        dated = {"created_at": now, "published_at": now}
        yield _like(product, {**tables.product_key(name), "id": name, "handle": f"clone-{n}", **dated})
        for shelf in (tables.EVERYTHING, tables.PUBLISHED, "tea"):
            yield _like(entry, {**tables.shelf_key(shelf, now, name), "product_id": name})


def _like(pattern: Image, changed: dict[str, str]) -> Image:
    return {**copy.copy(pattern), **{name: {"S": value} for name, value in changed.items()}}


def _items(shop: Shop, table: str, wanted: Callable[[Image], bool]) -> list[Image]:
    return [item for item in shop.dynamodb.scan(TableName=table)["Items"] if wanted(item)]


def _batches(images: Iterator[Image]) -> Iterator[list[Image]]:
    while batch := list(islice(images, 25)):
        yield batch


def _writer(shop: Shop, table: str) -> Callable[[list[Image]], None]:
    def write(batch: list[Image]) -> None:
        answer = shop.dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": i}} for i in batch]})
        if answer["UnprocessedItems"]:
            raise RuntimeError(f"DynamoDB Local did not write everything: {json.dumps(answer)[:200]}")

    return write
