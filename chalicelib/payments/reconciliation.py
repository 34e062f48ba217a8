"""One line of the provider's books beside ours: what is the same is marked as found and its fee posted, what is safe is
repaired, the rest is reported."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

from msgspec.structs import replace

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money
from chalicelib.payments import (
    disputes,
    ledger,
    ledger_tables,
    provider,
    providers,
    reconciling,
    refund_progress,
    refunds,
    settlement,
    tables,
)
from chalicelib.payments.findings import Found
from chalicelib.payments.ledger_tables import LedgerEntry
from chalicelib.payments.provider import ListedIntent, Movement
from chalicelib.payments.reconciliation_tables import NOTED, OPEN, REPAIRED
from chalicelib.payments.reconciling import Entry, Ours, Verdict

FEE_NOT_POSTED = "fee_not_posted"
# Findings about a payment or a refund, and about an intent; the others are about the line that shows them.
_OF_THE_THING = {
    Verdict.CAPTURED_NOT_HERE,
    Verdict.AUTHORIZED_NOT_HERE,
    Verdict.REFUND_NOT_HERE,
    Verdict.DEAD_BUT_CAPTURED,
    Verdict.DEAD_BUT_AUTHORIZED,
    Verdict.AMOUNT_DIFFERS,
}
_AT_PEACE = {Verdict.NOTHING, Verdict.FOUND}
_OF_THE_INTENT = {Verdict.PAYMENT_WITHOUT_ORDER, Verdict.SECOND_INTENT}


class Report(NamedTuple):
    """A finding, and how it stands now. What is repaired is reported before and after, so that none gets lost."""

    found: Found
    state: str


class _FoundBefore(Exception):
    """The entry waits no more, or the fee stands in the ledger."""


def of_movement(movement: Movement) -> Iterator[Report]:
    """Look at one line, and do about it what is safe. Raises provider.Unavailable, and Refused."""
    movement = _with_ids_of_ours(movement)
    order_id = _order_of(movement)
    if order_id is None:
        return
    ours = _ours(order_id, movement)
    verdict = reconciling.of_movement(movement, ours)
    if verdict == Verdict.FOUND:
        yield from _settled(movement, order_id, ours)
    elif verdict == Verdict.CAPTURED_NOT_HERE:
        yield from _captured_there(movement, order_id, ours)
    elif verdict == Verdict.REFUND_NOT_HERE:
        yield from _refunded_there(movement, order_id, ours)
    elif verdict == Verdict.DISPUTE and movement.dispute_id:
        yield from _disputed_there(movement, movement.dispute_id, order_id, ours)
    elif verdict != Verdict.NOTHING:
        yield Report(_found(verdict, movement, order_id, ours), OPEN)
    elif movement.kind == "released" and ours.payment is not None:
        yield from _fee_alone(movement, order_id, ours)


def of_intent(intent: ListedIntent) -> Iterator[Report]:
    """Look at one intent, likewise."""
    payment_id = str(intent.payment_id)
    if not ids.is_id("pay", payment_id):
        return
    order_id = ids.parent_of("ord", payment_id)
    ours = _ours(order_id, intent)
    if (verdict := reconciling.of_intent(intent, ours)) in _AT_PEACE:
        return
    intent = providers.BOOKS.intent(intent.id)  # it may have moved on since the list was made
    if (verdict := reconciling.of_intent(intent, ours)) in _AT_PEACE:
        return
    found = _found(verdict, intent, order_id, ours)
    yield Report(found, OPEN)
    if verdict == Verdict.DEAD_BUT_AUTHORIZED:
        _let_go(intent)
    elif verdict in (Verdict.AUTHORIZED_NOT_HERE, Verdict.CAPTURED_NOT_HERE):
        doubt = _tried(lambda: settlement.refresh(payment_id))
        if doubt:
            yield Report(replace(found, detail=doubt), OPEN)
    else:
        return
    intent = providers.BOOKS.intent(intent.id)
    if reconciling.of_intent(intent, _ours(order_id, intent)) in _AT_PEACE:
        yield Report(found, REPAIRED)


def _captured_there(movement: Movement, order_id: str, ours: Ours) -> Iterator[Report]:
    """The provider took what is not written down here: the webhook got lost, or is on its way."""
    found = _found(Verdict.CAPTURED_NOT_HERE, movement, order_id, ours)
    yield Report(found, OPEN)
    doubt = _tried(lambda: settlement.refresh(str(movement.payment_id)))
    ours = _ours(order_id, movement)
    if reconciling.of_movement(movement, ours) == Verdict.FOUND:
        yield Report(found, REPAIRED)
        yield from _settled(movement, order_id, ours)
    elif doubt:
        yield Report(replace(found, detail=doubt), OPEN)


def _refunded_there(movement: Movement, order_id: str, ours: Ours) -> Iterator[Report]:
    """The provider gave back, or failed to, what is not written down here. That it moves money when a refund begins,
    and moves it back if the refund fails, is how its books are: here both are written down when they have happened."""
    refund_id = str(movement.refund_id)
    present = providers.STRIPE.find_refund(refund_id, str(movement.intent_id))
    there = present.state if present else refunds.FAILED
    if there == refunds.PENDING or there == ours.refund == refunds.FAILED:
        return
    found = _found(Verdict.REFUND_NOT_HERE, movement, order_id, ours)
    yield Report(found, OPEN)
    doubt = _tried(lambda: refund_progress.look_after(refund_id))
    ours = _ours(order_id, movement)
    verdict = reconciling.of_movement(movement, ours)
    if verdict == Verdict.FOUND:
        yield Report(found, REPAIRED)
        yield from _settled(movement, order_id, ours)
    elif verdict == Verdict.NOTHING or there == ours.refund == refunds.FAILED:
        yield Report(found, REPAIRED)
    elif doubt:
        yield Report(replace(found, detail=doubt), OPEN)


def _disputed_there(movement: Movement, dispute_id: str, order_id: str, ours: Ours) -> Iterator[Report]:
    """A bank took money, or returned it, and we may not have heard of that."""
    returned = movement.kind == "dispute_won"
    if disputes.is_known(order_id, dispute_id, returned=returned):
        return
    found = _found(Verdict.DISPUTE, movement, order_id, ours)
    yield Report(found, OPEN)
    doubt = _tried(lambda: disputes.look(dispute_id))
    if disputes.is_known(order_id, dispute_id, returned=returned):
        yield Report(found, REPAIRED)
    elif doubt:
        yield Report(replace(found, detail=doubt), OPEN)


def _tried(repair: Callable[[], object]) -> str | None:
    """Do `repair`; why that can not be done, if it can not. Raises provider.Unavailable where it can be done later."""
    try:
        repair()
    except ShopError as error:
        if error.status >= 500:
            raise provider.Unavailable(error.code) from error
        return error.detail
    return None


def _let_go(intent: ListedIntent) -> None:
    """Nobody counts on a promise of money for a payment that is dead here."""
    try:
        providers.STRIPE.cancel(intent.id)
    except provider.Refused:
        return  # it is looked at again at once


def _settled(movement: Movement, order_id: str, ours: Ours) -> Iterator[Report]:
    """The entry was found: nobody looks for it any more, and what the provider kept of it stands in the ledger, both in
    one transaction and so once."""
    entry = reconciling.counterpart(movement, ours.entries)
    if entry is None:
        return
    if entry.waits:
        settle = ledger_tables.settle(order_id, entry.id, _FoundBefore())
        with suppress(_FoundBefore):
            dynamo.transaction([*settle, *_fee(movement, order_id, ours)])
    yield from _noted(movement, order_id, ours)


def _fee_alone(movement: Movement, order_id: str, ours: Ours) -> Iterator[Report]:
    """What is let go moves nothing of ours, but with it a part of the fee comes back."""
    if posting := _fee(movement, order_id, ours):
        with suppress(_FoundBefore):
            dynamo.write(posting[0])
    yield from _noted(movement, order_id, ours)


def _fee(movement: Movement, order_id: str, ours: Ours) -> list[Action]:
    """The ledger entry of a line's fee, whose id is the line's own."""
    fee = movement.fee
    if ours.amount is None or fee.currency != ours.amount.currency:
        return []
    entry_id = ids.named_at("led", movement.created, movement.id)
    lines = ledger.fee(fee.amount)
    return ledger_tables.post(
        order_id, "fee", movement.id, fee.currency, lines, entry_id=entry_id, otherwise=_FoundBefore()
    )


def _noted(movement: Movement, order_id: str, ours: Ours) -> Iterator[Report]:
    """A fee in another currency than the order's is no line of its ledger, which has one currency, and nobody knows at
    what rate it would be one: it is noted, for the accountant."""
    if movement.fee.amount and ours.amount is not None and movement.fee.currency != ours.amount.currency:
        found = Found(FEE_NOT_POSTED, movement.id, movement.created, movement.id, theirs=movement.fee)
        yield Report(_named(found, movement, order_id), NOTED)


def _with_ids_of_ours(movement: Movement) -> Movement:
    """Somebody else's metadata may be of the same name."""
    payment_id, refund_id = movement.payment_id, movement.refund_id
    return replace(
        movement,
        payment_id=payment_id if payment_id and ids.is_id("pay", payment_id) else None,
        refund_id=refund_id if refund_id and ids.is_id("ref", refund_id) else None,
    )


def _order_of(movement: Movement) -> str | None:
    part = movement.refund_id or movement.payment_id
    return ids.parent_of("ord", part) if part else None


def _ours(order_id: str, about: Movement | ListedIntent) -> Ours:
    attempts, known = tables.of_order(order_id)
    refund_id = about.refund_id if isinstance(about, Movement) else None
    intent_id = about.intent_id if isinstance(about, Movement) else about.id
    refund = next((r for r in known if refund_id and r.id == refund_id), None)
    payment_id = refund.attempt_id if refund else about.payment_id
    attempt = next((a for a in attempts if a.id == payment_id), None)
    if attempt is None and payment_id is None:
        attempt = next((a for a in attempts if intent_id and a.provider_id == intent_id), None)
    return Ours(
        payment=attempt.state if attempt else None,
        intent_id=attempt.provider_id if attempt else None,
        amount=attempt.amount if attempt else None,
        refund=refund.state if refund else None,
        entries=[as_entry(entry) for entry in ledger_tables.entries(order_id)] if attempt else [],
    )


def as_entry(entry: LedgerEntry) -> Entry:
    amount = Money(abs(entry.lines.get("receivable", 0)), entry.currency)
    return Entry(entry.id, entry.what, entry.ref, amount, entry.due_key is not None)


def _found(verdict: Verdict, about: Movement | ListedIntent, order_id: str, ours: Ours) -> Found:
    refund_id = about.refund_id if isinstance(about, Movement) else None
    intent_id = about.intent_id if isinstance(about, Movement) else about.id
    ours_id = refund_id or str(about.payment_id)
    entry = reconciling.counterpart(about, ours.entries) if isinstance(about, Movement) else None
    subject, of = about.id, about.created
    if verdict in _OF_THE_THING:
        subject, of = ours_id, ids.made_at(ours_id)
    elif verdict in _OF_THE_INTENT and intent_id:
        subject, of = intent_id, ids.made_at(ours_id)
    found = Found(
        verdict,
        subject,
        of,
        about.id,
        entry_id=entry.id if entry else None,
        ours=entry.amount if entry else ours.amount if verdict == Verdict.AMOUNT_DIFFERS else None,
        theirs=about.amount,
    )
    return _named(found, about, order_id)


def _named(found: Found, about: Movement | ListedIntent, order_id: str) -> Found:
    """The finding with the ids that lead to it, here and at the provider."""
    if isinstance(about, ListedIntent):
        return replace(found, order_id=order_id, payment_id=about.payment_id, intent_id=about.id)
    ids_of = {"payment_id": about.payment_id, "refund_id": about.refund_id, "intent_id": about.intent_id}
    return replace(found, order_id=order_id, **ids_of)
