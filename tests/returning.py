"""What customers and staff do about a return, for the tests of returns."""

from typing import Any

from inprocess import Order, Shop

from infra.local.client import Json


def line(sku: str = "MUG", quantity: int = 1, **fields: Any) -> Json:
    return {"sku": sku, "quantity": quantity, "reason": "damaged", **fields}


def ask(order: Order, *lines: Json, key: str | None = None) -> Json:
    return order.post("/returns", {"lines": lines or [line()]}, key=key)


def came(quantity: int = 1, condition: str = "resellable", location: str = "ams", sku: str = "MUG") -> Json:
    return {"sku": sku, "quantity": quantity, "condition": condition, "location": location}


def approved(shop: Shop, order: Order, *lines: Json) -> str:
    """The path of a return that may be sent."""
    path = f"/admin/returns/{ask(order, *lines)['id']}"
    shop.staff.post(f"{path}/approve", {})
    return path


def receive(shop: Shop, path: str, *lines: Json) -> Json:
    return shop.staff.post(f"{path}/receive", {"lines": lines or [came()]})


def received(shop: Shop, order: Order, quantity: int = 1) -> str:
    path = approved(shop, order, line(quantity=quantity))
    receive(shop, path, came(quantity))
    return path


def refund(shop: Shop, path: str, key: str | None = None, **wish: Any) -> Json:
    return shop.staff.post(f"{path}/refund", wish, key=key)


def given_back(shop: Shop, order: Order) -> int:
    return sum(item["amount"]["amount"] for item in shop.staff.get(f"/admin/orders/{order.id}/refunds")["data"])


def exchange(shop: Shop, path: str, key: str | None = None, **lines: int) -> Json:
    return shop.staff.post(f"{path}/exchange", {"lines": lines}, key=key)


def opened(order: Order, exchanged: Json) -> Order:
    """The new order, as the customer of the old one sees it."""
    new = exchanged["exchange_order_id"]
    return Order(order.api, order.path.replace(order.id, new), {"order": {"id": new}})
