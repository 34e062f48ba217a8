"""Orders that are paid by bank transfer or invoice: what tests do to them, and what they look at."""

from typing import Any

import accounts
from inprocess import Order, Shop, eur

from chalicelib.payments import ledger_tables, tables


def offered(shop: Shop) -> Shop:
    """A shop with mugs, that takes transfers of everybody and sends invoices to the trade."""
    shop.product("mug", stock={"ams": 5})
    for method in ("bank_transfer", "invoice"):
        shop.staff.put(f"/admin/payment-methods/{method}", {"groups": ["trade"] if method == "invoice" else None})
    return shop


def by_transfer(shop: Shop, quantity: int = 1) -> Order:
    return shop.order_of(shop.ready_cart(("MUG", quantity)).check_out(payment_method="bank_transfer"))


def by_invoice(shop: Shop, quantity: int = 1, **wish: Any) -> Order:
    customer = shop.member("ann", "trade")
    placed = shop.cart_of(customer, ("MUG", quantity)).check_out(payment_method="invoice", **wish)
    shop.deliver()
    return Order(customer, f"/me/orders/{placed['order']['id']}", placed)


def receive(shop: Shop, order: Any, cents: int, payment: str | None = None, **headers: str) -> Any:
    path = f"/admin/payments/{payment or order.placed['payment']['id']}/receive"
    answer = shop.staff.call("POST", path, {"amount": eur(cents), "reference": "statement 7"}, **headers)
    shop.deliver()
    return answer


def holds(order: Any) -> int:
    """What is left on the order's ledger, which says what its payments say."""
    order_id = order.placed["order"]["id"]
    attempts, refunds = tables.of_order(order_id)
    entries = ledger_tables.entries(order_id)
    assert not list(accounts.wrong(attempts, refunds, entries))
    return accounts.left(entries)


def overdue(shop: Shop) -> list[int]:
    """What staff see of invoices that are overdue by now, each in cents."""
    shop.sweep()
    shop.deliver()
    return [payment["amount"]["amount"] for payment in shop.staff.get("/admin/payments/overdue")["data"]]
