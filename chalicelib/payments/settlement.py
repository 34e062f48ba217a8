"""A payment attempt and what the provider says of it: opened, looked up, captured, called off.

Nobody is believed but the provider's present answer. So it does not matter how often, how late and in which order
webhooks and events come, nor which of several functions comes first.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from chalicelib.core import clock, due, dynamo, log
from chalicelib.core.errors import ShopError, busy
from chalicelib.orders.events import OrderAmended, OrderCanceled, OrderCompleted, OrderExpired
from chalicelib.payments import balance, methods, refunds, service, states, stripe_gateway, tables
from chalicelib.payments.events import PaymentAuthorized, PaymentCaptured, PaymentEvent, PaymentFailed
from chalicelib.payments.stripe_gateway import Intent
from chalicelib.payments.tables import Attempt

_ATTEMPTS = 8
# While money of a dead order may still come in, somebody looks again after this time, webhook or not.
_LOOK_AGAIN = timedelta(minutes=10)
# Stripe forgets idempotency keys after 24 hours; nobody waits that long for a session to be opened.
_OPENS_FOR = timedelta(hours=23)


class Session(msgspec.Struct, frozen=True):
    """What a customer needs to pay: the attempt, and the provider's secret for the browser.

    There is no secret if the method has no provider, nothing is to be paid any more, or the provider does not answer
    just now: then ask again.
    """

    attempt: Attempt
    client_secret: str | None


class _Moved(Exception):
    """The attempt moved between reading and writing."""


class ProviderDisagrees(ShopError):
    """What the provider has is not what the attempt asks for. A person has to look at it."""

    def __init__(self, attempt_id: str, difference: str) -> None:
        detail = "The payment is not what the order asks for. Somebody will look at it."
        super().__init__("payment_in_doubt", 409, detail)
        log.write("error", payment=attempt_id, detail=difference)


def open_session(attempt: Attempt) -> Session:
    """The provider's session for an attempt, the same one however often it is asked for."""
    if methods.METHODS[attempt.method].paid_on_delivery or attempt.closing or not states.is_open(attempt.state):
        return Session(attempt, None)
    try:
        if attempt.provider_id is not None:
            return Session(attempt, stripe_gateway.retrieve(attempt.provider_id).client_secret)
        attempt, intent = _opened(attempt)
    except stripe_gateway.Unavailable:
        return Session(attempt, None)
    except stripe_gateway.Refused as refused:
        return Session(_without_intent(attempt, refused), None)
    return Session(attempt, intent.client_secret if intent and states.is_open(attempt.state) else None)


def refresh(attempt_id: str) -> Attempt:
    """Bring an attempt to where the provider has it.

    503 `provider_unavailable` if the provider does not answer, 409 `payment_in_doubt` if its amount is another one.
    """
    try:
        return _followed_up(_settled(service.find(attempt_id)))
    except stripe_gateway.Unavailable:
        detail = "The payment provider does not answer. Nothing is lost; try again."
        raise ShopError("provider_unavailable", 503, detail) from None


def capture(order_id: str) -> None:
    """The goods are packed, or nothing has to be: take the money. All of it at the first parcel, since an
    authorization is taken once.

    What is missing is taken as soon as the customer has paid it.
    """
    for _ in range(_ATTEMPTS):
        attempts = tables.attempts_of(order_id)
        try:
            present = [_captured(attempt) for attempt in attempts]
        except stripe_gateway.Unavailable:
            _mark_all_packed(attempts)  # so that the sweep does it if the queue gives up
            raise
        if len(attempts) > 1:
            present = tables.attempts_of(order_id)  # what is owed stands in the first one, which may have changed
        if balance.is_secured(present):
            return
        for attempt in _mark_all_packed(present):
            _captured(attempt)
        # One that was made meanwhile does not know of the packing.
        if len(tables.attempts_of(order_id)) == len(attempts):
            return
    raise busy()


def _mark_all_packed(attempts: list[Attempt]) -> list[Attempt]:
    """Mark those through which money may come yet, and the last one, after which the next one takes."""
    return [
        _changed(attempt, _mark_packed)
        for attempt in attempts
        if states.is_open(attempt.state) or attempt is attempts[-1]
    ]


def collect_on_delivery(event: OrderCompleted) -> None:
    """Everything was delivered, so what was to be paid at the door has been paid."""
    for attempt in tables.attempts_of(event.aggregate_id):
        if methods.METHODS[attempt.method].paid_on_delivery and states.may_move(attempt.state, states.CAPTURED):
            _move(attempt, states.CAPTURED)
            attempt.captured = attempt.amount
            _commit(attempt, service.event(PaymentCaptured, attempt))


def call_off(event: OrderCanceled | OrderExpired) -> None:
    """The order is off: nothing more is to be paid for it, and what was paid goes back."""
    for attempt in tables.attempts_of(event.aggregate_id):
        if not states.is_dead(attempt.state):
            _give_back(attempt if attempt.closing else _changed(attempt, _mark_closing))


def let_go(event: OrderAmended) -> None:
    """What was promised for an order and is not needed any more is let go, at once."""
    for attempt in tables.attempts_of(event.aggregate_id):
        if attempt.closing and not states.is_dead(attempt.state):
            _give_back(attempt)


def stop_waiting(order_id: str, enough: int, *, spare_action: bool = False) -> bool:
    """Make sure that nothing can be paid for an order any more. False if money has come, or is on its way, instead:
    `enough` of it, in minor units. `spare_action`: also if the customer is at their bank's page just now.

    The provider's intents are canceled first, so that no customer pays for an order whose stock is already gone.
    """
    present = [_settled(attempt) for attempt in tables.attempts_of(order_id)]
    if balance.is_promised(present, enough):
        return False
    if spare_action and any(a.state == states.REQUIRES_ACTION and not a.closing for a in present):
        return False
    present = [_settled(a, _cancel) if a.state in (states.CREATED, states.REQUIRES_ACTION) else a for a in present]
    return not balance.is_promised(present, enough)


def look_after(attempt_id: str) -> None:
    """What the sweep does: open what was not opened, and see that what is being called off comes to its end."""
    attempt = _followed_up(_settled(service.find(attempt_id)))
    if attempt.due_key is not None:
        _changed(attempt, lambda attempt: None)  # its end was reached, or it is looked at again later


def _opened(attempt: Attempt) -> tuple[Attempt, Intent | None]:
    """The attempt with an intent of its own. No intent if the provider will not have one."""
    if clock.now() - datetime.fromisoformat(attempt.created_at) > _OPENS_FOR:
        return _never_opened(attempt, "not_opened"), None
    try:
        intent = stripe_gateway.create(attempt.id, attempt.order_id, attempt.amount)
    except stripe_gateway.Refused as refused:
        return _never_opened(attempt, refused.code), None
    for _ in range(_ATTEMPTS):
        if attempt.provider_id is not None:  # a twin was faster; under the same key it got the same intent
            return attempt, intent
        attempt.provider_id = intent.id
        attempt.version = int(attempt.version) + 1
        try:
            return _commit(_kept(attempt)), intent
        except _Moved:
            attempt = service.find(attempt.id)
    raise busy()


def _never_opened(attempt: Attempt, code: str) -> Attempt:
    try:
        _move(attempt, states.FAILED)
        attempt.decline = code
        return _commit(_kept(attempt), service.event(PaymentFailed, attempt, code=code))
    except _Moved:
        return service.find(attempt.id)


def _retrieve(attempt: Attempt) -> Intent:
    return stripe_gateway.retrieve(str(attempt.provider_id))


def _cancel(attempt: Attempt) -> Intent:
    return stripe_gateway.cancel(str(attempt.provider_id))


def _capture(attempt: Attempt) -> Intent:
    return stripe_gateway.capture(str(attempt.provider_id), attempt.id, attempt.take)


def _settled(attempt: Attempt, act: Callable[[Attempt], Intent] = _retrieve) -> Attempt:
    """Do `act` at the provider, and bring the attempt to what came of it.

    What the provider will not do for the attempt as it is, it has its reasons for: then only look.
    """
    for _ in range(_ATTEMPTS):
        if methods.METHODS[attempt.method].paid_on_delivery or not states.is_open(attempt.state):
            return attempt
        if attempt.provider_id is None:
            attempt, intent = _opened(attempt)
            if intent is None or attempt.provider_id is None:
                return attempt
        try:
            intent = _present(attempt, act)
        except stripe_gateway.Refused as refused:
            return _without_intent(attempt, refused)
        try:
            return _apply(attempt, intent)
        except _Moved:
            attempt = service.find(attempt.id)
    raise busy()


def _present(attempt: Attempt, act: Callable[[Attempt], Intent]) -> Intent:
    try:
        return act(attempt)
    except stripe_gateway.Refused:
        return _retrieve(attempt)


def _without_intent(attempt: Attempt, refused: stripe_gateway.Refused) -> Attempt:
    """The provider does not show the intent: it is no longer there, as after a change of account, or in doubt."""
    if refused.code != "resource_missing":
        raise ProviderDisagrees(attempt.id, refused.code) from refused
    return _never_opened(attempt, refused.code)


def _apply(attempt: Attempt, intent: Intent) -> Attempt:
    """Write down what the provider says, if it says anything new, and tell it once."""
    if intent.amount != attempt.amount:
        raise ProviderDisagrees(attempt.id, f"{attempt.amount} here, {intent.amount} in {intent.id}")
    before = attempt.state
    if states.may_move(before, intent.state):
        _move(attempt, intent.state)
        attempt.captured = intent.captured
        return _commit(_kept(attempt), _told(attempt, before, intent))
    if _is_declined_anew(attempt, intent):
        attempt.version = int(attempt.version) + 1
        return _commit(attempt, _declined(attempt, intent))
    return attempt


def _is_declined_anew(attempt: Attempt, intent: Intent) -> bool:
    return intent.declined is not None and intent.declined != attempt.declined


def _declined(attempt: Attempt, intent: Intent) -> PaymentEvent:
    """What is told of a card that was declined, once: the attempt keeps which try that was."""
    attempt.decline, attempt.declined = intent.decline, intent.declined
    return service.event(PaymentFailed, attempt, code=intent.decline)


def _told(attempt: Attempt, before: str, intent: Intent) -> PaymentEvent | None:
    if attempt.state == states.CREATED and _is_declined_anew(attempt, intent):
        return _declined(attempt, intent)
    if attempt.state == states.AUTHORIZED:
        return service.event(PaymentAuthorized, attempt)
    if attempt.state == states.CAPTURED:
        return service.event(PaymentCaptured, attempt)
    if attempt.state == states.CANCELED and before == states.AUTHORIZED and not attempt.closing:
        return service.event(PaymentFailed, attempt, code="authorization_lapsed")
    return None


def _followed_up(attempt: Attempt) -> Attempt:
    """What is left to do about an attempt that is where the provider has it."""
    if attempt.closing:
        return _give_back(attempt)
    return _captured(attempt) if attempt.packed else _without_surplus(attempt)


def _captured(attempt: Attempt) -> Attempt:
    if attempt.state == states.AUTHORIZED and not attempt.closing:
        attempt = _settled(attempt, _capture)
    return _without_surplus(attempt)


def _without_surplus(attempt: Attempt) -> Attempt:
    """The order came to cost less while its money was taken: then too much was."""
    if not refunds.surplus_of(attempt):
        return attempt
    refunds.give_surplus_back(attempt, "The order costs less than was paid.")
    return service.find(attempt.id)


def _changed(attempt: Attempt, change: Callable[[Attempt], None]) -> Attempt:
    """Write a change that holds whatever the attempt's state is, and see when the sweep has to look at it."""
    for _ in range(_ATTEMPTS):
        change(attempt)
        attempt.version = int(attempt.version) + 1
        try:
            return _commit(_kept(attempt))
        except _Moved:
            attempt = service.find(attempt.id)
    raise busy()


def _mark_packed(attempt: Attempt) -> None:
    attempt.packed = True


def _mark_closing(attempt: Attempt) -> None:
    attempt.closing = True


def _give_back(attempt: Attempt) -> Attempt:
    """Void what is not taken yet, refund what is."""
    if methods.METHODS[attempt.method].paid_on_delivery:
        if states.may_move(attempt.state, states.CANCELED):
            _move(attempt, states.CANCELED)
            return _commit(_kept(attempt))
        return attempt
    if states.is_open(attempt.state):
        attempt = _settled(attempt, _cancel)
    if attempt.state == states.CAPTURED:
        refunds.give_all_back(attempt, "The order was called off.")
        return service.find(attempt.id)
    return attempt


def _move(attempt: Attempt, state: str) -> None:
    attempt.state = state
    attempt.version = int(attempt.version) + 1


def _kept(attempt: Attempt) -> Attempt:
    """Say whether the sweep has to look at the attempt again."""
    due.look_after(attempt, clock.now() + _LOOK_AGAIN if _open_end(attempt) else None)
    return attempt


def _open_end(attempt: Attempt) -> bool:
    """Whether something is still to be done about the attempt that no customer and no member of staff will do."""
    if methods.METHODS[attempt.method].paid_on_delivery:
        return False
    if attempt.state == states.CAPTURED:
        return bool(balance.kept(attempt) if attempt.closing else refunds.surplus_of(attempt))
    if not states.is_open(attempt.state):
        return False
    return attempt.closing or attempt.provider_id is None or (attempt.packed and attempt.state == states.AUTHORIZED)


def _commit(attempt: Attempt, event: PaymentEvent | None = None) -> Attempt:
    """Write the attempt in its new version with what is told of it; raises _Moved if it moved meanwhile."""
    before = Attempt.version == int(attempt.version) - 1
    write = dynamo.put(attempt, before, _Moved())
    if event is None:
        dynamo.write(write)
    else:
        dynamo.transaction([write, service.announce(event)])
    return attempt
