"""What staff send and see of imports and exports."""

from datetime import datetime
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from chalicelib.catalog.files.transfer_tables import ExportJob, ImportJob, ImportLine
from chalicelib.catalog.product_items import moment

Dialect = Literal["jsonl", "shopify", "woocommerce", "google_merchant", "magento"]
ImportStatus = Literal["awaiting_upload", "running", "finished", "failed"]
ExportStatus = Literal["queued", "running", "finished"]
Outcome = Literal["created", "updated", "unchanged", "failed", "skipped"]


class StartImport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`format` is recognised by what the file begins with; a file of another one than is named is refused.

    With `dry_run` everything is checked and reported, and nothing is changed.
    """

    format: Dialect | None = None
    dry_run: bool = False


class StartExport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is written: the catalogue, or as CSV the report of the import `report_of`."""

    report_of: Annotated[str, Meta(max_length=60)] | None = None


class ExportView(msgspec.Struct, frozen=True):
    """An export job. `lines` are those written by now; `download_url` is there for an hour once it is finished."""

    id: str
    status: ExportStatus
    report_of: str | None
    lines: int
    bytes: int | None
    created_at: datetime
    finished_at: datetime | None
    download_url: str | None


class ImportLineView(msgspec.Struct, frozen=True):
    """What became of the product whose rows begin at `line`, and which rows of it were left out."""

    line: int
    handle: str
    outcome: Outcome
    problems: list[dict[str, str | int | None]]


class ImportCounts(msgspec.Struct, frozen=True):
    created: int
    updated: int
    unchanged: int
    failed: int
    skipped: int


class ImportView(msgspec.Struct, frozen=True):
    """An import job and one page of its report. `upload_url` takes one PUT of the file while the job waits for it;
    `dialect` is what the file was recognised as, `unread_columns` are those that hold something and are not read."""

    id: str
    status: ImportStatus
    dry_run: bool
    dialect: Dialect | None
    unread_columns: list[str]
    detail: str | None
    counts: ImportCounts
    created_at: datetime
    finished_at: datetime | None
    upload_url: str | None
    lines: list[ImportLineView]
    next_cursor: str | None


def export_job(job: ExportJob, download_url: str | None) -> ExportView:
    return ExportView(
        id=job.id,
        status=cast(ExportStatus, job.state),
        report_of=job.report_of,
        lines=int(job.things),
        bytes=None if job.size is None else int(job.size),
        created_at=datetime.fromisoformat(job.created_at),
        finished_at=moment(job.finished_at),
        download_url=download_url,
    )


def import_job(
    job: ImportJob,
    upload_url: str | None = None,
    unread: list[str] | None = None,
    lines: list[ImportLine] | None = None,
    next_cursor: str | None = None,
) -> ImportView:
    counts = ImportCounts(int(job.created), int(job.updated), int(job.unchanged), int(job.failed), int(job.skipped))
    return ImportView(
        id=job.id,
        status=cast(ImportStatus, job.state),
        dry_run=bool(job.dry_run),
        dialect=cast("Dialect | None", job.dialect),
        unread_columns=unread or [],
        detail=job.detail,
        counts=counts,
        created_at=datetime.fromisoformat(job.created_at),
        finished_at=moment(job.finished_at),
        upload_url=upload_url,
        lines=[import_line(line) for line in lines or []],
        next_cursor=next_cursor,
    )


def import_line(line: ImportLine) -> ImportLineView:
    return ImportLineView(int(line.line), line.product_handle, cast(Outcome, line.outcome), line.problems)
