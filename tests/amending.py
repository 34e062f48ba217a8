"""Orders that change after they were placed: what tests do to them, and what they look at."""

from typing import Any

from inprocess import Buyer, Order, Shop
from refusals import refusal
from strict_stripe import StripeServer

Json = dict[str, Any]


def paid(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    bank.pay(order.secret)
    shop.hear(bank)


def send(shop: Shop, order: Order, *steps: str, parcel: int = 0) -> None:
    its_id = order.get("/shipments")["data"][parcel]["id"]
    bodies: dict[str, Json] = {"dispatch": {"tracking_number": "T"}}
    for step in steps:
        shop.staff.post(f"/admin/shipments/{its_id}/{step}", bodies.get(step, {}))


def edit(shop: Shop, order: Order, **body: Any) -> Json:
    return shop.staff.post(f"/admin/orders/{order.id}/edit", body)


def refused_edit(shop: Shop, order: Order, **body: Any) -> Json:
    return refusal(shop.staff.post, f"/admin/orders/{order.id}/edit", body)


def quantities(order: Json) -> dict[str, int]:
    return {line["sku"]: line["quantity"] for line in order["lines"]}


def steady(shop: Shop, sku: str = "MUG") -> tuple[int, int]:
    """Pieces that are free and that are reserved; together they are all that are there."""
    stock = shop.stock(sku)
    assert stock["on_hand"] == stock["available"] + stock["reserved"]
    return stock["available"], stock["reserved"]
