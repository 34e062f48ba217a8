"""The provider's books beside ours: what is found, what is repaired, what a person is told of."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import CONTEXT, OWNER, Buyer, Gateway, Shop
from refusals import refusal
from strict_balance import Balance, fee_of
from strict_stripe import StripeServer

from chalicelib.core import dynamo, jobs, log
from chalicelib.payments import ledger, ledger_tables, reconciliation_runs, stripe_gateway

Travel = Callable[[timedelta], None]
DAY = timedelta(days=1)
SOMEBODYS = "pay_01kdyhq2wgf3v8m6t4x9c7b5az-1"


def authorized(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    bank.pay(order.secret)
    shop.hear(bank)


def packed(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    authorized(shop, bank, order)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)


def sent(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    packed(shop, bank, order)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/dispatch", {"tracking_number": "T"})
    shop.hear(bank)


def refunded(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    sent(shop, bank, order)
    shop.staff.post(f"/admin/orders/{order.id}/refunds", {})
    shop.hear(bank)


def findings(shop: Shop) -> list[dict[str, Any]]:
    return shop.staff.get("/admin/reconciliation")["data"]


def told(shop: Shop) -> list[tuple[str, str]]:
    return [(finding["what"], finding["status"]) for finding in findings(shop)]


def waiting(order: Buyer) -> list[str]:
    """What of an order's ledger nobody has found at the provider yet."""
    return [entry.what for entry in ledger_tables.entries(order.id) if entry.due_key is not None]


def accounts(order: Buyer) -> dict[str, int]:
    return dict(ledger.balances(entry.lines for entry in ledger_tables.entries(order.id)))


# --- what is the same --------------------------------------------------------------------------------------------------


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


# --- what is repaired --------------------------------------------------------------------------------------------------


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


def taken_by_hand(bank: StripeServer, intent_id: str) -> None:
    """Somebody captures in Stripe's dashboard, and nobody hears of it."""
    stripe = bank.client(stripe_gateway.API_VERSION, retries=0)
    stripe.v1.payment_intents.capture(intent_id)
    bank.webhooks.clear()


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


def dead(order: Buyer) -> None:
    """The payment is dead here, as where its intent could not be found for a day."""
    from chalicelib.payments import intents, service, states

    attempt = service.find(order.payment_id)
    intents.move(attempt, states.FAILED)
    intents.commit(attempt)


def test_a_promise_for_a_payment_that_is_dead_here_is_let_go(
    shop: Shop, bank: StripeServer, balance: Balance, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    dead(order)
    bank.pay(order.secret)
    shop.reconcile()
    assert bank.intents["pi_000001"]["status"] == "canceled"
    assert told(shop) == [("dead_but_authorized", "repaired")]


# --- what a person is told of ------------------------------------------------------------------------------------------


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


def stranger(bank: StripeServer, metadata: dict[str, str], amount: int = 700) -> str:
    """An intent that the shop does not know, paid and captured."""
    stripe = bank.client(stripe_gateway.API_VERSION, retries=0)
    made = stripe.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "eur",
            "capture_method": "manual",
            "payment_method_types": ["card"],
            "metadata": metadata,
        }
    )
    bank.pay(str(made.client_secret))
    taken_by_hand(bank, made.id)
    return str(made.id)


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


# --- findings ----------------------------------------------------------------------------------------------------------


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
    balance.sources["ch_000001"]["amount_captured"] += 0


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


def nightly() -> None:
    """The clock's own way in."""
    from chalicelib.payments.schedules import payments_reconcile

    tick = dict.fromkeys(("version", "account", "region", "detail-type", "source", "time", "id"), "x")
    payments_reconcile({**tick, "detail": {}, "resources": []}, CONTEXT)


# --- runs --------------------------------------------------------------------------------------------------------------


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


def work_off(shop: Shop) -> int:
    """Let the consumer do the runs that are queued; returns how many it could not do."""
    from chalicelib.core.settings import settings
    from chalicelib.payments.consumers import payments_reconcile_now

    sqs, failed = shop.client("sqs"), 0
    url = settings.reconcile_queue_url
    while taken := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages"):
        for message in taken:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            record = {"messageId": "1", "body": message["Body"], "receiptHandle": "r"}
            failed += len(payments_reconcile_now({"Records": [record]}, CONTEXT)["batchItemFailures"])
    return failed


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
