"""Orders without a payment: there are none, unless a table lost something."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from books import findings, told
from inprocess import Buyer, Shop
from strict_balance import Balance
from strict_stripe import StripeServer

from chalicelib.core import clock, dynamo, jobs
from chalicelib.orders import unpaired
from chalicelib.payments import service


def look(shop: Shop) -> dict[str, Any]:
    return jobs.run("orders_unpaired", unpaired.look_all, 900)


def test_every_order_has_its_payment_however_it_is_paid(shop: Shop, buy: Callable[..., Buyer]) -> None:
    buy()
    shop.order(("MUG", 1))
    assert look(shop) == {"outcome": "done", "compared": 2, "without_payment": 0}
    assert findings(shop) == []


def test_an_order_whose_payment_is_gone_is_reported_until_it_is_back(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    buy()
    lost = service.find(order.payment_id)
    dynamo.write(dynamo.delete(lost))
    for _ in range(2):
        assert look(shop)["without_payment"] == 1
    (finding,) = findings(shop)
    assert (finding["what"], finding["status"], finding["order_id"]) == ("order_without_payment", "open", order.id)
    assert shop.reconcile()["open"] == 1
    dynamo.write(dynamo.put(lost))
    look(shop)
    shop.reconcile()
    assert told(shop) == [("order_without_payment", "closed")]


@pytest.mark.parametrize("day", [3, 20])
def test_it_looks_at_three_days_over_the_end_of_a_month_and_past_the_first_page(
    shop: Shop, buy: Callable[..., Buyer], monkeypatch: pytest.MonkeyPatch, day: int
) -> None:
    now = datetime(2026, 3, day, tzinfo=UTC) - timedelta(days=4)
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(unpaired, "_PAGE", 2)
    old = buy()
    now += timedelta(days=2)
    for _ in range(4):
        buy(0, ("MUG", 1))
        now += timedelta(hours=12)
    dynamo.write(dynamo.delete(service.find(old.payment_id)))
    assert look(shop) == {"outcome": "done", "compared": 4, "without_payment": 0}
    now += timedelta(days=40)
    assert look(shop)["outcome"] == "done"
