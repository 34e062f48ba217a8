"""What a camera writes into a picture beside the picture: where it was, when, whose it is. Customers' photos lose it.

Nothing is decoded or compressed again: the parts of the file that hold such data are left out.
"""

import re
import struct
from collections.abc import Iterator

from chalicelib.catalog.media.images import JPEG, PNG, WEBP, Unusable

# JPEG (ITU T.81 table B.1): what shows the picture right stays - JFIF, colour profiles, Adobe's colour transform.
_SOS, _EOI, _APP0, _APP2, _APP14, _APP15, _COM = 0xDA, 0xD9, 0xE0, 0xE2, 0xEE, 0xEF, 0xFE
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
# PNG (ISO 15948 11.3): texts of all kinds, EXIF data, time.
_PNG_TRACES = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})
_WEBP_TRACES = frozenset({b"EXIF", b"XMP "})
_WEBP_FLAGS = 0x08 | 0x04  # "there is EXIF", "there is XMP" (RFC 9649 2.7)


def without_traces(data: bytes, content_type: str, orientation: int = 1) -> bytes:
    """The same picture without metadata, still turned as `orientation` says. Unusable if the file is broken."""
    try:
        if content_type == JPEG:
            return b"".join(_jpeg(data, orientation))
        return b"".join({PNG: _png, WEBP: _webp}[content_type](data))
    except (IndexError, struct.error):
        raise Unusable("The picture is broken: it ends too early.") from None


def _jpeg(data: bytes, orientation: int) -> Iterator[bytes]:
    yield data[:2]
    if orientation != 1:
        yield _exif_orientation(orientation)
    place = 2
    while True:
        marker = _NEXT_MARKER.search(data, place)
        if marker is None:
            raise IndexError
        kind, start = data[marker.end() - 1], marker.end()
        if kind == _EOI:  # whatever a phone appends, films among it, stands behind
            yield b"\xff\xd9"
            return
        end = start + struct.unpack_from(">H", data, start)[0]
        if end > len(data) or end < start + 2:
            raise IndexError
        if _stays(kind, data[start + 2 : start + 14]):
            yield b"\xff" + data[start - 1 : end]
        place = end
        if kind == _SOS:
            following = _NEXT_MARKER.search(data, end)
            if following is None:
                raise IndexError
            yield data[end : following.start()]
            place = following.start()


def _stays(kind: int, head: bytes) -> bool:
    if kind == _APP2:
        return head.startswith(b"ICC_PROFILE\0")
    return kind in (_APP0, _APP14) or not (_APP0 < kind <= _APP15 or kind == _COM)


def _exif_orientation(orientation: int) -> bytes:
    """An APP1 segment that holds one EXIF field, the orientation (CIPA DC-008 4.6)."""
    tiff = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", 2 + 6 + len(tiff)) + b"Exif\0\0" + tiff


def _png(data: bytes) -> Iterator[bytes]:
    yield data[:8]
    place = 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data):
            raise IndexError
        if kind not in _PNG_TRACES:
            yield data[place:end]
        if kind == b"IEND":
            return
        place = end


def _webp(data: bytes) -> Iterator[bytes]:
    chunks = b"".join(_webp_chunks(data))
    yield b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP"
    yield chunks


def _webp_chunks(data: bytes) -> Iterator[bytes]:
    place, end = 12, 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise IndexError
    while place + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, place)
        after = place + 8 + length + length % 2
        if place + 8 + length > end:
            raise IndexError
        if kind == b"VP8X":
            yield data[place : place + 8] + bytes([data[place + 8] & ~_WEBP_FLAGS]) + data[place + 9 : after]
        elif kind not in _WEBP_TRACES:
            yield data[place:after]
        place = after
