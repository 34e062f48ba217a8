"""A card: promised at checkout, taken at packing, given back. Stripe is the strict one of tests/strict_stripe.py."""

import json
import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import stripe
from inprocess import SECRET, Order, Shop, eur
from refusals import refusal
from strict_stripe import StripeServer, signed

from chalicelib.core import clock
from chalicelib.payments.stripe_gateway import API_VERSION


class Buyer(Order):
    """A guest who pays by card."""

    @property
    def payment_id(self) -> str:
        return str(self.placed["payment"]["id"])

    @property
    def secret(self) -> str:
        return str(self.placed["payment"]["client_secret"])

    def payment(self) -> dict[str, Any]:
        return self.api.get(f"/payments/{self.payment_id}")

    def parcel(self) -> str:
        return str(self.get("/shipments")["data"][0]["id"])


@pytest.fixture
def buy(shop: Shop, bank: StripeServer) -> Callable[..., Buyer]:
    """Place an order of mugs by card."""
    shop.product("mug", stock={"ams": 5})

    def place(quantity: int = 1) -> Buyer:
        placed = shop.ready_cart(("MUG", quantity)).check_out(payment_method="card")
        order = shop.order_of(placed)
        return Buyer(order.api, order.path, placed)

    return place


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


@pytest.mark.parametrize("paid", ["nothing", "authorized", "captured"])
def test_a_canceled_order_gives_the_money_back(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], paid: str
) -> None:
    order = buy()
    if paid != "nothing":
        bank.pay(order.secret)
        shop.hear(bank)
    if paid == "captured":
        shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
        shop.hear(bank)
        assert order.payment()["status"] == "captured"
    for _ in range(2):
        assert order.post("/cancel")["status"] == "canceled"
    shop.hear(bank)
    (intent,) = bank.intents.values()
    assert intent["status"] == ("succeeded" if paid == "captured" else "canceled")
    assert bank.given_back(intent["id"]) == intent["amount_received"]
    expected = "refunded" if paid == "captured" else "unpaid"
    assert order.get()["payment_status"] == expected
    assert shop.stock("MUG")["available"] == 5
    assert refusal(order.post, "/payments")["code"] == "wrong_state"


def test_an_order_that_nobody_pays_expires(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    travel(timedelta(minutes=29))
    shop.expire()
    assert order.get()["status"] == "pending_payment"
    travel(timedelta(minutes=2))
    shop.expire()
    assert order.get()["status"] == "expired"
    assert shop.stock("MUG")["available"] == 5
    assert [intent["status"] for intent in bank.intents.values()] == ["canceled"]
    shop.hear(bank)
    shop.expire()
    assert order.names() == ["placed", "expired"]
    assert refusal(order.post, "/payments")["code"] == "wrong_state"
    assert refusal(order.post, "/cancel")["code"] == "wrong_state"


def test_an_order_whose_webhooks_were_all_lost_is_confirmed_when_its_time_is_over(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    bank.pay(order.secret)
    bank.webhooks.clear()
    travel(timedelta(minutes=31))
    shop.expire()
    assert shop.stock("MUG")["reserved"] == 1
    shop.deliver()
    assert order.get()["status"] == "confirmed"
    travel(timedelta(minutes=10))
    shop.expire()
    assert order.get()["status"] == "confirmed"


def test_a_payment_that_arrives_while_the_order_is_being_canceled_is_void(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    order.post("/cancel")
    bank.pay(order.secret)
    shop.hear(bank)
    assert [intent["status"] for intent in bank.intents.values()] == ["canceled"]
    assert order.get()["status"] == "canceled"


def test_money_that_was_taken_for_a_dead_order_goes_back_by_itself(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    """Packed and captured at the provider, and before anybody here knows of it the order is called off."""
    order = buy()
    bank.pay(order.secret)
    shop.hear(bank)
    bank.client(API_VERSION).v1.payment_intents.capture("pi_000001")
    order.post("/cancel")
    shop.hear(bank)
    assert bank.given_back("pi_000001") == bank.intents["pi_000001"]["amount"]
    assert order.get()["payment_status"] == "refunded"
    assert shop.names().count("RefundSucceeded") == 1


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


def test_the_sweep_opens_what_checkout_could_not(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    def crash(call: str) -> None:
        raise stripe.APIConnectionError("cut")

    bank.after = crash
    order = buy()
    bank.after = lambda call: None
    travel(timedelta(minutes=3))
    assert shop.sweep()["looked_after"] == 1
    assert len(bank.intents) == 1
    assert "looked_after" not in shop.sweep()
    assert order.post("/payments")["client_secret"] == bank.intents["pi_000001"]["client_secret"]


def test_a_provider_that_will_not_have_the_payment_says_so_at_once(
    shop: Shop, bank: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.product("pin", variants=[{"sku": "PIN", "price": eur(10), "stock": {"ams": 1}}])
    shop.staff.put("/admin/shipping-options/standard", {"name": "s", "price": eur(0), "days_min": 1, "days_max": 2})
    placed = shop.ready_cart(("PIN", 1)).check_out(payment_method="card")
    assert (placed["payment"]["status"], placed["payment"]["client_secret"]) == ("failed", None)
    order = shop.order_of(placed)
    shop.deliver()
    assert order.get()["timeline"][-1]["facts"]["code"] == "amount_too_small"
    second = order.post("/payments")
    assert second["id"] != placed["payment"]["id"]
    assert second["status"] == "failed"


def test_a_lapsed_authorization_stops_the_parcel_until_it_is_paid_again(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.pay(order.secret)
    shop.hear(bank)
    bank.lapse("pi_000001")
    shop.hear(bank)
    assert order.get()["payment_status"] == "unpaid"
    assert order.names()[-1] == "payment_failed"
    parcel = order.parcel()
    shop.staff.post(f"/admin/shipments/{parcel}/pack")
    shop.hear(bank)
    dispatch = f"/admin/shipments/{parcel}/dispatch"
    assert refusal(shop.staff.post, dispatch, {"tracking_number": "T"})["code"] == "payment_not_secured"
    again = order.post("/payments")
    assert again["id"].endswith("-2")
    bank.pay(again["client_secret"])
    shop.hear(bank)
    assert order.get()["payment_status"] == "paid"
    shop.staff.post(dispatch, {"tracking_number": "T"})


def test_a_parcel_that_was_packed_while_stripe_was_away_is_paid_by_the_sweep(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    """Its event went back to the queue until the queue gave up."""
    from chalicelib.payments.consumers import payments_events

    def cut(call: str, *again: object) -> None:
        raise stripe.APIConnectionError("cut")

    order = buy()
    bank.pay(order.secret)
    shop.hear(bank)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    packed = shop.events()[-1]
    bank.before = cut
    assert shop.consume(payments_events, shop.envelope(packed)) != []
    bank.before = lambda call, *again: None
    shop.delivered.add(packed["id"])
    travel(timedelta(minutes=11))
    assert shop.sweep()["looked_after"] == 1
    shop.deliver()
    assert order.get()["payment_status"] == "paid"


def sent(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    bank.pay(order.secret)
    shop.hear(bank)
    for verb, body in (("pack", {}), ("dispatch", {"tracking_number": "T"})):
        shop.staff.post(f"/admin/shipments/{order.parcel()}/{verb}", body)
        shop.hear(bank)


def test_staff_refund_a_whole_order_once(shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]) -> None:
    order = buy(2)
    path = f"/admin/orders/{order.id}/refunds"
    bank.pay(order.secret)
    shop.hear(bank)
    assert refusal(shop.staff.post, path, {})["code"] == "not_all_sent"
    order = buy(2)
    sent(shop, bank, order)
    path = f"/admin/orders/{order.id}/refunds"
    asked = shop.staff.post(path, {"reason": "broken"}, key="refund-key-0001-")
    assert shop.staff.post(path, {"reason": "broken"}, key="refund-key-0001-") == asked
    assert (asked["status"], asked["amount"]) == ("requested", order.placed["order"]["total"])
    assert refusal(shop.staff.post, path, {})["code"] == "nothing_to_refund"
    shop.hear(bank)
    assert [refund["status"] for refund in shop.staff.get(path)["data"]] == ["succeeded"]
    assert bank.given_back("pi_000002") == asked["amount"]["amount"]
    assert order.get()["payment_status"] == "refunded"
    assert order.payment()["refunded"] == asked["amount"]
    assert order.names()[-2:] == ["refund_requested", "refund_succeeded"]


@pytest.mark.parametrize("result", ["succeeded", "failed"])
def test_a_refund_that_the_bank_takes_days_for_is_followed(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None], result: str
) -> None:
    order = buy()
    sent(shop, bank, order)
    bank.refund_status = lambda: "pending"
    path = f"/admin/orders/{order.id}/refunds"
    shop.staff.post(path, {})
    shop.hear(bank)
    assert shop.staff.get(path)["data"][0]["status"] == "pending"
    bank.settle_refund("re_000001", result)
    bank.webhooks.clear()
    travel(timedelta(days=3))
    shop.sweep()
    shop.deliver()
    assert shop.staff.get(path)["data"][0]["status"] == result
    assert len(bank.refunds) == 1
    assert order.get()["payment_status"] == ("refunded" if result == "succeeded" else "paid")
    if result == "failed":
        bank.refund_status = lambda: "succeeded"
        shop.staff.post(path, {})
        shop.hear(bank)
        assert order.get()["payment_status"] == "refunded"


def test_a_refund_carried_out_two_days_late_is_not_paid_twice(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    """The first time the answer was lost, and Stripe has forgotten the key since."""
    from chalicelib.payments.consumers import payments_events

    order = buy()
    sent(shop, bank, order)
    shop.staff.post(f"/admin/orders/{order.id}/refunds", {})
    (asked,) = [event for event in shop.events() if event["name"] == "RefundRequested"]

    def cut(call: str, *again: object) -> None:
        raise stripe.APIConnectionError("cut")

    bank.after = cut
    assert shop.consume(payments_events, shop.envelope(asked)) != []
    bank.after = lambda call: None
    travel(timedelta(days=2))
    shop.hear(bank)
    assert len(bank.refunds) == 1
    assert order.get()["payment_status"] == "refunded"


def test_a_refund_that_the_bank_refuses_is_for_a_person_to_ask_again(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    """The order is off, its money was taken, and the card that it came from is gone."""
    order = buy()
    bank.pay(order.secret)
    shop.hear(bank)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)
    bank.refund_status = lambda: "failed"
    order.post("/cancel")
    shop.hear(bank)
    assert (order.names()[-1], order.get()["payment_status"]) == ("refund_failed", "paid")
    for _ in range(2):
        order.api.post(f"/payments/{order.payment_id}/refresh")
        shop.hear(bank)
    assert len(bank.refunds) == 1
    bank.refund_status = lambda: "succeeded"
    shop.staff.post(f"/admin/orders/{order.id}/refunds", {"reason": "new card"})
    shop.hear(bank)
    assert order.get()["payment_status"] == "refunded"


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


def test_a_refund_that_comes_back_after_all_is_asked_for_again(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    """The customer's bank took it, and sent it back days later."""
    order = buy()
    sent(shop, bank, order)
    path = f"/admin/orders/{order.id}/refunds"
    shop.staff.post(path, {})
    shop.hear(bank)
    assert order.get()["payment_status"] == "refunded"
    bank.settle_refund("re_000001", "failed")
    shop.hear(bank)
    assert (order.get()["payment_status"], order.names()[-1]) == ("paid", "refund_failed")
    shop.staff.post(path, {})
    shop.hear(bank)
    assert order.get()["payment_status"] == "refunded"
    assert [refund["status"] for refund in shop.staff.get(path)["data"]] == ["failed", "succeeded"]


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


def test_an_intent_that_is_no_longer_there_holds_nothing_up(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    """The shop moved to another account at Stripe."""
    first, second = buy(), buy()
    bank.intents.clear()
    assert first.api.post(f"/payments/{first.payment_id}/refresh")["status"] == "failed"
    second.post("/cancel")
    shop.hear(bank)
    assert second.payment()["status"] == "failed"
    travel(timedelta(minutes=31))
    shop.expire()
    assert first.get()["status"] == "expired"
    assert shop.stock("MUG")["available"] == 5


def test_an_order_that_can_not_be_helped_holds_up_no_other_and_is_told_of(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    from chalicelib.core.jobs import JobsFailed
    from chalicelib.orders import tables

    in_doubt, other = buy(), buy()
    bank.intents["pi_000001"]["amount"] += 1
    bank.pay(in_doubt.secret)
    travel(timedelta(minutes=31))
    with pytest.raises(JobsFailed):
        shop.expire()
    assert (in_doubt.get()["status"], other.get()["status"]) == ("pending_payment", "expired")
    assert list(tables.due(clock.now(), 50)) == []
    travel(timedelta(minutes=6))
    assert list(tables.due(clock.now(), 50)) == [in_doubt.id]


def test_a_payment_that_begins_while_its_order_expires_keeps_the_order(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None], weather: Any
) -> None:
    order = buy()
    travel(timedelta(minutes=31))
    weather("TransactWriteItems", [lambda: order.post("/payments")])
    shop.expire()
    assert order.get()["status"] == "pending_payment"
    assert shop.stock("MUG")["reserved"] == 1
    shop.expire()
    assert order.get()["status"] == "expired"
    assert {intent["status"] for intent in bank.intents.values()} == {"canceled"}


def test_an_order_is_confirmed_by_its_expiry_even_if_no_event_says_that_it_is_paid(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    bank.pay(order.secret)
    order.api.post(f"/payments/{order.payment_id}/refresh")
    travel(timedelta(minutes=31))
    shop.expire()
    assert order.get()["status"] == "confirmed"
    shop.hear(bank)
    assert sorted(order.names()) == ["confirmed", "payment_authorized", "placed", "shipment_planned"]


@pytest.mark.parametrize("again", [True, False])
def test_an_order_whose_authorization_lapsed_waits_two_days_for_another(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None], again: bool
) -> None:
    order = buy()
    bank.pay(order.secret)
    shop.hear(bank)
    bank.lapse("pi_000001")
    shop.hear(bank)
    travel(timedelta(hours=47))
    shop.expire()
    assert order.get()["status"] == "confirmed"
    if again:
        bank.pay(order.post("/payments")["client_secret"])
        shop.hear(bank)
    travel(timedelta(hours=2))
    shop.expire()
    shop.hear(bank)
    assert order.get()["status"] == ("confirmed" if again else "canceled")
    assert shop.stock("MUG")["available"] == (4 if again else 5)


def test_a_webhook_about_another_shops_payment_is_dropped(shop: Shop, bank: StripeServer) -> None:
    """Two shops share one account at Stripe."""
    theirs = {"metadata": {"payment_id": "pay_01kdyhq2wgf3v8m6t4x9c7b5az-1"}}
    assert shop.webhook({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": theirs}}) == 200
    assert shop.work_off_webhooks() == 0


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


def test_cash_is_given_back_by_hand(shop: Shop, bank: StripeServer) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 1))
    shop.deliver()
    parcel = order.get("/shipments")["data"][0]["id"]
    path = f"/admin/orders/{order.id}/refunds"
    for verb, body in (("pack", {}), ("dispatch", {"tracking_number": "T"})):
        shop.staff.post(f"/admin/shipments/{parcel}/{verb}", body)
        shop.deliver()
    assert refusal(shop.staff.post, path, {})["code"] == "nothing_to_refund"
    shop.staff.post(f"/admin/shipments/{parcel}/deliver")
    shop.deliver()
    assert shop.staff.post(path, {})["status"] == "succeeded"
    shop.deliver()
    assert order.get()["payment_status"] == "refunded"
    assert bank.calls == []


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


def test_time_stands_where_it_was_set(travel: Callable[[timedelta], None]) -> None:
    before = clock.now()
    travel(timedelta(days=1))
    assert clock.now() - before >= timedelta(days=1)
    assert json.dumps(clock.stamp(clock.now())).endswith('Z"')
