"""Buyers who have what they ordered, and say something of it."""

from collections.abc import Callable
from typing import Any

import boto3
from inprocess import Gateway, Order, Shop
from pictures import png

from infra.local.client import Json

GOOD = {"stars": 5, "title": "Good", "text": "Keeps tea hot.", "author": "Lin"}


def deliver(shop: Shop, order: Any, parcels: int | None = None) -> None:
    """Pack, dispatch and deliver an order's parcels, or the first of them."""
    shop.deliver()
    for parcel in order.get("/shipments")["data"][:parcels]:
        for step, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
            shop.staff.post(f"/admin/shipments/{parcel['id']}/{step}", body)
    shop.deliver()


def delivered(shop: Shop, *lines: tuple[str, int]) -> Order:
    """A guest's order that has arrived."""
    order = shop.order(*(lines or [("MUG", 1)]))
    deliver(shop, order)
    return order


def delivered_to(shop: Shop, customer: Gateway, *lines: tuple[str, int]) -> Order:
    """A customer's order that has arrived."""
    placed = shop.cart_of(customer, *(lines or [("MUG", 1)])).check_out()
    order = Order(customer, f"/me/orders/{placed['order']['id']}", placed)
    deliver(shop, order)
    return order


def write(order: Order, sku: str = "MUG", **changed: Any) -> Json:
    return order.post("/reviews", {"sku": sku, **GOOD, **changed})


def published(shop: Shop, order: Order, sku: str = "MUG", **changed: Any) -> Json:
    """A review that everybody can read."""
    made = write(order, sku, **changed)
    return shop.staff.post(f"/admin/reviews/{made['id']}/approve")


def photo(shop: Shop, order: Order, data: bytes | None = None, content_type: str = "image/png") -> str:
    """A photo that was sent for an order and checked."""
    data = png() if data is None else data
    made = order.post("/review-photos", {"content_type": content_type, "size": len(data)})
    arrive(shop, made["id"], data)
    return str(made["id"])


def arrive(shop: Shop, media_id: str, data: bytes) -> None:
    from chalicelib.catalog.consumers import catalog_media

    key = f"uploads/{media_id}"
    boto3.client("s3").put_object(Bucket="media", Key=key, Body=data)
    assert shop.consume(catalog_media, {"detail": {"object": {"key": key}}}) == []


def standing(shop: Shop, product_id: str) -> dict[str, int]:
    """What is counted of a product, read as it is written."""
    key = {"pk": {"S": f"PRODUCT#{product_id}"}, "sk": {"S": "STANDING"}}
    item = shop.dynamodb.get_item(TableName="test-catalog", Key=key)["Item"]
    return {name: int(value["N"]) for name, value in item.items() if "N" in value and value["N"] != "0"}


def rated(shop: Shop, product_id: str) -> dict[str, int]:
    """What of that comes from reviews."""
    return {name: count for name, count in standing(shop, product_id).items() if name.startswith(("reviews", "stars"))}


def all_pages(get: Callable[[str], Json], path: str, limit: int) -> list[Json]:
    found: list[Json] = []
    cursor = ""
    while True:
        page = get(f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}")
        assert len(page["data"]) <= limit
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"
