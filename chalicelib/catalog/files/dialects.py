"""Which kind of product file a file is, by what it begins with, and its products one after the other."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from chalicelib.catalog.files import (
    encodings,
    jsonlines,
    magento,
    merchant,
    merchant_xml,
    sheets,
    shopify,
    text_lines,
    woocommerce,
)
from chalicelib.catalog.files.reading import Form, Links, Numbered, Place, Read, Shop, grouped
from chalicelib.catalog.files.text_lines import Layout
from chalicelib.core.errors import ShopError

SAMPLE = 1_000_000  # bytes; the names of the columns stand within them
_MOST_COLUMNS = 5000
_LONGEST_HEAD = 64_000


class Dialect(msgspec.Struct, frozen=True):
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
_SHEETS = tuple(map(_dialect, (shopify, woocommerce, magento, merchant)))
_BY_NAME = {dialect.name: dialect for dialect in (_LINES, *_SHEETS)}


class Unit(msgspec.Struct, frozen=True):
    """The rows of one product, and where the next one begins."""

    rows: list[Numbered]
    after: Place


def recognise(sample: bytes, complete: bool) -> Form:
    """The form of a file that begins with `sample`, and ends with it if that is `complete`.

    ShopError `unknown_format` if it is none that is known.
    """
    layers = encodings.layers_of(sample)
    if layers:
        sample, complete = _unpacked(sample, layers)
    layout, mark = encodings.layout_of(sample, complete)
    begin = sample[mark:].decode(layout.encoding, "ignore").lstrip()
    if not begin:
        raise _unknown("The file is empty.")
    if begin.startswith("{"):
        form = Form(_LINES.name, layout, Place(mark, 1))
    elif begin.startswith("<"):
        form = _feed(sample, begin, layout, complete)
    else:
        form = _sheet(sample[mark:], mark, layout)
    return msgspec.structs.replace(form, layers=(*layers, *form.layers))


def _unpacked(sample: bytes, layers: tuple[str, ...]) -> tuple[bytes, bool]:
    pieces = bytearray()
    try:
        for piece in encodings.opened([sample], layers):
            pieces += piece
            if len(pieces) > SAMPLE:
                return bytes(pieces[:SAMPLE]), False
    except ShopError:
        return bytes(pieces), False  # it is the sample that is cut off, or it shows when it is read
    return bytes(pieces), True


def _feed(sample: bytes, begin: str, layout: Layout, complete: bool) -> Form:
    """An XML feed. The parser knows few encodings, so a feed in another one is read as UTF-8."""
    declared = re.match(r"""<\?xml[^>]*?encoding=["']([\w.-]+)["']""", begin)
    name = declared[1].lower() if declared else layout.encoding
    layers = () if name.startswith(("utf-", "iso-8859-1", "us-ascii")) or not declared else (name,)
    if name.startswith("utf-16") and not sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        layers = (layout.encoding,)
    try:
        opening = merchant_xml.opening_of(b"".join(encodings.opened([sample], layers)), complete, bool(layers))
    except LookupError:
        raise _unknown(f"The file says that it is in {name[:40]}, an encoding that is not known.") from None
    head = opening.head
    if head is None or not merchant.recognises(opening.attributes):
        raise _unknown(_why_no_feed(opening.problem))
    if len(head) > _LONGEST_HEAD:
        raise _unknown(f"The first item stands behind {len(head)} bytes; {_LONGEST_HEAD} are possible.")
    first = Place(len(head), 1, linking=True)
    return Form(merchant.NAME, Layout(), first, head=head.decode("latin-1"), layers=layers)


def _sheet(content: bytes, mark: int, layout: Layout) -> Form:
    records: dict[str, sheets.Record] = {}
    for delimiter in sheets.DELIMITERS:
        found = sheets.records(text_lines.lines([content], layout, 1, mark), delimiter)
        # Excel may want a line of its own that names the delimiter.
        first = next((record for record in found if not "".join(record.cells).startswith("sep=")), None)
        if first is not None:
            records[delimiter] = first
    for delimiter, record in records.items():
        if record.fault or len(record.cells) > _MOST_COLUMNS:
            continue
        names = sheets.header(record.cells)
        for dialect in _SHEETS:
            if dialect.recognises(names):
                place = Place(record.end, record.last + 1, linking=dialect.links is not None)
                return Form(dialect.name, layout, place, delimiter, names)
    raise _unknown(_why(max(records.values(), key=lambda record: len(record.cells), default=None)))


def units(chunks: Iterable[bytes], form: Form, place: Place) -> Iterator[Unit]:
    """The groups of rows of a file, from what stands at `place`."""
    rows = _rows(chunks, form, place)
    group: list[Numbered] = []
    for following in grouped(rows, dialect_of(form).key):
        if group:
            yield Unit(group, Place(following[0].start, following[0].line, place.linking))
        group = following
    if group:
        yield Unit(group, Place(group[-1].end, group[-1].line + 1, place.linking))


def dialect_of(form: Form) -> Dialect:
    return _BY_NAME[form.dialect]


def _rows(pieces: Iterable[bytes], form: Form, place: Place) -> Iterator[Numbered]:
    if form.head is not None:
        head = form.head.encode("latin-1")
        return merchant_xml.items(head, pieces, place.line, place.start, recoded=any(map(_is_encoding, form.layers)))
    lines = text_lines.lines(pieces, form.layout, place.line, place.start)
    if form.delimiter is not None:
        return sheets.rows(sheets.records(lines, form.delimiter), form.header)
    return (
        Numbered(line.number, {jsonlines.LINE: line.text}, line.fault, line.start, line.end)
        for line in lines
        if line.fault or line.text.strip()
    )


def _is_encoding(layer: str) -> bool:
    return layer != encodings.GZIP


def _why(record: sheets.Record | None) -> str:
    if record is None:
        return "The file has no line that could name columns."
    if record.fault:
        return f"The names of columns can not be read. {record.fault}"
    if len(record.cells) > _MOST_COLUMNS:
        return f"The file has {len(record.cells)} columns; {_MOST_COLUMNS} are possible."
    names = ", ".join(name.strip()[:40] for name in record.cells[:12])
    known = ", ".join(dialect.name for dialect in (_LINES, *_SHEETS))
    return f"This is no product file of a kind that is known ({known}). Its first line is: {names}."


def _why_no_feed(problem: str | None) -> str:
    known = "no feed of products that is known: RSS or Atom with Google's attributes"
    return f"This is {known}. As XML it is broken: {problem}." if problem else f"This is XML, but {known}."


def _unknown(detail: str) -> ShopError:
    return ShopError("unknown_format", 422, detail)
