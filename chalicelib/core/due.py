"""What somebody has to look at later: a sparse index `by_due` of a table, by time, spread over a few partitions.

An item that can wait has the attributes `id`, `due_key` and `due_at`, its table the index over the last two. Things
that different people look after wait in one index under different prefixes.
"""

import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalicelib.core import clock, dynamo
from chalicelib.core.dynamo import Item

_SPREAD = 4


def look_after(item: Any, at: datetime | None, prefix: str = "DUE", item_id: str | None = None) -> None:
    """Let somebody look at `item` at this time, None: it waits for nothing any more. The next write of it says so.

    `item_id` is what the item is found by, where that is not its `id`.
    """
    item_id = item_id or item.id
    item.due_key = None if at is None else f"{prefix}#{zlib.crc32(item_id.encode()) % _SPREAD}"
    item.due_at = None if at is None else _position(at, item_id)


def put_off(item: Item, item_id: str, until: datetime) -> None:
    """Look at an item later, so that one that can not be helped holds up no other. Of `item` only the key is used.

    Raises dynamo.ConditionFailed if it waits for nothing any more.
    """
    table: Any = type(item)
    later = table.due_at.set(_position(until, item_id))
    dynamo.write(dynamo.update(item, [later], table.due_key.exists()))


def waiting(table: Any, now: datetime, limit: int, prefix: str = "DUE") -> Iterator[str]:
    """Ids of the items of `table` whose time has come, at most `limit` of each of the index's partitions."""
    until = f"{clock.stamp(now)}~"
    for spread in range(_SPREAD):
        for item in table.by_due.query(f"{prefix}#{spread}", table.due_at <= until, limit=limit):
            yield item.due_at.partition("#")[2]


def _position(at: datetime, item_id: str) -> str:
    return f"{clock.stamp(at)}#{item_id}"
