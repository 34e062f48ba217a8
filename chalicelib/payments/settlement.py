"""Payment attempts settle: paid, captured, called off, given back, whoever comes first with the news."""

from contextlib import suppress
from datetime import date

import msgspec

from chalicelib.core import clock
from chalicelib.core.errors import ShopError, busy
from chalicelib.core.money import zero
from chalicelib.orders.events import OrderAmended, OrderCanceled, OrderCompleted, OrderExpired
from chalicelib.payments import (
    balance,
    intents,
    losses,
    methods,
    provider,
    providers,
    refunds,
    service,
    states,
    tables,
    terms,
)
from chalicelib.payments.events import PaymentCaptured, PaymentOverdue
from chalicelib.payments.provider import Intent
from chalicelib.payments.tables import Attempt

_ATTEMPTS = 8
# In which an intent can be canceled, and no money is on its way.
_CANCELABLE = (states.CREATED, states.REQUIRES_ACTION)


class Session(msgspec.Struct, frozen=True):
    """What a customer needs to pay: the attempt, the provider's secret for the browser, and the page where they have to
    go on (a redirect, a QR code), if there is one.

    There is no secret if the method has no provider, nothing is to be paid any more, or the provider does not answer
    just now: then ask again.
    """

    attempt: Attempt
    client_secret: str | None = None
    action_url: str | None = None


def open_session(attempt: Attempt) -> Session:
    """The provider's session for an attempt, the same one however often it is asked for."""
    if not methods.METHODS[attempt.method].has_provider or attempt.closing or not states.is_open(attempt.state):
        return Session(attempt)
    try:
        if attempt.provider_id is not None:
            intent: Intent | None = providers.of(attempt.method).retrieve(attempt.provider_id)
        else:
            attempt, intent = intents.opened(attempt)
    except provider.Unavailable:
        return Session(attempt)
    except provider.Refused as refused:
        return Session(intents.without_intent(attempt, refused))
    if intent is None or attempt.closing or not states.is_open(attempt.state):
        return Session(attempt)
    return Session(attempt, intent.client_secret, intent.action_url)


def refresh(attempt_id: str) -> Attempt:
    """Bring an attempt to where the provider has it.

    503 `provider_unavailable` if the provider does not answer, 409 `payment_in_doubt` if its amount is another one.
    """
    try:
        return _followed_up(intents.settled(service.find(attempt_id)))
    except provider.Unavailable:
        raise provider.no_answer() from None


def capture(order_id: str) -> None:
    """The goods are packed, or nothing has to be: take the money. All of it at the first parcel, since an
    authorization is taken once.

    What is missing is taken as soon as the customer has paid it.
    """
    for _ in range(_ATTEMPTS):
        attempts = tables.attempts_of(order_id)
        try:
            present = [_captured(_on_terms(attempt)) for attempt in attempts]
        except provider.Unavailable:
            _mark_all_packed(attempts)  # so that the sweep does it if the queue gives up
            raise
        if len(attempts) > 1:
            present = tables.attempts_of(order_id)  # what is owed stands in the first one, which may have changed
        at_the_door = methods.METHODS[balance.method(present)].on_trust
        # Where credit paid, or nothing had to be paid, nothing was taken that tells of the packing: so it is written
        # down, and what comes to be paid later is taken, too.
        if balance.is_secured(present) and (at_the_door or balance.is_packed(present)):
            return
        for attempt in _mark_all_packed(present):
            _captured(attempt)
        # One that was made meanwhile does not know of the packing.
        if len(tables.attempts_of(order_id)) == len(attempts):
            return
    raise busy()


def _on_terms(attempt: Attempt) -> Attempt:
    return intents.changed(attempt, terms.begin) if terms.may_begin(attempt) else attempt


def _mark_all_packed(attempts: list[Attempt]) -> list[Attempt]:
    """Mark those through which money may come yet, and the last one, after which the next one takes."""
    return [
        intents.changed(attempt, _mark_packed)
        for attempt in attempts
        if states.is_open(attempt.state) or attempt is attempts[-1]
    ]


def collect_on_delivery(event: OrderCompleted) -> None:
    """Everything was delivered, so what was to be paid at the door has been paid."""
    for attempt in tables.attempts_of(event.aggregate_id):
        if methods.METHODS[attempt.method].paid_on_delivery and states.may_move(attempt.state, states.CAPTURED):
            intents.move(attempt, states.CAPTURED)
            attempt.captured = attempt.amount
            intents.commit(
                attempt, service.event(PaymentCaptured, attempt), service.taken(attempt, attempt.captured.amount)
            )


def call_off(event: OrderCanceled | OrderExpired) -> None:
    """The order is off: nothing more is to be paid for it, and what was paid goes back."""
    attempts = tables.attempts_of(event.aggregate_id)
    attempts[0] = _written_off(attempts)
    for attempt in attempts:
        if not states.is_dead(attempt.state):
            losses.settle(_give_back(attempt if attempt.closing else intents.changed(attempt, _mark_closing)))


def _written_off(attempts: list[Attempt]) -> Attempt:
    """The first attempt, which knows what the order costs: nothing from now on."""
    for _ in range(_ATTEMPTS):
        first = attempts[0]
        if first.off:
            return first
        owed, first.owed, first.off = balance.owed(attempts), zero(first.amount.currency), True
        first.version = int(first.version) + 1
        try:
            return intents.commit(first, postings=service.sold(first, -owed))
        except intents.Moved:
            attempts = tables.attempts_of(first.order_id)
    raise busy()


def let_go(event: OrderAmended) -> None:
    """What was promised for an order and is not needed any more is let go, at once."""
    for attempt in tables.attempts_of(event.aggregate_id):
        if attempt.closing and not states.is_dead(attempt.state):
            _give_back(attempt)
        losses.settle(attempt)


def abandon(attempt_id: str) -> Attempt:
    """The customer does not want to pay in this way: nobody can any more. Abandoning what is over changes nothing.

    409 `payment_in_progress` if money is on its way or there already; 503 `provider_unavailable`.
    """
    attempt = service.find(attempt_id)
    stopped = attempt if methods.METHODS[attempt.method].on_trust else _stopped(attempt)
    if not (stopped.closing or states.is_dead(stopped.state)):
        raise ShopError("payment_in_progress", 409, "This payment is on its way. Cancel the order instead.")
    return service.find(attempt_id)


def _stopped(attempt: Attempt) -> Attempt:
    """An unpaid attempt, canceled unless its bank was faster."""
    if not methods.METHODS[attempt.method].has_provider:
        return _canceled(attempt) if states.is_unpaid(attempt.state) else attempt
    try:
        attempt = _settled_or_given_up(attempt)
        waits = attempt.state in _CANCELABLE and not attempt.closing
        return intents.settled(attempt, intents.cancel) if waits else attempt
    except provider.Unavailable:
        raise provider.no_answer() from None


def _settled_or_given_up(attempt: Attempt) -> Attempt:
    """An attempt as the provider has it. One that it would not open gave nobody a secret, so nobody pays through it."""
    try:
        return intents.settled(attempt)
    except provider.Unavailable:
        if attempt.provider_id is not None or attempt.state != states.CREATED:
            raise
        attempt.closing, attempt.version = True, int(attempt.version) + 1
        with suppress(intents.Moved):
            return intents.commit(intents.kept(attempt))
        raise  # a twin has opened it meanwhile


def stop_waiting(order_id: str, enough: int, *, spare_action: bool = False) -> bool:
    """Make sure that nothing can be paid for an order any more. False if money has come, or is on its way, instead:
    `enough` of it, in minor units. `spare_action`: also if the customer is at their bank's page just now.

    The provider's intents are canceled first, so that no customer pays for an order whose stock is already gone.
    """
    present = [_settled_or_given_up(attempt) for attempt in tables.attempts_of(order_id)]
    if balance.is_promised(present, enough):
        return False
    if spare_action and any(a.state == states.REQUIRES_ACTION and not a.closing for a in present):
        return False
    waits = [a.state in _CANCELABLE and not a.closing for a in present]
    present = [intents.settled(a, intents.cancel) if w else a for a, w in zip(present, waits, strict=True)]
    return not balance.is_promised(present, enough)


def look_after(attempt_id: str) -> None:
    """What the sweep does: open what was not opened, see that what is being called off comes to its end, take what
    would lapse otherwise, and say of an invoice that it is overdue.
    """
    attempt = intents.settled(service.find(attempt_id))
    attempt = _captured(attempt) if _lapses_soon(attempt) and not attempt.closing else _followed_up(attempt)
    if terms.is_over(attempt):
        _tell_overdue(attempt)
        return
    if attempt.due_key is not None:
        intents.changed(attempt, lambda attempt: None)  # its end was reached, or it is looked at again later


def _lapses_soon(attempt: Attempt) -> bool:
    by = intents.to_be_taken_by(attempt)
    return by is not None and clock.now() >= by


def _tell_overdue(attempt: Attempt) -> None:
    attempt.overdue, attempt.version = True, int(attempt.version) + 1
    event = service.event(PaymentOverdue, attempt, payable_by=date.fromisoformat(str(attempt.payable_by)))
    intents.commit(intents.kept(attempt), event)


def _followed_up(attempt: Attempt) -> Attempt:
    """What is left to do about an attempt that is where the provider has it."""
    if attempt.closing:
        return _give_back(attempt)
    return _captured(attempt) if attempt.packed else _without_surplus(attempt)


def _captured(attempt: Attempt) -> Attempt:
    if attempt.state == states.AUTHORIZED and not attempt.closing:
        attempt = intents.settled(attempt, intents.capture)
    return _without_surplus(attempt)


def _without_surplus(attempt: Attempt) -> Attempt:
    """The order came to cost less while its money was taken: then too much was."""
    if not balance.surplus(attempt):
        return attempt
    refunds.give_surplus_back(attempt, "The order costs less than was paid.")
    return service.find(attempt.id)


def _mark_packed(attempt: Attempt) -> None:
    attempt.packed = True


def _mark_closing(attempt: Attempt) -> None:
    attempt.closing = True


def _canceled(attempt: Attempt) -> Attempt:
    """An attempt that has no provider, canceled unless it has moved meanwhile to where it can not be."""
    for _ in range(_ATTEMPTS):
        if not states.may_move(attempt.state, states.CANCELED):
            return attempt
        intents.move(attempt, states.CANCELED)
        try:
            return intents.commit(intents.kept(attempt))
        except intents.Moved:
            attempt = service.find(attempt.id)
    raise busy()


def _give_back(attempt: Attempt) -> Attempt:
    """Void what is not taken yet, refund what is."""
    if not methods.METHODS[attempt.method].has_provider and states.may_move(attempt.state, states.CANCELED):
        return _canceled(attempt)
    if states.is_open(attempt.state):
        attempt = intents.settled(attempt, intents.cancel)
    if attempt.state == states.CAPTURED:
        refunds.give_all_back(attempt, "The order was called off.")
        return service.find(attempt.id)
    return attempt
