"""What an event is: a deliberate, versioned fact that other modules may rely on."""

from datetime import datetime
from typing import ClassVar, TypeVar

import msgspec

from chalicelib.core import clock, ids


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an aggregate, told once and never changed.

    `aggregate_id` and `aggregate_version` say what it happened to and which of its versions this is; `id` stays the
    same however often the event is sent. Never holds personal data, secrets or row images. Fields are only ever added;
    anything else is a new class with a higher `schema`.
    """

    schema: ClassVar[int] = 1

    aggregate_id: str
    aggregate_version: int
    id: str = msgspec.field(default_factory=lambda: ids.new_id("evt"))
    at: datetime = msgspec.field(default_factory=clock.now)

    @classmethod
    def name(cls) -> str:
        """The event's name on the bus: its `detail-type`."""
        return cls.__name__


E = TypeVar("E", bound=Event)


def encode(event: Event) -> str:
    """The JSON that goes over the bus as `detail`."""
    return msgspec.json.encode({"schema": event.schema, **msgspec.to_builtins(event)}).decode()


def decode(detail: bytes, kind: type[E]) -> E:
    """The event in `detail`; fields that this version does not know are ignored."""
    return msgspec.json.decode(detail, type=kind)


def source(event: Event | type[Event]) -> str:
    """The `source` on the bus: `jishi.` and the module that publishes the event."""
    kind = event if isinstance(event, type) else type(event)
    return "jishi." + kind.__module__.split(".")[1]
