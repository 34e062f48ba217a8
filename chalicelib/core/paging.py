"""Lists in pages: an opaque cursor says where the next page goes on, never how many entries were seen."""

import base64
import binascii
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.errors import ShopError, invalid


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The paging part of a list's query: `cursor` is the `next_cursor` of the page before."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 24
    cursor: Annotated[str, Meta(max_length=512)] | None = None


def encode_cursor(position: str | None) -> str | None:
    """The cursor for a position; None, the end of the list, stays None."""
    return None if position is None else base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str | None:
    """The position that encode_cursor hid; None, the list's beginning, for none or an empty one. 422 for anything that
    encode_cursor did not make."""
    if not cursor:
        return None
    try:
        position = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise foreign_cursor() from None
    # DynamoDB takes no empty key.
    if not position:
        raise foreign_cursor()
    return position


def foreign_cursor() -> ShopError:
    return invalid("/query/cursor", "Send a next_cursor of this list, unchanged.")
