"""A customer's bank takes money back: nothing is sent or given back twice meanwhile, and somebody decides."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from amending import paid, send
from disputing import Json, books, decided, hold, of, opened, packed, sent
from fate import Fate, Killed
from inprocess import Buyer, Shop, eur
from refusals import refusal
from strict_disputes import FEE, Disputes
from strict_stripe import StripeServer

MUG, SHIPPING = 1290, 495
TOTAL = MUG + SHIPPING


def dispatch(shop: Shop, order: Buyer) -> Json:
    return shop.staff.post(f"/admin/shipments/{order.parcel()}/dispatch", {"tracking_number": "T"})


def refund(shop: Shop, order: Buyer, **body: object) -> Json:
    return shop.staff.post(f"/admin/orders/{order.id}/refunds", body)


# --- what it does to the order -------------------------------------------------------------------------------------


def test_a_dispute_holds_what_is_in_the_house_and_victory_lets_it_go(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    opened(shop, bank, disputes)
    assert (order.get()["payment_status"], hold(shop, order)) == ("disputed", "dispute")
    assert refusal(dispatch, shop, order)["status"] == 409
    assert books(order) == {"sales": -TOTAL, "dispute": TOTAL, "fee": FEE, "captured": -FEE}
    decided(shop, bank, disputes, "won")
    assert (order.get()["payment_status"], hold(shop, order)) == ("paid", None)
    assert books(order) == {"sales": -TOTAL, "captured": TOTAL - FEE, "fee": FEE}
    send(shop, order, "dispatch", "deliver")
    shop.hear(bank)
    assert order.get()["status"] == "completed"
    names = shop.staff.get(f"/admin/orders/{order.id}")["timeline"]
    assert [e["name"] for e in names if e["name"].startswith(("dispute", "held", "released"))] == [
        "dispute_opened",
        "held",
        "dispute_closed",
        "released",
    ]


def test_what_is_lost_stays_on_hold_until_staff_decide(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    opened(shop, bank, disputes)
    decided(shop, bank, disputes, "lost")
    assert (order.get()["payment_status"], hold(shop, order)) == ("disputed", "dispute")
    assert refusal(dispatch, shop, order)["code"] == "order_on_hold"
    shop.staff.post(f"/admin/orders/{order.id}/release")
    send(shop, order, "dispatch", "deliver")
    shop.hear(bank)
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "disputed")
    assert books(order) == {"sales": -TOTAL, "dispute": TOTAL, "fee": FEE, "captured": -FEE}


def test_nothing_is_sent_in_the_moment_before_the_order_knows(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    """Payments know already, and the order is not on hold yet; nor does releasing it help while nothing is decided."""
    order = buy()
    packed(shop, bank, order)
    disputes.open_dispute("pi_000001")
    shop.hear_only(bank)
    assert hold(shop, order) is None
    assert refusal(dispatch, shop, order)["code"] == "payment_not_secured"
    shop.deliver()
    shop.staff.post(f"/admin/orders/{order.id}/release")
    assert refusal(dispatch, shop, order)["code"] == "payment_not_secured"


def test_what_has_left_the_house_is_not_held(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    send(shop, order, "dispatch")
    shop.hear(bank)
    opened(shop, bank, disputes)
    assert (order.get()["payment_status"], hold(shop, order)) == ("disputed", None)
    send(shop, order, "deliver")
    found = shop.staff.get("/admin/orders?payment_status=disputed")["data"]
    assert [item["id"] for item in found] == [order.id]
    decided(shop, bank, disputes, "lost")
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "disputed")


def test_staffs_own_hold_is_not_lifted_by_a_victory(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    shop.staff.post(f"/admin/orders/{order.id}/hold", {"reason": "Odd address"})
    opened(shop, bank, disputes)
    decided(shop, bank, disputes, "won")
    assert hold(shop, order) == "Odd address"


def test_an_order_that_staff_released_is_not_held_again_by_the_same_news(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    opened(shop, bank, disputes)
    shop.staff.post(f"/admin/orders/{order.id}/release")
    (event,) = [event for event in shop.events() if event["name"] == "DisputeOpened"]
    shop.tell(event)
    decided(shop, bank, disputes, "lost")
    assert hold(shop, order) is None


def test_the_order_is_not_held_where_victory_is_told_before_the_dispute(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    disputes.open_dispute("pi_000001")
    shop.hear_only(bank)
    disputes.decide("du_000001", "won")
    shop.hear_only(bank)
    shop.deliver(lambda events: sorted(events, key=lambda event: str(event["name"])))  # DisputeClosed, DisputeOpened
    assert (order.get()["payment_status"], hold(shop, order)) == ("paid", None)


def test_an_order_that_learned_of_it_by_being_changed_is_held_all_the_same(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    """A change looks at the payments themselves, so what is told of them later is no news."""
    order = buy(2)
    packed(shop, bank, order)
    disputes.open_dispute("pi_000001")
    shop.hear_only(bank)
    shop.staff.post(f"/admin/orders/{order.id}/cancel-lines", {"lines": {"MUG": 1}})
    assert hold(shop, order) is None
    (event,) = [event for event in shop.events() if event["name"] == "DisputeOpened"]
    shop.tell(event)
    assert (order.get()["payment_status"], hold(shop, order)) == ("disputed", "dispute")


def test_an_inquiry_takes_no_money_and_holds_nothing(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    disputes.inquire("pi_000001")
    shop.hear(bank)
    assert (of(shop, order)["status"], of(shop, order)["needs_answer"]) == ("inquiry", True)
    assert (order.get()["payment_status"], hold(shop, order)) == ("paid", None)
    assert "dispute" not in books(order)
    disputes.withdraw("du_000001")
    shop.hear(bank)
    assert of(shop, order)["status"] == "opened"
    assert (order.get()["payment_status"], hold(shop, order)) == ("disputed", "dispute")


def test_an_inquiry_that_comes_to_nothing_is_closed(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    disputes.inquire("pi_000001")
    shop.hear(bank)
    decided(shop, bank, disputes, "warning_closed")
    assert of(shop, order)["status"] == "closed"
    assert shop.staff.get("/admin/disputes")["data"] == []
    assert [name for name in shop.names() if name.startswith("Dispute")] == []


# --- what is heard, and how ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_webhooks_ten_times_and_in_any_order_are_as_good_as_once(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer], seed: int
) -> None:
    """Also what is closed may come before what was opened."""
    order = buy()
    packed(shop, bank, order)
    dispute_id = disputes.open_dispute("pi_000001")
    disputes.respond(dispute_id, {"uncategorized_text": "She has it."})
    disputes.decide(dispute_id, "lost")
    heap = bank.webhooks * 10
    bank.webhooks.clear()
    random.Random(seed).shuffle(heap)
    for event in heap:
        shop.webhook(event)
    assert shop.work_off_webhooks() == 0
    shop.deliver()
    assert (of(shop, order)["status"], hold(shop, order)) == ("lost", "dispute")
    assert shop.names().count("DisputeClosed") == 1
    assert books(order)["dispute"] == TOTAL


@pytest.mark.parametrize("seemed", ["opened", "won"])
def test_an_answer_from_before_changes_nothing(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer], seemed: str
) -> None:
    """It was given while the dispute was open, or won, and comes to be written after it was lost and known to be."""
    from chalicelib.payments import disputes as ours
    from chalicelib.payments import stripe_disputes

    order = buy()
    packed(shop, bank, order)
    disputes.open_dispute("pi_000001")
    if seemed == "won":
        disputes.decide("du_000001", "won")
    before = stripe_disputes.find_dispute("du_000001")
    disputes.decide("du_000001", "lost")
    shop.hear(bank)
    ours.follow(before)
    shop.deliver()
    assert (of(shop, order)["status"], order.get()["payment_status"]) == ("lost", "disputed")


def test_a_dispute_that_nobody_told_of_is_found_by_the_sweep(
    shop: Shop,
    bank: StripeServer,
    disputes: Disputes,
    buy: Callable[..., Buyer],
    travel: Callable[[timedelta], None],
) -> None:
    order = buy()
    packed(shop, bank, order)
    disputes.open_dispute("pi_000001")
    bank.webhooks.clear()
    shop.sweep()
    shop.deliver()
    assert (of(shop, order)["status"], hold(shop, order)) == ("opened", "dispute")
    travel(timedelta(days=5))
    disputes.decide("du_000001", "won")
    bank.webhooks.clear()
    shop.sweep()
    shop.deliver()
    assert (of(shop, order)["status"], order.get()["payment_status"]) == ("won", "paid")


def test_the_sweep_asks_once_where_there_is_nothing_new(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    packed(shop, bank, order)
    opened(shop, bank, disputes)
    bank.calls.clear()
    shop.sweep()
    assert bank.calls == ["GET /v1/disputes"]
    travel(timedelta(hours=7))
    for _ in range(2):
        shop.sweep()
    assert bank.calls.count("GET /v1/disputes/du_000001") == 1


def test_a_dispute_of_what_was_taken_unheard_is_written_down_too(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    """The capture's answer was lost, and its webhook."""
    order = buy()
    paid(shop, bank, order)
    bank.client("2026-10-28.endive").v1.payment_intents.capture("pi_000001")
    bank.webhooks.clear()
    opened(shop, bank, disputes)
    assert (order.payment()["status"], of(shop, order)["status"]) == ("captured", "opened")
    assert books(order)["dispute"] == TOTAL


@pytest.mark.parametrize("whose", ["another shop's", "nobody's", "unknown to Stripe"])
def test_a_dispute_of_what_is_not_ours_is_ignored(
    shop: Shop,
    bank: StripeServer,
    disputes: Disputes,
    buy: Callable[..., Buyer],
    capsys: pytest.CaptureFixture[str],
    whose: str,
) -> None:
    order = buy()
    packed(shop, bank, order)
    names = {"payment_id": "pay_01kdyhq2wgf3v8m6t4x9c7b5az-1"} if whose == "another shop's" else {}
    bank.intents["pi_000001"]["metadata"] = names
    disputes.open_dispute("pi_000001")
    if whose == "unknown to Stripe":
        disputes.disputes.clear()
    shop.hear(bank)
    shop.sweep()
    shop.deliver()
    assert "webhook_kept" in capsys.readouterr().out
    assert shop.staff.get("/admin/disputes")["data"] == []
    assert order.get()["payment_status"] == "paid"


def test_a_dispute_in_another_currency_is_for_a_person_to_look_at(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    dispute_id = disputes.open_dispute("pi_000001")
    disputes.disputes[dispute_id]["currency"] = "usd"
    shop.webhook(bank.webhooks[-1])
    assert shop.work_off_webhooks() == 1


def test_a_shop_whose_provider_shows_no_disputes_sweeps_on(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    buy()
    assert shop.sweep()["outcome"] == "done"


def test_a_fee_in_the_currency_of_another_account_is_not_in_the_orders_books(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    dispute_id = disputes.open_dispute("pi_000001")
    disputes.disputes[dispute_id]["balance_transactions"][0]["currency"] = "usd"
    shop.hear(bank)
    assert of(shop, order)["fee"] == {"amount": FEE, "currency": "USD"}
    assert books(order) == {"sales": -TOTAL, "dispute": TOTAL}


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_consumer_that_is_killed_anywhere_is_made_up_for_by_the_next(
    shop: Shop,
    bank: StripeServer,
    disputes: Disputes,
    buy: Callable[..., Buyer],
    monkeypatch: pytest.MonkeyPatch,
    turn: int,
    moment: str,
) -> None:
    from chalicelib.payments import disputes as ours

    order = buy()
    packed(shop, bank, order)
    disputes.open_dispute("pi_000001")
    bank.webhooks.clear()
    fate = Fate(monkeypatch, bank)
    for outcome in (None, "won"):
        if outcome:
            disputes.decide("du_000001", outcome)
            bank.webhooks.clear()
        fate.strikes(turn, moment)
        with suppress(Killed):
            ours.look("du_000001")
        fate.spares()
        ours.look("du_000001")
        shop.deliver()
    assert [name for name in shop.names() if name.startswith("Dispute")] == ["DisputeOpened", "DisputeClosed"]
    assert (of(shop, order)["status"], order.get()["payment_status"]) == ("won", "paid")
    assert books(order) == {"sales": -TOTAL, "captured": TOTAL - FEE, "fee": FEE}


@pytest.mark.parametrize(("first", "then"), [("lost", "won"), ("won", "lost")])
def test_an_appeal_turns_what_was_decided(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer], first: str, then: str
) -> None:
    order = buy()
    packed(shop, bank, order)
    opened(shop, bank, disputes)
    decided(shop, bank, disputes, first)
    decided(shop, bank, disputes, then)
    assert of(shop, order)["status"] == then
    assert order.get()["payment_status"] == ("disputed" if then == "lost" else "paid")
    assert hold(shop, order) == ("dispute" if then == "lost" else None)
    assert books(order).get("dispute", 0) == (TOTAL if then == "lost" else 0)
    outcomes = [e["detail"]["outcome"] for e in shop.events() if e["name"] == "DisputeClosed"]
    assert outcomes == [first, then]


# --- money that goes back ------------------------------------------------------------------------------------------


def test_what_a_bank_took_is_not_given_back_as_well(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    sent(shop, bank, order)
    opened(shop, bank, disputes)
    refused = refusal(refund, shop, order)
    assert (refused["status"], refused["code"]) == (409, "payment_disputed")
    decided(shop, bank, disputes, "lost")
    assert refusal(refund, shop, order)["code"] == "payment_disputed"
    assert bank.refunds == {}


def test_the_rest_of_a_payment_can_be_given_back(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    sent(shop, bank, order)
    opened(shop, bank, disputes, 1000)
    refused = refusal(refund, shop, order, amount=eur(TOTAL - 999))
    assert (refused["code"], refused["left"]) == ("refund_too_large", eur(TOTAL - 1000))
    assert refund(shop, order)["amount"] == eur(TOTAL - 1000)
    shop.hear(bank)
    assert refusal(refund, shop, order)["code"] == "payment_disputed"
    decided(shop, bank, disputes, "won")
    assert order.get()["payment_status"] == "partially_refunded"
    assert refund(shop, order)["amount"] == eur(1000)


def test_a_refund_that_is_asked_for_while_the_dispute_opens_is_not_asked_for(
    shop: Shop,
    bank: StripeServer,
    disputes: Disputes,
    buy: Callable[..., Buyer],
    weather: Callable[[str, list[object]], list[str]],
) -> None:
    """Between reading the payment and writing the refund."""
    order = buy()
    sent(shop, bank, order)
    disputes.open_dispute("pi_000001")
    weather("TransactWriteItems", [lambda: shop.hear_only(bank)])
    assert refusal(refund, shop, order)["code"] == "payment_changed"
    assert refusal(refund, shop, order)["code"] == "payment_disputed"
    assert shop.staff.get(f"/admin/orders/{order.id}/refunds")["data"] == []


def test_a_refund_that_is_asked_for_while_the_dispute_is_written_down_is_not_forgotten(
    shop: Shop,
    bank: StripeServer,
    disputes: Disputes,
    buy: Callable[..., Buyer],
    weather: Callable[[str, list[object]], list[str]],
) -> None:
    """Between reading the payment and writing the dispute."""
    order = buy()
    sent(shop, bank, order)
    disputes.open_dispute("pi_000001", 1000)
    weather("TransactWriteItems", [lambda: refund(shop, order, amount=eur(TOTAL - 1000))])
    shop.hear(bank)
    assert bank.given_back("pi_000001") == TOTAL - 1000
    assert refusal(refund, shop, order)["code"] == "payment_disputed"
    assert books(order)["refunded"] == 1000 - TOTAL


def test_what_was_paid_besides_goes_back_while_the_rest_is_disputed(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    """What the older payment brought is with its bank; a line that the newer one paid for is taken out."""
    shop.product("bowl", stock={"ams": 5})
    order = buy()
    packed(shop, bank, order)
    shop.staff.post(f"/admin/orders/{order.id}/edit", {"add": {"BOWL": 1}})
    bank.pay(order.post("/payments")["client_secret"])
    shop.hear(bank)
    disputes.open_dispute("pi_000001")
    shop.hear(bank)
    shop.staff.post(f"/admin/orders/{order.id}/cancel-lines", {"lines": {"BOWL": 1}})
    shop.hear(bank)
    assert {key: bank.given_back(key) for key in bank.intents} == {"pi_000001": 0, "pi_000002": MUG}


def test_what_a_bank_took_for_a_line_does_not_pay_for_what_is_added_later(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    """A mug that the bank has paid back is taken out, and a book of the same price is added."""
    shop.product("book", variants=[{"sku": "BOOK", "price": eur(MUG), "digital": True}])
    order = buy(2)
    packed(shop, bank, order)
    opened(shop, bank, disputes, MUG)
    decided(shop, bank, disputes, "lost")
    shop.staff.post(f"/admin/orders/{order.id}/cancel-lines", {"lines": {"MUG": 1}})
    shop.staff.post(f"/admin/orders/{order.id}/release")
    shop.hear(bank)
    send(shop, order, "dispatch")
    shop.staff.post(f"/admin/orders/{order.id}/edit", {"add": {"BOOK": 1}})
    send(shop, order, "deliver")
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"
    session = order.post("/payments")
    assert session["amount"] == eur(MUG)
    bank.pay(session["client_secret"])
    shop.hear(bank)
    assert order.get()["status"] == "completed"
    assert books(order).get("receivable", 0) == 0


def test_an_order_called_off_while_disputed_gives_its_money_back_when_that_is_won(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    opened(shop, bank, disputes)
    order.post("/cancel")
    shop.hear(bank)
    shop.sweep()
    assert bank.refunds == {}
    decided(shop, bank, disputes, "won")
    assert [item["amount"] for item in bank.refunds.values()] == [TOTAL]
    assert order.get()["payment_status"] == "refunded"
    assert books(order) == {"captured": TOTAL - FEE, "refunded": -TOTAL, "fee": FEE}


@pytest.mark.parametrize("first", ["canceled", "lost"])
def test_what_the_bank_kept_of_an_order_called_off_nobody_owes(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer], first: str
) -> None:
    """The customer has their money, from their bank: it is no loss, and not given back once more."""
    order = buy()
    packed(shop, bank, order)
    opened(shop, bank, disputes)
    if first == "lost":
        decided(shop, bank, disputes, "lost")
    order.post("/cancel")
    shop.hear(bank)
    if first == "canceled":
        decided(shop, bank, disputes, "lost")
    assert bank.refunds == {}
    assert (order.get()["status"], order.get()["payment_status"]) == ("canceled", "disputed")
    assert books(order) == {"captured": -FEE, "fee": FEE}


@pytest.mark.parametrize(("outcome", "first"), [("won", "changed"), ("lost", "changed"), ("lost", "decided")])
def test_what_an_order_comes_to_cost_less_while_disputed_goes_back_once(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer], outcome: str, first: str
) -> None:
    order = buy(2)
    packed(shop, bank, order)
    opened(shop, bank, disputes, MUG)
    if first == "decided":
        decided(shop, bank, disputes, outcome)
    shop.staff.post(f"/admin/orders/{order.id}/cancel-lines", {"lines": {"MUG": 1}})
    shop.hear(bank)
    assert bank.refunds == {}
    if first == "changed":
        decided(shop, bank, disputes, outcome)
    assert [item["amount"] for item in bank.refunds.values()] == ([MUG] if outcome == "won" else [])
    sums = books(order)
    assert (sums["sales"], sums.get("receivable", 0), sums.get("dispute", 0)) == (-TOTAL, 0, 0)


def test_what_an_appeal_returns_of_an_order_called_off_goes_back(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    opened(shop, bank, disputes)
    order.post("/cancel")
    shop.hear(bank)
    decided(shop, bank, disputes, "lost")
    decided(shop, bank, disputes, "won")
    assert bank.given_back("pi_000001") == TOTAL
    assert books(order) == {"captured": TOTAL - FEE, "refunded": -TOTAL, "fee": FEE}


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_refund_that_meets_a_dispute_at_the_provider_is_settled_with_it(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer], outcome: str
) -> None:
    """It was asked for before the shop knew."""
    order = buy()
    sent(shop, bank, order)
    refund(shop, order)
    disputes.open_dispute("pi_000001")
    shop.hear(bank)
    assert order.names()[-1] in ("refund_failed", "dispute_opened")
    assert bank.refunds == {}
    decided(shop, bank, disputes, outcome)
    assert bank.given_back("pi_000001") == (TOTAL if outcome == "won" else 0)
    sums = books(order)
    assert (sums.get("receivable", 0), sums.get("dispute", 0)) == (0, 0)


def test_what_is_left_of_a_refund_that_came_after_a_loss_goes_back(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    """All was to go back, and the bank has taken a part of it for good before anybody carried that out."""
    order = buy()
    sent(shop, bank, order)
    refund(shop, order)
    disputes.open_dispute("pi_000001", 1000)
    disputes.decide("du_000001", "lost")
    shop.hear_only(bank)
    shop.hear(bank)
    assert bank.given_back("pi_000001") == TOTAL - 1000
    sums = books(order)
    assert (sums.get("receivable", 0), sums.get("dispute", 0)) == (0, 0)


def test_what_a_bank_would_not_take_before_is_still_for_a_person_to_give_back(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    bank.refund_status = lambda: "failed"
    order.post("/cancel")
    shop.hear(bank)
    assert len(bank.refunds) == 1
    opened(shop, bank, disputes)
    decided(shop, bank, disputes, "won")
    assert len(bank.refunds) == 1


def test_nobody_is_asked_to_pay_once_more_what_is_disputed(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    opened(shop, bank, disputes)
    assert order.post("/payments")["id"] == order.payment_id
    assert len(bank.intents) == 1
