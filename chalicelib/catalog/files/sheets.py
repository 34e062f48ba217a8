"""Rows of a CSV or TSV file, one at a time, each with its place; one that is broken takes no other with it."""

import csv
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from chalicelib.catalog.files.reading import Numbered
from chalicelib.catalog.files.text_lines import LONGEST_LINE, Line

DELIMITERS = ",;\t"
_LONGEST_RECORD = 2 * LONGEST_LINE  # characters, over all lines of a record


class Record(msgspec.Struct, frozen=True):
    """The cells of one record, on the lines from `line` to `last`. `fault` says why they are not to be trusted.

    `ended`: there is an end of line behind it, as behind each record but perhaps the file's last.
    """

    line: int
    last: int
    start: int
    end: int
    cells: list[str]
    fault: str | None = None
    ended: bool = True


class _TooLong(Exception):
    """A record has more text than a row of a product file can have."""


class _Feed:
    """Lines for csv.reader, which takes exactly as many as a record has."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self.taken: list[Line] = []  # of the present record, but for those between if it is too long
        self.fault: str | None = None
        self.ended = False
        self._size = 0

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self._size += len(line.text)
        self.taken.append(line)
        self.fault = self.fault or line.fault
        if self._size > _LONGEST_RECORD:
            raise _TooLong
        return line.text

    def begin(self) -> None:
        self.taken, self.fault, self._size = [], None, 0

    def skip_quotation(self) -> None:
        """Go behind the line that closes the quotation in which the feed stands."""
        while line := next(self._lines, None):
            self.taken = [*self.taken[:1], line]
            if line.text.count('"') % 2:
                return
        self.ended = True


def records(lines: Iterable[Line], delimiter: str) -> Iterator[Record]:
    """Every record that is not empty."""
    csv.field_size_limit(_LONGEST_RECORD)
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter)
    while not feed.ended:
        feed.begin()
        cells: list[str] = []
        try:
            cells = next(reader, [])
        except _TooLong:
            feed.fault = f"This row has more than {_LONGEST_RECORD} characters; is a quotation mark missing?"
            feed.skip_quotation()
        except csv.Error as error:
            feed.fault = f"This is no row of a CSV file: {error}."
        if feed.ended and feed.taken:
            feed.fault = "The file ends within quotation marks: is it cut off?"
        if feed.fault or any(cells):
            first, last = feed.taken[0], feed.taken[-1]
            fault = feed.fault or _run_together(feed.taken, delimiter)
            ended = last.text.endswith(("\n", "\r"))
            yield Record(first.number, last.number, first.start, last.end, cells, fault, ended)


def _run_together(lines: Sequence[Line], delimiter: str) -> str | None:
    """Why a record on several lines may be more than one: a quotation that was never closed ends at the next mark, be
    it lines further down, and what stands between belonged to other rows."""
    if len(lines) < 2:
        return None
    try:
        next(csv.reader((line.text for line in lines), delimiter=delimiter, strict=True))
    except csv.Error:
        first, last = lines[0].number, lines[-1].number
        return f"Lines {first} to {last} read as one row; is a quotation mark missing in one of them?"
    return None


def header(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of columns. A name that comes again gets a number, so that its cells hide no others."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for name in map(str.strip, cells):
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def rows(found: Iterable[Record], names: Sequence[str]) -> Iterator[Numbered]:
    """Records under the names of their columns."""
    ragged = False
    for record in found:
        given = len(record.cells)
        fault = record.fault
        if any(map(str.strip, record.cells[len(names) :])):
            fault = fault or f"This row has {given} cells, but the file has {len(names)} columns."
        if given < len(names) and not record.ended and not ragged:
            fault = fault or f"The file ends within this row, after {given} of {len(names)} cells: is it cut off?"
        ragged = ragged or given < len(names)
        yield Numbered(record.line, dict(zip(names, record.cells, strict=False)), fault, record.start, record.end)
