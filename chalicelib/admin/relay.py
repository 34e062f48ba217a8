"""Events on their way: from the tables' outboxes to the bus, and once more if they got lost."""

from datetime import datetime, timedelta

import msgspec

from chalicelib.core import dynamo, outbox
from chalicelib.core.settings import settings

_LONGEST_LOOK = timedelta(hours=1)


class Told(msgspec.Struct, frozen=True):
    """An event that a module told: what, when, and its JSON."""

    id: str
    at: datetime
    source: str
    name: str
    detail: str


def republish(since: datetime, until: datetime) -> int:
    """Send all events of a period again, oldest first per partition. Consumers know an event that comes twice."""
    count = 0
    for table in settings.tables.values():
        for partition in outbox.partitions(since, until):
            records = [
                outbox.from_image(item) for item in dynamo.query_raw(table, partition) if _made_in(item, since, until)
            ]
            count += outbox.relay(records)
    return count


def recent(since: datetime, limit: int) -> list[Told]:
    """The first `limit` events of the hour that begins with `since`, in the order of time."""
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
    return sorted(told, key=lambda event: (event.at, event.id))[:limit]


def _made_in(item: dict[str, dict[str, str]], since: datetime, until: datetime) -> bool:
    return since <= datetime.fromisoformat(item["at"]["S"]) <= until
