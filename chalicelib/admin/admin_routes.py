"""What staff see of the shop's inner life."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.admin import relay
from chalicelib.core.errors import invalid
from chalicelib.core.web import StaffRoutes

routes = StaffRoutes(__name__)


class Since(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    since: Annotated[datetime, Meta(tz=True)]
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class EventView(msgspec.Struct, frozen=True):
    """Something that happened. `detail` is the event as it went over the bus."""

    id: str
    at: datetime
    source: str
    name: str
    detail: msgspec.Raw


class Events(msgspec.Struct, frozen=True):
    data: list[EventView]
    next_cursor: str | None


@routes.get("/admin/events")
def list_events(query: Since) -> Events:
    """What happened in the hour after `since`, in the order of time: the shop's outboxes, read without being sent."""
    if not 2000 <= query.since.year < 3000:
        raise invalid("/query/since", "This shop knows no such time.")
    told = relay.recent(query.since, query.limit)
    return Events([EventView(e.id, e.at, e.source, e.name, msgspec.Raw(e.detail.encode())) for e in told], None)
