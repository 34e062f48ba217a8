"""Conditional requests: whether a client has the present answer already (RFC 9110, sections 8.8.3 and 13.1.2)."""

import hashlib
import re

_TAG = r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")'
# A list may have empty elements, which are to be ignored.
_LIST = rf"[\t ,]*(?:{_TAG}[\t ]*(?:,[\t ,]*|$))*"


def etag(body: bytes) -> str:
    """The strong validator of an answer: the same bytes have the same one, whichever function made them."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Whether If-None-Match names `tag`. Caches on the way may have weakened it, so strength does not count (8.8.3.2).

    `*` names whatever there is. What is no list of entity tags says nothing.
    """
    asked = (if_none_match or "").strip()
    if asked == "*":
        return True
    return re.fullmatch(_LIST, asked) is not None and tag in re.findall(_TAG, asked)
