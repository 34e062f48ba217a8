"""Runs of the reconciliation: cut off, out of time, asked for, and while the provider is away."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from books import (
    DAY,
    SOMEBODYS,
    accounts,
    authorized,
    findings,
    packed,
    stranger,
    taken_by_hand,
    told,
    waiting,
    work_off,
)
from inprocess import CONTEXT, OWNER, Buyer, Gateway, Shop
from refusals import refusal
from strict_balance import Balance
from strict_stripe import StripeServer

from chalicelib.core import jobs
from chalicelib.payments import reconciliation_runs, stripe_gateway

Travel = Callable[[timedelta], None]


class Died(BaseException):
    """The machine under a run is gone."""


def test_a_run_that_dies_is_gone_on_with_where_it_was(
    shop: Shop,
    bank: StripeServer,
    balance: Balance,
    buy: Callable[..., Buyer],
    travel: Travel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders = [buy() for _ in range(4)]
    for order in orders:
        packed(shop, bank, order)
        travel(timedelta(minutes=1))
    monkeypatch.setattr(reconciliation_runs, "_STEP", 1)
    real, looked_at = reconciliation_runs.reconciliation.of_movement, []

    def dying(movement: Any) -> Any:
        looked_at.append(movement.id)
        if len(looked_at) == 3:
            raise Died
        return real(movement)

    monkeypatch.setattr(reconciliation_runs.reconciliation, "of_movement", dying)
    with pytest.raises(Died):
        shop.reconcile()
    assert [waiting(order) for order in orders] == [["capture"], ["capture"], [], []]
    assert shop.reconcile()["outcome"] == "running_elsewhere"
    travel(timedelta(minutes=16))
    looked_at.append("--")
    shop.reconcile()
    assert [waiting(order) for order in orders] == [[]] * 4
    # What was compared is not compared again by what goes on, but by the overlap of what comes after it.
    assert looked_at[: looked_at.index("--") + 4] == [
        *("txn_000004", "txn_000003", "txn_000002"),
        *("--", "txn_000003", "txn_000002", "txn_000001"),
    ]
    assert sum(accounts(order)["fee"] for order in orders) == balance.fees


def test_what_there_is_no_time_for_is_queued_and_done(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    orders = [buy() for _ in range(3)]
    for order in orders:
        packed(shop, bank, order)
    assert reconciliation_runs.run(lambda: True, 900)["outcome"] == "paused"
    assert work_off(shop) == 0
    assert [waiting(order) for order in orders] == [[]] * 3


def test_staff_ask_for_a_run_and_it_is_done_once(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    asked = shop.staff.post("/admin/reconciliation", {}, key="a-key-of-16-chars")
    assert asked["status"] == "queued"
    assert shop.staff.post("/admin/reconciliation", {}, key="a-key-of-16-chars") == asked
    assert waiting(order) == ["capture"]
    assert work_off(shop) == 0
    assert waiting(order) == []
    assert shop.staff.post("/admin/reconciliation", {}, key="a-key-of-16-chars")["status"] == "done"
    assert work_off(shop) == 0
    assert len(shop.staff.get("/admin/jobs/payments_reconcile/runs")["data"]) == 1


def test_a_run_that_is_asked_for_looks_back_as_far_as_it_is_told(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], travel: Travel
) -> None:
    stranger(bank, {"payment_id": SOMEBODYS})
    travel(30 * DAY)
    shop.reconcile()
    assert findings(shop) == []
    shop.staff.post("/admin/reconciliation", {"days": 20})
    work_off(shop)
    assert findings(shop) == []
    shop.staff.post("/admin/reconciliation", {"days": 31})
    work_off(shop)
    assert told(shop) == [("payment_without_order", "open")]
    assert refusal(shop.staff.post, "/admin/reconciliation", {"days": 0})["pointer"] == "/days"


def test_a_run_that_is_asked_for_waits_for_the_one_at_work(shop: Shop, bank: StripeServer, balance: Balance) -> None:
    inside: list[int] = []
    shop.staff.post("/admin/reconciliation", {})
    jobs.run("payments_reconcile", lambda run: inside.append(work_off(shop)), 900)
    assert inside == [1]


def test_while_the_provider_is_away_nothing_is_taken_for_compared(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    import stripe

    from chalicelib.payments.provider import Unavailable

    order = buy()
    packed(shop, bank, order)

    def cut(call: str, *again: object) -> None:
        raise stripe.APIConnectionError("cut")

    bank.before = cut
    with pytest.raises(Unavailable):
        shop.reconcile()
    bank.before = lambda call, again: None
    shop.reconcile()
    assert (waiting(order), findings(shop)) == ([], [])


def test_a_provider_that_is_away_in_the_middle_of_a_repair_leaves_it_to_the_next_run(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], travel: Travel
) -> None:
    import stripe

    from chalicelib.payments.provider import Unavailable

    order = buy()
    authorized(shop, bank, order)
    taken_by_hand(bank, "pi_000001")

    def cut(call: str, *again: object) -> None:
        if call.startswith("GET /v1/payment_intents/"):
            raise stripe.APIConnectionError("cut")

    bank.before = cut
    with pytest.raises(Unavailable):
        shop.reconcile()
    assert [(f["what"], f["status"], f["detail"]) for f in findings(shop)] == [("captured_not_here", "open", None)]
    bank.before = lambda call, again: None
    shop.reconcile()
    assert (waiting(order), [f["status"] for f in findings(shop)]) == ([], ["repaired"])


def test_a_shop_without_a_provider_has_nothing_to_compare(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_gateway, "is_configured", lambda: False)
    assert shop.reconcile() == {"outcome": "done"}


def test_lists_of_more_than_a_page_are_read_to_their_end(
    shop: Shop, bank: StripeServer, balance: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.payments import stripe_books

    monkeypatch.setattr(stripe_books, "_PAGE", 2)
    for number in range(1, 6):
        stranger(bank, {"payment_id": SOMEBODYS.replace("-1", f"-{number}")})
    assert shop.reconcile()["compared"] == 10
    assert len(findings(shop)) == 5


def test_who_only_sees_payments_may_not_close_or_start(shop: Shop) -> None:
    operator = Gateway(OWNER | {"cognito:groups": "[operator]"})
    assert operator.get("/admin/reconciliation")["data"] == []
    assert refusal(operator.post, "/admin/reconciliation", {})["code"] == "forbidden"
    assert refusal(operator.post, "/admin/reconciliation/x/close", {"reason": "x"})["code"] == "forbidden"


def test_the_message_of_a_run_that_nobody_knows_is_dropped(shop: Shop, bank: StripeServer, balance: Balance) -> None:
    from chalicelib.payments.consumers import payments_reconcile_now

    record = {"messageId": "1", "body": json.dumps("rcn_01kdyhq2wgf3v8m6t4x9c7b5az"), "receiptHandle": "r"}
    assert payments_reconcile_now({"Records": [record]}, CONTEXT)["batchItemFailures"] == []
    assert bank.calls == []
