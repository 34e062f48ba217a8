"""Events leave through the table they came from: written in the same transaction, then relayed from its stream.

An outbox item lives under `OUTBOX#<hour>#<spread>`, so that a period can be read and sent again without a scan.
"""

import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from chalicelib.core import clock, events
from chalicelib.core.settings import settings

PREFIX = "OUTBOX#"
KEPT = timedelta(days=90)
_SPREAD = 4
# PutEvents takes at most 10 entries a request (EventBridge API reference).
_MOST_ENTRIES = 10


class Record(msgspec.Struct, frozen=True):
    """An outbox item as the relay reads it. `detail` is the event's JSON."""

    source: str
    name: str
    detail: str


class NotRelayed(Exception):
    """EventBridge did not take some of the events; the stream gives the whole batch again."""


def attributes(event: events.Event) -> dict[str, str | int]:
    """The attributes of the item that carries `event` out; dynamo.put_raw makes a write action of them."""
    return {
        "pk": _partition(event.at, zlib.crc32(event.id.encode()) % _SPREAD),
        "sk": event.id,
        "kind": "outbox",
        "at": clock.stamp(event.at),
        "source": events.source(event),
        "name": event.name(),
        "detail": events.encode(event),
        "expires": int((event.at + KEPT).timestamp()),
    }


def relay(records: Iterable[Record]) -> int:
    """Put `records` on the bus and return how many there were. Raises NotRelayed if a single one was not taken.

    PutEvents answers 200 even when it refuses entries, so FailedEntryCount is what counts. Sending an event twice is
    harmless, since its id stays; losing one is not.
    """
    pending = list(records)
    for start in range(0, len(pending), _MOST_ENTRIES):
        entries = [
            {"EventBusName": settings.event_bus, "Source": r.source, "DetailType": r.name, "Detail": r.detail}
            for r in pending[start : start + _MOST_ENTRIES]
        ]
        answer = _bus().put_events(Entries=entries)
        if answer["FailedEntryCount"]:
            codes = {entry.get("ErrorCode") for entry in answer["Entries"]} - {None}
            raise NotRelayed(
                f"{answer['FailedEntryCount']} of {len(entries)} events refused: {sorted(map(str, codes))}"
            )
    return len(pending)


@cache
def _bus() -> Any:
    import boto3  # only the relay needs it, and every module that announces events imports this file

    return boto3.client("events", region_name=settings.region)


def from_image(image: dict[str, dict[str, str]]) -> Record:
    """The record in an item as DynamoDB and its streams write it."""
    return Record(source=image["source"]["S"], name=image["name"]["S"], detail=image["detail"]["S"])


def partitions(since: datetime, until: datetime) -> Iterator[str]:
    """The partition keys that hold the events of a period, both ends included."""
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour <= until:
        yield from (_partition(hour, spread) for spread in range(_SPREAD))
        hour += timedelta(hours=1)


def _partition(at: datetime, spread: int) -> str:
    return f"{PREFIX}{at.astimezone(UTC):%Y-%m-%dT%H}#{spread}"
