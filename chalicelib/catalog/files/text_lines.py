"""A file's bytes as lines of text that know where in the file they stand, whatever its size and a line's length."""

from collections.abc import Iterable, Iterator

import msgspec

# In bytes. A longer line is passed over and named; the longest text of a product has 50,000 characters.
LONGEST_LINE = 2_000_000


class Line(msgspec.Struct, frozen=True):
    """A line with the sign that ends it. `start` and `end` are bytes from the file's beginning.

    `fault` says why `text` is not what the file holds, if it is not. A line that was too long is one quotation mark if
    it opened or closed a quotation, and otherwise empty.
    """

    number: int
    start: int
    end: int
    text: str
    fault: str | None = None


class Layout(msgspec.Struct, frozen=True):
    """How a file writes text: one of Python's encodings, and what ends a line."""

    encoding: str = "utf-8"
    newline: str = "\n"


def lines(chunks: Iterable[bytes], layout: Layout, number: int = 1, start: int = 0) -> Iterator[Line]:
    """The lines of what `chunks` hold from the byte `start` on, where the line `number` begins."""
    sign = layout.newline.encode(layout.encoding)
    rest, begun = b"", _Passed()
    for chunk in chunks:
        rest, searched, begin = rest + chunk, len(rest), 0
        while (at := _find(rest, sign, max(begin, searched - len(sign) + 1))) >= 0:
            yield (line := _line(rest[begin : at + len(sign)], begun, layout, number, start))
            number, start, begin, begun = number + 1, line.end, at + len(sign), _Passed()
        rest = rest[begin:]
        if begun.size + len(rest) > LONGEST_LINE:
            kept = len(sign) if len(rest) % len(sign) == 0 else len(sign) - 1  # half a sign may stand at the end
            begun = begun.further(rest[: len(rest) - kept], layout)
            rest = rest[len(rest) - kept :]
    if rest or begun.size:
        yield _line(rest, begun, layout, number, start)


class _Passed(msgspec.Struct, frozen=True):
    """What was not kept of a line that is too long: how many bytes, with how many quotation marks."""

    size: int = 0
    quotes: int = 0

    def further(self, part: bytes, layout: Layout) -> "_Passed":
        # A byte that looks like a quotation mark is one, unless a character takes two bytes at least.
        wide = layout.encoding.startswith("utf-16")
        quotes = part.decode(layout.encoding, "replace").count('"') if wide else part.count(b'"')
        return _Passed(self.size + len(part), self.quotes + quotes)


def _find(text: bytes, sign: bytes, start: int) -> int:
    """Where `sign` stands at a multiple of its length, -1 if it does not."""
    at = text.find(sign, start)
    while at % len(sign) and at >= 0:
        at = text.find(sign, at + 1)
    return at


def _line(content: bytes, begun: _Passed, layout: Layout, number: int, start: int) -> Line:
    end = start + begun.size + len(content)
    if end - start > LONGEST_LINE:
        begun = begun.further(content, layout)
        detail = f"This line has {end - start} bytes; {LONGEST_LINE} are possible."
        return Line(number, start, end, '"' if begun.quotes % 2 else "", detail)
    try:
        return Line(number, start, end, content.decode(layout.encoding))
    except UnicodeDecodeError as error:
        wrong = content[error.start : error.end].hex(" ").upper()
        detail = f"The bytes {wrong} are no text in {layout.encoding.upper()}."
        return Line(number, start, end, content.decode(layout.encoding, "replace"), detail)
