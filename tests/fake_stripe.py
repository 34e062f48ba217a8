"""A strict Stripe: refuses what Stripe refuses, keeps idempotency keys as long as Stripe does, sends signed webhooks.

It stands where stripe-python sends its requests, so the library's own encoding and errors are part of every test. What
it leaves unproven: what Stripe's real API says to a parameter that is right here (docs.stripe.com/api is its source),
and how long real webhooks take.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

Json = dict[str, Any]
SECRET = "whsec_test"
_KEY_LIVES = timedelta(hours=24)
_CANCELABLE = {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"}
_PARAMETERS = {
    "create": {"amount", "currency", "capture_method", "payment_method_types", "metadata"},
    "capture": {"amount_to_capture"},
    "cancel": {"cancellation_reason"},
    "refund": {"payment_intent", "amount", "metadata", "reason"},
}


class Declined(Exception):
    """The customer's bank said no."""


@dataclass
class Answer:
    status: int
    body: Json


@dataclass
class Kept:
    """What a key stands for. `answer` is None while its first request is still at work."""

    at: datetime
    request: tuple[str, str]
    answer: Answer | None = None


@dataclass
class FakeStripe(stripe.HTTPClient):
    """`now` is the clock. `before` and `after` are called around each effect with the request's name (`POST
    /v1/refunds`) and may raise: stripe.APIConnectionError for a cut connection, or a crash.

    `webhooks` are the events that Stripe would send, oldest first; `calls` all requests that came in.
    """

    now: Callable[[], datetime]
    before: Callable[[str], None] = lambda call: None
    after: Callable[[str], None] = lambda call: None
    intents: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    webhooks: list[Json] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    keys: dict[str, Kept] = field(default_factory=dict)
    refunds_are: str = "succeeded"

    name = "fake"

    def __post_init__(self) -> None:
        super().__init__()
        self._verify_ssl_certs = False

    def client(self, retries: int = 0) -> stripe.StripeClient:
        from chalicelib.payments.stripe_gateway import API_VERSION

        return stripe.StripeClient(
            "sk_test_shop", stripe_version=API_VERSION, http_client=self, max_network_retries=retries
        )

    # --- what the shop asks -----------------------------------------------------------------------------------------

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        path = urlsplit(url).path
        call = f"{method.upper()} {path}"
        self.calls.append(call)
        headers = headers or {}
        assert headers["Authorization"] == "Bearer sk_test_shop", "not our key"
        assert headers["Stripe-Version"], "no version"
        self.before(call)
        if method == "get":
            answer = self._read(path, dict(parse_qsl(urlsplit(url).query)))
        else:
            answer = self._once(headers.get("Idempotency-Key", ""), (path, post_data or ""))
        self.after(call)
        return json.dumps(answer.body), answer.status, {"Request-Id": f"req_{len(self.calls)}"}

    def _once(self, key: str, request: tuple[str, str]) -> Answer:
        """One effect per key for 24 hours; the same key with other parameters is refused."""
        kept = self.keys.get(key)
        if kept and self.now() - kept.at < _KEY_LIVES:
            if kept.request != request:
                return _error(400, "idempotency_error", None, "Keys can only be used with the same parameters.")
            if kept.answer is None:
                return _error(409, "idempotency_error", "idempotency_key_in_use", "Another request is at work.")
            return kept.answer
        self.keys[key] = Kept(self.now(), request)
        try:
            answer = self._write(*request)
        except _Invalid as invalid:  # what fails validation did not begin, so its key is free again
            del self.keys[key]
            return _error(400, "invalid_request_error", invalid.code, str(invalid))
        self.keys[key].answer = answer
        return answer

    def _read(self, path: str, query: dict[str, str]) -> Answer:
        if match := re.fullmatch(r"/v1/payment_intents/(\w+)", path):
            found = self.intents.get(match[1])
            return Answer(200, dict(found)) if found else _missing()
        if path == "/v1/refunds":
            data = [r for r in self.refunds.values() if r["payment_intent"] == query["payment_intent"]]
            return Answer(200, {"object": "list", "url": path, "has_more": False, "data": data[::-1]})
        raise AssertionError(f"nobody asks for {path}")

    def _write(self, path: str, encoded: str) -> Answer:
        given = dict(parse_qsl(encoded, keep_blank_values=True))
        if path == "/v1/payment_intents":
            return self._create(_checked("create", given))
        if path == "/v1/refunds":
            return self._refund(_checked("refund", given))
        match = re.fullmatch(r"/v1/payment_intents/(\w+)/(capture|cancel)", path)
        assert match, f"nobody posts to {path}"
        intent = self.intents.get(match[1])
        if intent is None:
            return _missing()
        if match[2] == "cancel":
            return self._cancel(intent, _checked("cancel", given))
        return self._capture(intent, _checked("capture", given))

    def _create(self, given: dict[str, str]) -> Answer:
        if not given.get("amount", "").isdigit() or not re.fullmatch("[a-z]{3}", given.get("currency", "")):
            raise _Invalid("parameter_invalid", "amount or currency")
        if int(given["amount"]) < 50:
            raise _Invalid("amount_too_small", "Amount must be at least 50 cents.")
        if int(given["amount"]) > 99_999_999:
            raise _Invalid("amount_too_large", "Amount must be no more than 999,999.99.")
        if given.get("payment_method_types[0]") != "card" or given.get("capture_method") != "manual":
            raise _Invalid("parameter_invalid", "this fake knows cards with manual capture")
        intent_id = f"pi_{len(self.intents) + 1:06d}"
        self.intents[intent_id] = intent = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": int(given["amount"]),
            "amount_received": 0,
            "amount_capturable": 0,
            "currency": given["currency"],
            "status": "requires_payment_method",
            "client_secret": f"{intent_id}_secret_{hash_of(intent_id)}",
            "capture_method": "manual",
            "payment_method_types": ["card"],
            "metadata": _metadata(given),
            "last_payment_error": None,
            "latest_charge": None,
        }
        return Answer(200, dict(intent))

    def _capture(self, intent: Json, given: dict[str, str]) -> Answer:
        if intent["status"] != "requires_capture":
            return _unexpected_state(intent)
        amount = int(given.get("amount_to_capture", intent["amount_capturable"]))
        if amount > intent["amount_capturable"]:
            return _error(400, "invalid_request_error", "amount_too_large", "More than was authorized.")
        intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        self._tell("payment_intent.succeeded", intent)
        return Answer(200, dict(intent))

    def _cancel(self, intent: Json, given: dict[str, str]) -> Answer:
        if intent["status"] not in _CANCELABLE:
            return _unexpected_state(intent)
        intent |= {"status": "canceled", "amount_capturable": 0}
        self._tell("payment_intent.canceled", intent)
        return Answer(200, dict(intent))

    def _refund(self, given: dict[str, str]) -> Answer:
        intent = self.intents.get(given.get("payment_intent", ""))
        if intent is None:
            return _missing()
        if intent["status"] != "succeeded":
            return _unexpected_state(intent)
        left = intent["amount_received"] - self.given_back(intent["id"])
        amount = int(given.get("amount", left))
        if left == 0:
            return _error(400, "invalid_request_error", "charge_already_refunded", "It has been refunded already.")
        if not 0 < amount <= left:
            return _error(400, "invalid_request_error", "amount_too_large", "More than is left.")
        refund_id = f"re_{len(self.refunds) + 1:06d}"
        self.refunds[refund_id] = refund = {
            "id": refund_id,
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "status": self.refunds_are,
            "metadata": _metadata(given),
            "failure_reason": None,
        }
        self._tell("refund.created", refund)
        return Answer(200, dict(refund))

    # --- what customers, banks and time do --------------------------------------------------------------------------

    def pay(self, client_secret: str) -> None:
        """A customer's card is good; AssertionError if the intent can not be paid (any more)."""
        intent = self._of(client_secret)
        assert intent["status"] in ("requires_payment_method", "requires_action"), intent["status"]
        charge = f"ch_{hash_of(intent['id'] + str(len(self.calls)))}"
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"], "latest_charge": charge}
        intent["last_payment_error"] = None
        self._tell("payment_intent.amount_capturable_updated", intent)

    def decline(self, client_secret: str, code: str = "insufficient_funds") -> None:
        """A customer's card is not good; another may be tried."""
        intent = self._of(client_secret)
        assert intent["status"] in ("requires_payment_method", "requires_action"), intent["status"]
        number = len([event for event in self.webhooks if event["type"] == "payment_intent.payment_failed"])
        error = {"code": "card_declined", "decline_code": code, "charge": f"ch_{hash_of(intent['id'])}{number}"}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        self._tell("payment_intent.payment_failed", intent)

    def ask_for_more(self, client_secret: str) -> None:
        """The bank wants the customer to confirm (3-D Secure)."""
        intent = self._of(client_secret)
        assert intent["status"] == "requires_payment_method", intent["status"]
        intent["status"] = "requires_action"
        self._tell("payment_intent.requires_action", intent)

    def lapse(self, intent_id: str) -> None:
        """An authorization that was not captured in time is void."""
        assert self.intents[intent_id]["status"] == "requires_capture"
        self.intents[intent_id] |= {"status": "canceled", "amount_capturable": 0}
        self._tell("payment_intent.canceled", self.intents[intent_id])

    def settle_refund(self, refund_id: str, status: str) -> None:
        """A bank's answer to a pending refund."""
        assert self.refunds[refund_id]["status"] == "pending"
        self.refunds[refund_id]["status"] = status
        if status == "failed":
            self.refunds[refund_id]["failure_reason"] = "expired_or_canceled_card"
        self._tell("refund.updated", self.refunds[refund_id])

    def given_back(self, intent_id: str) -> int:
        """Minor units that went back, or are on their way."""
        mine = (r for r in self.refunds.values() if r["payment_intent"] == intent_id and r["status"] != "failed")
        return sum(refund["amount"] for refund in mine)

    def _of(self, client_secret: str) -> Json:
        return next(i for i in self.intents.values() if i["client_secret"] == client_secret)

    def _tell(self, kind: str, thing: Json) -> None:
        event_id = f"evt_{len(self.webhooks) + 1:06d}"
        self.webhooks.append({"id": event_id, "object": "event", "type": kind, "data": {"object": dict(thing)}})


def signed(event: Json, secret: str = SECRET, at: int | None = None) -> tuple[str, str]:
    """Body and Stripe-Signature of a webhook, sent now or `at` a time in seconds since the epoch."""
    body = json.dumps(event)
    return body, stripe.WebhookSignature.generate_signature_header(body, secret, at)


def hash_of(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()[:12]


class _Invalid(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _checked(what: str, given: dict[str, str]) -> dict[str, str]:
    for name in given:
        if name.partition("[")[0] not in _PARAMETERS[what]:
            raise _Invalid("parameter_unknown", f"Received unknown parameter: {name}")
    return given


def _metadata(given: dict[str, str]) -> dict[str, str]:
    return {m[1]: value for name, value in given.items() if (m := re.fullmatch(r"metadata\[(\w+)\]", name))}


def _unexpected_state(intent: Json) -> Answer:
    return _error(400, "invalid_request_error", "payment_intent_unexpected_state", f"The intent is {intent['status']}.")


def _missing() -> Answer:
    return _error(404, "invalid_request_error", "resource_missing", "No such thing.")


def _error(status: int, kind: str, code: str | None, message: str) -> Answer:
    return Answer(status, {"error": {"type": kind, "code": code, "message": message}})
