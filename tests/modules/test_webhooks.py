"""What Stripe tells: acted upon once, whatever happens to it on the way, and kept where nobody understands it."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import SECRET, Buyer, Shop
from refusals import refusal
from strict_stripe import StripeServer, signed

from chalicelib.core import dynamo, sqs
from chalicelib.payments import stripe_gateway

SOMEBODYS = "pay_01kdyhq2wgf3v8m6t4x9c7b5az-1"


def told(type: str, about: dict[str, Any], event_id: str = "evt_1", created: float | None = None) -> dict[str, Any]:
    event = {"id": event_id, "type": type, "api_version": "2026-10-28.endive", "data": {"object": about}}
    return {**event, "created": int(created or time.time())}


def kept(shop: Shop) -> list[dict[str, Any]]:
    return shop.staff.get("/admin/webhooks")["data"]


def test_an_event_of_an_unknown_type_is_kept_with_what_it_is_about_and_nothing_of_what_it_says(shop: Shop) -> None:
    customer = {"id": "cus_1", "object": "customer", "email": "lin@example.com", "metadata": None}
    assert shop.webhook(told("topup.created", customer)) == 200
    (one,) = kept(shop)
    assert (one["id"], one["type"], one["why"]) == ("evt_1", "topup.created", "unknown_type")
    assert (one["object_id"], one["object_type"], one["api_version"]) == ("cus_1", "customer", "2026-10-28.endive")
    (item,) = [i for i in shop.dynamodb.scan(TableName="test-payments")["Items"] if i["kind"]["S"] == "webhook"]
    assert "lin@example.com" not in json.dumps(item)
    days = (int(item["expires"]["N"]) - time.time()) / (24 * 3600)
    assert 179 < days < 181


def test_an_event_about_no_payment_of_ours_is_kept(shop: Shop) -> None:
    assert shop.webhook(told("payment_intent.succeeded", {"id": "pi_1", "metadata": {"cart": "9"}})) == 200
    assert shop.webhook(told("balance.available", {"object": "balance"}, "evt_2")) == 200
    assert [(one["type"], one["why"]) for one in kept(shop)] == [("payment_intent.succeeded", "nothing_of_ours")]
    assert shop.waiting_webhooks() == []


def test_an_event_about_a_payment_that_is_not_here_is_kept(shop: Shop) -> None:
    intent = {"id": "pi_1", "object": "payment_intent", "metadata": {"payment_id": SOMEBODYS}}
    assert shop.webhook(told("payment_intent.succeeded", intent)) == 200
    assert shop.work_off_webhooks() == 0
    (one,) = kept(shop)
    assert (one["why"], one["payment_id"], one["object_id"]) == ("not_here", SOMEBODYS, "pi_1")


def test_an_event_is_kept_once_however_often_it_comes(shop: Shop) -> None:
    event = told("topup.created", {"id": "cus_1"})
    missing = told("payment_intent.succeeded", {"metadata": {"payment_id": SOMEBODYS}}, "evt_2")
    for _ in range(3):
        assert (shop.webhook(event), shop.webhook(missing)) == (200, 200)
        assert shop.work_off_webhooks() == 0
    assert sorted(one["id"] for one in kept(shop)) == ["evt_1", "evt_2"]


@pytest.mark.parametrize("type", ["payment_intent.created", "charge.succeeded", "charge.refunded", "charge.updated"])
def test_what_comes_along_with_something_else_is_neither_kept_nor_looked_at(shop: Shop, type: str) -> None:
    assert shop.webhook(told(type, {"id": "ch_1", "metadata": {"payment_id": SOMEBODYS}})) == 200
    assert (kept(shop), shop.waiting_webhooks()) == ([], [])


def test_an_unknown_type_that_names_a_payment_of_ours_is_looked_at_and_kept(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.pay(order.secret)
    assert shop.webhook(told("mandate.updated", {"id": "m", "metadata": {"payment_id": order.payment_id}})) == 200
    assert shop.work_off_webhooks() == 0
    assert order.payment()["status"] == "authorized"
    assert [one["why"] for one in kept(shop)] == ["unknown_type"]


def test_kept_webhooks_are_read_newest_first_in_pages_over_months(shop: Shop) -> None:
    now = time.time()
    for number in range(7):
        assert shop.webhook(told("x.y", {}, f"evt_{number}", now - number * 20 * 24 * 3600)) == 200
    seen, cursor = [], ""
    while True:
        page = shop.staff.get(f"/admin/webhooks?limit=2{cursor}")
        seen += [one["id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"evt_{number}" for number in range(7)]


@pytest.mark.parametrize("what", ["queue", "table"])
def test_what_could_not_be_put_away_is_not_answered_with_success_and_comes_again(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def away(*_: object) -> None:
        raise ConnectionError("nobody there")

    order = buy()
    bank.pay(order.secret)
    event = bank.webhooks[-1] if what == "queue" else told("topup.created", {"id": "cus_1"})
    with monkeypatch.context() as patch:
        patch.setattr(*((sqs, "send", away) if what == "queue" else (dynamo, "write", away)))
        assert shop.webhook(event) == 500
    assert shop.waiting_webhooks() == []
    assert shop.webhook(event) == 200
    assert shop.work_off_webhooks() == 0
    if what == "queue":
        assert order.payment()["status"] == "authorized"
    else:
        assert [one["id"] for one in kept(shop)] == ["evt_1"]


def test_the_same_event_twice_applies_once_and_so_does_one_of_which_the_other_is_not_done(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no list of events that were seen: what is applied is conditioned on the payment's state and version."""
    order = buy()
    bank.pay(order.secret)
    event = bank.webhooks[-1]
    assert [shop.webhook(event) for _ in range(2)] == [200, 200]
    asked = stripe_gateway.retrieve

    def meanwhile(intent_id: str) -> Any:
        """While the first message is at work the second one overtakes it."""
        monkeypatch.setattr(stripe_gateway, "retrieve", asked)
        answer = asked(intent_id)
        order.api.post(f"/payments/{order.payment_id}/refresh")
        return answer

    monkeypatch.setattr(stripe_gateway, "retrieve", meanwhile)
    assert shop.work_off_webhooks() == 0
    assert shop.names().count("PaymentAuthorized") == 1
    assert order.payment()["status"] == "authorized"


def test_an_old_event_after_a_newer_one_takes_nothing_back(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.require_action(order.secret)
    old = bank.webhooks[-1]
    bank.pay(order.secret)
    shop.hear(bank)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)
    names = order.names()
    shop.webhook(old)
    assert shop.work_off_webhooks() == 0
    shop.deliver()
    assert (order.payment()["status"], order.names()) == ("captured", names)


class Died(BaseException):
    """The machine under a function is gone."""


def test_a_consumer_that_dies_between_look_up_and_transaction_has_done_nothing_and_the_message_comes_again(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.payments.consumers import payments_webhooks

    def die(*_: object) -> None:
        raise Died

    order = buy()
    bank.pay(order.secret)
    assert shop.webhook(bank.webhooks[-1]) == 200
    (body,) = shop.waiting_webhooks()
    with monkeypatch.context() as patch:
        patch.setattr(dynamo, "transaction", die)
        with pytest.raises(Died):
            shop.consume(payments_webhooks, json.loads(body))
    assert order.payment()["status"] == "created"
    assert shop.consume(payments_webhooks, json.loads(body)) == []
    assert order.payment()["status"] == "authorized"
    assert shop.names().count("PaymentAuthorized") == 1


def test_what_is_too_old_is_told_apart_from_what_is_forged(shop: Shop, bank: StripeServer) -> None:
    def problem(secret: str, seconds_ago: float) -> dict[str, Any]:
        body, signature = signed(told("topup.created", {"id": "cus_1"}), secret, time.time() - seconds_ago)
        status, _, answer = shop.guest.send("POST", "/webhooks/stripe", body, **{"Stripe-Signature": signature})
        return {"answered": status, **answer}

    old, forged = problem(SECRET, 330), problem("whsec_other", 0)
    assert (old["answered"], old["code"]) == (forged["answered"], forged["code"]) == (400, "invalid_signature")
    assert "older than 300 seconds" in old["detail"]
    assert "older" not in forged["detail"]
    assert kept(shop) == []
    assert problem(SECRET, 290)["received"] is True


def test_a_month_later_nothing_is_lost_but_after_half_a_year_it_is_not_listed(
    shop: Shop, travel: Callable[[timedelta], None]
) -> None:
    shop.webhook(told("topup.created", {"id": "cus_1"}))
    travel(timedelta(days=120))
    assert [one["id"] for one in kept(shop)] == ["evt_1"]
    travel(timedelta(days=120))
    assert kept(shop) == []


def test_who_may_not_read_payments_sees_no_webhooks(shop: Shop) -> None:
    from inprocess import OWNER, Gateway

    packer = Gateway(OWNER | {"cognito:groups": "[warehouse]"})
    assert refusal(packer.get, "/admin/webhooks")["code"] == "forbidden"
