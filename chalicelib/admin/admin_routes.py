"""What staff see of the shop's inner life."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.admin import relay
from chalicelib.core import audit, clock, jobs
from chalicelib.core.errors import invalid
from chalicelib.core.paging import Page, decode_cursor, encode_cursor
from chalicelib.core.staff import Permission
from chalicelib.core.web import StaffRoutes

routes = StaffRoutes(__name__)

JobName = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,64}$(?!\n)")]


class Since(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    since: Annotated[datetime, Meta(tz=True)]
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    cursor: Annotated[str, Meta(max_length=512)] | None = None


class EventView(msgspec.Struct, frozen=True):
    """Something that happened. `detail` is the event as it went over the bus."""

    id: str
    at: datetime
    source: str
    name: str
    detail: msgspec.Raw


class Events(msgspec.Struct, frozen=True):
    data: list[EventView]
    next_cursor: str | None


@routes.get("/admin/events", permission=Permission.EVENTS_READ)
def list_events(query: Since) -> Events:
    """What happened in the hour after `since`, in the order of time: the shop's outboxes, read without being sent."""
    if not 2000 <= query.since.year < 3000:
        raise invalid("/query/since", "This shop knows no such time.")
    told, after = relay.recent(query.since, query.limit, decode_cursor(query.cursor))
    views = [EventView(e.id, e.at, e.source, e.name, msgspec.Raw(e.detail.encode())) for e in told]
    return Events(views, encode_cursor(after))


class Log(Page, frozen=True, forbid_unknown_fields=True):
    """`month` is where the list begins, the present one if absent; it looks back twelve months from there."""

    month: Annotated[str, Meta(pattern=r"^2[0-9]{3}-(0[1-9]|1[0-2])$(?!\n)")] | None = None


class AuditView(msgspec.Struct, frozen=True):
    """A change by staff. `who` is the `sub` of their token, `target` the id of what `action` was done to."""

    id: str
    at: datetime
    who: str
    action: str
    target: str
    facts: dict[str, audit.Fact]


class AuditLog(msgspec.Struct, frozen=True):
    data: list[AuditView]
    next_cursor: str | None


@routes.get("/admin/audit", permission=Permission.AUDIT_READ)
def list_audit(query: Log) -> AuditLog:
    """What staff changed, newest first."""
    found, after = audit.newest(_month(query), query.limit, decode_cursor(query.cursor))
    views = [AuditView(e.id, datetime.fromisoformat(e.at), e.who, e.action, e.target, e.facts) for e in found]
    return AuditLog(views, encode_cursor(after))


def _month(query: Log) -> datetime:
    return datetime.fromisoformat(f"{query.month}-01T00:00:00+00:00") if query.month else clock.now()


class JobView(msgspec.Struct, frozen=True):
    """A job: whether it runs, until when its lease lasts, how its last run went, and where one stopped."""

    name: str
    running: bool
    lease_until: str | None
    resume: str | None
    last_started: str
    last_ended: str | None
    last_outcome: str | None


class Jobs(msgspec.Struct, frozen=True):
    data: list[JobView]
    next_cursor: None = None


class RunView(msgspec.Struct, frozen=True):
    """A run that did something or failed. `resumed` is where it went on, `stopped` where one that failed got to."""

    id: str
    started: str
    ended: str
    outcome: str
    counts: dict[str, int]
    error: str | None
    resumed: str | None
    stopped: str | None


class Runs(msgspec.Struct, frozen=True):
    data: list[RunView]
    next_cursor: str | None


@routes.get("/admin/jobs", permission=Permission.JOBS_READ)
def list_jobs() -> Jobs:
    """Schedules and console functions that ever ran, by name, and how their last run went."""
    return Jobs([_job(lease) for lease in jobs.known()])


@routes.get("/admin/jobs/{name}/runs", permission=Permission.JOBS_READ)
def list_runs(name: JobName, query: Page) -> Runs:
    """What the runs of a job did in the last 90 days, newest first. Runs that found nothing to do are left out."""
    found, after = jobs.runs(name, query.limit, decode_cursor(query.cursor))
    return Runs([_run(record) for record in found], encode_cursor(after))


def _job(lease: jobs.Lease) -> JobView:
    running = lease.until is not None and lease.until >= clock.stamp(clock.now())
    return JobView(
        name=lease.name,
        running=running,
        lease_until=lease.until,
        resume=lease.resume,
        last_started=lease.last_started,
        last_ended=lease.last_ended,
        last_outcome=lease.last_outcome,
    )


def _run(record: jobs.RunRecord) -> RunView:
    return RunView(
        id=record.id,
        started=record.started,
        ended=record.ended,
        outcome=record.outcome,
        counts=record.counts,
        error=record.error,
        resumed=record.resumed,
        stopped=record.stopped,
    )
