"""Where the provider's books and ours differ: what a person is told of, until it is over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from books import (
    DAY,
    SOMEBODYS,
    accounts,
    dead,
    findings,
    packed,
    refunded,
    stranger,
    taken_by_hand,
    told,
    waiting,
)
from inprocess import Buyer, Shop
from strict_balance import Balance
from strict_stripe import StripeServer

from chalicelib.core import dynamo
from chalicelib.payments import ledger_tables, stripe_gateway

Travel = Callable[[timedelta], None]


def test_money_for_a_payment_that_is_dead_here_is_reported_and_not_touched(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.pay(order.secret)
    taken_by_hand(bank, "pi_000001")
    dead(order)
    shop.reconcile()
    assert told(shop) == [("dead_but_captured", "open")]
    assert (bank.given_back("pi_000001"), bank.refunds) == (0, {})


def test_a_payment_at_the_provider_without_one_here_is_reported_once_and_not_touched(
    shop: Shop, bank: StripeServer, balance: Balance
) -> None:
    intent_id = stranger(bank, {"payment_id": SOMEBODYS})
    stripe = bank.client(stripe_gateway.API_VERSION, retries=0)
    stripe.v1.refunds.create(
        {"payment_intent": intent_id, "amount": 100, "metadata": {"refund_id": SOMEBODYS.replace("pay", "ref")}}
    )
    bank.webhooks.clear()
    calls = len(bank.calls)
    shop.reconcile()
    (finding,) = findings(shop)
    assert (finding["what"], finding["status"], finding["intent_id"]) == ("payment_without_order", "open", intent_id)
    assert {call.partition(" ")[0] for call in bank.calls[calls:]} == {"GET"}


def test_what_another_system_takes_through_the_same_account_is_not_reported(
    shop: Shop, bank: StripeServer, balance: Balance
) -> None:
    stranger(bank, {})
    stranger(bank, {"payment_id": "invoice-17"})
    shop.reconcile()
    assert findings(shop) == []


def test_a_second_intent_for_a_payment_may_have_been_paid_twice(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    intent_id = stranger(bank, {"payment_id": order.payment_id})
    shop.reconcile()
    (finding,) = findings(shop)
    assert (finding["what"], finding["status"], finding["intent_id"]) == ("second_intent", "open", intent_id)
    assert waiting(order) == []


def test_a_capture_of_another_amount_is_reported_and_waits(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    balance.sources["ch_000001"]["amount_captured"] -= 1
    shop.reconcile()
    total = order.placed["order"]["total"]["amount"]
    (finding,) = findings(shop)
    assert (finding["what"], finding["status"]) == ("amount_differs", "open")
    assert (finding["ours"]["amount"], finding["theirs"]["amount"]) == (total, total - 1)
    assert (waiting(order), "fee" in accounts(order)) == (["capture"], False)


def test_an_intent_over_another_sum_is_reported(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.pay(order.secret)
    bank.webhooks.clear()
    bank.intents["pi_000001"]["amount"] += 1
    shop.reconcile()
    assert told(shop) == [("amount_differs", "open")]
    assert order.payment()["status"] == "created"


def test_what_the_provider_does_not_show_after_three_days_is_missing_there(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], travel: Travel
) -> None:
    order = buy()
    packed(shop, bank, order)
    balance.late = {"txn_000001"}
    shop.reconcile()
    travel(2 * DAY)
    shop.reconcile()
    assert findings(shop) == []
    travel(2 * DAY)
    shop.reconcile()
    (finding,) = findings(shop)
    assert (finding["what"], finding["payment_id"]) == ("missing_at_provider", order.payment_id)
    assert finding["ours"] == order.placed["order"]["total"]
    travel(5 * DAY)
    balance.late = set()
    shop.reconcile()
    assert (waiting(order), told(shop)) == ([], [("missing_at_provider", "closed")])
    assert accounts(order)["fee"] == balance.fees


def test_a_refund_that_was_made_in_the_dashboard_is_reported(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    stripe = bank.client(stripe_gateway.API_VERSION, retries=0)
    stripe.v1.refunds.create({"payment_intent": "pi_000001", "amount": 300})
    shop.hear(bank)
    shop.reconcile()
    (finding,) = findings(shop)
    assert (finding["what"], finding["status"], finding["order_id"]) == ("refund_not_ours", "open", order.id)
    assert (finding["intent_id"], finding["theirs"]) == ("pi_000001", {"amount": 300, "currency": "EUR"})


@pytest.mark.parametrize(
    ("category", "what"),
    [("dispute", "dispute"), ("dispute_reversal", "dispute"), ("charge_failure", "unknown_movement")],
)
def test_what_a_bank_takes_back_is_reported_with_its_ids(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], category: str, what: str
) -> None:
    order = buy()
    packed(shop, bank, order)
    source = {"id": "dp_1", "object": "dispute", "amount": 1785, "currency": "eur", "metadata": {}}
    balance.add(category, -1785, "eur", {**source, "payment_intent": "pi_000001"}, fee=1500)
    shop.reconcile()
    (finding,) = findings(shop)
    assert (finding["what"], finding["status"]) == (what, "open")
    assert (finding["payment_id"], finding["seen_in"]) == (order.payment_id, "txn_000002")


def test_a_refund_that_went_there_and_failed_here_is_reported(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    """The money is gone, and it could be asked for again."""
    order = buy()
    refunded(shop, bank, order)
    bank.settle_refund("re_000001", "failed")
    shop.hear(bank)
    bank.refunds["re_000001"]["status"] = "succeeded"
    balance.lines.pop()
    for entry in ledger_tables.entries(order.id):
        if entry.what.startswith("refund"):
            dynamo.write(dynamo.delete(entry))
    shop.reconcile()
    assert told(shop) == [("refund_not_here", "open")]


def test_what_can_not_be_compared_is_reported_and_keeps_nobody_from_the_rest(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.payments import reconciling

    first, second = buy(), buy()
    packed(shop, bank, first)
    packed(shop, bank, second)
    real = reconciling.of_movement

    def broken(movement: Any, ours: Any) -> Any:
        if movement.payment_id == second.payment_id:
            raise KeyError("broken")
        return real(movement, ours)

    with monkeypatch.context() as patch:
        patch.setattr(reconciling, "of_movement", broken)
        shop.reconcile()
    assert (waiting(first), waiting(second)) == ([], ["capture"])
    assert told(shop) == [("not_compared", "open")]
    shop.reconcile()
    assert (waiting(second), told(shop)) == ([], [("not_compared", "closed")])
