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
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
# Letters of one byte. The first one is tried alone: of a short text, several could be the one.
_LIKELY = ["cp1252"]
_POSSIBLE = [*_LIKELY, "cp1251", "cp1250"]
# What shops write often. Any two bytes of Korean are Chinese as well; how usual its characters are is the difference.
_OFTEN = frozenset(
    "的一是不了在人有我这个们中来上大为和国地到以时要出会可对生能子下自年过发后作里用道行所家种成方多经法学如都同现动面"
    "起定天分进好小部主样理心本前开实日无力与长机十民第公工使情明性全三关点正业外两高间最重物手应头文体美相被利二等产新"
    "制果加西月合特代内信表化老给位次度门常海通原东提立比水名真口条平系气活女变四电数安少结目太量接场件管期市直金指保形"
    "便空马基书光强式色路品类程北边格清带红黄蓝绿黑白灰紫粉棕茶杯碗盘壶瓷陶竹木铁钢铜银玻璃棉麻丝绒皮衣服裤裙鞋帽袜包袋"
    "衫套装男童婴儿宝夏冬春秋季厚薄款码号礼盒送免费可爱家居厨房床被枕毛巾灯桌椅柜架刀筷勺锅机充器线耳手表屏膜壳食米面油盐"
    "糖酒果肉鱼花草香洗护肤发牙刷纸笔本个只双对组克升毫"
    "這個們來為國時會對發後裡種經學現動進樣開實無與長機點業間應頭體產門東條氣變電數結場書強類邊帶紅黃藍綠盤壺鐵鋼銅銀"
    "絲絨褲鞋襪裝嬰兒寶禮廚燈櫃線錶殼麵鹽魚護膚紙筆雙對組製"
    "이다의는에을가고하지사로기도은스리자한어인아그나서대수를일시정과만해라보장주전부제구여상게면니요있들안으모선성마조"
    "오소원무우비중생미신방동트러식물치경드크유분용실세화문교위개회내양피진공레티타터파프바카키컵릇색품머블랙국남녀노란파"
    "빨강초록검정흰회색옷복백발목걸귀반팔긴바셔츠원신구두모자양말침구이불베주방접시숟젓락냄비칼도마그차커찻잔병통천연된쌀면캠핑욕실겨울"
)
_KANA = "[\u3041-\u3096\u30a1-\u30fa\u30fc]"
# Compiled by re on first use: that takes as long as loading several files.
_IDEOGRAPH = "[\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u9fff\uac00-\ud7a3]"
_CYRILLIC_WORD = re.compile("\\b(?:[А-ЯЁІЇЄҐ]{4,}|[А-ЯЁІЇЄҐа-яёіїєґ][а-яёіїєґ]{2,})\\b")
# Which bytes begin the characters that are in general use where a standard puts those first.
_HANZI = (("gb2312", range(0xB0, 0xD8)), ("big5", range(0xA4, 0xC7)))
_GENERAL = {
    "gb18030": _HANZI,
    "cp949": (("euc_kr", range(0xB0, 0xC9)),),
    "big5": _HANZI,
    "cp932": (("shift_jis", range(0x88, 0x98)),),
    "euc_jp": (("euc_jp", range(0xB0, 0xD0)),),
}
_USUAL = 0.7  # what a character in general use weighs, of 1 that one written often weighs
_CONVINCING = 0.5  # what the letters of another alphabet hardly weigh when they are taken for ideographs
_LOOKED_AT = 65_536
_WEIGHED = 10_000  # characters
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
    if sample.startswith(_UTF_32):
        raise ShopError("unknown_format", 422, "This is text in UTF-32. Save it in UTF-8.")
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
    text = b"".join(line + b"\n" for line in lines if not _is_utf8(line))[:_LOOKED_AT]
    usual = {encoding: _usualness(text, encoding) for encoding in (*_GENERAL, "cp1251")}
    best = max(usual, key=usual.__getitem__)
    return best if usual[best] > _CONVINCING else _alphabetic(text)


def _alphabetic(text: bytes) -> str:
    """The encoding of a text in letters of one byte."""
    import charset_normalizer  # a tenth of a cold start, and few files need it

    small = text.decode("latin-1").lower().encode("latin-1")  # accents among capitals would look chaotic
    for candidates in (_LIKELY, _POSSIBLE):
        if best := charset_normalizer.from_bytes(small, cp_isolation=candidates).best():
            return best.encoding
    return _LIKELY[0] if _decoded(text, _LIKELY[0]) else "utf-8"


def _decoded(text: bytes, encoding: str) -> str:
    """The text, of which the last character may be cut off; empty if it is not in this encoding."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(text)
    except UnicodeDecodeError:
        return ""


def _usualness(text: bytes, encoding: str) -> float:
    """How usual it is to write what a text says when it is read in an encoding, from 0 to 1."""
    read = _decoded(text, encoding)[:_WEIGHED]
    if encoding not in _GENERAL:
        letters = sum(not character.isascii() and character.isalpha() for character in read)
        return sum(map(len, _CYRILLIC_WORD.findall(read))) / letters if letters else 0
    weights = [
        _weight(*around, encoding)
        for around in zip(" " + read, read, read[1:] + " ", strict=False)
        if not around[1].isascii() and around[1].isalnum()
    ]
    return sum(weights) / len(weights) if weights else 0


def _weight(before: str, character: str, after: str, encoding: str) -> float:
    """How usual a character is between its neighbours.

    The accents of "émaillée" and "maçã" would be ideographs as well, but lone ones, against the letters of a word,
    or with such a letter in them.
    """
    lone = not (re.fullmatch(_IDEOGRAPH, before) or re.fullmatch(_IDEOGRAPH, after))
    latin = any(neighbour.isascii() and neighbour.isalpha() for neighbour in (before, after))
    if not re.fullmatch(_IDEOGRAPH, character) or (lone and latin):
        return 0
    if re.fullmatch(_KANA, character):
        return 1 if encoding in ("cp932", "euc_jp") else 0
    if (lone or latin) and character.encode(encoding)[-1:].isalpha():
        return 0
    if any(_first_byte(character, standard) in general for standard, general in _GENERAL[encoding]):
        return 1 if character in _OFTEN else _USUAL
    return 0


def _first_byte(character: str, encoding: str) -> int | None:
    try:
        return character.encode(encoding)[0]
    except UnicodeEncodeError:
        return None


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
