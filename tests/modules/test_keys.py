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

EVENT = {"id": "evt_1", "type": "customer.created", "data": {"object": {}}}
KEY, OLD, NEW = "sk_test_shop", "whsec_test", "whsec_new"


class Vault:
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
def vault(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Vault:
    return Vault(shop, monkeypatch)


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


def test_webhooks_of_the_new_and_the_old_secret_are_taken_and_of_no_third(vault: Vault) -> None:
    vault.rotate(NEW, OLD)
    assert [vault.webhook(secret)[0] for secret in (NEW, OLD, NEW)] == [200, 200, 200]
    assert vault.webhook("whsec_third") == (400, "invalid_signature")


def test_a_new_webhook_secret_counts_at_once(vault: Vault) -> None:
    assert vault.webhook(OLD)[0] == 200
    vault.passed += keyring.REST
    vault.rotate(NEW, OLD)
    assert vault.webhook(NEW)[0] == 200
    assert vault.calls == 2


def test_a_webhook_secret_that_was_taken_back_counts_for_five_minutes_at_most(vault: Vault) -> None:
    vault.rotate(NEW, OLD)
    assert vault.webhook(OLD)[0] == 200
    vault.rotate(NEW)
    vault.passed += keyring.FRESH + 1
    assert vault.webhook(OLD) == (400, "invalid_signature")


def test_a_forger_causes_one_call_in_ten_seconds(vault: Vault) -> None:
    assert vault.webhook(OLD)[0] == 200
    assert vault.calls == 1
    for second in range(60):
        vault.passed = 100.0 + second
        for _ in range(3):
            assert vault.webhook("whsec_forged")[0] == 400
    assert vault.calls == 1 + 60 / keyring.REST


def test_a_shop_that_gets_its_first_webhook_secret_takes_webhooks_at_once(vault: Vault) -> None:
    vault.rotate()
    assert vault.webhook(NEW) == (503, "no_webhook_secret")
    vault.rotate(NEW)
    vault.passed += keyring.REST
    assert vault.webhook(NEW)[0] == 200


def test_keys_are_asked_for_once_in_five_minutes(vault: Vault) -> None:
    for second in range(0, 900, 10):
        vault.passed = float(second)
        assert stripe_gateway.is_configured()
        assert vault.webhook(OLD)[0] == 200
    assert vault.calls == 3


def test_a_shop_whose_secret_is_empty_offers_no_cards(shop: Shop, vault: Vault) -> None:
    vault.hold("{}")
    assert [m["id"] for m in shop.guest.get("/payment-methods")["data"]] == ["cash_on_delivery"]


@pytest.mark.parametrize("trouble", AWAY, ids=lambda error: type(error).__name__)
def test_older_keys_count_for_an_hour_while_there_are_no_others(
    vault: Vault, trouble: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vault.webhook(OLD)[0] == 200
    vault.trouble = trouble
    vault.passed = keyring.FRESH + 1
    assert vault.webhook(OLD)[0] == 200
    assert '"log":"keys_unavailable"' in capsys.readouterr().out
    vault.passed = keyring.USABLE
    assert vault.webhook(OLD)[0] == 200
    vault.passed = keyring.USABLE + 1
    assert vault.webhook(OLD) == (503, "provider_unavailable")
    vault.trouble = None
    vault.passed += keyring.REST * 3
    assert vault.webhook(OLD)[0] == 200


def test_no_request_waits_twice_for_keys_that_do_not_come(vault: Vault) -> None:
    keyring.present()
    vault.trouble, vault.passed = AWAY[0], keyring.FRESH + 1
    for second in range(28):  # as long as an API function may take
        vault.passed = keyring.FRESH + 1 + second
        assert keyring.present().api_key == KEY
        assert keyring.newest().api_key == KEY
    assert vault.calls == 2


def test_without_any_keys_the_caller_is_told_to_come_again(shop: Shop, vault: Vault, bank: StripeServer) -> None:
    shop.product()
    cart = shop.ready_cart()
    vault.trouble = AWAY[0]
    assert vault.webhook(OLD) == (503, "provider_unavailable")
    for call in (lambda: shop.guest.get("/payment-methods"), lambda: cart.check_out(payment_method="card")):
        told = refusal(call)
        assert (told["status"], told["code"]) == (503, "provider_unavailable")
    vault.trouble = None
    vault.passed += 2
    assert cart.check_out(payment_method="card")["payment"]["client_secret"]


def test_cash_needs_no_keys(shop: Shop, vault: Vault) -> None:
    vault.trouble = AWAY[0]
    shop.product()
    assert shop.order().get()["status"] == "confirmed"
    assert vault.calls == 0


def test_an_order_stands_while_nobody_can_open_its_payment(
    vault: Vault, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    keyring.forget()
    vault.trouble = AWAY[0]
    assert order.post("/payments")["client_secret"] is None
    vault.trouble = None
    vault.passed += 2
    assert order.post("/payments")["client_secret"] == order.secret


def test_a_consumer_without_keys_gives_its_message_back(
    shop: Shop, vault: Vault, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    from chalicelib.payments.consumers import payments_webhooks

    order = buy()
    record = {"messageId": "1", "body": json.dumps({"type": "x", "payment_id": order.payment_id}), "receiptHandle": "r"}
    keyring.forget()
    vault.trouble = AWAY[1]
    assert payments_webhooks({"Records": [record]}, CONTEXT)["batchItemFailures"] == [{"itemIdentifier": "1"}]


def test_a_key_that_stripe_refuses_is_read_again(vault: Vault, bank: StripeServer, buy: Callable[..., Buyer]) -> None:
    order = buy()
    refresh = f"/payments/{order.payment_id}/refresh"
    bank.key = "sk_test_rolled"
    vault.rotate(OLD, api_key=bank.key)
    vault.passed += keyring.REST
    assert refusal(order.api.post, refresh)["code"] == "provider_unavailable"
    assert order.api.post(refresh)["status"] == "created"
    assert vault.calls == 2


def test_a_key_that_stripe_goes_on_refusing_is_read_once_in_ten_seconds(
    vault: Vault, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    bank.key = "sk_test_other"
    for second in range(30):
        vault.passed = 100.0 + second
        refusal(order.api.post, f"/payments/{order.payment_id}/refresh")
    assert vault.calls == 1 + 30 / keyring.REST


def test_the_client_of_stripe_is_made_anew_only_for_another_key(vault: Vault) -> None:
    first = stripe_gateway._client()
    vault.passed += keyring.FRESH + 1
    assert stripe_gateway._client() is first
    vault.rotate(OLD, api_key="sk_test_rolled")
    vault.passed += keyring.FRESH + 1
    assert stripe_gateway._client() is not first
    assert vault.calls == 3


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
    vault: Vault,
    bank: StripeServer,
    buy: Callable[..., Buyer],
    held: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    order = buy()
    keyring.forget()
    vault.hold(held)
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
    except stripe_gateway.Unavailable:
        seen.append(traceback.format_exc())
    else:
        raise AssertionError("the strict Stripe takes no such key")
    printed = capsys.readouterr()
    seen += [printed.out, printed.err, caplog.text, keyring._ring.keys, vars(keyring._ring)]
    assert "unavailable" in printed.out
    assert "PRIVATE" not in repr(seen)
