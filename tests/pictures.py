"""Small pictures, put together by hand: right in their structure, with hardly anything to see."""

import struct
import zlib

WHERE = b"GPS 52.3752 N 4.8840 E, Lin's camera"


def png(width: int = 4, height: int = 3, *, text: bytes = b"") -> bytes:
    rows = b"".join(b"\0" + b"\x40\x80\xc0" * min(width, 100) for _ in range(min(height, 100)))
    parts = [_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    if text:
        parts += [_chunk(b"tEXt", b"Comment\0" + text), _chunk(b"eXIf", _tiff(1) + text)]
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts, _chunk(b"IDAT", zlib.compress(rows)), _chunk(b"IEND", b"")])


def jpeg(width: int = 4, height: int = 3, *, orientation: int = 1, text: bytes = b"", film: bytes = b"") -> bytes:
    """A progressive JPEG of two scans, as a phone makes it: EXIF data in front, perhaps a film behind."""
    exif = b"Exif\0\0" + _tiff(orientation) + text
    parts = [
        _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        _segment(0xE1, exif) if text or orientation != 1 else b"",
        _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + text) if text else b"",
        _segment(0xE2, b"ICC_PROFILE\0\1\1a profile"),
        _segment(0xED, b"Photoshop 3.0\0" + text) if text else b"",
        _segment(0xFE, text) if text else b"",
        _segment(0xDB, b"\0" + bytes(range(1, 65))),
        _segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"),
        _segment(0xDA, b"\1\1\0\0\0\0") + b"\x12\xff\x00\x34\xff\xd0\x56",
        _segment(0xC4, b"\0" + bytes(16)),
        _segment(0xDA, b"\1\1\0\1\5\0") + b"\xff\x00\xaa",
    ]
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xd9" + film


def gif(width: int = 4, height: int = 3) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


def webp(width: int = 4, height: int = 3, *, text: bytes = b"") -> bytes:
    size = [struct.pack("<I", side - 1)[:3] for side in (width, height)]
    flags = 0x10 | (0x0C if text else 0)
    parts = [_riff(b"VP8X", bytes([flags, 0, 0, 0]) + b"".join(size)), _riff(b"VP8L", b"\x2f\0\0\0\0\7")]
    if text:
        parts += [_riff(b"EXIF", _tiff(1) + text), _riff(b"XMP ", text)]
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def avif(width: int = 4, height: int = 3) -> bytes:
    """One item, its size as its only property, and no data."""
    ispe = _box(b"ispe", bytes(4) + struct.pack(">II", width, height))
    ipma = _box(b"ipma", bytes(4) + struct.pack(">IHBB", 1, 1, 1, 0x81))
    infe = _box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 1, 0) + b"av01\0")
    meta = [
        _box(b"hdlr", bytes(8) + b"pict" + bytes(13)),
        _box(b"pitm", bytes(4) + struct.pack(">H", 1)),
        _box(b"iinf", bytes(4) + struct.pack(">H", 1) + infe),
        _box(b"iprp", _box(b"ipco", ispe) + ipma),
    ]
    return _box(b"ftyp", b"avif\0\0\0\0avifmif1") + _box(b"meta", bytes(4) + b"".join(meta))


def _tiff(orientation: int) -> bytes:
    return b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def _riff(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data
