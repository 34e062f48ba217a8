"""Export jobs: the catalogue, or the report of an import, becomes a file in S3, a part at a time and so of any size."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import cast

import msgspec
from pynamodb.expressions.update import Action as Change

from chalicelib.catalog import product_items, service, storage, tables
from chalicelib.catalog.files import definitions, jsonlines, reports
from chalicelib.catalog.files import transfer_tables as transfers
from chalicelib.catalog.files.transfer_tables import ExportJob, ExportPlace
from chalicelib.catalog.storage import Growing
from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import audit, clock, dynamo, ids, sqs
from chalicelib.core.errors import not_found
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.settings import settings
from chalicelib.core.staff import Staff

FOLDER = "exports/"
QUEUED, RUNNING, FINISHED = "queued", "running", "finished"
_PAGE = 100
# S3 takes at most 10,000 parts of at least 5 MiB, but for the last.
_PART = 8 << 20


class _Piece(msgspec.Struct, frozen=True):
    """Some lines of the file, how many things they hold, and where it goes on behind them."""

    content: bytes
    things: int
    after: ExportPlace


class _Moved(Exception):
    """Another function works on this job."""


def start(report_of: str | None, once: Once, by: Staff) -> ExportJob:
    """A job that writes the catalogue, or the report of an import. The same request again is the same job."""
    if report_of is not None and dynamo.get(transfers.ImportJob, **transfers.import_key(report_of)) is None:
        raise not_found("import")
    export_id = ids.new_id("exp")
    job = ExportJob(
        **transfers.export_key(export_id),
        id=export_id,
        state=QUEUED,
        report_of=report_of,
        created_at=clock.stamp(clock.now()),
    )
    try:
        dynamo.transaction(
            [*once.claim(CatalogItem, job.id), dynamo.insert(job), audit.entry(by, "export.started", job.id)]
        )
    except AlreadyDone:
        job = find(str(once.made(CatalogItem)))
    if job.state == QUEUED:  # also where it was committed and the function ended before this
        _queue(job.id)
    return job


def find(export_id: str) -> ExportJob:
    job = dynamo.get(ExportJob, **transfers.export_key(export_id))
    if job is None:
        raise not_found("export")
    return job


def download_url(job: ExportJob) -> str | None:
    """A link to the file for the next hour, once it is there."""
    if job.state != FINISHED:
        return None
    ending = "jsonl" if job.report_of is None else "csv"
    return storage.attachment_url(_key(job.id), f"{job.report_of or 'catalogue'}-{job.created_at[:10]}.{ending}")


def run_queued(export_id: str, out_of_time: Callable[[], bool]) -> None:
    """Write on at the file of a job, unless it is done; what is left over is queued again."""
    job = dynamo.get(ExportJob, **transfers.export_key(export_id))
    if job is None or job.state == FINISHED:
        return
    with suppress(_Moved):
        if not _write(job, out_of_time):
            _queue(job.id)


def _write(job: ExportJob, out_of_time: Callable[[], bool]) -> bool:
    """Write parts from where the job stands. False if time ran out: what was not yet a part is written once more."""
    if job.upload is None:
        begun = storage.begin(_key(job.id), "application/octet-stream")
        job = _step(job, ExportJob.state.set(RUNNING), ExportJob.upload.set(begun.upload_id))
    buffer, things, place = bytearray(), 0, job.place or ExportPlace()
    for piece in _pieces(job, place):
        buffer += piece.content
        things, place = things + piece.things, piece.after
        if len(buffer) >= _PART:
            job = _add(job, bytes(buffer), things, place)
            buffer, things = bytearray(), 0
            if out_of_time():
                return False
    if buffer or not job.parts:
        job = _add(job, bytes(buffer), things, place)
    storage.finish(_file(job))
    size = storage.size(_key(job.id))
    ended = clock.stamp(clock.now())
    _step(job, ExportJob.state.set(FINISHED), ExportJob.size.set(size), ExportJob.finished_at.set(ended))
    return True


def _add(job: ExportJob, content: bytes, things: int, place: ExportPlace) -> ExportJob:
    """Write the next part and step behind it; a part that was written and not stepped behind is written over."""
    grown = storage.grow(_file(job), content)
    counted = int(job.things) + things
    return _step(job, ExportJob.parts.set(grown.parts), ExportJob.things.set(counted), ExportJob.place.set(place))


def _file(job: ExportJob) -> Growing:
    """The job's file as far as it is written."""
    return Growing(_key(job.id), str(job.upload), int(job.parts))


def _step(job: ExportJob, *changes: Change) -> ExportJob:
    """The job with `changes`, unless another function has changed it since."""
    version = int(job.version)
    actions = [*changes, ExportJob.version.set(version + 1)]
    present = dynamo.write(dynamo.update(job, actions, ExportJob.version == version, _Moved()))
    return cast(ExportJob, present)


def _pieces(job: ExportJob, place: ExportPlace) -> Iterator[_Piece]:
    if job.report_of is not None:
        yield from _report(str(job.report_of), place)
        return
    if place.section == "definitions":
        found = list(definitions.all_of_them())
        place = ExportPlace("products")
        yield _Piece(b"".join(map(jsonlines.written, found)), len(found), place)
    while place.section == "products":
        entries = tables.shelf_upwards(tables.EVERYTHING, _PAGE, place.after)
        place = ExportPlace("products", str(entries[-1].sk)) if len(entries) == _PAGE else ExportPlace("chosen")
        products = service.products((entry.product_id for entry in entries), consistent=True)
        variants = tables.variants([sku for product in products.values() for sku in product.skus])
        lines = [
            jsonlines.written(
                product_items.draft_of(product, [variants[sku] for sku in product.skus if sku in variants])
            )
            for product in products.values()
        ]
        yield _Piece(b"".join(lines), len(lines), place)
    found = list(definitions.chosen())
    yield _Piece(b"".join(map(jsonlines.written, found)), len(found), ExportPlace("end"))


def _report(import_id: str, place: ExportPlace) -> Iterator[_Piece]:
    if place.section == "definitions":
        yield _Piece(reports.HEADER, 0, ExportPlace("lines"))
        place = ExportPlace("lines")
    while place.section == "lines":
        lines = transfers.import_report(import_id, _PAGE, place.after)
        place = ExportPlace("lines", str(lines[-1].sk)) if len(lines) == _PAGE else ExportPlace("end")
        yield _Piece(reports.rows(lines), len(lines), place)


def _queue(export_id: str) -> None:
    message = {"detail-type": "Export", "detail": {"object": {"key": f"{FOLDER}{export_id}"}}}
    sqs.send(settings.import_queue_url, msgspec.json.encode(message).decode())


def _key(export_id: str) -> str:
    return f"{FOLDER}{export_id}"
