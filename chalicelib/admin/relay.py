"""Events on their way: from the tables' outboxes to the bus, and once more if they got lost."""

from datetime import datetime, timedelta

import msgspec

from chalicelib.core import clock, dynamo, outbox
from chalicelib.core.jobs import Run
from chalicelib.core.settings import settings

_LONGEST_LOOK = timedelta(hours=1)
_LOOKS_A_LEASE = 100


class Told(msgspec.Struct, frozen=True):
    """An event that a module told: what, when, and its JSON."""

    id: str
    at: datetime
    source: str
    name: str
    detail: str


class _Place(msgspec.Struct, frozen=True):
    """How far a republishing got: everything of its period up to this partition of this table is sent."""

    since: datetime
    until: datetime
    table: str
    partition: str


def republish(run: Run, since: datetime, until: datetime) -> None:
    """Send all events of a period again, oldest first per partition. Consumers know an event that comes twice.

    A run that stopped is gone on with if the next one is for the same period.
    """
    places = [
        _Place(since, until, table, partition)
        for table in settings.tables.values()
        for partition in outbox.partitions(since, until)
    ]
    stopped = msgspec.json.decode(run.resume, type=_Place) if run.resume else None
    run.count(events=0)
    for turn, place in enumerate(places[places.index(stopped) + 1 :] if stopped in places else places, 1):
        items = dynamo.query_raw(place.table, place.partition)
        records = [outbox.from_image(item) for item in items if _made_in(item, since, until)]
        run.count(events=outbox.relay(records))
        if records or turn % _LOOKS_A_LEASE == 0:
            run.reached(msgspec.json.encode(place).decode())


def recent(since: datetime, limit: int, after: str | None) -> tuple[list[Told], str | None]:
    """`limit` events of the hour that begins with `since`, in the order of time, and where the next page goes on."""
    until = since + _LONGEST_LOOK
    told = [
        Told(
            at=datetime.fromisoformat(item["at"]["S"]),
            id=item["sk"]["S"],
            **msgspec.structs.asdict(outbox.from_image(item)),
        )
        for table in settings.tables.values()
        for partition in outbox.partitions(since, until)
        for item in dynamo.query_raw(table, partition)
        if _made_in(item, since, until)
    ]
    found = sorted((event for event in told if _position(event) > (after or "")), key=_position)
    return found[:limit], _position(found[limit - 1]) if len(found) > limit else None


def _position(event: Told) -> str:
    return f"{clock.stamp(event.at)}#{event.id}"


def _made_in(item: dict[str, dict[str, str]], since: datetime, until: datetime) -> bool:
    return since <= datetime.fromisoformat(item["at"]["S"]) <= until
