"""Orders that are not paid for, or called off while they are: nobody pays for what is not sent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import stripe
from inprocess import Buyer, Shop
from refusals import refusal
from strict_stripe import StripeServer

from chalicelib.core import clock
from chalicelib.payments.stripe_gateway import API_VERSION


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


def test_who_is_at_their_banks_page_is_waited_for_but_not_for_ever(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    travel(timedelta(minutes=29))
    bank.require_action(order.secret)
    for minutes in (6, 25, 25):
        travel(timedelta(minutes=minutes))
        shop.expire()
        assert order.get()["status"] == "pending_payment"
    travel(timedelta(minutes=6))
    shop.expire()
    assert order.get()["status"] == "expired"
    assert shop.stock("MUG")["available"] == 5
    assert [intent["status"] for intent in bank.intents.values()] == ["canceled"]


def test_a_payment_that_the_bank_works_on_keeps_its_order_however_long_that_takes(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    assert bank.process(order.secret)
    bank.webhooks.clear()
    for hours in (1, 1, 24):
        travel(timedelta(hours=hours))
        shop.expire()
        assert (order.get()["status"], shop.stock("MUG")["reserved"]) == ("pending_payment", 1)
    assert [intent["status"] for intent in bank.intents.values()] == ["processing"]
    assert bank.pay(order.secret)
    bank.webhooks.clear()
    travel(timedelta(minutes=6))
    shop.expire()
    assert order.get()["status"] == "confirmed"


def test_a_payment_that_the_bank_refuses_at_last_lets_its_order_expire(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    bank.process(order.secret)
    travel(timedelta(minutes=31))
    shop.expire()
    assert order.get()["status"] == "pending_payment"
    assert bank.decline(order.secret)
    shop.hear(bank)
    assert (order.payment()["status"], order.names()[-1]) == ("created", "payment_failed")
    assert order.post("/payments")["client_secret"] == order.secret
    travel(timedelta(minutes=6))
    shop.expire()
    assert order.get()["status"] == "pending_payment"
    travel(timedelta(minutes=60))
    shop.expire()
    assert (order.get()["status"], shop.stock("MUG")["available"]) == ("expired", 5)


@pytest.mark.parametrize("was", ["require_action", "process"])
@pytest.mark.parametrize("then", ["decline", "require_action"])
def test_a_bank_that_refuses_and_is_asked_again_holds_no_order_for_ever(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None], was: str, then: str
) -> None:
    """Nobody looked while it refused, and then the customer may be at the bank's page again."""
    order = buy()
    getattr(bank, was)(order.secret)
    shop.hear(bank)
    bank.decline(order.secret)
    if then == "require_action":
        bank.webhooks.clear()
        bank.require_action(order.secret)
    shop.hear(bank)
    assert order.payment()["status"] == {"decline": "created", "require_action": "requires_action"}[then]
    for hours in (1, 24):
        travel(timedelta(hours=hours))
        shop.expire()
        shop.hear(bank)
    assert (order.get()["status"], shop.stock("MUG")["available"]) == ("expired", 5)


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
    assert list(tables.waiting(clock.now(), 50)) == []
    travel(timedelta(minutes=6))
    assert list(tables.waiting(clock.now(), 50)) == [in_doubt.id]


def test_a_payment_that_begins_while_its_order_expires_keeps_the_order(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None], weather: Any
) -> None:
    order = buy()
    travel(timedelta(minutes=31))
    weather("TransactWriteItems", [lambda: order.post("/payments")])
    shop.expire()
    assert order.get()["status"] == "pending_payment"
    assert shop.stock("MUG")["reserved"] == 1
    travel(timedelta(minutes=31))
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
