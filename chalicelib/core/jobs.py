"""What schedules and console functions share: one run at a time, going on where a run stopped, a record of each.

| what       | admin table's pk          | sk           |
|------------|---------------------------|--------------|
| job        | JOBS                      | <name>       |
| lease      | JOB#<name>                | LEASE        |
| run record | RUNS#<name>#<year-month>  | <time>#<id>  |
"""

import contextlib
import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.core import clock, dynamo, ids, log
from chalicelib.core.dynamo import Item, JsonAttribute
from chalicelib.core.settings import settings

KEPT = timedelta(days=90)
DONE, PAUSED, FAILED, RUNNING_ELSEWHERE = "done", "paused", "failed", "running_elsewhere"
_LONGEST_ERROR = 300
_EMAIL = re.compile(r"\S+@\S+")


class AdminItem(Item):
    class Meta:
        table_name = settings.tables["admin"]


class Job(AdminItem, discriminator="job"):
    """That there is a job of this name: what a list of jobs is made from."""


class Lease(AdminItem, discriminator="lease"):
    """Who works on a job, until when at most, and how the last run went.

    `resume` is where a run that did not finish stopped; the job itself knows what it means. `holder` is absent while
    nobody works. Times are clock.stamp's, so they compare as text.
    """

    name = UnicodeAttribute()
    holder = UnicodeAttribute(null=True)
    until = UnicodeAttribute(null=True)
    resume = UnicodeAttribute(null=True)
    last_started = UnicodeAttribute()
    last_ended = UnicodeAttribute(null=True)
    last_outcome = UnicodeAttribute(null=True)
    listed = NumberAttribute(null=True)


class RunRecord(AdminItem, discriminator="run"):
    """A run that did something or failed. `resumed` is where it began, `stopped` where one without an end got to."""

    id = UnicodeAttribute()
    name = UnicodeAttribute()
    started = UnicodeAttribute()
    ended = UnicodeAttribute()
    outcome = UnicodeAttribute()
    counts = JsonAttribute(dict[str, int])
    error = UnicodeAttribute(null=True)
    resumed = UnicodeAttribute(null=True)
    stopped = UnicodeAttribute(null=True)


class LeaseLost(Exception):
    """The lease ran out and somebody else has it: stop working."""


class Paused(Exception):
    """The function's time is nearly over. Nothing failed, and the next run goes on at the resume point."""


class Run:
    """One run of a job, given to its work. `resume` is where an earlier run that did not finish stopped."""

    def __init__(self, name: str, lease_seconds: int) -> None:
        self.id = ids.new_id("run")
        self.name = name
        self.started = clock.now()
        self.resume: str | None = None
        self.counts: Counter[str] = Counter()
        self._lease = timedelta(seconds=lease_seconds)

    def count(self, **what: int) -> None:
        """Add to what the run has done; a run that counts nothing leaves no record."""
        self.counts.update(what)

    def reached(self, position: str) -> None:
        """Everything up to `position` is done: a later run goes on there. Extends the lease; raises LeaseLost."""
        changes = [Lease.resume.set(position), Lease.until.set(self.until())]
        dynamo.write(dynamo.update(_lease(self.name), changes, Lease.holder == self.id, LeaseLost(self.name)))
        self.resume = position

    def until(self) -> str:
        return clock.stamp(clock.now() + self._lease)


def run(name: str, work: Callable[[Run], None], lease_seconds: int) -> dict[str, Any]:
    """Let `work` do the job `name`, unless somebody is at it: then the answer is {"outcome": "running_elsewhere"}.

    The answer of a run that finished is {"outcome": "done"} and what it counted, {"outcome": "paused"} and that of one
    that raised Paused. What else `work` raises is raised again; either way the next run goes on where this one stopped.
    A run that dies without a word keeps its lease for `lease_seconds` after it took it or last reached something, so
    that must outlast the longest step.
    """
    this = Run(name, lease_seconds)
    lease = _take(this)
    if lease is None:
        log.write("job", name=name, outcome=RUNNING_ELSEWHERE)
        return {"outcome": RUNNING_ELSEWHERE}
    resumed = this.resume = lease.resume
    try:
        work(this)
    except Paused:
        _end(this, lease, PAUSED, resumed)
        return {"outcome": PAUSED, **this.counts}
    except Exception as error:
        _end(this, lease, FAILED, resumed, _told(error))
        raise
    this.resume = None
    _end(this, lease, DONE, resumed)
    return {"outcome": DONE, **this.counts}


def deadline(seconds_left: float, margin: float = 30.0) -> Callable[[], bool]:
    """Whether fewer than `margin` seconds remain of the `seconds_left` that a function has now."""
    end = time.monotonic() + seconds_left - margin
    return lambda: time.monotonic() > end


class JobsFailed(Exception):
    """Some of a run's items could not be helped; each is in the log. So somebody is told that there are any."""


def each(run: Run, items: Iterable[str], work: Callable[[str], str], put_off: Callable[[str], None]) -> None:
    """Let `work` do each item and count what it says became of it. One that fails is put off and takes no other with
    it; at the end JobsFailed is raised for all of them."""
    for item in items:
        try:
            run.count(**{work(item): 1})
        except Exception:
            log.write("error", job=run.name, item=item, traceback=traceback.format_exc())
            run.count(failed=1)
            with contextlib.suppress(dynamo.ConditionFailed):  # it moved, and waits for nothing any more
                put_off(item)
    if run.counts["failed"]:
        raise JobsFailed(f"{run.counts['failed']} failed")


def known() -> list[Lease]:
    """The leases of all jobs that ever ran, by name."""
    keys: list[dynamo.Key] = [(Lease, f"JOB#{job.sk}", "LEASE") for job in dynamo.collection(Job, "JOBS")]
    found = dynamo.load(keys)
    return [lease for lease in (found.get(key) for key in keys) if isinstance(lease, Lease)]


def runs(name: str, limit: int, after: str | None) -> tuple[list[RunRecord], str | None]:
    """A page of a job's run records, newest first, and where the next page goes on."""
    oldest = clock.now() - KEPT
    month, found = clock.now(), list[RunRecord]()
    while len(found) <= limit and f"{month:%Y-%m}" >= f"{oldest:%Y-%m}":
        behind = RunRecord.sk < after if after else None
        wanted = limit + 1 - len(found)
        found += RunRecord.query(_runs(name, month), behind, scan_index_forward=False, limit=wanted)
        month = month.replace(day=1) - timedelta(days=1)
    return found[:limit], found[limit - 1].sk if len(found) > limit else None


def _take(this: Run) -> Lease | None:
    """The lease as it is now that `this` holds it; None if somebody else does."""
    started = clock.stamp(this.started)
    changes = [
        Lease.kind.set(Lease),
        Lease.name.set(this.name),
        Lease.holder.set(this.id),
        Lease.until.set(this.until()),
        Lease.last_started.set(started),
    ]
    # Its own already: the answer got lost and the SDK asked again.
    free = Lease.holder.does_not_exist() | (Lease.until < started) | (Lease.holder == this.id)
    try:
        lease = dynamo.write(dynamo.update(_lease(this.name), changes, free))
    except dynamo.ConditionFailed:
        return None
    return lease if isinstance(lease, Lease) else None


def _end(this: Run, lease: Lease, outcome: str, resumed: str | None, error: str | None = None) -> None:
    """Give the lease back, and leave a record if there is anything to tell."""
    ended = clock.now()
    log.write("job", name=this.name, outcome=outcome, error=error, **this.counts)
    if error is not None or any(this.counts.values()):
        dynamo.write(dynamo.put(_record(this, ended, outcome, resumed, error)))
    if not lease.listed:
        dynamo.write(dynamo.put(Job(pk="JOBS", sk=this.name)))
    changes = [
        Lease.holder.remove(),
        Lease.until.remove(),
        Lease.last_ended.set(clock.stamp(ended)),
        Lease.last_outcome.set(outcome),
        Lease.listed.set(1),
    ]
    if outcome == DONE:
        changes.append(Lease.resume.remove())
    try:
        dynamo.write(dynamo.update(_lease(this.name), changes, Lease.holder == this.id))
    except dynamo.ConditionFailed:
        log.write("job_lease_lost", name=this.name)  # it ran out; the other holder's lease is left alone


def _record(this: Run, ended: datetime, outcome: str, resumed: str | None, error: str | None) -> RunRecord:
    started = clock.stamp(this.started)
    return RunRecord(
        _runs(this.name, this.started),
        f"{started}#{this.id}",
        id=this.id,
        name=this.name,
        started=started,
        ended=clock.stamp(ended),
        outcome=outcome,
        counts=dict(this.counts),
        error=error,
        resumed=resumed,
        stopped=this.resume,
        expires=int((this.started + KEPT).timestamp()),
    )


def _told(error: Exception) -> str:
    """An error's type and message for the record, which holds no one's address."""
    return _EMAIL.sub("(address)", f"{type(error).__name__}: {error}")[:_LONGEST_ERROR]


def _lease(name: str) -> Lease:
    return Lease(pk=f"JOB#{name}", sk="LEASE")


def _runs(name: str, month: datetime) -> str:
    return f"RUNS#{name}#{month:%Y-%m}"
