"""Where the provider's books and ours differ: written down once, seen again, repaired, closed."""

from contextlib import suppress
from datetime import datetime

import msgspec

from chalicelib.core import audit, clock, dynamo, ids
from chalicelib.core.errors import ShopError, not_found
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.payments import ledger_tables
from chalicelib.payments import reconciliation_tables as tables
from chalicelib.payments.reconciliation_tables import CLOSED, NOTED, OPEN, Finding
from chalicelib.payments.tables import PaymentsItem

NO_LONGER = "It no longer holds."


class Found(msgspec.Struct, frozen=True):
    """What is wrong (`what`), about what (`about`, the id of a thing that is of the time `of`), and what shows it
    (`seen_in`, the id of a line or an intent of the provider's, or of an entry of ours)."""

    what: str
    about: str
    of: datetime
    seen_in: str
    detail: str | None = None
    order_id: str | None = None
    payment_id: str | None = None
    refund_id: str | None = None
    intent_id: str | None = None
    entry_id: str | None = None
    ours: Money | None = None
    theirs: Money | None = None

    @property
    def id(self) -> str:
        return ids.named_at("fnd", self.of, self.what, self.about)


def report(found: Found, state: str = OPEN) -> Finding:
    """Write a finding down, or that it was seen again. What a person has closed stays closed."""
    now = clock.stamp(clock.now())
    known = dynamo.get(Finding, **tables.finding_key(found.id))
    if known is None:
        facts = {field: getattr(found, field) for field in found.__struct_fields__ if field not in ("about", "of")}
        known = Finding(**tables.finding_key(found.id), id=found.id, state=state, found_at=now, seen_at=now, **facts)
        tables.mark(known)
        with suppress(dynamo.ConditionFailed):  # the answer got lost and the SDK asked again
            dynamo.write(dynamo.insert(known))
        return known
    if known.closed_by is not None or known.state == state == NOTED:
        return known
    before = known.state
    known.state, known.seen_at, known.seen_in = state, now, found.seen_in
    known.ours, known.theirs, known.detail = found.ours, found.theirs, found.detail
    known.closed_at = known.reason = None
    _save(known, before)
    return known


def no_longer(finding: Finding) -> None:
    """What shows it was looked at, and does not show it any more."""
    finding.state, finding.reason = CLOSED, NO_LONGER
    finding.closed_at = clock.stamp(clock.now())
    _save(finding, OPEN)


def _save(finding: Finding, before: str) -> None:
    tables.mark(finding)
    with suppress(dynamo.ConditionFailed):  # a person was faster
        dynamo.write(dynamo.put(finding, Finding.state == before))


def find(finding_id: str) -> Finding:
    """A finding; 404 if there is none with this id."""
    found = dynamo.get(Finding, **tables.finding_key(finding_id)) if ids.is_id("fnd", finding_id) else None
    if found is None:
        raise not_found("finding")
    return found


def close(finding_id: str, reason: str, once: Once, by: Staff) -> Finding:
    """A person has settled it, and nobody looks for its entry in the provider's books any more.

    409 `finding_closed` if it is not open.
    """
    finding = find(finding_id)
    closed = ShopError("finding_closed", 409, "This finding is not open.")
    changes = [
        Finding.state.set(CLOSED),
        Finding.closed_at.set(clock.stamp(clock.now())),
        Finding.closed_by.set(by.id),
        Finding.reason.set(reason),
        Finding.due_key.remove(),
        Finding.due_at.remove(),
    ]
    settled = ledger_tables.settle(finding.order_id, finding.entry_id) if finding.order_id and finding.entry_id else []
    with suppress(AlreadyDone):
        dynamo.transaction(
            [
                *once.claim(PaymentsItem, finding.id),
                dynamo.update(finding, changes, Finding.state == OPEN, closed),
                *settled,
                audit.entry(by, "finding.closed", finding.id, what=finding.what),
            ]
        )
    return find(once.made(PaymentsItem) or finding.id)
