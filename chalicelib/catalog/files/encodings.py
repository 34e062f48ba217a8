"""In which bytes a file comes: packed or not, in which encoding its text is, and what ends a line."""

import codecs
import re
import zlib
from collections.abc import Iterable, Iterator

from chalicelib.catalog.files.text_lines import Layout
from chalicelib.core.errors import ShopError

GZIP = "gzip"
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or a workbook of Excel. Unpack it, or save it as CSV",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "a workbook of an old Excel. Save it as CSV",
    b"(\xb5/\xfd": "a zstd archive. Unpack it",
    b"BZh": "a bzip2 archive. Unpack it",
    b"\xfd7zXZ": "an xz archive. Unpack it",
}
# What remains once it is no UTF-8. The first ones are tried alone: of a short text, many encodings could be the one.
_LIKELY = ["gb18030", "cp1252"]
_POSSIBLE = [*_LIKELY, "big5", "shift_jis", "euc_kr", "cp1251", "cp1250"]
_LOOKED_AT = 65_536
_PIECE = 1 << 18
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def layers_of(sample: bytes) -> tuple[str, ...]:
    """What has to be taken off a file before its text is reached. 422 for what is no text at all."""
    for sign, what in _FOREIGN.items():
        if sample.startswith(sign):
            raise ShopError("unknown_format", 422, f"This is {what}.")
    return (GZIP,) if sample.startswith(b"\x1f\x8b") else ()


def opened(chunks: Iterable[bytes], layers: tuple[str, ...]) -> Iterator[bytes]:
    """The bytes below the layers, in pieces of bounded size, from the file's beginning on."""
    pieces = iter(chunks)
    for layer in layers:
        pieces = _unpacked(pieces) if layer == GZIP else _recoded(pieces, layer)
    return pieces


def behind(pieces: Iterable[bytes], start: int) -> Iterator[bytes]:
    """What comes from the byte `start` on."""
    for piece in pieces:
        if start < len(piece):
            yield piece[start:]
        start = max(0, start - len(piece))


def layout_of(sample: bytes, complete: bool) -> tuple[Layout, int]:
    """How the text that begins with `sample` is written, and how many bytes its byte order mark has.

    422 for what is no text. What is `complete` ends with `sample`; otherwise its last character may be half.
    """
    mark = next((mark for mark in _MARKS if sample.startswith(mark)), b"")
    encoding = _MARKS[mark] if mark else _wide(sample) or _encoding(sample, complete)
    text = sample[len(mark) :]
    if not encoding.startswith("utf-16") and len(_CONTROL.findall(text[:_LOOKED_AT])) * 20 > len(text[:_LOOKED_AT]):
        raise ShopError("unknown_format", 422, "This is no text: it holds too many bytes that stand for no character.")
    begin = text.decode(encoding, "ignore")
    return Layout(encoding, "\r" if "\r" in begin and "\n" not in begin else "\n"), len(mark)


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a byte order mark has a zero in every other byte of what it writes in ASCII."""
    begin = sample[:1000]
    for encoding, zeros, others in (("utf-16-le", begin[1::2], begin[::2]), ("utf-16-be", begin[::2], begin[1::2])):
        if zeros.count(0) * 2 > len(zeros) and others.count(0) * 10 < len(others):
            return encoding
    return None


def _encoding(sample: bytes, complete: bool) -> str:
    """UTF-8 if most lines that could show it are; else the one in which they read best."""
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    if not complete:
        lines = lines[:-1] or lines
    good = sum(map(_is_utf8, lines))
    if good * 2 >= len(lines):
        return "utf-8"
    import charset_normalizer  # a tenth of a cold start, and few files need it

    text = b"\n".join(line for line in lines if not _is_utf8(line))[:_LOOKED_AT]
    for candidates in (_LIKELY, _POSSIBLE):
        if best := charset_normalizer.from_bytes(text, cp_isolation=candidates).best():
            return best.encoding
    return "utf-8"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """A gzip file's content, of however many members. What it unpacks to is never held at once."""
    member, begun = zlib.decompressobj(wbits=31), False
    for chunk in chunks:
        rest, begun = chunk, begun or bool(chunk)
        while rest:
            try:
                piece = member.decompress(rest, _PIECE)
            except zlib.error:
                raise ShopError("unknown_format", 422, "The gzip file is broken from here on.") from None
            rest = member.unconsumed_tail
            if piece:
                yield piece
            if member.eof:
                rest = member.unused_data.lstrip(b"\0")
                member, begun = zlib.decompressobj(wbits=31), bool(rest)
    if last := member.flush():
        yield last
    if begun and not member.eof:
        raise ShopError("unknown_format", 422, "The gzip file is cut off here.")


def _recoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Text of any encoding as UTF-8, with a sign in the place of what is no text."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()
