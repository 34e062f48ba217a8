"""Import jobs: a file in S3 becomes products, a line of report for each, and a second reading changes nothing."""

from collections.abc import Callable

import msgspec

from chalicelib.catalog import storage
from chalicelib.catalog.files import importing
from chalicelib.catalog.files import transfer_tables as transfers
from chalicelib.catalog.files.transfer_tables import ImportForm, ImportJob, ImportLine
from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import audit, clock, dynamo, ids, jobs, sqs
from chalicelib.core.errors import ShopError, not_found
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.settings import settings
from chalicelib.core.staff import Staff

FOLDER = "imports/"
AWAITING_UPLOAD, RUNNING, FINISHED, FAILED = "awaiting_upload", "running", "finished", "failed"


def start(wanted: str | None, dry_run: bool, once: Once, by: Staff) -> ImportJob:
    """A job that waits for its file, in the dialect that is `wanted` if one is. The same request is the same job."""
    job = _new_job(ids.new_id("imp"), by.id, wanted, dry_run)
    try:
        dynamo.transaction(
            [
                *once.claim(CatalogItem, job.id),
                dynamo.insert(job),
                audit.entry(by, "import.started", job.id, dry_run=dry_run),
            ]
        )
    except AlreadyDone:
        return find(str(once.made(CatalogItem)))
    return job


def upload_url(job: ImportJob) -> str:
    return storage.upload_url(f"{FOLDER}{job.id}")


def find(import_id: str) -> ImportJob:
    job = dynamo.get(ImportJob, f"IMPORT#{import_id}", "IMPORT")
    if job is None:
        raise not_found("import")
    return job


def unread_columns(import_id: str) -> list[str]:
    """The columns of a job's file that hold something and that nothing reads, as far as they are known by now."""
    found = dynamo.get(ImportForm, **transfers.import_form_key(import_id))
    return list(found.unread) if found else []


def report(import_id: str, limit: int, after: str | None) -> tuple[list[ImportLine], str | None]:
    lines = transfers.import_report(import_id, limit + 1, after)
    return lines[:limit], lines[limit - 1].sk if len(lines) > limit else None


def run_uploaded(key: str, out_of_time: Callable[[], bool]) -> None:
    """Read the file that was uploaded under `key`, unless its job is done; what is left over is queued again."""
    import_id = key.removeprefix(FOLDER).partition(".")[0]
    job = dynamo.get(ImportJob, f"IMPORT#{import_id}", "IMPORT")
    if job is None or job.state in (FINISHED, FAILED):
        return  # a file that nobody asked for, or a second notice of one that was read
    if not run(job, key, out_of_time):
        message = {"detail-type": "Object Created", "detail": {"object": {"key": key}}}
        sqs.send(settings.import_queue_url, msgspec.json.encode(message).decode())


class _Begun(msgspec.Struct, frozen=True):
    """The import that an operator's earlier run did not finish: of which file, in which version of it."""

    key: str
    etag: str
    import_id: str
    dry_run: bool = False


def run_console(this: jobs.Run, key: str, dry_run: bool, out_of_time: Callable[[], bool]) -> ImportJob:
    """Import a file that lies in the bucket already, at once; the same file again goes on where it stopped."""
    etag = storage.etag(key)
    begun = msgspec.json.decode(this.resume, type=_Begun) if this.resume else None
    if begun and (begun.key, begun.etag, begun.dry_run) == (key, etag, dry_run):
        job = find(begun.import_id)
    else:
        job = _new_job(ids.new_id("imp"), "console", None, dry_run)
        dynamo.write(dynamo.insert(job))
        this.reached(msgspec.json.encode(_Begun(key, etag, job.id, dry_run)).decode())
    if not run(job, key, out_of_time):
        raise ShopError("out_of_time", 503, f"Import {job.id} stopped early. Import the file again, and it goes on.")
    job = find(job.id)
    counts = ("created", "updated", "unchanged", "failed", "skipped")
    this.count(**{name: int(getattr(job, name)) for name in counts})
    return job


def run(job: ImportJob, key: str, out_of_time: Callable[[], bool]) -> bool:
    """Import the file at `key` from where the job stands. False if time ran out; the job then knows how far it came."""
    _set_state(job, RUNNING)
    try:
        stopped = importing.work(job, key, out_of_time)
    except ShopError as error:
        if error.status >= 500:
            raise
        _set_state(job, FAILED, error.detail)
        return True
    if stopped is None:
        _set_state(job, FINISHED)
        return True
    if stopped == job.place:
        _set_state(job, FAILED, f"Line {stopped.line} is more than can be read in one run.")
        return True
    dynamo.write(dynamo.update(job, [ImportJob.place.set(stopped)]))
    return False


def _set_state(job: ImportJob, state: str, detail: str | None = None) -> None:
    changes = [ImportJob.state.set(state)]
    if state in (FINISHED, FAILED):
        changes.append(ImportJob.finished_at.set(clock.stamp(clock.now())))
    if detail:
        changes.append(ImportJob.detail.set(detail))
    dynamo.write(dynamo.update(job, changes))


def _new_job(import_id: str, by: str, wanted: str | None, dry_run: bool) -> ImportJob:
    return ImportJob(
        **transfers.import_key(import_id),
        id=import_id,
        state=AWAITING_UPLOAD,
        wanted=wanted,
        started_by=by,
        dry_run=dry_run,
        created_at=clock.stamp(clock.now()),
    )
