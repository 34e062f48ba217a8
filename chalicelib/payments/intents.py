"""One payment attempt and its intent at the provider: opened, looked up, captured, canceled, and what came of it.

Nobody is believed but the provider's present answer. So it does not matter how often, how late and in which order
webhooks and events come, nor which of several functions comes first.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from chalicelib.core import clock, due, dynamo, log
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy
from chalicelib.payments import balance, methods, provider, providers, service, states, terms
from chalicelib.payments.events import PaymentAuthorized, PaymentCaptured, PaymentEvent, PaymentFailed
from chalicelib.payments.provider import Intent, Wish
from chalicelib.payments.tables import Attempt

_ATTEMPTS = 8
# While money of a dead order may still come in, somebody looks again after this time, webhook or not.
_LOOK_AGAIN = timedelta(minutes=10)
# An authorization is taken so long before it lapses.
_BEFORE_IT_LAPSES = timedelta(hours=24)
# Stripe forgets idempotency keys after 24 hours; nobody waits that long for a session to be opened.
_OPENS_FOR = timedelta(hours=23)


class Moved(Exception):
    """The attempt moved between reading and writing."""


class ProviderDisagrees(ShopError):
    """What the provider has is not what the attempt asks for. A person has to look at it."""

    def __init__(self, attempt_id: str, difference: str) -> None:
        detail = "The payment is not what the order asks for. Somebody will look at it."
        super().__init__("payment_in_doubt", 409, detail)
        log.write("error", payment=attempt_id, detail=difference)


def _retrieve(attempt: Attempt) -> Intent:
    return providers.of(attempt.method).retrieve(str(attempt.provider_id))


def settled(attempt: Attempt, act: Callable[[Attempt], Intent] = _retrieve) -> Attempt:
    """Do `act` at the provider, and bring the attempt to what came of it.

    What the provider will not do for the attempt as it is, it has its reasons for: then only look.
    """
    for _ in range(_ATTEMPTS):
        if not methods.METHODS[attempt.method].has_provider or not states.is_open(attempt.state):
            return attempt
        if attempt.provider_id is None:
            attempt, intent = opened(attempt)
            if intent is None or attempt.provider_id is None:
                return attempt
        try:
            intent = _present(attempt, act)
        except provider.Refused as refused:
            return without_intent(attempt, refused)
        try:
            return _apply(attempt, intent)
        except Moved:
            attempt = service.find(attempt.id)
    raise busy()


def _present(attempt: Attempt, act: Callable[[Attempt], Intent]) -> Intent:
    try:
        return act(attempt)
    except provider.Refused:
        return _retrieve(attempt)


def cancel(attempt: Attempt) -> Intent:
    """For `settled`: let nobody pay it any more, let go of what was promised."""
    return providers.of(attempt.method).cancel(str(attempt.provider_id))


def capture(attempt: Attempt) -> Intent:
    """For `settled`: take the money."""
    return providers.of(attempt.method).capture(str(attempt.provider_id), attempt.id, attempt.take)


def without_intent(attempt: Attempt, refused: provider.Refused) -> Attempt:
    """The provider does not show the intent: it is no longer there, as after a change of account, or in doubt."""
    if refused.code != "resource_missing":
        raise ProviderDisagrees(attempt.id, refused.code) from refused
    return _never_opened(attempt, refused.code)


def opened(attempt: Attempt) -> tuple[Attempt, Intent | None]:
    """The attempt with an intent of its own. No intent if the provider will not have one."""
    created = datetime.fromisoformat(attempt.created_at)
    if clock.now() - created > _OPENS_FOR:
        # The key is, or will be, forgotten: only what was opened under it counts, also where its answer was lost.
        intent = providers.of(attempt.method).find(attempt.id, created)
        if intent is None:
            return _never_opened(attempt, "not_opened"), None
    else:
        try:
            wish = Wish(attempt.id, attempt.order_id, attempt.amount, attempt.method, attempt.customer_ref)
            intent = providers.of(attempt.method).create(wish)
        except provider.Refused as refused:
            return _never_opened(attempt, refused.code), None
    for _ in range(_ATTEMPTS):
        if attempt.provider_id is not None:  # a twin was faster; under the same key it got the same intent
            return attempt, intent
        attempt.provider_id = intent.id
        attempt.version = int(attempt.version) + 1
        try:
            return commit(kept(attempt)), intent
        except Moved:
            attempt = service.find(attempt.id)
    raise busy()


def _never_opened(attempt: Attempt, code: str) -> Attempt:
    try:
        move(attempt, states.FAILED)
        attempt.decline = code
        return commit(kept(attempt), service.event(PaymentFailed, attempt, code=code))
    except Moved:
        return service.find(attempt.id)


def _apply(attempt: Attempt, intent: Intent) -> Attempt:
    """Write down what the provider says, if it says anything new, and tell it once."""
    if intent.amount != attempt.amount:
        raise ProviderDisagrees(attempt.id, f"{attempt.amount} here, {intent.amount} in {intent.id}")
    before = attempt.state
    if states.may_move(before, intent.state):
        move(attempt, intent.state)
        attempt.captured = intent.captured
        if intent.state == states.AUTHORIZED and (lives := methods.METHODS[attempt.method].authorization_lives):
            attempt.authorized_until = clock.stamp(clock.now() + lives)
        return commit(kept(attempt), _told(attempt, before, intent), service.taken(attempt, attempt.captured.amount))
    if _is_declined_anew(attempt, intent):
        attempt.version = int(attempt.version) + 1
        return commit(attempt, _declined(attempt, intent))
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


def changed(attempt: Attempt, change: Callable[[Attempt], None]) -> Attempt:
    """Write a change that holds whatever the attempt's state is, and see when the sweep has to look at it."""
    for _ in range(_ATTEMPTS):
        change(attempt)
        attempt.version = int(attempt.version) + 1
        try:
            return commit(kept(attempt))
        except Moved:
            attempt = service.find(attempt.id)
    raise busy()


def move(attempt: Attempt, state: str) -> None:
    """Into another state, and so a new version."""
    attempt.state = state
    attempt.version = int(attempt.version) + 1


def commit(attempt: Attempt, event: PaymentEvent | None = None, postings: Sequence[Action] = ()) -> Attempt:
    """Write the attempt in its new version with what is told of it and what the ledger says; raises Moved if it moved
    meanwhile."""
    before = Attempt.version == int(attempt.version) - 1
    actions = [dynamo.put(attempt, before, Moved()), *postings, *([service.announce(event)] if event else [])]
    if len(actions) == 1:
        dynamo.write(actions[0])
    else:
        dynamo.transaction(actions)
    return attempt


def kept(attempt: Attempt) -> Attempt:
    """Say when the sweep has to look at the attempt again, if it has to."""
    if methods.METHODS[attempt.method].has_provider:
        due.look_after(attempt, clock.now() + _LOOK_AGAIN if _open_end(attempt) else to_be_taken_by(attempt))
    else:
        terms.wait(attempt)
    return attempt


def to_be_taken_by(attempt: Attempt) -> datetime | None:
    """When it is time to take what would lapse otherwise, if anything would."""
    if attempt.state != states.AUTHORIZED or attempt.authorized_until is None:
        return None
    return datetime.fromisoformat(attempt.authorized_until) - _BEFORE_IT_LAPSES


def _open_end(attempt: Attempt) -> bool:
    """Whether something is still to be done about the attempt that no customer and no member of staff will do."""
    if attempt.state == states.CAPTURED:
        return bool(balance.kept(attempt) if attempt.closing else balance.surplus(attempt))
    if not states.is_open(attempt.state):
        return False
    return attempt.closing or attempt.provider_id is None or (attempt.packed and attempt.state == states.AUTHORIZED)
