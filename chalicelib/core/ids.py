"""Identifiers that sort by the time of their making, and secrets that are stored only as hashes."""

import hashlib
import hmac
import re
import secrets
import threading
import time
from datetime import UTC, datetime

# Crockford's base 32, lower case: no i, l, o, u, so that an id survives being read out.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID = re.compile(r"[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}(-[0-9]{1,3})?")
_lock = threading.Lock()
_last = 0


def uuid7() -> int:
    """An RFC 9562 UUIDv7 as an integer: 48 bits of milliseconds, 12 bits of sub-millisecond time, 62 random bits.

    Sub-millisecond time in rand_a is method 3 of RFC 9562 section 6.2; within one process ids never go back.
    """
    global _last
    now = time.time_ns()
    with _lock:
        ticks = (now // 1_000_000 << 12) | (now % 1_000_000 * 4096 // 1_000_000)
        ticks = max(ticks, _last + 1)
        _last = ticks
    return (ticks >> 12) << 80 | 0x7 << 76 | (ticks & 0xFFF) << 64 | 0b10 << 62 | secrets.randbits(62)


def new_id(prefix: str) -> str:
    """A new id such as `ord_01jdf3...`: `prefix` of three letters and a UUIDv7 in 26 digits of base 32."""
    return f"{prefix}_{_digits(uuid7())}"


def named(prefix: str, *parts: str) -> str:
    """The id of what there is one of for these `parts`: always the same, and nobody can tell the parts from it."""
    return f"{prefix}_{_digits(int.from_bytes(hashlib.sha256(chr(10).join(parts).encode()).digest()[:16], 'big'))}"


def named_at(prefix: str, moment: datetime, *parts: str) -> str:
    """The same among the ids of that time: it sorts as one that was made then, to the millisecond."""
    names = hashlib.sha256(chr(10).join(parts).encode()).digest()
    return f"{prefix}_{_digits(round(moment.timestamp() * 1000) << 80 | int.from_bytes(names[:10], 'big'))}"


def made_at(made: str) -> datetime:
    """When an id was made that holds the time, or the id of what it is a part of."""
    number = 0
    for digit in made.partition("_")[2].partition("-")[0]:
        number = number << 5 | _ALPHABET.index(digit)
    return datetime.fromtimestamp((number >> 80) / 1000, UTC)


def derived(prefix: str, parent: str, ordinal: int) -> str:
    """The id of a part of `parent`: part 1 of `ord_X` under prefix `shp` is `shp_X-1`, always the same."""
    return f"{prefix}_{parent.partition('_')[2]}-{ordinal}"


def parent_of(prefix: str, child: str) -> str:
    """The id of the thing that a derived id is a part of: `shp_X-1` belongs to `ord_X`."""
    return f"{prefix}_{child.partition('_')[2].partition('-')[0]}"


def _digits(number: int) -> str:
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def is_id(prefix: str, text: str) -> bool:
    return text.startswith(f"{prefix}_") and _ID.fullmatch(text) is not None


def new_secret() -> str:
    """128 random bits in hex. Given to its owner once, kept only as a hash."""
    return secrets.token_hex(16)


def derive_secret(secret: str, purpose: str) -> str:
    """128 bits that only a holder of `secret` can compute again, one value per purpose (HMAC-SHA-256, truncated).

    So a repeated request gets the same token in its answer and nobody has to store it.
    """
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:32]


def digest(text: str) -> str:
    """SHA-256 in hex. Enough for secrets of 128 random bits, which can not be guessed from a dictionary."""
    return hashlib.sha256(text.encode()).hexdigest()


def matches(secret: str, stored_digest: str) -> bool:
    """Whether `secret` is the one that was stored, compared in constant time."""
    return hmac.compare_digest(digest(secret), stored_digest)


def random_bits() -> int:
    """62 random bits."""
    return uuid7() & (1 << 62) - 1
