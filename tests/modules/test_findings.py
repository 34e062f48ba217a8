"""Where the provider's books and ours differ: what a person is told of, until it is over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from books import (
    DAY,
    SOMEBODYS,
    accounts,
    authorized,
    dead,
    findings,
    nightly,
    packed,
    refunded,
    stranger,
    taken_by_hand,
    told,
    waiting,
)
from inprocess import OWNER, Buyer, Shop
from refusals import refusal
from strict_balance import Balance
from strict_stripe import StripeServer

from chalicelib.core import dynamo, log
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


def test_a_finding_is_seen_again_and_not_doubled(
    shop: Shop, bank: StripeServer, balance: Balance, travel: Travel
) -> None:
    stranger(bank, {"payment_id": SOMEBODYS})
    shop.reconcile()
    (first,) = findings(shop)
    for _ in range(3):
        travel(2 * DAY)
        shop.reconcile()
    (again,) = findings(shop)
    assert (again["id"], again["found_at"]) == (first["id"], first["found_at"])
    assert again["seen_at"] > first["seen_at"]


def test_a_finding_that_no_longer_holds_is_closed_also_when_it_is_weeks_old(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], travel: Travel
) -> None:
    order = buy()
    packed(shop, bank, order)
    balance.sources["ch_000001"]["amount_captured"] -= 1
    shop.reconcile()
    for _ in range(4):
        travel(5 * DAY)
        shop.reconcile()
    assert told(shop) == [("amount_differs", "open")]
    balance.sources["ch_000001"]["amount_captured"] += 1
    shop.reconcile()
    (finding,) = findings(shop)
    assert (finding["status"], finding["reason"]) == ("closed", "It no longer holds.")
    assert (finding["closed_by"], waiting(order)) == (None, [])


def test_what_comes_back_after_it_was_over_is_open_again(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.pay(order.secret)
    bank.webhooks.clear()
    intent = bank.intents["pi_000001"]
    for status in ("open", "closed", "open"):
        intent["amount"] += {"open": 1, "closed": -1}[status]
        intent["status"] = {"open": "requires_capture", "closed": "requires_payment_method"}[status]
        shop.reconcile()
        assert told(shop) == [("amount_differs", status)]


def test_a_person_closes_a_finding_with_a_reason_and_it_stays_closed(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], travel: Travel
) -> None:
    order = buy()
    packed(shop, bank, order)
    balance.late = {"txn_000001"}
    travel(4 * DAY)
    shop.reconcile()
    (finding,) = findings(shop)
    path, words = f"/admin/reconciliation/{finding['id']}/close", {"reason": "Stripe lost it and has paid."}
    closed = shop.staff.post(path, words, key="a-key-of-16-chars")
    assert shop.staff.post(path, words, key="a-key-of-16-chars") == closed
    assert (closed["status"], closed["closed_by"], closed["reason"]) == ("closed", OWNER["sub"], words["reason"])
    assert refusal(shop.staff.post, path, words)["code"] == "finding_closed"
    assert waiting(order) == []
    assert shop.reconcile()["outcome"] == "done"
    assert told(shop) == [("missing_at_provider", "closed")]


def test_nobody_closes_what_is_not_there(shop: Shop) -> None:
    for finding_id in ("x", "fnd_01kdyhq2wgf3v8m6t4x9c7b5az"):
        path = f"/admin/reconciliation/{finding_id}/close"
        assert refusal(shop.staff.post, path, {"reason": "done"})["code"] == "not_found"


def test_open_findings_are_listed_first_and_each_once(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    repaired = buy()
    authorized(shop, bank, repaired)
    taken_by_hand(bank, "pi_000001")
    for number in range(1, 6):
        stranger(bank, {"payment_id": SOMEBODYS.replace("-1", f"-{number}")})
    shop.reconcile()
    seen, cursor = [], ""
    while True:
        page = shop.staff.get(f"/admin/reconciliation?limit=2{cursor}")
        seen += [(finding["id"], finding["status"]) for finding in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [status for _, status in seen] == ["open"] * 5 + ["repaired"]
    assert len(dict(seen)) == 6
    assert refusal(shop.staff.get, "/admin/reconciliation?cursor=eHg")["pointer"] == "/query/cursor"


def test_open_findings_ring_once_a_run_and_repaired_ones_do_not(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(log, "write", lambda what, **facts: lines.append({"log": what, **facts}))
    order = buy()
    authorized(shop, bank, order)
    taken_by_hand(bank, "pi_000001")
    nightly()
    assert [line for line in lines if line["log"] == "error"] == []
    for number in (1, 2):
        stranger(bank, {"payment_id": SOMEBODYS.replace("-1", f"-{number}")})
    with pytest.raises(Exception, match="2 findings are open"):
        nightly()
    (error,) = [line for line in lines if line["log"] == "error"]
    assert (error["open"], len(error["findings"])) == (2, 2)
    assert shop.staff.get("/admin/jobs/payments_reconcile/runs")["data"][0]["counts"]["open"] == 2
