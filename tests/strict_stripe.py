"""A strict Stripe in memory, behind the real stripe-python: its encoding, its retries and its errors take part.

It refuses what Stripe refuses and keeps idempotency keys for 24 hours, as docs.stripe.com/api/idempotent_requests says:
the first answer is given again, errors too once work had begun; other parameters under the same key are an error, and
so is a second request while the first one is at work.

What it leaves unproven: what Stripe's real API says to a parameter that is right here (docs.stripe.com/api is the
source of all that it knows), and how long real webhooks take.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe
from environment import API_KEY

Json = dict[str, Any]
KEYS_LIVE = 24 * 3600.0
_CANCELABLE = {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"}
_BANKS_ANSWERS = {("pending", "succeeded"), ("pending", "failed"), ("succeeded", "failed")}
_PAYABLE = {"requires_payment_method", "requires_confirmation", "requires_action"}
# What each method takes, and where it leads its customers (docs.stripe.com/payments/payment-methods).
_CAPTURED_LATER = {"card", "link"}
_CURRENCIES = {
    "alipay": {"aud", "cad", "cny", "eur", "gbp", "hkd", "jpy", "myr", "nzd", "sgd", "usd"},
    "wechat_pay": {"aud", "cad", "chf", "cny", "dkk", "eur", "gbp", "hkd", "jpy", "nok", "sek", "sgd", "usd"},
    "sepa_debit": {"eur"},
}
_ACTIONS = {
    "card": "redirect_to_url",
    "link": "redirect_to_url",
    "alipay": "alipay_handle_redirect",
    "wechat_pay": "wechat_pay_display_qr_code",
    "sepa_debit": "redirect_to_url",
}
_UNDECIDED = _PAYABLE | {"processing"}


@dataclass
class Answer:
    status: int
    body: Json


@dataclass
class Kept:
    """What a key stands for. `answer` is None while its first request is still at work."""

    at: float
    request: tuple[str, str]
    answer: Answer | None = None


class Refusal(Exception):
    """An error of Stripe's. `began`: the request had passed validation, so its key keeps this answer."""

    def __init__(
        self, code: str, message: str, status: int = 400, kind: str = "invalid_request_error", began: bool = True
    ) -> None:
        super().__init__(message)
        self.answer = Answer(status, {"error": {"type": kind, "code": code, "message": message}})
        self.began = began


class StripeServer(stripe.HTTPClient):
    """`now` is the time in seconds since the epoch.

    The hooks are called with the request's name (`POST /v1/refunds`) before it is looked at, while it is at work, and
    when its effect is there. They may wait, and raise what a cut connection raises, `before` also a Refusal, which is
    then the answer. `before` also gets what would let
    the request have its effect without anybody waiting for the answer. `told` gets each webhook's event; if nobody
    else wants them they are collected in `webhooks`, oldest first. `calls` are the names of all requests, `key` is the
    only one that is taken.
    """

    name = "strict"

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self.now = now
        self.before: Callable[[str, Callable[[], None]], None] = lambda call, again: None
        self.working: Callable[[str], None] = lambda call: None
        self.after: Callable[[str], None] = lambda call: None
        self.webhooks: list[Json] = []
        self.told: Callable[[Json], None] = self.webhooks.append
        self.calls: list[str] = []
        self.key = API_KEY
        self.refund_status: Callable[[], str] = lambda: "succeeded"
        self.intents: dict[str, Json] = {}
        self.refunds: dict[str, Json] = {}
        self.keys: dict[str, Kept] = {}
        self.wrong: list[str] = []
        self.events = 0
        self.charges = 0
        # What answers a path: with the query or the form, and the ids in the path.
        self.reads: dict[str, Callable[..., Answer]] = {
            r"/v1/payment_intents/(\w+)": lambda query, intent_id: Answer(200, dict(self._intent(intent_id))),
            "/v1/payment_intents": self._list_intents,
            "/v1/refunds": self._list_refunds,
        }
        self.writes: dict[str, Callable[..., Answer]] = {
            "/v1/payment_intents": self._create,
            r"/v1/payment_intents/(\w+)/capture": self._capture,
            r"/v1/payment_intents/(\w+)/cancel": self._cancel,
            "/v1/refunds": self._refund,
        }

    def client(self, version: str, retries: int = 1, key: str = API_KEY) -> stripe.StripeClient:
        """The library's client with this server at its other end."""
        return stripe.StripeClient(key, stripe_version=version, http_client=self, max_network_retries=retries)

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        target = urlsplit(url)
        call = f"{method.upper()} {target.path}"
        self.calls.append(call)
        headers = headers or {}
        key = headers.get("Idempotency-Key")
        if headers.get("Authorization") != f"Bearer {self.key}":
            return _sent(Answer(401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}))
        posted = (target.path, post_data or "")
        try:
            self.before(call, lambda: self._late(key, posted) if method == "post" else None)
        except Refusal as refusal:  # what it answers before it has looked at the request
            return _sent(refusal.answer)
        if method == "get":
            answer = self._read(target.path, dict(parse_qsl(target.query)))
        else:
            answer = self._once(key, posted, lambda: self.working(call))
        self.after(call)
        return _sent(answer)

    def _late(self, key: str | None, posted: tuple[str, str]) -> None:
        self._once(key, posted, lambda: None)

    def _read(self, path: str, query: dict[str, str]) -> Answer:
        try:
            for pattern, answer in self.reads.items():
                if match := re.fullmatch(pattern, path):
                    return answer(query, *match.groups())
            raise Refusal("resource_missing", f"Unrecognized request URL ({path})", 404)
        except Refusal as refusal:
            return refusal.answer

    def _list_refunds(self, query: dict[str, str]) -> Answer:
        known_parameters(query, {"payment_intent", "limit"})
        of = self._intent(query["payment_intent"])["id"]
        return listed("/v1/refunds", [r for r in self.refunds.values() if r["payment_intent"] == of], query)

    def _list_intents(self, query: dict[str, str]) -> Answer:
        known_parameters(query, {"created[gte]", "created[lte]", "limit", "starting_after"})
        return listed("/v1/payment_intents", within(self.intents.values(), query), query)

    def _once(self, key: str | None, posted: tuple[str, str], working: Callable[[], None]) -> Answer:
        kept = self.keys.get(key or "")
        if key and kept and kept.at > self.now() - KEYS_LIVE:
            if kept.request != posted:
                detail = "Keys for idempotent requests can only be used with the same parameters."
                return Refusal("idempotency_error", detail, kind="idempotency_error").answer
            if kept.answer is None:
                detail = "Another request with this key is at work."
                return Refusal("idempotency_key_in_use", detail, 409, "idempotency_error").answer
            return kept.answer
        this = Kept(self.now(), posted)
        if key:
            self.keys[key] = this
        try:
            working()
            this.answer = self._write(*posted)
        except Refusal as refusal:
            if not refusal.began:
                self.keys.pop(key or "", None)
            this.answer = refusal.answer
        except BaseException:
            self.keys.pop(key or "", None)  # it never got to work
            raise
        return this.answer

    def _write(self, path: str, encoded: str) -> Answer:
        given = dict(parse_qsl(encoded, keep_blank_values=True))
        for pattern, answer in self.writes.items():
            if match := re.fullmatch(pattern, path):
                return answer(given, *match.groups())
        raise Refusal("resource_missing", f"Unrecognized request URL ({path})", 404, began=False)

    def _cancel(self, given: dict[str, str], intent_id: str) -> Answer:
        intent = self._intent(intent_id)
        known_parameters(given, {"cancellation_reason"})
        if intent["status"] not in _CANCELABLE:
            raise _unexpected(intent, "canceled")
        intent |= {"status": "canceled", "amount_capturable": 0}
        self.tell("payment_intent.canceled", intent)
        return Answer(200, dict(intent))

    def _create(self, given: dict[str, str]) -> Answer:
        known = {"amount", "currency", "capture_method", "payment_method_types", "metadata", "customer"}
        known_parameters(given, known)
        amount, currency = amount_of(given, "amount"), given.get("currency", "")
        if not re.fullmatch("[a-z]{3}", currency):
            raise Refusal("parameter_invalid_string", f"Invalid currency: {currency}", began=False)
        if amount < 50:
            raise Refusal("amount_too_small", "Amount must be at least 50 cents.", began=False)
        if amount > 99_999_999:
            raise Refusal("amount_too_large", "Amount must be no more than 999,999.99.", began=False)
        kind, capture = given.get("payment_method_types[0]", ""), given.get("capture_method", "automatic")
        _check_method(kind, capture, currency)
        intent_id = f"pi_{len(self.intents) + 1:06d}"
        self.intents[intent_id] = intent = {
            "id": intent_id,
            "object": "payment_intent",
            "created": int(self.now()),
            "amount": amount,
            "amount_received": 0,
            "amount_capturable": 0,
            "currency": currency,
            "status": "requires_payment_method",
            "client_secret": f"{intent_id}_secret_{hashlib.sha256(intent_id.encode()).hexdigest()[:12]}",
            "capture_method": capture,
            "payment_method_types": [kind],
            "next_action": None,
            **({"customer": given["customer"]} if "customer" in given else {}),
            "metadata": metadata_of(given),
            "last_payment_error": None,
            "latest_charge": None,
        }
        self.tell("payment_intent.created", intent)
        return Answer(200, dict(intent))

    def _capture(self, given: dict[str, str], intent_id: str) -> Answer:
        intent = self._intent(intent_id)
        known_parameters(given, {"amount_to_capture"})
        if intent["status"] != "requires_capture":
            raise _unexpected(intent, "captured")
        amount = amount_of(given, "amount_to_capture") if "amount_to_capture" in given else intent["amount_capturable"]
        if not 0 < amount <= intent["amount_capturable"]:
            raise Refusal("amount_too_large", "The payment could not be captured: more than was authorized.")
        intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        self.tell("payment_intent.succeeded", intent)
        return Answer(200, dict(intent))

    def _refund(self, given: dict[str, str]) -> Answer:
        known_parameters(given, {"payment_intent", "amount", "metadata", "reason"})
        intent = self._intent(given.get("payment_intent", ""))
        if intent["status"] != "succeeded":
            raise _unexpected(intent, "refunded")
        left = intent["amount_received"] - self.given_back(intent["id"])
        if not left:
            raise Refusal("charge_already_refunded", "The charge has already been refunded.")
        amount = amount_of(given, "amount") if "amount" in given else left
        if not 0 < amount <= left:
            raise Refusal("amount_too_large", f"Refund amount ({amount}) is greater than what is left ({left}).")
        refund_id = f"re_{len(self.refunds) + 1:06d}"
        self.refunds[refund_id] = refund = {
            "id": refund_id,
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "status": self.refund_status(),
            "metadata": metadata_of(given),
            "failure_reason": None,
        }
        self.tell("refund.created", refund)
        return Answer(200, dict(refund))

    # --- customers, banks, time ------------------------------------------------------------------------------------

    def pay(self, client_secret: str) -> bool:
        """A customer confirms with a good card; False if this intent can not be paid (any more)."""
        intent = self._of(client_secret)
        if intent["status"] not in _UNDECIDED:
            return False
        intent |= {"last_payment_error": None, "next_action": None, "latest_charge": self._charge()}
        if intent["capture_method"] == "automatic":
            intent |= {"status": "succeeded", "amount_received": intent["amount"]}
            self.tell("payment_intent.succeeded", intent)
            return True
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        self.tell("payment_intent.amount_capturable_updated", intent)
        return True

    def decline(self, client_secret: str, code: str = "insufficient_funds") -> bool:
        """A customer confirms with a bad card; another may be tried."""
        intent = self._of(client_secret)
        if intent["status"] not in _UNDECIDED:
            return False
        error = {"type": "card_error", "code": "card_declined", "decline_code": code, "charge": self._charge()}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        self.tell("payment_intent.payment_failed", intent)
        return True

    def require_action(self, client_secret: str) -> bool:
        """The bank wants the customer to confirm (3-D Secure)."""
        intent = self._of(client_secret)
        if intent["status"] != "requires_payment_method":
            return False
        intent["status"] = "requires_action"
        kind = _ACTIONS[intent["payment_method_types"][0]]
        page = "hosted_instructions_url" if kind == "wechat_pay_display_qr_code" else "url"
        intent["next_action"] = {"type": kind, kind: {page: f"https://pay.stripe.example/{intent['id']}"}}
        self.tell("payment_intent.requires_action", intent)
        return True

    def process(self, client_secret: str) -> bool:
        """The bank takes its time: until it has let the customer `pay`, or declined, nobody can cancel."""
        intent = self._of(client_secret)
        if intent["status"] not in _PAYABLE:
            return False
        intent["status"] = "processing"
        self.tell("payment_intent.processing", intent)
        return True

    def is_debit(self, client_secret: str) -> bool:
        """Whether a customer's bank takes days to answer."""
        return bool(self._of(client_secret)["payment_method_types"] == ["sepa_debit"])

    def lapse(self, intent_id: str) -> bool:
        """An authorization that was not captured in time is void."""
        intent = self.intents[intent_id]
        if intent["status"] != "requires_capture":
            return False
        intent |= {"status": "canceled", "amount_capturable": 0}
        self.tell("payment_intent.canceled", intent)
        return True

    def settle_refund(self, refund_id: str, status: str) -> None:
        """A bank's answer to a refund, `succeeded` or `failed`; also one that seemed to have succeeded may fail."""
        refund = self.refunds[refund_id]
        assert (refund["status"], status) in _BANKS_ANSWERS, refund
        refund["status"] = status
        if status == "failed":
            refund["failure_reason"] = "expired_or_canceled_card"
        self.tell("refund.updated", refund)

    def given_back(self, intent_id: str) -> int:
        """Minor units of an intent that went back, or are on their way."""
        mine = (r for r in self.refunds.values() if r["payment_intent"] == intent_id and r["status"] != "failed")
        return sum(refund["amount"] for refund in mine)

    def _of(self, client_secret: str) -> Json:
        return next(intent for intent in self.intents.values() if intent["client_secret"] == client_secret)

    def _intent(self, intent_id: str) -> Json:
        if intent_id not in self.intents:
            raise Refusal("resource_missing", f"No such payment_intent: {intent_id}", 404)
        return self.intents[intent_id]

    def _charge(self) -> str:
        self.charges += 1
        return f"ch_{self.charges:06d}"

    def tell(self, kind: str, thing: Json) -> None:
        self.events += 1
        created = int(self.now())
        data = {"object": json.loads(json.dumps(thing))}
        self.told({"id": f"evt_{self.events:06d}", "object": "event", "type": kind, "created": created, "data": data})


def signed(event: Json, secret: str, at: float) -> tuple[str, str]:
    """Body and Stripe-Signature header of a webhook that is sent at `at`, in seconds since the epoch."""
    body = json.dumps(event)
    return body, stripe.WebhookSignature.generate_signature_header(body, secret, int(at))


def _sent(answer: Answer) -> tuple[str, int, Mapping[str, str]]:
    return json.dumps(answer.body), answer.status, {"Request-Id": "req_storm"}


def _check_method(kind: str, capture: str, currency: str) -> None:
    if kind not in _ACTIONS or capture not in ("manual", "automatic"):
        raise Refusal("parameter_invalid", f"No {capture} capture of {kind}.", began=False)
    if capture == "manual" and kind not in _CAPTURED_LATER:
        raise Refusal("parameter_invalid", f"{kind} does not support manual capture.", began=False)
    if currency not in _CURRENCIES.get(kind, {currency}):
        raise Refusal("payment_intent_invalid_currency", f"{kind} does not support {currency}.", began=False)


def known_parameters(given: dict[str, str], known: set[str]) -> None:
    """Refuse a parameter that this request does not have; those of a hash go by the hash's name or by their own."""
    if unknown := {name for name in given if name not in known and name.partition("[")[0] not in known}:
        raise Refusal("parameter_unknown", f"Received unknown parameter: {sorted(unknown)}", began=False)


def within(things: Iterable[Json], query: dict[str, str]) -> list[Json]:
    """Those that were `created` within the limits of a query."""
    since, until = int(query.get("created[gte]", 0)), int(query.get("created[lte]", 2**40))
    return [thing for thing in things if since <= thing["created"] <= until]


def listed(path: str, things: Sequence[Json], query: dict[str, str]) -> Answer:
    """A page of a list, the newest first, as docs.stripe.com/api/pagination says; `things` are in order of making."""
    data, most = [dict(thing) for thing in reversed(things)], int(query.get("limit", 10))
    if "starting_after" in query:
        data = data[[thing["id"] for thing in data].index(query["starting_after"]) + 1 :]
    return Answer(200, {"object": "list", "url": path, "has_more": len(data) > most, "data": data[:most]})


def amount_of(given: dict[str, str], name: str) -> int:
    if not re.fullmatch("[0-9]{1,12}", given.get(name, "")):
        raise Refusal("parameter_invalid_integer", f"Invalid integer: {name}", began=False)
    return int(given[name])


def metadata_of(given: dict[str, str]) -> dict[str, str]:
    return {m[1]: value for name, value in given.items() if (m := re.fullmatch(r"metadata\[(\w+)\]", name))}


def _unexpected(intent: Json, wanted: str) -> Refusal:
    detail = f"This PaymentIntent could not be {wanted} because it has a status of {intent['status']}."
    return Refusal("payment_intent_unexpected_state", detail)
