"""The reconciliation's runs: every day, and when staff ask for one; over the time since the last one and two days more.

A run that has no time left, or is cut off, is gone on with where it stopped.
"""

import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chalicelib.core import audit, clock, due, dynamo, ids, jobs, log, sqs
from chalicelib.core.errors import ShopError
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.jobs import Run
from chalicelib.core.settings import settings
from chalicelib.core.staff import Staff
from chalicelib.payments import (
    findings,
    ledger_tables,
    orphans,
    provider,
    providers,
    reconciliation,
    reconciling,
    tables,
)
from chalicelib.payments import reconciliation_tables as kept
from chalicelib.payments.findings import Found
from chalicelib.payments.ledger_tables import LedgerEntry
from chalicelib.payments.provider import ListedIntent, Movement
from chalicelib.payments.reconciliation import Report
from chalicelib.payments.reconciliation_tables import OPEN, Asked, Finding, Reached
from chalicelib.payments.tables import PaymentsItem

JOB = "payments_reconcile"
QUEUED, DONE = "queued", "done"
MISSING_AT_PROVIDER, NOT_COMPARED = "missing_at_provider", "not_compared"
# The provider's lines may appear that much later than the time they are of.
_OVERLAP = timedelta(days=2)
_FIRST_TIME = timedelta(days=7)
# What the provider does not show after this time is missing there.
_MISSING_AFTER = timedelta(days=3)
# So many lines are compared between two places to go on from.
_STEP = 100
_MOST = 1000
_ASKED_KEPT = timedelta(days=90)
_TOLD = 20
# The provider's times are whole seconds.
_SECOND = timedelta(seconds=1)
_ABOUT_THE_THING = (ShopError, provider.Refused, AttributeError, LookupError, TypeError, ValueError)


class Running(Exception):
    """Somebody is at it: ask again later."""


class Place(msgspec.Struct, frozen=True):
    """Where a run is: all lines, or intents, of the time from `since` to `until` that are older than `before` are still
    to be compared."""

    what: str
    since: datetime
    before: datetime
    until: datetime


def start(days: int | None, once: Once, by: Staff) -> Asked:
    """Ask for a run, that looks back `days` at least. The same request again is the same run."""
    now = clock.now()
    asked_id = ids.new_id("rcn")
    asked = Asked(
        **kept.asked_key(asked_id),
        id=asked_id,
        state=QUEUED,
        since=clock.stamp(now - timedelta(days=days)) if days else None,
        expires=int((now + _ASKED_KEPT).timestamp()),
    )
    try:
        dynamo.transaction(
            [
                *once.claim(PaymentsItem, asked_id),
                dynamo.insert(asked),
                audit.entry(by, "reconciliation.started", asked_id),
            ]
        )
    except AlreadyDone:
        asked = dynamo.get(Asked, **kept.asked_key(str(once.made(PaymentsItem)))) or asked
    if asked.state == QUEUED:  # also where it was committed and the function ended before this
        _queue(asked.id)
    return asked


def run_queued(body: str, out_of_time: Callable[[], bool], lease_seconds: int) -> None:
    """Do a run that was asked for, or go on with one that had no time left. Raises Running if another one is at it."""
    asked_id = msgspec.json.decode(body, type=str | None)
    asked = dynamo.get(Asked, **kept.asked_key(asked_id)) if asked_id else None
    if asked_id and (asked is None or asked.state == DONE):
        return
    since = datetime.fromisoformat(asked.since) if asked and asked.since else None
    outcome = run(out_of_time, lease_seconds, since, asked_id)["outcome"]
    if asked is None:
        return
    if outcome == jobs.RUNNING_ELSEWHERE:
        raise Running(asked.id)
    if outcome == jobs.DONE:
        dynamo.write(dynamo.update(asked, [Asked.state.set(DONE)]))


def run(
    out_of_time: Callable[[], bool], lease_seconds: int, since: datetime | None = None, asked_id: str | None = None
) -> dict[str, Any]:
    """Compare what is due. What there is no time for is queued at once."""
    if not providers.STRIPE.is_configured():
        return {"outcome": jobs.DONE}
    outcome = jobs.run(JOB, lambda run: _Books(run, out_of_time).reconcile(since), lease_seconds)
    if outcome["outcome"] == jobs.PAUSED:
        _queue(asked_id)
    return outcome


def _queue(asked_id: str | None) -> None:
    sqs.send(settings.reconcile_queue_url, msgspec.json.encode(asked_id).decode())


class _Books:
    """One run. `seen` is what was looked at, `open` the findings that are open, by what shows them."""

    def __init__(self, run: Run, out_of_time: Callable[[], bool]) -> None:
        self.run, self.out_of_time = run, out_of_time
        self.seen: set[str] = set()
        self.open: dict[str, list[Finding]] = {}
        for finding in kept.all_open():
            self.open.setdefault(finding.seen_in, []).append(finding)

    def reconcile(self, since: datetime | None) -> None:
        """What an earlier run did not finish, if there is such a thing, and then what has come since."""
        if self.run.resume:
            self._through(msgspec.json.decode(self.run.resume, type=Place))
        self._through(_due(since))
        self._look_for_missing()
        self._look_again()
        self._tell()

    def _through(self, place: Place) -> None:
        if place.what == "movements":
            lines = providers.BOOKS.movements(place.since, place.before)
            self._each(lines, place, self._movement)
            place = msgspec.structs.replace(place, what="intents", before=place.until)
            self._reached(place)
        intents = providers.BOOKS.intents(place.since, place.before)
        self._each(intents, place, self._intent)
        until = clock.stamp(place.until)
        dynamo.write(dynamo.put(Reached(**kept.reached_key(), until=until)))

    def _each(self, lines: Iterator[Any], place: Place, compare: Callable[[Any], None]) -> None:
        for number, line in enumerate(lines, 1):
            compare(line)
            self.run.count(compared=1)
            if number % _STEP == 0 or self.out_of_time():
                # Others may be of the same second.
                self._reached(msgspec.structs.replace(place, before=line.created + _SECOND))

    def _reached(self, place: Place) -> None:
        self.run.reached(msgspec.json.encode(place).decode())
        self._go_on()

    def _go_on(self) -> None:
        if self.out_of_time():
            raise jobs.Paused

    def _movement(self, line: Movement) -> None:
        self._judge(line.id, line.created, reconciliation.of_movement(line))

    def _intent(self, intent: ListedIntent) -> None:
        self._judge(intent.id, intent.created, reconciliation.of_intent(intent))

    def _judge(self, seen_in: str, of: datetime, reports: Iterator[Report]) -> None:
        """Write down what is reported of one thing, and that what it showed before it shows no more.

        What is in the way of one comparison is a finding as well, and in the way of no other. What would be in the way
        of all of them, such as no answer of the provider's or of the table's, ends the run.
        """
        shown: set[str] = set()
        try:
            for report in reports:
                shown.add(self._write_down(report))
        except _ABOUT_THE_THING as error:
            if isinstance(error, ShopError) and error.status >= 500:
                raise
            log.write("error", job=JOB, item=seen_in, traceback=traceback.format_exc())
            shown.add(self._write_down(Report(Found(NOT_COMPARED, seen_in, of, seen_in, type(error).__name__), OPEN)))
        for finding in self.open.pop(seen_in, ()):
            if finding.id not in shown:
                findings.no_longer(finding)
                self.run.count(closed=1)
        self.seen.add(seen_in)

    def _write_down(self, report: Report) -> str:
        finding = findings.report(report.found, report.state)
        self.run.count(**{report.state: 1} if report.state != OPEN else {})
        return str(finding.id)

    def _look_for_missing(self) -> None:
        """What we have written down and the provider has not shown for days. It is asked for what moved, however long
        ago: a refund's money may have moved long before the bank let us know."""
        late = due.waiting(PaymentsItem, clock.now() - _MISSING_AFTER, _MOST, ledger_tables.UNRECONCILED)
        for place in list(late):
            order_id, _, entry_id = place.partition("/")
            entry = dynamo.get(LedgerEntry, **ledger_tables.entry_key(order_id, entry_id))
            if entry is not None and entry.due_key is not None:
                self._judge(entry.id, ids.made_at(entry.id), self._missing(entry))
                self._go_on()

    def _missing(self, entry: LedgerEntry) -> Iterator[Report]:
        intent_id = _intent_of(entry)
        lines = _lines_of(intent_id)
        for line in lines:
            self._movement(line)
        ours = reconciliation.as_entry(entry)
        # One of another amount is reported as that.
        if any(reconciling.counterpart(line, [ours]) for line in lines):
            return
        found = Found(
            MISSING_AT_PROVIDER,
            entry.id,
            ids.made_at(entry.id),
            entry.id,
            order_id=entry.order_id,
            intent_id=intent_id,
            entry_id=entry.id,
            ours=ours.amount,
        )
        of = {"payment_id": entry.ref} if ids.is_id("pay", entry.ref) else {"refund_id": entry.ref}
        yield Report(msgspec.structs.replace(found, **of), OPEN)

    def _look_again(self) -> None:
        """At what is open and was not looked at today: it may be over."""
        for finding in [finding for each in self.open.values() for finding in each]:
            if finding.seen_in in self.seen:
                continue
            if ids.is_id("led", finding.seen_in):
                self._judge(finding.seen_in, ids.made_at(finding.seen_in), iter(()))  # who still waits was looked at
            elif finding.intent_id:
                self._ask_again(finding.intent_id)
            elif finding.what == orphans.ORDER_WITHOUT_PAYMENT and tables.attempts_of(finding.seen_in):
                self._judge(finding.seen_in, ids.made_at(finding.seen_in), iter(()))
            self._go_on()

    def _ask_again(self, intent_id: str) -> None:
        for line in _lines_of(intent_id):
            self._movement(line)
        with suppress(provider.Refused):  # it is not there any more, and only a person can tell
            self._intent(providers.BOOKS.intent(intent_id))

    def _tell(self) -> None:
        """Of what is open, in the log and in the record of the run."""
        left = kept.all_open()
        if left:
            self.run.count(open=len(left))
            told = [f"{finding.what} {finding.id}" for finding in left[:_TOLD]]
            log.write("error", job=JOB, open=len(left), findings=told)


def _due(since: datetime | None) -> Place:
    """The time that is to be compared now: from two days before where the last run ended."""
    now = clock.now()
    last = kept.reached()
    begin = last - _OVERLAP if last else now - _FIRST_TIME
    if since is not None:
        begin = min(begin, since)
    until = now + _SECOND
    return Place("movements", begin, until, until)


def _lines_of(intent_id: str | None) -> list[Movement]:
    """None, if the provider knows of no such intent."""
    try:
        return list(providers.BOOKS.movements_of(intent_id)) if intent_id else []
    except provider.Refused:
        return []


def _intent_of(entry: LedgerEntry) -> str | None:
    refund = tables.refund(entry.ref) if ids.is_id("ref", entry.ref) else None
    attempt = tables.attempt(refund.attempt_id if refund else entry.ref)
    return attempt.provider_id if attempt else None
