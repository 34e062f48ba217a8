"""Money that goes back: asked for in one transaction, carried out at the provider, followed until it is there."""

from datetime import datetime, timedelta

from chalicelib.core import clock, due, dynamo, ids
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy, not_found
from chalicelib.core.money import Money
from chalicelib.payments import methods, service, states, stripe_gateway, tables
from chalicelib.payments.events import PaymentEvent, RefundFailed, RefundRequested, RefundSucceeded
from chalicelib.payments.stripe_gateway import ProviderRefund
from chalicelib.payments.tables import Attempt, Refund

REQUESTED, PENDING, SUCCEEDED, FAILED = "requested", "pending", "succeeded", "failed"
_ATTEMPTS = 8
# When the sweep looks at a refund that has no result: one that was not carried out, and one that the bank has.
_CARRIED_OUT_WITHIN = timedelta(minutes=10)
_LOOK_AGAIN = timedelta(hours=6)
# Stripe forgets idempotency keys after 24 hours: from then on a refund is looked for before it is made.
_KEY_LIVES = timedelta(hours=23)


class _Moved(Exception):
    """The refund, or its attempt, moved between reading and writing."""


def request(order_id: str, reason: str) -> tuple[Refund, list[Action]]:
    """Give back all that was captured of an order: the refund, and the write actions that ask for it.

    409 `nothing_to_refund` if no money is there, or all of it is on its way back. Committing raises 409
    `payment_changed` if the payment changed meanwhile: so two requests at once give the money back once.
    """
    attempts, known = tables.of_order(order_id)
    for attempt in attempts:
        if _left(attempt):
            return _request(attempt, len(known) + 1, reason)
    raise ShopError("nothing_to_refund", 409, "No money of this order is left to give back.")


def give_all_back(attempt: Attempt, reason: str) -> None:
    """Ask for what is left of one attempt, if something is. What a bank refused before is for a person to ask again."""
    for _ in range(_ATTEMPTS):
        known = tables.of_order(attempt.order_id)[1]
        refused = any(refund.attempt_id == attempt.id and refund.state == FAILED for refund in known)
        if refused or not _left(attempt):
            return
        _, actions = _request(attempt, len(known) + 1, reason)
        try:
            dynamo.transaction(actions)
        except ShopError as error:
            if error.code != service.changed_meanwhile().code:
                raise
            attempt = service.find(attempt.id)
        else:
            return
    raise busy()


def carry_out(event: RefundRequested) -> None:
    """Do at the provider what was decided here; while it does not answer, the event comes again."""
    if find(event.refund_id).state in (REQUESTED, PENDING):
        look_after(event.refund_id)


def look_after(refund_id: str) -> None:
    """Bring a refund to where the provider has it; ask for it there if that was not done yet.

    One that has succeeded may fail yet, days later: the customer's bank can send the money back.
    """
    for _ in range(_ATTEMPTS):
        refund = find(refund_id)
        attempt = service.find(refund.attempt_id)
        if refund.state == FAILED or attempt.provider_id is None:
            return
        answer = _ask(refund, attempt.provider_id)
        if refund.state == SUCCEEDED and answer.state != FAILED:
            return
        try:
            _record(refund, attempt, answer)
        except _Moved:
            continue
        return
    raise busy()


def find(refund_id: str) -> Refund:
    """A refund; 404 if there is none with this id."""
    refund = tables.refund(refund_id) if ids.is_id("ref", refund_id) else None
    if refund is None:
        raise not_found("refund")
    return refund


def _left(attempt: Attempt) -> int:
    captured = attempt.captured.amount if attempt.state == states.CAPTURED else 0
    return captured - int(attempt.refunding)


def _request(attempt: Attempt, number: int, reason: str) -> tuple[Refund, list[Action]]:
    now = clock.now()
    amount = Money(_left(attempt), attempt.amount.currency)
    refund_id = ids.derived("ref", attempt.order_id, number)
    refund = Refund(
        **tables.refund_key(refund_id),
        id=refund_id,
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        state=REQUESTED,
        amount=amount,
        reason=reason,
        created_at=clock.stamp(now),
    )
    unmoved = Attempt.version == int(attempt.version)
    attempt.version = int(attempt.version) + 1
    attempt.refunding = int(attempt.refunding) + amount.amount
    due.look_after(attempt, None)
    event: PaymentEvent
    if methods.METHODS[attempt.method].paid_on_delivery:
        # Cash was taken by hand and is given back by hand: who asks for this refund has done so.
        refund.state = SUCCEEDED
        attempt.refunded = int(attempt.refunded) + amount.amount
        event = service.event(RefundSucceeded, attempt, refund_id=refund_id, amount=amount)
    else:
        due.look_after(refund, now + _CARRIED_OUT_WITHIN)
        event = service.event(RefundRequested, attempt, refund_id=refund_id, amount=amount)
    changed = service.changed_meanwhile()
    return refund, [dynamo.put(attempt, unmoved, changed), dynamo.insert(refund, changed), service.announce(event)]


def _ask(refund: Refund, intent_id: str) -> ProviderRefund:
    """How the refund stands at the provider; only one that nobody there can know of yet is made."""
    as_it_was = ProviderRefund(refund.provider_id or "", refund.state, refund.code)
    key_lives = clock.now() - datetime.fromisoformat(refund.created_at) < _KEY_LIVES
    try:
        if refund.state != REQUESTED:
            return stripe_gateway.find_refund(refund.id, intent_id) or as_it_was
        found = None if key_lives else stripe_gateway.find_refund(refund.id, intent_id)
        return found or stripe_gateway.refund(refund.id, intent_id, refund.amount)
    except stripe_gateway.Refused as refused:
        return ProviderRefund("", FAILED, refused.code) if refund.state == REQUESTED else as_it_was


def _record(refund: Refund, attempt: Attempt, answer: ProviderRefund) -> None:
    before = refund.state
    asked = Refund.state == before
    refund.provider_id, refund.state, refund.code = answer.id or None, answer.state, answer.code
    if answer.state not in (SUCCEEDED, FAILED):
        due.look_after(refund, clock.now() + _LOOK_AGAIN)
        dynamo.write(dynamo.put(refund, asked, _Moved()))
        return
    due.look_after(refund, None)
    unmoved = Attempt.version == int(attempt.version)
    attempt.version = int(attempt.version) + 1
    event: PaymentEvent
    if answer.state == SUCCEEDED:
        attempt.refunded = int(attempt.refunded) + refund.amount.amount
        event = service.event(RefundSucceeded, attempt, refund_id=refund.id, amount=refund.amount)
    else:
        # What did not go back can be asked for again, by a person: RefundFailed is on the order's timeline.
        attempt.refunded = int(attempt.refunded) - (refund.amount.amount if before == SUCCEEDED else 0)
        attempt.refunding = int(attempt.refunding) - refund.amount.amount
        event = service.event(RefundFailed, attempt, refund_id=refund.id, amount=refund.amount, code=answer.code or "")
    actions = [dynamo.put(refund, asked, _Moved()), dynamo.put(attempt, unmoved, _Moved()), service.announce(event)]
    dynamo.transaction(actions)
