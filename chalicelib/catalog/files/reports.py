"""The report of an import: a line for each product, in the transaction of what it says, and all of it as a CSV file."""

import csv
import io
from collections.abc import Iterable

import msgspec

from chalicelib.catalog.files import transfer_tables as transfers
from chalicelib.catalog.files.reading import Place, Problem, Read
from chalicelib.catalog.files.transfer_tables import ImportJob, ImportLine, ImportMark
from chalicelib.core import dynamo

_NAMES = ("line", "handle", "outcome", "problem_line", "column", "detail")
HEADER = (",".join(_NAMES) + "\r\n").encode("utf-8-sig")  # spreadsheets know UTF-8 by its byte order mark
# A spreadsheet takes what begins so for a formula (OWASP, CSV injection).
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
_MOST_PROBLEMS = 100
_LONGEST_HANDLE = 200
_COUNTERS = {
    "created": ImportJob.created,
    "updated": ImportJob.updated,
    "unchanged": ImportJob.unchanged,
    "failed": ImportJob.failed,
    "skipped": ImportJob.skipped,
}


class Next(msgspec.Struct, frozen=True):
    """What was read, and where the file goes on behind it."""

    read: Read
    after: Place


def reported(
    job: ImportJob, each: Next, outcome: str, problems: Iterable[Problem], mark: bool = True
) -> list[dynamo.Action]:
    """Write actions for a line of the report, the job's step over it and, with `mark`, that its handle has come."""
    read = each.read
    entry = ImportLine(
        **transfers.import_line_key(job.id, read.line),
        line=read.line,
        product_handle=read.handle[:_LONGEST_HANDLE],
        outcome=outcome,
        problems=[msgspec.structs.asdict(problem) for problem in _limited(list(problems))],
    )
    counted = _COUNTERS[outcome]
    changes = [counted.set((counted | 0) + 1), ImportJob.place.set(each.after)]
    actions = [dynamo.insert(entry), dynamo.update(job, changes)]
    if read.handle and mark:
        noted = transfers.import_note(ImportMark, job.id, handle_key(read.handle), "MARK", line=read.line)
        actions.append(dynamo.insert(noted))
    return actions


def handle_key(handle: str) -> str:
    """Under which key a job notes that its file has a handle."""
    return f"handle#{handle}"


def _limited(problems: list[Problem]) -> list[Problem]:
    if len(problems) <= _MOST_PROBLEMS:
        return problems
    rest = Problem(problems[_MOST_PROBLEMS].line, f"{len(problems) - _MOST_PROBLEMS} more problems from here on.")
    return [*problems[:_MOST_PROBLEMS], rest]


def rows(lines: Iterable[ImportLine]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for line in lines:
        told = [str(int(line.line)), line.product_handle, line.outcome]
        for problem in line.problems or [{}]:
            more = [problem.get("line"), problem.get("column"), problem.get("detail")]
            writer.writerow([_guarded(cell) for cell in (*told, *more)])
    return text.getvalue().encode()


def _guarded(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula: it begins with an apostrophe if it looked like one."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULAS) else text
