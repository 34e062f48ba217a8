"""Findings from run to run: the same one once, over when it is over, closed by a person, listed, told of."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from books import (
    DAY,
    SOMEBODYS,
    authorized,
    findings,
    nightly,
    packed,
    stranger,
    taken_by_hand,
    told,
    waiting,
)
from inprocess import OWNER, Buyer, Shop
from refusals import refusal
from strict_balance import Balance
from strict_stripe import StripeServer

from chalicelib.core import clock, log

Travel = Callable[[timedelta], None]


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


def test_an_old_intent_is_asked_for_as_long_as_it_is_open(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], travel: Travel
) -> None:
    order = buy()
    bank.pay(order.secret)
    bank.webhooks.clear()
    bank.intents["pi_000001"]["amount"] += 1
    shop.reconcile()
    travel(30 * DAY)
    shop.reconcile()
    assert told(shop) == [("amount_differs", "open")]
    bank.intents["pi_000001"]["amount"] -= 1
    shop.reconcile()
    assert sorted(told(shop)) == [("amount_differs", "closed"), ("authorized_not_here", "repaired")]


def test_what_was_missing_is_over_when_a_run_that_looks_back_far_enough_finds_it(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer], travel: Travel
) -> None:
    order = buy()
    packed(shop, bank, order)
    began = clock.now() - DAY
    balance.late = {"txn_000001"}
    travel(4 * DAY)
    shop.reconcile()
    balance.late = set()
    shop.reconcile(began)
    assert (waiting(order), told(shop)) == ([], [("missing_at_provider", "closed")])


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


def test_what_a_person_has_closed_is_not_opened_by_the_next_run(
    shop: Shop, bank: StripeServer, balance: Balance
) -> None:
    stranger(bank, {"payment_id": SOMEBODYS})
    shop.reconcile()
    (finding,) = findings(shop)
    shop.staff.post(f"/admin/reconciliation/{finding['id']}/close", {"reason": "The other shop's."})
    assert "open" not in shop.reconcile()
    assert told(shop) == [("payment_without_order", "closed")]


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
