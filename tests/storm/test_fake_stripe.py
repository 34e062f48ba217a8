"""The strict Stripe of the storm and of the money tests refuses what Stripe refuses."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe
from strict_stripe import KEYS_LIVE, StripeServer, signed

Json = dict[str, Any]


class Till:
    """The shop's side of a strict Stripe."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.told: list[str] = []
        self.server = StripeServer(lambda: self.now)
        self.server.told = lambda event: self.told.append(event["type"])
        self.client = self.server.client("2026-10-28.endive", retries=0)

    def create(self, key: str = "key", amount: int = 1000, **more: Any) -> Any:
        wanted: Any = {
            "amount": amount,
            "currency": "eur",
            "capture_method": "manual",
            "payment_method_types": ["card"],
        }
        return self.client.v1.payment_intents.create(wanted | more, {"idempotency_key": key})

    def paid(self) -> Any:
        intent = self.create()
        assert self.server.pay(intent.client_secret)
        return intent

    def captured(self) -> Any:
        return self.client.v1.payment_intents.capture(self.paid().id)

    def refund(self, intent: Any, key: str = "refund", **more: Any) -> Any:
        wanted: Any = {"payment_intent": intent.id, **more}
        return self.client.v1.refunds.create(wanted, {"idempotency_key": key})


@pytest.fixture
def till() -> Till:
    return Till()


def declined(act: Callable[..., Any], *arguments: Any, **more: Any) -> tuple[str | None, int | None]:
    with pytest.raises(stripe.StripeError) as refused:
        act(*arguments, **more)
    return refused.value.code, refused.value.http_status


def test_a_payment_from_card_to_refund(till: Till) -> None:
    intent = till.captured()
    assert (intent.status, intent.amount_received) == ("succeeded", 1000)
    assert till.refund(intent, amount=400).status == "succeeded"
    assert till.refund(intent, key="rest").amount == 600
    listed: Any = {"payment_intent": intent.id}
    assert [refund.amount for refund in till.client.v1.refunds.list(listed).data] == [600, 400]
    assert till.told == [
        "payment_intent.created",
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
        "refund.created",
        "refund.created",
    ]


def test_nothing_more_than_was_paid_is_taken_or_given_back(till: Till) -> None:
    intent = till.paid()
    too_much: Any = {"amount_to_capture": 1001}
    assert declined(till.client.v1.payment_intents.capture, intent.id, too_much) == ("amount_too_large", 400)
    till.client.v1.payment_intents.capture(intent.id)
    assert declined(till.refund, intent, amount=1001) == ("amount_too_large", 400)
    till.refund(intent, key="all")
    assert declined(till.refund, intent, key="again") == ("charge_already_refunded", 400)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"amount": 49}, "amount_too_small"),
        ({"amount": 100_000_000}, "amount_too_large"),
        ({"amount": -1}, "parameter_invalid_integer"),
        ({"currency": "EUR"}, "parameter_invalid_string"),
        ({"description": "mugs"}, "parameter_unknown"),
        ({"payment_method_types": ["alipay"]}, "parameter_invalid"),
    ],
)
def test_an_intent_that_stripe_would_not_take(till: Till, wrong: Json, expected: str) -> None:
    assert declined(till.create, **wrong) == (expected, 400)
    till.create()  # what failed validation does not take its key


def test_what_an_intent_can_not_become_it_does_not(till: Till) -> None:
    intents = till.client.v1.payment_intents
    intent = till.create()
    unexpected = ("payment_intent_unexpected_state", 400)
    assert declined(intents.capture, intent.id) == unexpected
    assert declined(till.refund, intent) == unexpected
    assert intents.cancel(intent.id).status == "canceled"
    assert declined(intents.cancel, intent.id) == unexpected
    assert not till.server.pay(intent.client_secret)
    assert not till.server.decline(intent.client_secret)
    assert declined(intents.retrieve, "pi_unknown") == ("resource_missing", 404)


def test_a_canceled_authorization_is_void_and_a_captured_one_can_not_be_canceled(till: Till) -> None:
    intent = till.captured()
    assert declined(till.client.v1.payment_intents.cancel, intent.id)[0] == "payment_intent_unexpected_state"
    other = till.create("other")
    assert till.server.pay(other.client_secret)
    assert till.client.v1.payment_intents.cancel(other.id).amount_capturable == 0
    assert not till.server.lapse(other.id)


def test_a_declined_customer_may_try_again(till: Till) -> None:
    intent = till.create()
    assert till.server.require_action(intent.client_secret)
    assert till.server.decline(intent.client_secret)
    shown = till.client.v1.payment_intents.retrieve(intent.id)
    assert shown.last_payment_error is not None
    assert (shown.status, shown.last_payment_error.code) == ("requires_payment_method", "card_declined")
    assert till.server.pay(intent.client_secret)


def test_one_key_is_one_intent_for_a_day(till: Till) -> None:
    first = till.create()
    assert till.create().id == first.id
    till.now += KEYS_LIVE + 1
    assert till.create().id != first.id


def test_a_key_with_other_parameters_is_refused(till: Till) -> None:
    till.create()
    with pytest.raises(stripe.IdempotencyError):
        till.create(amount=999)


def test_an_error_is_given_again_under_its_key(till: Till) -> None:
    intent = till.create()
    key: Any = {"idempotency_key": "capture"}
    capture = till.client.v1.payment_intents.capture
    assert declined(capture, intent.id, None, key)[0] == "payment_intent_unexpected_state"
    assert till.server.pay(intent.client_secret)
    assert declined(capture, intent.id, None, key)[0] == "payment_intent_unexpected_state"
    assert capture(intent.id).status == "succeeded"


def test_a_key_in_use_is_a_conflict(till: Till) -> None:
    met: list[int | None] = []

    def meanwhile(call: str) -> None:
        till.server.working = lambda call: None
        with pytest.raises(stripe.APIError) as refused:
            till.create()
        met.append(refused.value.http_status)

    till.server.working = meanwhile
    till.create()
    assert met == [409]


def test_a_refund_may_fail_later_and_then_be_made_again(till: Till) -> None:
    intent = till.captured()
    till.server.refund_status = lambda: "pending"
    refund = till.refund(intent)
    assert declined(till.refund, intent, key="too early")[0] == "charge_already_refunded"
    till.server.settle_refund(refund.id, "failed")
    assert till.told[-1] == "refund.updated"
    assert till.refund(intent, key="again").status == "pending"


def test_a_wrong_api_key_is_refused(till: Till) -> None:
    stranger = stripe.StripeClient("sk_test_stranger", http_client=till.server)
    with pytest.raises(stripe.StripeError) as refused:
        stranger.v1.payment_intents.retrieve("pi_000001")
    assert refused.value.http_status == 401


def test_webhooks_are_signed_as_stripe_signs_them() -> None:
    body, signature = signed({"id": "evt_1"}, "whsec", 1_800_000_000)
    assert stripe.WebhookSignature.verify_header(body, signature, "whsec")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body + " ", signature, "whsec")
