"""Which kind of product file a file is, by what it begins with, and its products one after the other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.catalog import jsonlines, sheets, shopify, text_lines
from chalicelib.catalog.reading import Form, Links, Numbered, Place, Read, Shop, grouped
from chalicelib.catalog.text_lines import Layout
from chalicelib.core.errors import ShopError

SAMPLE = 1_000_000  # bytes; the names of the columns stand within them
_MOST_COLUMNS = 5000
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


@dataclass(frozen=True)
class Dialect:
    """What one program writes: whether it `recognises` its columns and `reads` one, the `key` that neighbouring rows of
    a product share, how rows are `read`, and, if those of a product may stand apart, what `links` them."""

    name: str
    recognises: Callable[[Sequence[str]], bool]
    reads: Callable[[str], bool]
    key: Callable[[Numbered], str]
    read: Callable[[list[Numbered], Shop], Read]
    links: Callable[[list[Numbered]], Links] | None = None


def _dialect(module: Any) -> Dialect:
    return Dialect(
        module.NAME, module.recognises, module.reads, module.key, module.read, getattr(module, "links", None)
    )


_LINES = _dialect(jsonlines)
_SHEETS = tuple(map(_dialect, (shopify,)))
_BY_NAME = {dialect.name: dialect for dialect in (_LINES, *_SHEETS)}


class Unit(msgspec.Struct, frozen=True):
    """The rows of one product, and where the next one begins."""

    rows: list[Numbered]
    after: Place


def recognise(sample: bytes) -> Form:
    """The form of a file that begins with `sample`; ShopError `unknown_format` if it is none that is known."""
    mark = next((mark for mark in _MARKS if sample.startswith(mark)), b"")
    layout = Layout(_MARKS.get(mark, "utf-8"))
    content = sample[len(mark) :]
    begin = content.decode(layout.encoding, "ignore").lstrip()
    if not begin:
        raise _unknown("The file is empty.")
    if begin.startswith("{"):
        return Form(_LINES.name, layout, Place(len(mark), 1))
    records = {
        delimiter: next(sheets.records(text_lines.lines([content], layout, 1, len(mark)), delimiter))
        for delimiter in sheets.DELIMITERS
    }
    for delimiter, record in records.items():
        if record.fault or len(record.cells) > _MOST_COLUMNS:
            continue
        names = sheets.header(record.cells)
        for dialect in _SHEETS:
            if dialect.recognises(names):
                # Lines within quotation marks count as well.
                line = record.line + content[: record.end - len(mark)].count(layout.newline.encode(layout.encoding))
                first = Place(record.end, line, linking=dialect.links is not None)
                return Form(dialect.name, layout, first, delimiter, names)
    raise _unknown(_why(max(records.values(), key=lambda record: len(record.cells))))


def units(chunks: Iterable[bytes], form: Form, place: Place) -> Iterator[Unit]:
    """The groups of rows of a file, from what stands at `place`."""
    rows = _rows(text_lines.lines(chunks, form.layout, place.line, place.start), form)
    group: list[Numbered] = []
    for following in grouped(rows, dialect_of(form).key):
        if group:
            yield Unit(group, Place(following[0].start, following[0].line, place.linking))
        group = following
    if group:
        yield Unit(group, Place(group[-1].end, group[-1].line + 1, place.linking))


def dialect_of(form: Form) -> Dialect:
    return _BY_NAME[form.dialect]


def _rows(lines: Iterable[text_lines.Line], form: Form) -> Iterator[Numbered]:
    if form.delimiter is not None:
        return sheets.rows(sheets.records(lines, form.delimiter), form.header)
    return (
        Numbered(line.number, {jsonlines.LINE: line.text}, line.fault, line.start, line.end)
        for line in lines
        if line.fault or line.text.strip()
    )


def _why(record: sheets.Record) -> str:
    if record.fault:
        return f"The names of columns can not be read. {record.fault}"
    if len(record.cells) > _MOST_COLUMNS:
        return f"The file has {len(record.cells)} columns; {_MOST_COLUMNS} are possible."
    names = ", ".join(name[:40] for name in record.cells[:12])
    missing = ", ".join(shopify.missing_columns(record.cells))
    return f"This is no product file that is known. It begins with: {names}. For Shopify, {missing} are missing."


def _unknown(detail: str) -> ShopError:
    return ShopError("unknown_format", 422, detail)
