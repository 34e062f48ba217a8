"""Events on their way: from the tables' outboxes to the bus, and once more if they got lost."""

from datetime import datetime

from chalicelib.core import dynamo, outbox
from chalicelib.core.settings import settings


def republish(since: datetime, until: datetime) -> int:
    """Send all events of a period again, oldest first per partition. Consumers take repeated events for what they are."""
    count = 0
    for table in settings.tables.values():
        for partition in outbox.partitions(since, until):
            records = [outbox.from_image(item) for item in dynamo.query_raw(table, partition) if _made_in(item, since, until)]
            count += outbox.relay(records)
    return count


def _made_in(item: dict[str, dict[str, str]], since: datetime, until: datetime) -> bool:
    return since <= datetime.fromisoformat(item["at"]["S"]) <= until
