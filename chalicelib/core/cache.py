"""Settings tables that many requests read and few people change: kept in the function for a minute."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
SECONDS = 60.0
_forgetters: list[Callable[[], None]] = []


def for_a_minute(read: Callable[[], T]) -> Callable[[], T]:
    """Remember what `read` returned for 60 seconds in this process. A change is seen everywhere after that time."""
    kept: list[tuple[float, T]] = []

    def remembered() -> T:
        if not kept or time.monotonic() - kept[0][0] > SECONDS:
            kept[:] = [(time.monotonic(), read())]
        return kept[0][1]

    _forgetters.append(kept.clear)
    return remembered


def forget() -> None:
    """Drop everything: after a change in this process, and between tests."""
    for forget_one in _forgetters:
        forget_one()
