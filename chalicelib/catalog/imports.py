"""Import jobs: a file in S3 becomes products, a line of report for each, and a second reading changes nothing."""

import csv
import io
import time
from collections.abc import Callable, Iterator

import msgspec

from chalicelib.catalog import products, shopify, storage, tables
from chalicelib.catalog.shopify import Numbered, Problem
from chalicelib.catalog.tables import CatalogItem, ImportJob, ImportLine
from chalicelib.core import audit, clock, dynamo, ids, jobs, sqs
from chalicelib.core.errors import ShopError, not_found
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.settings import settings
from chalicelib.core.staff import Staff

FOLDER = "imports/"
AWAITING_UPLOAD, RUNNING, FINISHED, FAILED = "awaiting_upload", "running", "finished", "failed"
_LONGEST_CELL = 2_000_000


def start(once: Once, by: Staff) -> ImportJob:
    """A job that waits for its file. The same request again answers with the same job."""
    job = _new_job(ids.new_id("imp"))
    try:
        dynamo.transaction(
            [*once.claim(CatalogItem, job.id), dynamo.insert(job), audit.entry(by, "import.started", job.id)]
        )
    except AlreadyDone:
        return find(str(once.made(CatalogItem)))
    return job


def upload_url(job: ImportJob) -> str:
    return storage.upload_url(f"{FOLDER}{job.id}.csv")


def find(import_id: str) -> ImportJob:
    job = dynamo.get(ImportJob, f"IMPORT#{import_id}", "IMPORT")
    if job is None:
        raise not_found("import")
    return job


def report(import_id: str, limit: int, after: str | None) -> tuple[list[ImportLine], str | None]:
    lines = tables.import_report(import_id, limit + 1, after)
    return lines[:limit], lines[limit - 1].sk if len(lines) > limit else None


def run_uploaded(key: str, out_of_time: Callable[[], bool]) -> None:
    """Read the file that was uploaded under `key`, unless its job is done; what is left over is queued again."""
    import_id = key.removeprefix(FOLDER).removesuffix(".csv")
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


def run_console(this: jobs.Run, key: str, out_of_time: Callable[[], bool]) -> ImportJob:
    """Import a file that lies in the bucket already, at once; the same file again goes on where it stopped."""
    etag = storage.etag(key)
    begun = msgspec.json.decode(this.resume, type=_Begun) if this.resume else None
    if begun and (begun.key, begun.etag) == (key, etag):
        job = find(begun.import_id)
    else:
        job = _new_job(ids.new_id("imp"))
        dynamo.write(dynamo.insert(job))
        this.reached(msgspec.json.encode(_Begun(key, etag, job.id)).decode())
    if not run(job, key, out_of_time):
        raise ShopError("out_of_time", 503, f"Import {job.id} stopped early. Import the file again, and it goes on.")
    job = find(job.id)
    this.count(**{name: int(getattr(job, name)) for name in ("created", "updated", "unchanged", "failed")})
    return job


def run(job: ImportJob, key: str, out_of_time: Callable[[], bool]) -> bool:
    """Import the file at `key` from where the job stands. False if time ran out; the job then knows how far it came."""
    _set_state(job, RUNNING)
    try:
        seen: set[str] = set()
        for group in shopify.grouped(_rows(storage.open_text(key))):
            if group[0].line >= int(job.next_line):
                if out_of_time():
                    return False
                _import_product(job, group, seen)
            seen.add(shopify.handle_of(group))
    except (ShopError, csv.Error, UnicodeDecodeError) as error:
        detail = error.detail if isinstance(error, ShopError) else f"The file can not be read as UTF-8 CSV: {error}."
        _set_state(job, FAILED, detail)
        return True
    _set_state(job, FINISHED)
    return True


def _rows(file: io.TextIOWrapper) -> Iterator[Numbered]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(file)
    header = [name.strip() for name in next(reader, [])]
    if missing := shopify.missing_columns(header):
        detail = f"This is no Shopify product CSV: the columns {', '.join(missing)} are missing."
        raise ShopError("unknown_format", 422, detail)
    ended = reader.line_num
    for cells in reader:
        line, ended = ended + 1, reader.line_num
        if any(cells):
            yield Numbered(line, dict(zip(header, cells, strict=False)))


def _import_product(job: ImportJob, group: list[Numbered], seen: set[str]) -> None:
    read = shopify.read_product(group, settings.currency)
    problems = list(read.problems)
    if read.handle in seen:
        problems.append(
            Problem(read.line, "This handle stands further up in the file. Rows of a product must follow each other.")
        )
    elif read.draft is not None:
        try:
            products.save(read.draft, lambda saved: _reported(job, read.line, read.handle, saved.outcome, problems))
            return
        except ShopError as error:
            if error.status >= 500:
                raise
            problems.append(Problem(read.line, error.detail, error.pointer))
    dynamo.transaction(_reported(job, read.line, read.handle, "failed", problems))


def _reported(job: ImportJob, line: int, handle: str, outcome: str, problems: list[Problem]) -> list[dynamo.Action]:
    entry = ImportLine(
        **tables.import_line_key(job.id, line),
        line=line,
        product_handle=handle,
        outcome=outcome,
        problems=[msgspec.structs.asdict(problem) for problem in problems],
    )
    counter = {
        "created": ImportJob.created,
        "updated": ImportJob.updated,
        "unchanged": ImportJob.unchanged,
        "failed": ImportJob.failed,
    }
    counted = counter[outcome]
    changes = [counted.set((counted | 0) + 1), ImportJob.next_line.set(line + 1)]
    return [dynamo.insert(entry), dynamo.update(job, changes)]


def _set_state(job: ImportJob, state: str, detail: str | None = None) -> None:
    changes = [ImportJob.state.set(state)]
    if state in (FINISHED, FAILED):
        changes.append(ImportJob.finished_at.set(clock.stamp(clock.now())))
    if detail:
        changes.append(ImportJob.detail.set(detail))
    dynamo.write(dynamo.update(job, changes))


def _new_job(import_id: str) -> ImportJob:
    return ImportJob(
        **tables.import_key(import_id), id=import_id, state=AWAITING_UPLOAD, created_at=clock.stamp(clock.now())
    )


def deadline(seconds_left: float, margin: float = 30.0) -> Callable[[], bool]:
    """Whether fewer than `margin` seconds remain of the `seconds_left` that a function has now."""
    end = time.monotonic() + seconds_left - margin
    return lambda: time.monotonic() > end
