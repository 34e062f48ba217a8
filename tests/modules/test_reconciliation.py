"""The provider's books beside ours: what is found, and what is repaired."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from books import (
    DAY,
    accounts,
    authorized,
    dead,
    findings,
    packed,
    refunded,
    taken_by_hand,
    told,
    waiting,
)
from inprocess import Buyer, Shop
from strict_balance import Balance, fee_of
from strict_disputes import Disputes
from strict_stripe import StripeServer

from chalicelib.payments import ledger_tables

Travel = Callable[[timedelta], None]


def test_what_both_have_is_found_and_the_fee_stands_in_the_ledger(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    refunded(shop, bank, order)
    assert waiting(order) == ["capture", "refund"]
    before = accounts(order)
    assert shop.reconcile() == {"outcome": "done", "compared": 3}
    assert (waiting(order), findings(shop)) == ([], [])
    after = accounts(order)
    total = order.placed["order"]["total"]["amount"]
    assert after["fee"] == balance.fees == fee_of(total)
    assert after["captured"] + after["fee"] == before["captured"]
    assert [e.what for e in ledger_tables.entries(order.id)].count("fee") == 1


def test_a_fee_is_posted_once_though_runs_overlap(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], travel: Travel
) -> None:
    order = buy()
    packed(shop, bank, order)
    for _ in range(3):
        assert shop.reconcile()["outcome"] == "done"
        travel(DAY / 2)
    assert accounts(order)["fee"] == balance.fees
    assert [e.what for e in ledger_tables.entries(order.id)].count("fee") == 1


def test_what_the_provider_shows_a_day_late_is_found_the_next_time(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], travel: Travel
) -> None:
    order = buy()
    packed(shop, bank, order)
    balance.late = {"txn_000001"}
    shop.reconcile()
    assert (waiting(order), findings(shop)) == (["capture"], [])
    travel(DAY)
    balance.late = set()
    shop.reconcile()
    assert (waiting(order), findings(shop)) == ([], [])


def test_of_what_is_taken_in_part_the_fee_of_the_rest_comes_back(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy(3)
    authorized(shop, bank, order)
    shop.staff.post(f"/admin/orders/{order.id}/cancel-lines", {"lines": {"MUG": 1}, "reason": "one is enough"})
    shop.hear(bank)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)
    assert [line["reporting_category"] for line in balance.lines] == ["charge", "partial_capture_reversal"]
    for _ in range(2):
        shop.reconcile()
    assert (waiting(order), findings(shop)) == ([], [])
    assert accounts(order)["fee"] == balance.fees == fee_of(bank.intents["pi_000001"]["amount_received"])


def test_a_fee_in_another_currency_is_noted_and_not_converted(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    balance.settles_in = ("usd", 1.1)
    order = buy()
    packed(shop, bank, order)
    for _ in range(2):
        assert shop.reconcile()["outcome"] == "done"
    assert (waiting(order), "fee" in accounts(order)) == ([], False)
    (noted,) = findings(shop)
    assert (noted["what"], noted["status"], noted["order_id"]) == ("fee_not_posted", "noted", order.id)
    assert noted["theirs"] == {"amount": balance.fees, "currency": "USD"}


def test_a_refund_that_fails_later_is_found_there_and_back(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    refunded(shop, bank, order)
    bank.settle_refund("re_000001", "failed")
    shop.hear(bank)
    assert waiting(order) == ["capture", "refund", "refund_failed"]
    shop.reconcile()
    assert (waiting(order), findings(shop)) == ([], [])


def test_a_refund_that_failed_before_it_had_gone_is_in_the_providers_books_only(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.refund_status = lambda: "pending"
    refunded(shop, bank, order)
    shop.reconcile()
    assert findings(shop) == []
    bank.settle_refund("re_000001", "failed")
    shop.hear(bank)
    shop.reconcile()
    assert (waiting(order), findings(shop)) == ([], [])


def test_a_refund_for_which_a_bank_takes_weeks_is_found_however_long_ago_its_money_moved(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], travel: Travel
) -> None:
    order = buy()
    bank.refund_status = lambda: "pending"
    refunded(shop, bank, order)
    for _ in range(3):
        shop.reconcile()
        travel(7 * DAY)
    bank.settle_refund("re_000001", "succeeded")
    shop.hear(bank)
    shop.reconcile()
    assert waiting(order) == ["refund"]
    travel(4 * DAY)
    shop.reconcile()
    assert (waiting(order), findings(shop)) == ([], [])


def test_payouts_and_fees_of_the_account_are_none_of_the_ledgers_business(
    shop: Shop, bank: StripeServer, balance: Balance
) -> None:
    balance.add("payout", -5000, "eur", "po_1")
    balance.add("fee", -200, "eur", "fee_1")
    balance.add("charge", 900, "eur", {"id": "ch_x", "amount": 900, "currency": "eur", "metadata": {"payment_id": "9"}})
    assert shop.reconcile() == {"outcome": "done", "compared": 3}
    assert findings(shop) == []


def test_a_capture_whose_webhook_got_lost_is_written_down(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    authorized(shop, bank, order)
    taken_by_hand(bank, "pi_000001")
    assert shop.reconcile() == {"outcome": "done", "compared": 2, "repaired": 1}
    shop.deliver()
    assert (order.payment()["status"], waiting(order)) == ("captured", [])
    (finding,) = findings(shop)
    assert (finding["what"], finding["status"], finding["payment_id"]) == (
        "captured_not_here",
        "repaired",
        order.payment_id,
    )
    assert accounts(order)["fee"] == balance.fees
    shop.reconcile()
    assert told(shop) == [("captured_not_here", "repaired")]


def test_money_for_an_order_that_is_off_goes_back(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    """It was captured by hand while the order was called off, and no webhook came."""
    order = buy()
    authorized(shop, bank, order)
    order.post("/cancel")
    taken_by_hand(bank, "pi_000001")
    shop.reconcile()
    shop.hear(bank)
    shop.reconcile()
    assert bank.given_back("pi_000001") == order.placed["order"]["total"]["amount"]
    assert (waiting(order), told(shop)) == ([], [("captured_not_here", "repaired")])


def test_a_promise_whose_webhook_got_lost_is_written_down(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.pay(order.secret)
    bank.webhooks.clear()
    shop.reconcile()
    shop.deliver()
    assert order.get()["status"] == "confirmed"
    assert told(shop) == [("authorized_not_here", "repaired")]


@pytest.mark.parametrize("result", ["succeeded", "failed"])
def test_a_refund_whose_webhook_got_lost_is_written_down(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], result: str
) -> None:
    order = buy()
    bank.refund_status = lambda: "pending"
    refunded(shop, bank, order)
    bank.settle_refund("re_000001", result)
    bank.webhooks.clear()
    shop.reconcile()
    shop.deliver()
    assert shop.staff.get(f"/admin/orders/{order.id}/refunds")["data"][0]["status"] == result
    assert (waiting(order), told(shop)) == ([], [("refund_not_here", "repaired")])


def test_a_refund_that_came_back_unheard_is_written_down(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    refunded(shop, bank, order)
    bank.settle_refund("re_000001", "failed")
    bank.webhooks.clear()
    shop.reconcile()
    shop.deliver()
    assert order.get()["payment_status"] == "paid"
    assert (waiting(order), told(shop)) == ([], [("refund_not_here", "repaired")])


def test_a_promise_for_a_payment_that_is_dead_here_is_let_go(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    dead(order)
    bank.pay(order.secret)
    shop.reconcile()
    assert bank.intents["pi_000001"]["status"] == "canceled"
    assert told(shop) == [("dead_but_authorized", "repaired")]


def test_a_dispute_that_is_known_is_no_finding(
    shop: Shop, bank: StripeServer, balance: Balance, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    dispute = disputes.open_dispute(next(iter(bank.intents)))
    disputes.decide(dispute, "won")
    shop.hear(bank)
    assert [line["reporting_category"] for line in balance.lines] == ["charge", "dispute", "dispute_reversal"]
    shop.reconcile()
    assert findings(shop) == []


def test_a_dispute_that_nobody_heard_of_is_written_down(
    shop: Shop, bank: StripeServer, balance: Balance, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    disputes.open_dispute(next(iter(bank.intents)))
    bank.webhooks.clear()
    shop.reconcile()
    shop.deliver()
    assert told(shop) == [("dispute", "repaired")]
    assert order.get()["payment_status"] == "disputed"
    shop.reconcile()
    assert len(findings(shop)) == 1
