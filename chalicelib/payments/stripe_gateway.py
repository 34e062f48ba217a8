"""Stripe: the only file that imports it. What is made there carries an idempotency key, and our id in its metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from chalicelib.core import clock, log
from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money
from chalicelib.core.settings import settings
from chalicelib.payments import keyring, methods, states, stripe_webhooks
from chalicelib.payments.provider import Broken, Intent, Notice, ProviderRefund, Refused, Unavailable, Wish

if TYPE_CHECKING:  # importing it takes longer than all of pynamodb, and few requests need it
    import stripe

# What Stripe's answers look like follows from this; it changes only together with this file.
API_VERSION = "2026-10-28.endive"
# Seconds to wait for a connection, and for an answer. A question is asked twice at most, and whatever asks two of them
# must still have time to say that there was no answer: a test compares this with the functions' own limits.
_CONNECT, _ANSWER, _RETRIES = 1.5, 4, 1
LONGEST_QUESTION = int((_RETRIES + 1) * (_CONNECT + _ANSWER)) + 1
# How old a webhook may be, in seconds, before it is taken for one that somebody kept and sent again.
_TOLERANCE = 300
# Currencies that Stripe counts in other units than ISO 4217 does (docs.stripe.com/currencies#special-cases).
_HUNDREDTHS = {"ISK", "UGX"}
_WHOLE = {"MGA"}
# Of three decimals the last one is 0 (the same page).
_TENTHS = {"BHD", "JOD", "KWD", "OMR", "TND"}
# https://docs.stripe.com/payments/paymentintents/lifecycle
_STATES = {
    "requires_payment_method": states.CREATED,
    "requires_confirmation": states.CREATED,
    "requires_action": states.REQUIRES_ACTION,
    "processing": states.PROCESSING,
    "requires_capture": states.AUTHORIZED,
    "succeeded": states.CAPTURED,
    "canceled": states.CANCELED,
}

# What Stripe has found searching is there within a minute, mostly; lists show everything at once.
_INDEXED_AFTER = timedelta(hours=1)
# From this status on Stripe says that the fault is its own.
_OWN_FAULT = 500
_CLOCKS_DIFFER = timedelta(minutes=5)
# The least that is charged, in minor units (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).
_LEAST = {
    **dict.fromkeys(["AUD", "BRL", "CAD", "CHF", "EUR", "INR", "NZD", "SGD", "USD"], 50),
    "AED": 200,
    "BGN": 100,
    "CZK": 1500,
    "DKK": 250,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17500,
    "JPY": 50,
    "MXN": 1000,
    "MYR": 200,
    "NOK": 300,
    "PLN": 200,
    "RON": 200,
    "SEK": 300,
    "THB": 1000,
}

T = TypeVar("T")


def is_configured() -> bool:
    """Whether this shop has an account at Stripe; raises Unavailable if that is not known just now."""
    return bool(keyring.present().api_key)


def can_charge(amount: Money) -> bool:
    """Whether exactly this can be charged: not too little of it, and in no smaller parts than Stripe takes."""
    return can_refund(amount) and (not amount.amount or amount.amount >= _LEAST.get(amount.currency, 1))


def can_refund(amount: Money) -> bool:
    """Whether exactly this can be given back: of some currencies Stripe takes no such small parts."""
    step = 10 if amount.currency in _TENTHS else 100 if amount.currency in _WHOLE else 1
    return amount.amount % step == 0


def create(wish: Wish) -> Intent:
    """A PaymentIntent for one method; for 24 hours the same `payment_id` gives the same one."""
    method = methods.METHODS[wish.method]
    wanted: Any = {
        "amount": _to_stripe(wish.amount),
        "currency": wish.amount.currency.lower(),
        "capture_method": "manual" if method.authorizes else "automatic",
        "payment_method_types": [method.id],
        "metadata": {"payment_id": wish.payment_id, "order_id": wish.order_id},
    }
    if wish.customer_ref is not None:
        wanted["customer"] = wish.customer_ref
    key = "/".join([wish.payment_id, *([wish.customer_ref] if wish.customer_ref else [])])
    try:
        return _intent(lambda client: client.v1.payment_intents.create(wanted, {"idempotency_key": key}))
    except Broken:
        # Under this key Stripe says the same for a day. Where nothing was made another one helps; two who find nothing
        # at once and take keys of different minutes make two, of which nobody gets to know the second one's secret.
        another = f"{key}/{clock.now():%Y%m%d%H%M}"
        made = find(wish.payment_id, wish.made_at)
        return made or _intent(lambda client: client.v1.payment_intents.create(wanted, {"idempotency_key": another}))


def find(payment_id: str, made_at: datetime) -> Intent | None:
    """The PaymentIntent that was made under `payment_id`: by its metadata, since keys are forgotten after 24 hours."""
    try:
        found = _searched(payment_id) if clock.now() - made_at > _INDEXED_AFTER else _listed(payment_id, made_at)
    except Refused:  # not every Stripe can search: the local stack's has lists only
        found = _listed(payment_id, made_at)
    return _intent_of(found) if found else None


def _searched(payment_id: str) -> stripe.PaymentIntent | None:
    query: Any = {"query": f"metadata['payment_id']:'{payment_id}'", "limit": 1}
    return next(iter(ask(lambda client: client.v1.payment_intents.search(query)).data), None)


def _listed(payment_id: str, made_at: datetime) -> stripe.PaymentIntent | None:
    since: Any = {"created": {"gte": int((made_at - _CLOCKS_DIFFER).timestamp())}, "limit": 100}
    return ask(lambda client: _first_of(client.v1.payment_intents.list(since), payment_id))


def _first_of(listed: Any, payment_id: str) -> stripe.PaymentIntent | None:
    """The one of a list, of all its pages, that was made for a payment."""
    mine = (each for each in listed.auto_paging_iter() if getattr(each.metadata, "payment_id", None) == payment_id)
    return next(mine, None)


def retrieve(intent_id: str) -> Intent:
    return _intent(lambda client: client.v1.payment_intents.retrieve(intent_id))


def capture(intent_id: str, amount: Money) -> Intent:
    """Take `amount` of what is authorized; Stripe lets go of the rest. Raises Refused if there is no authorization
    (any more), or one of less.
    """
    wanted: Any = {"amount_to_capture": _to_stripe(amount)}
    # No key: Stripe captures once, whoever comes first, and would keep an error under one.
    return _intent(lambda client: client.v1.payment_intents.capture(intent_id, wanted))


def cancel(intent_id: str) -> Intent:
    """Void the intent and what was authorized. Raises Refused if it was captured, or canceled already."""
    return _intent(lambda client: client.v1.payment_intents.cancel(intent_id))


def refund(refund_id: str, intent_id: str, amount: Money, key: str) -> ProviderRefund:
    """Give money back; for 24 hours the same `key` gives the same refund."""
    wanted: Any = {
        "payment_intent": intent_id,
        "amount": _to_stripe(amount),
        "metadata": {"refund_id": refund_id},
    }
    return _refund(ask(lambda client: client.v1.refunds.create(wanted, {"idempotency_key": key})))


def find_refund(refund_id: str, intent_id: str) -> ProviderRefund | None:
    """The refund that was made under `refund_id`, however long ago; None if there is none."""
    listed = ask(lambda client: client.v1.refunds.list({"payment_intent": intent_id, "limit": 100}))
    for found in listed.data:
        if getattr(found.metadata, "refund_id", None) == refund_id:
            return _refund(found)
    return None


def read_webhook(raw: bytes, signature: str) -> Notice:
    """What a webhook is about; 400 unless its signature over `raw` is Stripe's and young enough. Raises Unavailable."""
    try:
        if not (signature.isascii() and _is_stripes(raw.decode(), signature)):
            raise _badly_signed("The signature is not Stripe's.")
        event = msgspec.json.decode(raw, type=_Event)
    except (ValueError, msgspec.DecodeError):
        raise ShopError("malformed_json", 400, "The body is not an event of Stripe's.") from None
    about = event.data.object
    needs_nothing = event.type in stripe_webhooks.NEEDS_NOTHING
    names = {} if needs_nothing else about.metadata or {}
    return Notice(
        event.type,
        names.get("payment_id"),
        names.get("refund_id"),
        event.id,
        dispute_id=about.id if event.type.startswith("charge.dispute.") else None,
        understood=stripe_webhooks.is_understood(event.type),
        needs_nothing=needs_nothing,
        api_version=event.api_version,
        created=_time(event.created) if event.created is not None else None,
        object_id=about.id,
        object_type=about.object,
    )


def _is_stripes(text: str, signature: str) -> bool:
    """Whether it was signed with a secret that Stripe and the shop share. If not with a known one, there may be a new
    one since; 503 if there is none at all.
    """
    if _is_signed(text, signature, keyring.present().webhook_secrets):
        return True
    secrets = keyring.newest().webhook_secrets
    if not secrets:
        raise ShopError("no_webhook_secret", 503, "This shop has no signing secret for Stripe's webhooks.")
    return _is_signed(text, signature, secrets)


def _is_signed(text: str, signature: str, secrets: Iterable[str]) -> bool:
    import stripe

    for secret in secrets:
        try:
            return bool(stripe.WebhookSignature.verify_header(text, signature, secret, _TOLERANCE))
        except stripe.SignatureVerificationError as error:
            if "tolerance" in str(error):  # it is Stripe's
                too_old = f"The signature is older than {_TOLERANCE} seconds: it was kept back, or a clock is wrong."
                raise _badly_signed(too_old) from None
    return False


def _badly_signed(detail: str) -> ShopError:
    return ShopError("invalid_signature", 400, detail, pointer="/headers/Stripe-Signature")


class _Object(msgspec.Struct):
    id: str | None = None
    object: str | None = None
    metadata: dict[str, str] | None = None


class _Data(msgspec.Struct):
    object: _Object


class _Event(msgspec.Struct):
    id: str
    type: str
    data: _Data
    created: int | None = None
    api_version: str | None = None


def _client() -> stripe.StripeClient:
    return _client_with(keyring.present().api_key)


@lru_cache(maxsize=1)
def _client_with(api_key: str) -> stripe.StripeClient:
    import stripe

    base: Any = {"api": settings.stripe_api_base} if settings.stripe_api_base else None
    return stripe.StripeClient(
        api_key,
        stripe_version=API_VERSION,
        base_addresses=base,
        max_network_retries=_RETRIES,
        http_client=stripe.RequestsClient(timeout=(_CONNECT, _ANSWER)),
    )


def ask(question: Callable[[stripe.StripeClient], T]) -> T:
    """Stripe's answer. Raises Refused, or Unavailable where nobody knows what came of it."""
    import stripe

    try:
        return question(_client())
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise Refused(error.code or "invalid_request") from error
    except stripe.StripeError as error:
        # No connection, too many requests, a twin of this request that has not ended, a key that was taken back.
        if isinstance(error, stripe.AuthenticationError):
            keyring.doubt()  # there may be another one by now
        log.write("stripe_unavailable", kind=type(error).__name__, code=error.code, status=error.http_status)
        # A twin that is still at work (409) is an APIError, too.
        broken = isinstance(error, stripe.APIError) and (error.http_status or 0) >= _OWN_FAULT
        raise (Broken if broken else Unavailable)(type(error).__name__) from error


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _received(found: stripe.PaymentIntent) -> int:
    """What was taken. The local stack's Stripe does not say how much of an intent that is; then it is all of it."""
    return int(getattr(found, "amount_received", found.amount))


def _intent(question: Callable[[stripe.StripeClient], stripe.PaymentIntent]) -> Intent:
    return _intent_of(ask(question))


def _intent_of(found: stripe.PaymentIntent) -> Intent:
    error = found.last_payment_error
    return Intent(
        id=found.id,
        state=_STATES[found.status],
        amount=_from_stripe(found.amount, found.currency),
        captured=_from_stripe(_received(found) if found.status == "succeeded" else 0, found.currency),
        client_secret=str(found.client_secret),
        decline=_decline(error) if error else None,
        declined=str(getattr(error, "charge", None) or getattr(error, "code", None)) if error else None,
        action_url=_action_url(getattr(found, "next_action", None)),
    )


# Where in a `next_action` is the page to which the customer has to go (docs.stripe.com/api/payment_intents/object).
_ACTION_PAGES = {
    "redirect_to_url": "url",
    "alipay_handle_redirect": "url",
    "wechat_pay_display_qr_code": "hosted_instructions_url",
}


def _action_url(action: Any) -> str | None:
    kind = getattr(action, "type", None)
    return getattr(getattr(action, str(kind), None), _ACTION_PAGES.get(str(kind), ""), None)


def _decline(error: Any) -> str:
    return str(getattr(error, "decline_code", None) or getattr(error, "code", None) or "declined")


def _refund(found: stripe.Refund) -> ProviderRefund:
    state = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}.get(str(found.status), "pending")
    return ProviderRefund(found.id, state, getattr(found, "failure_reason", None))


def _to_stripe(money: Money) -> int:
    if money.currency in _HUNDREDTHS:
        return money.amount * 100
    return money.amount // 100 if money.currency in _WHOLE else money.amount


def _from_stripe(amount: int, currency: str) -> Money:
    code = currency.upper()
    if code in _HUNDREDTHS:
        return Money(amount // 100, code)
    return Money(amount * 100 if code in _WHOLE else amount, code)
