"""Consumers: one function per queue. A record that fails goes back and takes no other with it."""

import traceback
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from chalice.app import Blueprint, SQSEvent

from chalicelib.core import events, log

T = TypeVar("T")
# An event's fields and what they may be, in EventBridge's words.
Fields = Mapping[str, list[Any]]
# The template gives each consumer its queue; Chalice needs something of an ARN's shape in this place.
PLACEHOLDER_ARN = "arn:aws:sqs:region:account:queue"
# So a flood of events in one queue does not take all of the account's functions from the shop's API.
_AT_ONCE = 20
# How long a record may take, in seconds, where the consumer does not say: only with so much time left is one begun.
_LONGEST = 5


class _Envelope(msgspec.Struct):
    """What EventBridge puts around an event. `detail_type` is the event's name."""

    detail_type: str = msgspec.field(name="detail-type")
    detail: msgspec.Raw


class Consumers(Blueprint):
    """The queue consumers of a module."""

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name)
        self.handled: dict[str, frozenset[str]] = {}
        self._only: dict[str, dict[str, Fields]] = {}

    def pattern(self, name: str) -> dict[str, Any]:
        """Which events the rule of a queue sends to it, as EventBridge wants it said."""
        only = self._only.get(name, {})
        whatever = {"detail-type": sorted(self.handled[name] - only.keys())}
        if not only:
            return whatever
        return {"$or": [whatever, *({"detail-type": [event], "detail": only[event]} for event in sorted(only))]}

    def queue(
        self,
        name: str,
        handlers: Mapping[type[events.Event], Callable[[Any], None]],
        *,
        only: Mapping[type[events.Event], Fields] | None = None,
        batch_size: int = 10,
        at_once: int = _AT_ONCE,
        longest: int = _LONGEST,
    ) -> Any:
        """Consume one queue of events; `handlers` says which use case answers which event.

        `only`: of events that mostly lead to nothing those with one of these values in a field, so that no function is
        woken for the others; one that comes nevertheless does no harm. The rules in infra/resources.yaml send exactly
        these events to the queue; a test compares the two.
        """
        by_name = {kind.name(): (kind, handle) for kind, handle in handlers.items()}
        self.handled[name] = frozenset(by_name)
        self._only[name] = {kind.name(): fields for kind, fields in (only or {}).items()}

        def consume(body: str) -> None:
            event, handle = _opened(name, body, by_name)
            handle(event)

        return self.messages(name, consume, batch_size=batch_size, at_once=at_once, longest=longest)

    def batches(
        self, name: str, kinds: Iterable[type[events.Event]], handle: Callable[[list[Any]], Container[str]]
    ) -> Any:
        """Consume one queue of events, all of a batch at once: for what costs as much for ten as for one.

        `handle` returns the ids of the events that it could not follow; their records go back. If it raises, all do.
        """
        by_name = {kind.name(): (kind, kind) for kind in kinds}
        self.handled[name] = frozenset(by_name)

        def handler(batch: SQSEvent) -> dict[str, Any]:
            read: dict[str, events.Event] = {}
            failures: list[str] = []
            for record in batch:
                message_id = record.to_dict()["messageId"]
                try:
                    read[message_id], _ = _opened(name, record.body, by_name)
                except Exception:
                    _log_failure(name, message_id)
                    failures.append(message_id)
            try:
                helpless = handle(list(read.values())) if read else ()
            except Exception:
                _log_failure(name, *read)
                failures += read
            else:
                failures += [message_id for message_id, event in read.items() if event.id in helpless]
            return _failed(failures)

        return self._register(name, handler)

    def messages(
        self,
        name: str,
        consume: Callable[[str], None],
        *,
        batch_size: int = 10,
        at_once: int = _AT_ONCE,
        longest: int = _LONGEST,
    ) -> Any:
        """Consume one queue of other messages: `consume` gets each body, and raises what it could not do.

        At most `at_once` functions work on the queue at a time; what is more waits in it. A record that may take longer
        than there is time left, `longest` seconds, is not begun: a function that is cut off loses the whole batch.
        """

        def handler(batch: SQSEvent) -> dict[str, Any]:
            failures = []
            for place, record in enumerate(batch):
                message_id = record.to_dict()["messageId"]
                if place and batch.context.get_remaining_time_in_millis() < longest * 1000:
                    failures.append(message_id)
                    continue
                try:
                    consume(record.body)
                except Exception:  # also what is not possible yet: an event that overtook the one before it
                    _log_failure(name, message_id)
                    failures.append(message_id)
            return _failed(failures)

        return self._register(name, handler, batch_size, at_once)

    def _register(
        self, name: str, handler: Callable[[SQSEvent], dict[str, Any]], batch_size: int = 10, at_once: int = _AT_ONCE
    ) -> Any:
        handler.__name__ = name
        register = self.on_sqs_message(
            queue_arn=PLACEHOLDER_ARN, batch_size=batch_size, maximum_concurrency=at_once, name=name
        )
        return register(handler)


def _opened(name: str, body: str, known: Mapping[str, tuple[type[events.Event], T]]) -> tuple[events.Event, T]:
    """The event in a message, and what its consumer has for events of this name."""
    envelope = msgspec.json.decode(body, type=_Envelope)
    kind, use = known[envelope.detail_type]
    event = events.decode(bytes(envelope.detail), kind)
    log.write("event", consumer=name, name=envelope.detail_type, id=event.id, aggregate=event.aggregate_id)
    return event, use


def _log_failure(name: str, *messages: str) -> None:
    log.write("error", consumer=name, message=" ".join(messages), traceback=traceback.format_exc())


def _failed(messages: Iterable[str]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in messages]}
