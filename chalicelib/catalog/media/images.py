"""What a file is by its own bytes: which kind of picture and how large, or why it can not be shown in this shop."""

import io

import msgspec

JPEG, PNG, WEBP, GIF, AVIF = "image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"
SUFFIXES = {JPEG: "jpg", PNG: "png", WEBP: "webp", GIF: "gif", AVIF: "avif"}
# A picture of few bytes may unfold to gigabytes in whatever shows it; cameras of phones make up to 50 megapixels.
LONGEST_SIDE = 10_000
MOST_PIXELS = 50_000_000


class Unusable(Exception):
    """The file can not be shown; the message says why, in words for whoever sent it."""


class Looks(msgspec.Struct, frozen=True):
    """A picture's type, and its size in pixels as it is shown: turned as `orientation` says (as in EXIF, 1 is not)."""

    content_type: str
    width: int
    height: int
    orientation: int


def look(data: bytes) -> Looks:
    """What `data` is. Unusable if it is no JPEG, PNG, WebP, GIF or AVIF, or one that is broken or much too large.

    Only the structure is read, nothing is decoded: pixels that are missing at the end are not noticed.
    """
    kind = kind_of(data)
    if kind is None:
        raise Unusable("This is no JPEG, PNG, WebP, GIF or AVIF picture.")
    import imagesize  # brings urllib and an XML parser along, and only the consumer of uploads needs it

    try:
        found = imagesize.get_info(io.BytesIO(data), dpi=False, colors=False, channels=False)
    except Exception:  # whatever a hostile file does to its reader
        raise _broken() from None
    width, height = int(found.width), int(found.height)
    if width <= 0 or height <= 0:
        raise _broken()
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        detail = f"at most {LONGEST_SIDE} pixels a side and {MOST_PIXELS} in all are possible"
        raise Unusable(f"The picture has {width} x {height} pixels; {detail}.")
    return Looks(kind, width, height, found.rotation if 1 <= found.rotation <= 8 else 1)


def kind_of(data: bytes) -> str | None:
    """The type of a picture by its signature, None if it is none of the accepted ones.

    JPEG: ITU T.81 B.1.1; PNG: ISO 15948 5.2; GIF: 89a 17; WebP: RFC 9649 2.4; AVIF: ISO 14496-12 4.3, major brand
    or compatible brands "avif" and "avis".
    """
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WEBP
    return AVIF if data[4:8] == b"ftyp" and _brands(data) & {b"avif", b"avis"} else None


def _broken() -> Unusable:
    return Unusable("The picture is broken: its width and height can not be read.")


def _brands(data: bytes) -> set[bytes]:
    end = min(int.from_bytes(data[:4], "big"), len(data), 256)
    # The minor version stands between the major brand and the others; no version reads like a brand.
    return {data[place : place + 4] for place in range(8, end - 3, 4)}
