"""Gift cards and store credit, for tests of what is paid with them."""

from typing import Any

import accounts
from inprocess import Gateway, Order, Shop, eur
from strict_stripe import StripeServer

from infra.local.client import Json


def gift_card(shop: Shop, cents: int = 5000, *, key: str | None = None, **fields: Any) -> Json:
    """A new card, with its code."""
    return shop.staff.post("/admin/gift-cards", {"amount": eur(cents), **fields}, key=key)


def pay_with(shop: Shop, *cards: Json, lines: tuple[tuple[str, int], ...] = (("MUG", 1),), **wish: Any) -> Order:
    """A guest's order, paid with these cards and what `wish` says."""
    codes = [card["code"] for card in cards]
    return shop.order_of(shop.ready_cart(*lines).check_out(gift_cards=codes, **wish))


def left_on(shop: Shop, card: Json) -> int:
    """The card's balance in cents, which is what its journal adds up to."""
    page = shop.staff.get(f"/admin/gift-cards/{card['id']}?limit=100")
    assert page["balance"]["amount"] == sum(entry["amount"] for entry in page["data"]) >= 0
    return int(page["balance"]["amount"])


def moved(shop: Shop, card: Json) -> list[tuple[str, int]]:
    """A card's movements, the oldest first."""
    page = shop.staff.get(f"/admin/gift-cards/{card['id']}?limit=100")
    return [(entry["what"], entry["amount"]) for entry in reversed(page["data"])]


def owe(shop: Shop, customer: Gateway, cents: int, currency: str = "EUR", **more: Any) -> Json:
    """Staff give a customer credit, or take it back."""
    body = {"amount": {"amount": cents, "currency": currency}, "reason": "sorry"}
    return shop.staff.post(f"/admin/users/{sub(customer)}/store-credit", body, **more)


def owed_to(customer: Gateway) -> int:
    """A customer's store credit in cents, which is what its journal adds up to."""
    page = customer.get("/me/store-credit?limit=100")
    balance = sum(money["amount"] for money in page["balances"])
    assert balance == sum(entry["amount"] for entry in page["data"]) >= 0
    return balance


def sub(customer: Gateway) -> str:
    assert customer.claims is not None
    return str(customer.claims["sub"])


def tenders(order_id: str) -> list[tuple[str, str, int, int]]:
    """How an order is paid: method, state, amount and what went back of each payment."""
    from chalicelib.payments import service

    attempts, _ = service.of_order(order_id)
    return [(a.method, a.state, a.amount.amount, int(a.refunded)) for a in attempts]


def books_are_right(order_id: str, left: int = 0) -> bool:
    """Whether the ledger says what the payments say, and so much is still owed."""
    from chalicelib.payments import ledger_tables, service

    entries = ledger_tables.entries(order_id)
    assert list(accounts.wrong(*service.of_order(order_id), entries)) == []
    return accounts.left(entries) == left


def deliver_by_card(shop: Shop, bank: StripeServer, order: Order) -> None:
    parcel = order.get("/shipments")["data"][0]["id"]
    for step, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
        shop.staff.post(f"/admin/shipments/{parcel}/{step}", body)
        shop.hear(bank)
