"""A card: promised at checkout, taken at packing. Stripe is the strict one of tests/strict_stripe.py."""

import json
import random
import time
from collections.abc import Callable

import pytest
import stripe
from inprocess import SECRET, Buyer, Shop, consumers_of, eur
from refusals import refusal
from strict_stripe import StripeServer, signed


def test_a_card_order_waits_for_its_payment(shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]) -> None:
    order = buy()
    assert order.placed["order"]["status"] == "pending_payment"
    (intent,) = bank.intents.values()
    assert order.secret == intent["client_secret"]
    assert intent["amount"] == order.placed["order"]["total"]["amount"]
    assert intent["metadata"] == {"payment_id": order.payment_id, "order_id": order.id}
    shop.deliver()
    assert order.get("/shipments")["data"] == []
    assert shop.stock("MUG")["reserved"] == 1


def test_from_card_to_the_doorstep(shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]) -> None:
    order = buy(2)
    bank.pay(order.secret)
    shop.hear(bank)
    page = order.get()
    assert (page["status"], page["payment_status"]) == ("confirmed", "authorized")
    parcel = order.parcel()
    unpaid = f"/admin/shipments/{parcel}/dispatch"
    shop.staff.post(f"/admin/shipments/{parcel}/pack")
    assert refusal(shop.staff.post, unpaid, {"tracking_number": "T"})["code"] == "payment_not_secured"
    shop.hear(bank)
    assert order.get()["payment_status"] == "paid"
    shop.staff.post(unpaid, {"tracking_number": "T"})
    shop.staff.post(f"/admin/shipments/{parcel}/deliver")
    shop.hear(bank)
    assert order.get()["status"] == "completed"
    assert order.names() == [
        "placed",
        "payment_authorized",
        "confirmed",
        "shipment_planned",
        "shipment_packed",
        "payment_captured",
        "shipment_dispatched",
        "shipment_delivered",
        "completed",
    ]
    assert [call for call in bank.calls if call.endswith("/capture")] == ["POST /v1/payment_intents/pi_000001/capture"]


def test_a_declined_card_may_be_followed_by_a_good_one(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.decline(order.secret, "insufficient_funds")
    shop.hear(bank)
    assert order.get()["status"] == "pending_payment"
    assert order.payment()["decline"] == "insufficient_funds"
    again = order.post("/payments")
    assert (again["id"], again["client_secret"]) == (order.payment_id, order.secret)
    bank.pay(order.secret)
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"
    assert order.names() == ["placed", "payment_failed", "payment_authorized", "confirmed", "shipment_planned"]
    assert order.get()["timeline"][1]["facts"] == {"payment_id": order.payment_id, "code": "insufficient_funds"}


@pytest.mark.parametrize("seed", range(6))
def test_webhooks_ten_times_and_in_any_order_are_as_good_as_once(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], seed: int
) -> None:
    order = buy()
    bank.decline(order.secret)
    bank.require_action(order.secret)
    bank.pay(order.secret)
    heap = bank.webhooks * 10
    random.Random(seed).shuffle(heap)
    for event in heap:
        shop.webhook(event)
    shop.work_off_webhooks()
    shop.deliver()
    assert order.names() == ["placed", "payment_authorized", "confirmed", "shipment_planned"]
    assert order.get()["payment_status"] == "authorized"
    assert shop.names().count("PaymentAuthorized") == 1


@pytest.mark.parametrize("trouble", ["forged", "another secret", "old", "none", "tampered", "no text", "future junk"])
def test_a_webhook_that_is_not_stripes_is_refused_and_changes_nothing(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], trouble: str
) -> None:
    order = buy()
    bank.pay(order.secret)
    event = bank.webhooks[-1]
    body, signature = signed(event, SECRET, time.time())
    if trouble == "forged":
        signature = signature[:-4] + "0000"
    elif trouble == "another secret":
        body, signature = signed(event, "whsec_other", time.time())
    elif trouble == "old":
        body, signature = signed(event, SECRET, time.time() - 301)
    elif trouble == "none":
        signature = ""
    elif trouble == "tampered":
        body = body.replace("amount_capturable_updated", "succeeded")
    elif trouble == "no text":
        signature = "t=1,v1=é"
    else:
        signature = "t=soon,v1=abc"
    status, _, problem = shop.guest.send("POST", "/webhooks/stripe", body, **{"Stripe-Signature": signature})
    assert (status, problem["code"]) == (400, "invalid_signature")
    assert shop.waiting_webhooks() == []
    shop.deliver()
    assert order.get()["status"] == "pending_payment"


def test_a_webhook_about_nothing_of_ours_is_taken_and_dropped(shop: Shop, bank: StripeServer) -> None:
    for thing in ({}, {"metadata": {}}, {"metadata": {"other": "x"}}):
        assert shop.webhook({"id": "evt_1", "type": "customer.created", "data": {"object": thing}}) == 200
    assert shop.waiting_webhooks() == []
    body, signature = signed({"id": "evt_1", "type": "x", "data": [1]}, SECRET, time.time())
    assert shop.guest.send("POST", "/webhooks/stripe", body, **{"Stripe-Signature": signature})[0] == 400


def test_a_webhook_that_can_not_be_queued_is_not_answered_with_success(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.core import sqs

    def away(url: str, body: str) -> None:
        raise ConnectionError("no queue")

    order = buy()
    bank.pay(order.secret)
    monkeypatch.setattr(sqs, "send", away)
    assert shop.webhook(bank.webhooks[-1]) == 500


def test_the_client_need_not_wait_for_the_webhook(shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]) -> None:
    order = buy()
    bank.pay(order.secret)
    assert order.api.post(f"/payments/{order.payment_id}/refresh")["status"] == "authorized"
    shop.deliver()
    assert order.get()["status"] == "confirmed"
    stranger = shop.guest.with_headers(**{"Order-Token": "0" * 32})
    assert refusal(stranger.post, f"/payments/{order.payment_id}/refresh")["status"] == 404


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_checkout_that_reaches_no_provider_stands_and_can_be_paid_later(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], moment: str
) -> None:
    def cut(call: str, *again: object) -> None:
        raise stripe.APIConnectionError("cut")

    setattr(bank, moment, cut)
    order = buy()
    assert order.secret == "None"
    assert refusal(order.api.post, f"/payments/{order.payment_id}/refresh")["code"] == "provider_unavailable"
    setattr(bank, moment, lambda call, *again: None)
    again = order.post("/payments")
    assert again["id"] == order.payment_id
    assert len(bank.intents) == 1
    bank.pay(again["client_secret"])
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"


def test_a_provider_that_will_not_have_the_payment_says_so_at_once(shop: Shop, bank: StripeServer) -> None:
    shop.product("crown", variants=[{"sku": "CROWN", "price": eur(100_000_000), "stock": {"ams": 1}}])
    placed = shop.ready_cart(("CROWN", 1)).check_out(payment_method="card")
    assert (placed["payment"]["status"], placed["payment"]["client_secret"]) == ("failed", None)
    order = shop.order_of(placed)
    shop.deliver()
    assert order.get()["timeline"][-1]["facts"]["code"] == "amount_too_large"
    second = order.post("/payments")
    assert second["id"] != placed["payment"]["id"]
    assert second["status"] == "failed"


def test_an_order_that_costs_nothing_is_confirmed_without_a_payment(shop: Shop, bank: StripeServer) -> None:
    shop.product("gift", variants=[{"sku": "GIFT", "price": eur(0), "stock": {"ams": 1}}])
    free = {"name": "free", "price": eur(0), "days_min": 1, "days_max": 2}
    shop.staff.put("/admin/shipping-options/standard", free)
    placed = shop.ready_cart(("GIFT", 1)).check_out(payment_method="card")
    assert (placed["order"]["status"], placed["order"]["payment_status"]) == ("confirmed", "paid")
    order = shop.order_of(placed)
    shop.deliver()
    parcel = order.get("/shipments")["data"][0]["id"]
    shop.staff.post(f"/admin/shipments/{parcel}/pack")
    shop.deliver()
    shop.staff.post(f"/admin/shipments/{parcel}/dispatch", {"tracking_number": "T"})
    assert bank.calls == []


def test_the_twelfth_payment_is_the_last_one_and_only_it_is_taken(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    secret = order.secret
    for number in range(1, 12):
        bank.pay(secret)
        shop.hear(bank)
        bank.lapse(f"pi_{number:06d}")
        shop.hear(bank)
        again = order.post("/payments")
        secret = again["client_secret"]
        assert again["id"].endswith(f"-{number + 1}")
    bank.pay(secret)
    shop.hear(bank)
    assert order.post("/payments")["id"] == again["id"]
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)
    assert [i["amount_received"] for i in bank.intents.values()].count(0) == 11
    assert order.get()["payment_status"] == "paid"


def test_payments_in_vain_come_to_an_end(shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]) -> None:
    order = buy()
    for number in range(1, 21):
        bank.intents[f"pi_{number:06d}"]["status"] = "canceled"
        order.api.post(f"/payments/{order.payment_id.rpartition('-')[0]}-{number}/refresh")
        if number < 20:
            order.post("/payments")
    assert refusal(order.post, "/payments")["code"] == "too_many_payments"


def test_a_webhook_about_another_shops_payment_is_dropped(shop: Shop, bank: StripeServer) -> None:
    """Two shops share one account at Stripe."""
    theirs = {"metadata": {"payment_id": "pay_01kdyhq2wgf3v8m6t4x9c7b5az-1"}}
    assert shop.webhook({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": theirs}}) == 200
    assert shop.work_off_webhooks() == 0


def test_stripe_saying_that_it_made_an_intent_wakes_nobody(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    buy()
    (made,) = [event for event in bank.webhooks if event["type"] == "payment_intent.created"]
    assert shop.webhook(made) == 200
    assert shop.waiting_webhooks() == []


def test_what_a_card_has_paid_is_not_collected_at_the_door(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.pay(order.secret)
    shop.hear(bank)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/dispatch", {"tracking_number": "T"})
    shop.staff.post(f"/admin/shipments/{order.parcel()}/deliver")
    shop.hear(bank)
    woken = {event["name"]: {consumer.func.__name__ for consumer in consumers_of(event)} for event in shop.events()}
    assert woken["ShipmentPacked"] == {"orders_events", "payments_events"}
    assert woken["OrderCompleted"] == set()


def test_what_there_is_no_time_for_goes_back_to_the_queue(shop: Shop) -> None:
    from types import SimpleNamespace

    from chalicelib.payments.consumers import payments_webhooks

    hurry = SimpleNamespace(get_remaining_time_in_millis=lambda: 20_000, aws_request_id="test")
    body = json.dumps({"type": "x", "payment_id": None, "refund_id": None})
    records = [{"messageId": str(n), "body": body, "receiptHandle": "r"} for n in range(3)]
    assert payments_webhooks({"Records": records}, hurry)["batchItemFailures"] == [
        {"itemIdentifier": "1"},
        {"itemIdentifier": "2"},
    ]


def test_an_intent_over_another_sum_is_for_a_person_to_look_at(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.pay(order.secret)
    bank.intents["pi_000001"]["amount"] += 1
    shop.webhook(bank.webhooks[-1])
    assert shop.work_off_webhooks() == 1
    shop.deliver()
    assert order.get()["status"] == "pending_payment"
    refused = refusal(order.api.post, f"/payments/{order.payment_id}/refresh")
    assert (refused["status"], refused["code"]) == (409, "payment_in_doubt")


def test_a_shop_without_a_stripe_account_takes_cash_only(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.payments import stripe_gateway

    assert [m["id"] for m in shop.guest.get("/payment-methods")["data"]] == ["card", "cash_on_delivery"]
    monkeypatch.setattr(stripe_gateway, "is_configured", lambda: False)
    assert [m["id"] for m in shop.guest.get("/payment-methods")["data"]] == ["cash_on_delivery"]
    shop.product()
    refused = refusal(shop.ready_cart().check_out, payment_method="card")
    assert (refused["status"], refused["code"]) == (422, "unknown_payment_method")


def test_importing_orders_and_payments_does_not_import_stripe() -> None:
    import subprocess
    import sys

    code = "import app, sys; sys.exit('stripe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_checkout_asks_the_provider_once_and_writes_once_more(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    buy()
    assert bank.calls == ["POST /v1/payment_intents"]
