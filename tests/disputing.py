"""Orders whose money a customer's bank takes back: what tests do to them, and what they look at."""

from typing import Any

import accounts
from amending import paid, send
from inprocess import Buyer, Shop
from strict_disputes import Disputes
from strict_stripe import StripeServer

from chalicelib.payments import ledger

Json = dict[str, Any]


def packed(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    """Its money was taken, and it is still in the house."""
    paid(shop, bank, order)
    send(shop, order, "pack")
    shop.hear(bank)


def sent(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    packed(shop, bank, order)
    send(shop, order, "dispatch", "deliver")
    shop.hear(bank)


def opened(shop: Shop, bank: StripeServer, disputes: Disputes, amount: int | None = None) -> str:
    """The bank takes money of the last payment back, and the shop hears of it; Stripe's id of the dispute."""
    dispute_id = disputes.open_dispute(list(bank.intents)[-1], amount)
    shop.hear(bank)
    return dispute_id


def decided(shop: Shop, bank: StripeServer, disputes: Disputes, outcome: str) -> None:
    disputes.decide(list(disputes.disputes)[-1], outcome)
    shop.hear(bank)


def of(shop: Shop, order: Buyer) -> Json:
    """The order's only dispute."""
    (dispute,) = shop.staff.get(f"/admin/disputes?order_id={order.id}")["data"]
    return dict(dispute)


def hold(shop: Shop, order: Buyer) -> str | None:
    held = shop.staff.get(f"/admin/orders/{order.id}")["hold"]
    return held and str(held["reason"])


def books(order: Buyer) -> dict[str, int]:
    """What stands on the order's accounts, of those on which something does. It says what its payments do."""
    from chalicelib.payments import ledger_tables, tables

    attempts, refunds = tables.of_order(order.id)
    entries = ledger_tables.entries(order.id)
    assert list(accounts.wrong(attempts, refunds, entries)) == []
    sums = ledger.balances(entry.lines for entry in entries)
    return {str(account): amount for account, amount in sums.items() if amount}
