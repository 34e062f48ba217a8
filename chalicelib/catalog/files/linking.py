"""Rows of one product that stand apart in a file: kept in the table in a first reading, gathered in a second one.

So the memory that a file takes does not depend on its size. What is noted is the same each time, and goes by itself.
"""

from collections.abc import Iterable, Iterator

import msgspec

from chalicelib.catalog.files import transfer_tables as transfers
from chalicelib.catalog.files.dialects import Dialect, Unit
from chalicelib.catalog.files.reading import NO_LINKS, Links, Numbered
from chalicelib.catalog.files.transfer_tables import ImportClaim, ImportPart
from chalicelib.catalog.product import MOST_VARIANTS
from chalicelib.core import dynamo

# DynamoDB keeps at most 400 KB an item.
_LARGEST_PART = 350_000


def links_of(dialect: Dialect, unit: Unit) -> Links:
    return dialect.links(unit.rows) if dialect.links else NO_LINKS


def note(import_id: str, dialect: Dialect, units: Iterable[Unit]) -> None:
    """Keep what others will look for, and note what is claimed."""
    dynamo.put_all(item for unit in units for item in _notes(import_id, dialect, unit))


def _notes(import_id: str, dialect: Dialect, unit: Unit) -> Iterator[dynamo.Item]:
    links, line = links_of(dialect, unit), unit.rows[0].line
    if links.kept is not None:
        rows = [_small(numbered, dialect) for numbered in unit.rows]
        yield transfers.import_note(ImportPart, import_id, links.kept, f"PART#{line:09d}", rows=rows)
    for key in links.claims:
        yield transfers.import_note(ImportClaim, import_id, key, "CLAIM", line=line)


def whole(import_id: str, dialect: Dialect, units: list[Unit]) -> Iterator[Unit]:
    """Those of `units` that are products by themselves, each with all of its rows, in the order of the file."""
    links = [links_of(dialect, unit) for unit in units]
    keys = {
        each.belongs: transfers.import_note_ref(ImportClaim, import_id, each.belongs, "CLAIM")
        for each in links
        if each.belongs
    }
    claims = dynamo.load(keys.values(), consistent=True)
    for unit, each in zip(units, links, strict=True):
        claim = claims.get(keys[each.belongs]) if each.belongs else None
        if isinstance(claim, ImportClaim) and int(claim.line) != unit.rows[0].line:
            continue
        gathered = [numbered for key in each.gathers for numbered in _kept(import_id, key)]
        rows = {numbered.line: numbered for numbered in [*unit.rows, *gathered]}
        yield msgspec.structs.replace(unit, rows=[rows[line] for line in sorted(rows)])


def _kept(import_id: str, key: str) -> Iterator[Numbered]:
    # One more than a product can have is enough to see that it has too many.
    for part in transfers.import_parts(import_id, key, MOST_VARIANTS + 2):
        yield from part.rows


def _small(numbered: Numbered, dialect: Dialect) -> Numbered:
    """The row without what nothing reads; one that is still too large loses its longest cells, and says so."""
    row = {column: text for column, text in numbered.row.items() if text and dialect.reads(column)}
    fault = numbered.fault
    while len(msgspec.json.encode(row)) > _LARGEST_PART:
        del row[max(row, key=lambda column: len(row[column]))]
        fault = f"This row has more than {_LARGEST_PART} bytes."
    return Numbered(numbered.line, row, fault)
