"""Disputes: a customer's bank takes money back, the shop may answer, and it is decided.

As of payments, nobody is believed but the provider's present answer: webhooks may come late, twice, in any order or not
at all. What changes is written in one transaction with the payment, the ledger and what is told.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.core import clock, due, dynamo, ids, log
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import busy, not_found
from chalicelib.payments import dispute_states as states
from chalicelib.payments import (
    dispute_tables,
    intents,
    ledger,
    ledger_tables,
    provider,
    providers,
    refunds,
    service,
    settlement,
    tables,
)
from chalicelib.payments import states as payment_states
from chalicelib.payments.dispute_tables import Dispute as Dispute
from chalicelib.payments.dispute_tables import OpenDispute
from chalicelib.payments.events import DisputeClosed, DisputeOpened, PaymentEvent
from chalicelib.payments.provider import ProviderDispute
from chalicelib.payments.tables import Attempt, Refund

_ATTEMPTS = 8
# When the sweep looks at an open one again, whether its bank said something or not.
_LOOK_AGAIN = timedelta(hours=6)
# How far back the sweep looks for disputes that it was not told of: Stripe sends a webhook again for three days.
_LOOK_BACK = timedelta(days=3)


class _Moved(Exception):
    """The dispute, or a payment of its order, moved between reading and writing."""


def find(dispute_id: str) -> Dispute:
    """A dispute; 404 if there is none with this id."""
    found = dispute_tables.dispute(dispute_id) if ids.is_id("dsp", dispute_id) else None
    if found is None:
        raise not_found("dispute")
    return found


def look(provider_id: str) -> Dispute:
    """Bring a dispute, by the provider's id of it, to where the provider has it. 404 if it is over no payment here."""
    return follow(_ask(provider_id))


def look_after(dispute_id: str) -> None:
    """What the sweep does about one that is open."""
    look(find(dispute_id).provider_id)
    with suppress(dynamo.ConditionFailed):  # it was decided
        tables.put_off(dispute_id, clock.now() + _LOOK_AGAIN)


def unheard_of() -> Iterator[str]:
    """The provider's ids of late disputes of payments here that are not as they are there: a webhook was lost."""
    try:
        if not providers.STRIPE.is_configured():
            return
        recent = providers.DISPUTES.recent_disputes(clock.now() - _LOOK_BACK)
    except (provider.Refused, provider.Unavailable) as error:
        log.write("disputes_not_listed", why=str(error))  # the next time, or at night by the reconciliation
        return
    for found in recent:
        payment_id = found.payment_id or ""
        attempt = tables.attempt(payment_id) if ids.is_id("pay", payment_id) else None
        if attempt is None:
            continue
        known = _known(attempt.order_id, found.id)
        if states.may_move(known.state if known else None, found.state):
            yield found.id


def is_known(order_id: str, provider_id: str, *, returned: bool) -> bool:
    """Whether it is written down here that a bank took the money, or that it has `returned` it."""
    dispute = _known(order_id, provider_id)
    return dispute is not None and (dispute.state == states.WON if returned else not states.is_inquiry(dispute.state))


def follow(found: ProviderDispute, further: Sequence[Action] = ()) -> Dispute:
    """Write down what the provider says of a dispute, if it is anything new, with `further` write actions."""
    attempt = service.find(found.payment_id or "")
    if payment_states.is_open(attempt.state):
        settlement.refresh(attempt.id)  # what is disputed was taken, though nobody has told us yet
    for _ in range(_ATTEMPTS):
        attempts, known = tables.of_order(attempt.order_id)
        dispute = _known(attempt.order_id, found.id)
        if dispute is not None and not _same(dispute, found):
            found = _ask(found.id)  # after reading, so that no older answer is written over a newer one
        try:
            return _write(dispute, found, attempt.id, attempts, known, further)
        except _Moved:
            found = _ask(found.id)
    raise busy()


def _ask(provider_id: str) -> ProviderDispute:
    try:
        return providers.DISPUTES.find_dispute(provider_id)
    except provider.Refused as refused:
        if refused.code != "resource_missing":
            raise
        raise not_found("dispute") from refused


def _known(order_id: str, provider_id: str) -> Dispute | None:
    return next((item for item in dispute_tables.of_order(order_id) if item.provider_id == provider_id), None)


def _same(dispute: Dispute, found: ProviderDispute) -> bool:
    facts = (found.state, found.amount, found.fee, found.reason, _stamp(found.evidence_due_at))
    return (dispute.state, dispute.amount, dispute.fee, dispute.reason, dispute.evidence_due_at) == facts


def _is_news(dispute: Dispute, found: ProviderDispute) -> bool:
    """What it can not have become from here is an older answer."""
    possible = found.state == dispute.state or states.may_move(dispute.state, found.state)
    return possible and not _same(dispute, found)


class _Before(NamedTuple):
    """What was known of a dispute: `taken` is what its bank had, and `fee` what the provider took, in minor units."""

    state: str | None = None
    taken: int = 0
    fee: int = 0


def _write(
    dispute: Dispute | None,
    found: ProviderDispute,
    attempt_id: str,
    attempts: list[Attempt],
    known: Sequence[Refund],
    further: Sequence[Action],
) -> Dispute:
    attempt = next(attempt for attempt in attempts if attempt.id == attempt_id)
    if dispute is not None and not _is_news(dispute, found):
        if further:
            dynamo.transaction(further)
        return dispute
    if found.amount.currency != attempt.amount.currency:
        raise intents.ProviderDisagrees(attempt.id, f"{found.id} is over {found.amount}")
    before = _Before(dispute.state, _taken(dispute), _fee(dispute)) if dispute else _Before()
    dispute, saving = _saved(dispute, found, attempt)
    fee = ledger.fee(_fee(dispute) - before.fee)
    money = [*_moved(before, dispute, attempt, attempts, known), *_posted(dispute, "dispute_fee", fee)]
    dynamo.transaction([*saving, *money, *further])
    return dispute


def _taken(dispute: Dispute) -> int:
    return dispute.amount.amount if states.is_taken(dispute.state) else 0


def _fee(dispute: Dispute) -> int:
    """What of the fee stands in the order's books: one in another currency has no place there."""
    return dispute.fee.amount if dispute.fee and dispute.fee.currency == dispute.amount.currency else 0


def _saved(dispute: Dispute | None, found: ProviderDispute, attempt: Attempt) -> tuple[Dispute, list[Action]]:
    """The dispute as it is now, and the write actions for it and for the list of the open ones."""
    listed = dispute_tables.open_key(dispute) if dispute and states.is_open(dispute.state) else None
    if dispute is None:
        dispute = _new(attempt)
    unmoved = Dispute.version == int(dispute.version)
    put_anew = dispute.version == 0
    dispute.version = int(dispute.version) + 1
    dispute.provider_id, dispute.state, dispute.reason = found.id, found.state, found.reason
    dispute.amount, dispute.fee, dispute.evidence_due_at = found.amount, found.fee, _stamp(found.evidence_due_at)
    is_open = states.is_open(dispute.state)
    due.look_after(dispute, clock.now() + _LOOK_AGAIN if is_open else None)
    saving = [dynamo.insert(dispute, _Moved()) if put_anew else dynamo.put(dispute, unmoved, _Moved())]
    to_list = dispute_tables.open_key(dispute) if is_open else None
    if to_list != listed:
        saving += [dynamo.delete(OpenDispute(**listed))] if listed else []
        saving += [dynamo.put(OpenDispute(**to_list))] if to_list else []
    return dispute, saving


def _new(attempt: Attempt) -> Dispute:
    dispute_id = ids.derived("dsp", attempt.order_id, len(dispute_tables.of_order(attempt.order_id)) + 1)
    return Dispute(
        **dispute_tables.dispute_key(dispute_id),
        id=dispute_id,
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        version=0,
        opened_at=clock.stamp(clock.now()),
    )


def _moved(
    before: _Before, dispute: Dispute, attempt: Attempt, attempts: Sequence[Attempt], known: Sequence[Refund]
) -> list[Action]:
    """Write actions for the payment: what the bank took or gave back, and what that lets the shop do or settles."""
    change = _taken(dispute) - before.taken
    if not change and (dispute.state == before.state or dispute.state not in (states.WON, states.LOST)):
        return []
    unmoved = Attempt.version == int(attempt.version)
    attempt.version = int(attempt.version) + 1
    _count(attempt, before.state, -before.taken)
    _count(attempt, dispute.state, _taken(dispute))
    told = service.announce(_event(dispute, attempt))
    posted = _posted(dispute, "dispute" if change > 0 else "dispute_won", ledger.disputed(change))
    writes = [dynamo.put(attempt, unmoved, _Moved()), told, *posted]
    if states.is_open(dispute.state):
        return writes
    return refunds.settled(writes, attempt, attempts, known, _Moved())


def _count(attempt: Attempt, state: str | None, amount: int) -> None:
    if state == states.LOST:
        attempt.lost = int(attempt.lost) + amount
    else:
        attempt.disputed = int(attempt.disputed) + amount


def _event(dispute: Dispute, attempt: Attempt) -> PaymentEvent:
    facts = {"dispute_id": dispute.id, "amount": dispute.amount}
    if not states.is_open(dispute.state):
        return service.event(DisputeClosed, attempt, **facts, outcome=dispute.state)
    until = datetime.fromisoformat(dispute.evidence_due_at) if dispute.evidence_due_at else None
    return service.event(DisputeOpened, attempt, **facts, reason=dispute.reason, evidence_due_at=until)


def _posted(dispute: Dispute, what: str, lines: ledger.Lines) -> list[Action]:
    return ledger_tables.post(dispute.order_id, what, dispute.id, dispute.amount.currency, lines)


def _stamp(moment: datetime | None) -> str | None:
    return clock.stamp(moment) if moment else None
