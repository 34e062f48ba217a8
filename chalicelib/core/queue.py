"""Consumers: one function per queue, each record on its own, a failing one goes back and takes no other with it."""

import traceback
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from chalice.app import Blueprint, SQSEvent

from chalicelib.core import events, log

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

    def queue(
        self,
        name: str,
        handlers: Mapping[type[events.Event], Callable[[Any], None]],
        *,
        batch_size: int = 10,
        at_once: int = _AT_ONCE,
        longest: int = _LONGEST,
    ) -> Any:
        """Consume one queue of events; `handlers` says which use case answers which event.

        The rules in infra/resources.yaml send exactly these events to the queue; a test compares the two.
        """
        by_name = {kind.name(): (kind, handle) for kind, handle in handlers.items()}
        self.handled[name] = frozenset(by_name)

        def consume(body: str) -> None:
            envelope = msgspec.json.decode(body, type=_Envelope)
            kind, handle = by_name[envelope.detail_type]
            event = events.decode(bytes(envelope.detail), kind)
            log.write("event", consumer=name, name=envelope.detail_type, id=event.id, aggregate=event.aggregate_id)
            handle(event)

        return self.messages(name, consume, batch_size=batch_size, at_once=at_once, longest=longest)

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
                    failures.append({"itemIdentifier": message_id})
                    continue
                try:
                    consume(record.body)
                except Exception:  # also what is not possible yet: an event that overtook the one before it
                    log.write("error", consumer=name, message=message_id, traceback=traceback.format_exc())
                    failures.append({"itemIdentifier": message_id})
            return {"batchItemFailures": failures}

        handler.__name__ = name
        register = self.on_sqs_message(
            queue_arn=PLACEHOLDER_ARN, batch_size=batch_size, maximum_concurrency=at_once, name=name
        )
        return register(handler)
