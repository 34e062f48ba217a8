"""A refund on its way: carried out at the provider, or transferred by staff, and followed until it has an end."""

from datetime import datetime, timedelta

from chalicelib.core import clock, due, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import busy
from chalicelib.payments import provider, providers, refunds, service, tables
from chalicelib.payments.events import PaymentEvent, RefundFailed, RefundRequested, RefundSucceeded
from chalicelib.payments.provider import ProviderRefund
from chalicelib.payments.refunds import FAILED, PENDING, REQUESTED, SUCCEEDED
from chalicelib.payments.tables import Attempt, Refund

_ATTEMPTS = 8
# When the sweep looks again at one that the bank has.
_LOOK_AGAIN = timedelta(hours=6)
# Stripe forgets idempotency keys after 24 hours: from then on a refund is looked for before it is made.
_KEY_LIVES = timedelta(hours=23)


class _Moved(Exception):
    """The refund, or its attempt, moved between reading and writing."""


def carry_out(event: RefundRequested) -> None:
    """Do at the provider what was decided here; while it does not answer, the event comes again."""
    if refunds.find(event.refund_id).state in (REQUESTED, PENDING):
        look_after(event.refund_id)


def look_after(refund_id: str) -> None:
    """Bring a refund to where the provider has it; ask for it there if that was not done yet.

    One that has succeeded may fail yet, days later: the customer's bank can send the money back.
    """
    for _ in range(_ATTEMPTS):
        refund = refunds.find(refund_id)
        attempt = service.find(refund.attempt_id)
        if refund.state == FAILED or attempt.provider_id is None:
            return
        answer = _ask(refund, attempt)
        if refund.state == SUCCEEDED and answer.state != FAILED:
            return
        try:
            _record(refund, attempt, answer)
        except _Moved:
            continue
        return
    raise busy()


def _ask(refund: Refund, attempt: Attempt) -> ProviderRefund:
    """How the refund stands at the provider; only one that nobody there can know of yet is made."""
    there, intent_id = providers.of(attempt.method), str(attempt.provider_id)
    as_it_was = ProviderRefund(refund.provider_id or "", refund.state, refund.code)
    key_lives = clock.now() - datetime.fromisoformat(refund.created_at) < _KEY_LIVES
    try:
        if refund.state != REQUESTED:
            return there.find_refund(refund.id, intent_id) or as_it_was
        found = None if key_lives else there.find_refund(refund.id, intent_id)
        return found or there.refund(refund.id, intent_id, refund.amount)
    except provider.Refused as refused:
        return ProviderRefund("", FAILED, refused.code) if refund.state == REQUESTED else as_it_was


def _record(refund: Refund, attempt: Attempt, answer: ProviderRefund) -> None:
    if answer.state in (SUCCEEDED, FAILED):
        dynamo.transaction(_ended(refund, attempt, answer, _Moved()))
        return
    asked = Refund.state == refund.state
    refund.provider_id, refund.state, refund.code = answer.id or None, answer.state, answer.code
    due.look_after(refund, clock.now() + _LOOK_AGAIN)
    dynamo.write(dynamo.put(refund, asked, _Moved()))


def went_by_hand(refund: Refund, attempt: Attempt) -> list[Action]:
    """Write actions of a refund that somebody has transferred; committing raises 409 `payment_changed` if it moved."""
    return _ended(refund, attempt, ProviderRefund("", SUCCEEDED, None), service.changed_meanwhile())


def _ended(refund: Refund, attempt: Attempt, answer: ProviderRefund, otherwise: Exception) -> list[Action]:
    before = refund.state
    asked, unmoved = Refund.state == before, Attempt.version == int(attempt.version)
    refund.provider_id, refund.state, refund.code = answer.id or None, answer.state, answer.code
    due.look_after(refund, None)
    attempt.version = int(attempt.version) + 1
    event: PaymentEvent
    postings: list[Action] = []
    if answer.state == SUCCEEDED:
        attempt.refunded = int(attempt.refunded) + refund.amount.amount
        postings = service.returned(attempt, refund)
        event = service.event(RefundSucceeded, attempt, refund_id=refund.id, amount=refund.amount)
    else:
        # What did not go back can be asked for again, by a person: RefundFailed is on the order's timeline.
        if before == SUCCEEDED:
            attempt.refunded = int(attempt.refunded) - refund.amount.amount
            postings = service.came_back(attempt, refund, refund.amount.amount)
        attempt.refunding = int(attempt.refunding) - refund.amount.amount
        event = service.event(RefundFailed, attempt, refund_id=refund.id, amount=refund.amount, code=answer.code or "")
    writes = [dynamo.put(refund, asked, otherwise), dynamo.put(attempt, unmoved, otherwise), *postings]
    if answer.state == FAILED and attempt.lost:
        attempts, known = tables.of_order(attempt.order_id)
        all_of_it = [attempt if other.id == attempt.id else other for other in attempts]
        less = refund.amount.amount if answer.code == provider.CHARGE_DISPUTED else 0
        writes = refunds.settled(writes, attempt, all_of_it, known, otherwise, less)
    return [*writes, service.announce(event)]
