"""Imports, with what they note, and exports, in the catalogue's table.

| what          | pk                  | sk           |
|---------------|---------------------|--------------|
| export job    | EXPORT#<id>         | EXPORT       |
| import job    | IMPORT#<id>         | IMPORT       |
| its file      | IMPORT#<id>         | FORM         |
| its report    | IMPORT#<id>         | LINE#<line>  |
| it has a ...  | IMPORT#<id>#<what>  | MARK         |
| key claimed   | IMPORT#<id>#<key>   | CLAIM        |
| rows kept     | IMPORT#<id>#<key>   | PART#<line>  |
"""

import hashlib
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.catalog.files.reading import Form, Numbered, Place
from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import clock, dynamo
from chalicelib.core.dynamo import Item, JsonAttribute, PrimaryKey

I = TypeVar("I", bound=Item)
_NOTES_KEPT = timedelta(days=30)
_LONGEST_KEY = 200


class ImportJob(CatalogItem, discriminator="import"):
    """`place` is where in the file work goes on; what stands before it is reported. Counts are of products.

    A job with `dry_run` changes nothing but its own report. A file in another dialect than is `wanted` is refused.
    """

    id = UnicodeAttribute()
    state = UnicodeAttribute()
    dry_run = BooleanAttribute(default=False)
    wanted = UnicodeAttribute(null=True)
    started_by = UnicodeAttribute()
    dialect = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    finished_at = UnicodeAttribute(null=True)
    detail = UnicodeAttribute(null=True)
    place = JsonAttribute(Place, null=True)
    created = NumberAttribute(default=0)
    updated = NumberAttribute(default=0)
    unchanged = NumberAttribute(default=0)
    failed = NumberAttribute(default=0)
    skipped = NumberAttribute(default=0)


class ExportPlace(msgspec.Struct, frozen=True):
    """How far an export has come: in which section of its file, and behind which item of that."""

    section: str = "definitions"
    after: str | None = None


class ExportJob(CatalogItem, discriminator="export"):
    """The catalogue is written, or the report of the import `report_of`. `parts` are in S3's multipart `upload` and
    hold everything up to `place`, that is `things` lines. `version` lets one function at a time go on with it."""

    id = UnicodeAttribute()
    state = UnicodeAttribute()
    report_of = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    finished_at = UnicodeAttribute(null=True)
    version = NumberAttribute(default=0)
    upload = UnicodeAttribute(null=True)
    parts = NumberAttribute(default=0)
    place = JsonAttribute(ExportPlace, null=True)
    things = NumberAttribute(default=0)
    size = NumberAttribute(null=True)


class ImportForm(CatalogItem, discriminator="import_form"):
    """How the file of a job is read, and in which version of it; apart from the job, which changes all the time.

    `unread` are its columns that hold something and that nothing reads.
    """

    form = JsonAttribute(Form)
    etag = UnicodeAttribute()
    unread = JsonAttribute(list[str], default=list)


class ImportMark(CatalogItem, discriminator="import_mark"):
    """That the file of a job has a handle, or in a trial a SKU: a file of any size needs no memory for those it had."""

    line = NumberAttribute()


class ImportClaim(CatalogItem, discriminator="import_claim"):
    """That the rows on this line of a file claim a key (reading.Links)."""

    line = NumberAttribute()


class ImportPart(CatalogItem, discriminator="import_part"):
    """Rows that are kept under a key until the product that they are a part of gathers them."""

    rows = JsonAttribute(list[Numbered])


class ImportLine(CatalogItem, discriminator="import_line"):
    line = NumberAttribute()
    product_handle = UnicodeAttribute()
    outcome = UnicodeAttribute()
    problems = JsonAttribute(list[dict[str, str | int | None]])


def export_key(export_id: str) -> PrimaryKey:
    return {"pk": f"EXPORT#{export_id}", "sk": "EXPORT"}


def import_key(import_id: str) -> PrimaryKey:
    return {"pk": f"IMPORT#{import_id}", "sk": "IMPORT"}


def import_line_key(import_id: str, line: int) -> PrimaryKey:
    return {"pk": f"IMPORT#{import_id}", "sk": f"LINE#{line:09d}"}


def import_form_key(import_id: str) -> PrimaryKey:
    return {"pk": f"IMPORT#{import_id}", "sk": "FORM"}


def import_note_ref(kind: type[Item], import_id: str, key: str, sk: str) -> dynamo.Key:
    """Where a job notes something of its file under a key of the file's own, which may be of any length."""
    if len(key) > _LONGEST_KEY:
        key = f"{key[:_LONGEST_KEY]}#{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"
    return (kind, f"IMPORT#{import_id}#{key}", sk)


def import_note(kind: type[I], import_id: str, key: str, sk: str, **fields: Any) -> I:
    """An item of that place, which goes by itself after a month."""
    _, pk, sk = import_note_ref(kind, import_id, key, sk)
    return kind(pk=pk, sk=sk, expires=int((clock.now() + _NOTES_KEPT).timestamp()), **fields)


def import_parts(import_id: str, key: str, limit: int) -> list[ImportPart]:
    """The rows that are kept under a key, in the order of the file."""
    _, pk, _ = import_note_ref(ImportPart, import_id, key, "")
    return list(ImportPart.query(pk, ImportPart.sk.startswith("PART#"), limit=limit, consistent_read=True))


def import_report(import_id: str, limit: int, after: str | None) -> list[ImportLine]:
    start = ImportLine.sk > after if after else ImportLine.sk.startswith("LINE#")
    return list(ImportLine.query(f"IMPORT#{import_id}", start, limit=limit))
