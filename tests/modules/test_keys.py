"""Stripe's keys: read from Secrets Manager, remembered for a while, changed in a running shop, shown to nobody."""

import json
import time
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from inprocess import CONTEXT, Buyer, Shop
from refusals import refusal
from strict_stripe import StripeServer, signed

from chalicelib.core.settings import settings
from chalicelib.payments import keyring, stripe_gateway
from chalicelib.payments.provider import Unavailable

EVENT = {"id": "evt_1", "type": "customer.created", "data": {"object": {}}}
KEY, OLD, NEW = "sk_test_shop", "whsec_test", "whsec_new"


class Safe:
    """Secrets Manager, as far as the shop sees it, and the clock of the process that asks it. `calls` are counted."""

    def __init__(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shop = shop
        self.calls = 0
        self.trouble: Exception | None = None
        self.passed = 0.0
        real = botocore.client.BaseClient._make_api_call

        def call(client: Any, operation: str, request: Any) -> Any:
            if operation == "GetSecretValue":
                self.calls += 1
                if self.trouble:
                    raise self.trouble
            return real(client, operation, request)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        monkeypatch.setattr(keyring, "time", SimpleNamespace(monotonic=lambda: self.passed))
        keyring.forget()

    def hold(self, text: str) -> None:
        client = self.shop.client("secretsmanager")
        client.put_secret_value(SecretId=settings.stripe_secret_id, SecretString=text)

    def rotate(self, *webhook_secrets: str, api_key: str = KEY) -> None:
        self.hold(json.dumps({"api_key": api_key, "webhook_secrets": webhook_secrets}))

    def webhook(self, secret: str) -> tuple[int, str]:
        """Status and code of the answer to a webhook that is signed with `secret`."""
        body, signature = signed(EVENT, secret, time.time())
        status, _, answer = self.shop.guest.send("POST", "/webhooks/stripe", body, **{"Stripe-Signature": signature})
        return status, answer.get("code", "")


@pytest.fixture
def safe(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Safe:
    return Safe(shop, monkeypatch)


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> StripeServer:
    """A Stripe that the shop reaches with the key of its secret."""
    server = StripeServer(time.time)

    def client(key: str) -> Any:
        return server.client(stripe_gateway.API_VERSION, retries=0, key=key)

    monkeypatch.setattr(stripe_gateway, "_client_with", client)
    return server


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetSecretValue")


AWAY = [
    ConnectTimeoutError(endpoint_url="https://aws.example"),
    refused("ThrottlingException"),
    refused("AccessDenied"),
]


def test_webhooks_of_the_new_and_the_old_secret_are_taken_and_of_no_third(safe: Safe) -> None:
    safe.rotate(NEW, OLD)
    assert [safe.webhook(secret)[0] for secret in (NEW, OLD, NEW)] == [200, 200, 200]
    assert safe.webhook("whsec_third") == (400, "invalid_signature")


def test_a_new_webhook_secret_counts_at_once(safe: Safe) -> None:
    assert safe.webhook(OLD)[0] == 200
    safe.passed += keyring.REST
    safe.rotate(NEW, OLD)
    assert safe.webhook(NEW)[0] == 200
    assert safe.calls == 2


def test_a_webhook_secret_that_was_taken_back_counts_for_five_minutes_at_most(safe: Safe) -> None:
    safe.rotate(NEW, OLD)
    assert safe.webhook(OLD)[0] == 200
    safe.rotate(NEW)
    safe.passed += keyring.FRESH + 1
    assert safe.webhook(OLD) == (400, "invalid_signature")


def test_a_forger_causes_one_call_in_ten_seconds(safe: Safe) -> None:
    assert safe.webhook(OLD)[0] == 200
    assert safe.calls == 1
    for second in range(60):
        safe.passed = 100.0 + second
        for _ in range(3):
            assert safe.webhook("whsec_forged")[0] == 400
    assert safe.calls == 1 + 60 / keyring.REST


def test_a_shop_that_gets_its_first_webhook_secret_takes_webhooks_at_once(safe: Safe) -> None:
    safe.rotate()
    assert safe.webhook(NEW) == (503, "no_webhook_secret")
    safe.rotate(NEW)
    safe.passed += keyring.REST
    assert safe.webhook(NEW)[0] == 200


def test_keys_are_asked_for_once_in_five_minutes(safe: Safe) -> None:
    for second in range(0, 900, 10):
        safe.passed = float(second)
        assert stripe_gateway.is_configured()
        assert safe.webhook(OLD)[0] == 200
    assert safe.calls == 3


def test_a_shop_whose_secret_is_empty_offers_no_cards(shop: Shop, safe: Safe) -> None:
    safe.hold("{}")
    assert [m["id"] for m in shop.guest.get("/payment-methods")["data"]] == ["cash_on_delivery"]


@pytest.mark.parametrize("trouble", AWAY, ids=lambda error: type(error).__name__)
def test_older_keys_count_for_an_hour_while_there_are_no_others(
    safe: Safe, trouble: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert safe.webhook(OLD)[0] == 200
    safe.trouble = trouble
    safe.passed = keyring.FRESH + 1
    assert safe.webhook(OLD)[0] == 200
    assert '"log":"keys_unavailable"' in capsys.readouterr().out
    safe.passed = keyring.USABLE
    assert safe.webhook(OLD)[0] == 200
    safe.passed = keyring.USABLE + 1
    assert safe.webhook(OLD) == (503, "provider_unavailable")
    safe.trouble = None
    safe.passed += keyring.REST * 3
    assert safe.webhook(OLD)[0] == 200


def test_no_request_waits_twice_for_keys_that_do_not_come(safe: Safe) -> None:
    keyring.present()
    safe.trouble, safe.passed = AWAY[0], keyring.FRESH + 1
    for second in range(28):  # as long as an API function may take
        safe.passed = keyring.FRESH + 1 + second
        assert keyring.present().api_key == KEY
        assert keyring.newest().api_key == KEY
    assert safe.calls == 2


def test_without_any_keys_the_caller_is_told_to_come_again(shop: Shop, safe: Safe, bank: StripeServer) -> None:
    shop.product()
    cart = shop.ready_cart()
    safe.trouble = AWAY[0]
    assert safe.webhook(OLD) == (503, "provider_unavailable")
    for call in (lambda: shop.guest.get("/payment-methods"), lambda: cart.check_out(payment_method="card")):
        told = refusal(call)
        assert (told["status"], told["code"]) == (503, "provider_unavailable")
    safe.trouble = None
    safe.passed += 2
    assert cart.check_out(payment_method="card")["payment"]["client_secret"]


def test_cash_needs_no_keys(shop: Shop, safe: Safe) -> None:
    safe.trouble = AWAY[0]
    shop.product()
    assert shop.order().get()["status"] == "confirmed"
    assert safe.calls == 0


def test_an_order_stands_while_nobody_can_open_its_payment(
    safe: Safe, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    keyring.forget()
    safe.trouble = AWAY[0]
    assert order.post("/payments")["client_secret"] is None
    safe.trouble = None
    safe.passed += 2
    assert order.post("/payments")["client_secret"] == order.secret


def test_a_consumer_without_keys_gives_its_message_back(
    shop: Shop, safe: Safe, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    from chalicelib.payments.consumers import payments_webhooks

    order = buy()
    record = {"messageId": "1", "body": json.dumps({"type": "x", "payment_id": order.payment_id}), "receiptHandle": "r"}
    keyring.forget()
    safe.trouble = AWAY[1]
    assert payments_webhooks({"Records": [record]}, CONTEXT)["batchItemFailures"] == [{"itemIdentifier": "1"}]


def test_a_key_that_stripe_refuses_is_read_again(safe: Safe, bank: StripeServer, buy: Callable[..., Buyer]) -> None:
    order = buy()
    refresh = f"/payments/{order.payment_id}/refresh"
    bank.key = "sk_test_rolled"
    safe.rotate(OLD, api_key=bank.key)
    safe.passed += keyring.REST
    assert refusal(order.api.post, refresh)["code"] == "provider_unavailable"
    assert order.api.post(refresh)["status"] == "created"
    assert safe.calls == 2


def test_a_key_that_stripe_goes_on_refusing_is_read_once_in_ten_seconds(
    safe: Safe, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.key = "sk_test_other"
    for second in range(30):
        safe.passed = 100.0 + second
        refusal(order.api.post, f"/payments/{order.payment_id}/refresh")
    assert safe.calls == 1 + 30 / keyring.REST


def test_the_client_of_stripe_is_made_anew_only_for_another_key(safe: Safe) -> None:
    first = stripe_gateway._client()
    safe.passed += keyring.FRESH + 1
    assert stripe_gateway._client() is first
    safe.rotate(OLD, api_key="sk_test_rolled")
    safe.passed += keyring.FRESH + 1
    assert stripe_gateway._client() is not first
    assert safe.calls == 3


# What the secret is found to hold; each has something that must not be seen.
_HELD = [
    '{"api_key": "sk_test_PRIVATE", "webhook_secrets": ["whsec_PRIVATE", "whsec_PRIVATE2"]}',
    '{"api_key": "sk_test_PRIVATE\\n", "webhook_secrets": ["whsec_PRIVATE"]}',
    '{"api_key": "sk_test_PRIVATE", "webhook_secrets": ["PRIVATE"]}',
    '{"api_key": "sk_test_PRIVATE", "webhook_secrets": "whsec_PRIVATE"}',
    "sk_test_PRIVATE",
]


@pytest.mark.parametrize("held", _HELD, ids=range(len(_HELD)))
def test_no_answer_no_log_and_no_error_shows_a_key(
    shop: Shop,
    safe: Safe,
    bank: StripeServer,
    buy: Callable[..., Buyer],
    held: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    order = buy()
    keyring.forget()
    safe.hold(held)
    body, signature = signed(EVENT, "whsec_forged", time.time())
    seen: list[object] = [
        shop.guest.raw("POST", "/webhooks/stripe", body, **{"Stripe-Signature": signature}),
        order.api.raw("POST", f"/payments/{order.payment_id}/refresh"),
        shop.guest.raw("GET", "/payment-methods"),
        shop.work_off_webhooks(),
        shop.sweep(),
    ]
    try:
        stripe_gateway.retrieve("pi_1")
    except Unavailable:
        seen.append(traceback.format_exc())
    else:
        raise AssertionError("the strict Stripe takes no such key")
    printed = capsys.readouterr()
    seen += [printed.out, printed.err, caplog.text, keyring._ring.keys, vars(keyring._ring)]
    assert "disputes_not_listed" in printed.out
    assert "PRIVATE" not in repr(seen)
