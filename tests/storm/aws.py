"""The shop's AWS on virtual time: DynamoDB with streams, EventBridge, SQS, the functions that they wake, a secret.

Every call of every botocore client passes `Aws.call`, where the weather strikes it.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError
from environment import API_KEY, WEBHOOK_SECRET

from tests.patterns import matches
from tests.storm.bucket import Bucket
from tests.storm.dynamodb import DynamoDB, Image, refused
from tests.storm.scheduler import Crash, Scheduler
from tests.storm.tables import resources
from tests.storm.weather import EVENTS, READS, WRITES, Weather

Json = dict[str, Any]
Function = Callable[[Json, Any], Any]

_MAY_STRIKE = {
    **dict.fromkeys(("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"), WRITES),
    **dict.fromkeys(("GetItem", "BatchGetItem", "Query"), READS),
    "PutEvents": (*EVENTS, "twice"),
    "SendMessage": ("twice",),
    "PutObject": WRITES,
    "GetObject": (),
    "GetSecretValue": (),
}
STALE_SECONDS = 1.0
STREAM_BATCH = 10
AT_ONCE = 2
# EventBridge and SQS deliver in about this many seconds.
_ON_THE_WAY = (0.05, 1.5)
_LONG_WAY = (5.0, 240.0)


@dataclass
class Queue:
    """An SQS queue with its consumer. `waiting` are messages that can be received now."""

    name: str
    consume: Function
    visibility: float
    most_receives: int
    waiting: list[tuple[str, str, int]] = field(default_factory=list)  # id, body, receives
    dead: list[tuple[str, str, int]] = field(default_factory=list)
    invisible: int = 0
    running: int = 0
    woken: bool = False


@dataclass
class Stream:
    """A table's new outbox items, in their order, as far as the relay has not taken them."""

    table: str
    records: list[Json] = field(default_factory=list)
    running: bool = False


class Aws:
    """`function(name)` is the handler that the template deploys under that name."""

    def __init__(self, scheduler: Scheduler, weather: Weather, dynamodb: DynamoDB) -> None:
        self.scheduler, self.weather, self.dynamodb = scheduler, weather, dynamodb
        self.dice = scheduler.random
        self.bucket = Bucket()
        self.streams: dict[str, Stream] = {}
        self.queues: dict[str, Queue] = {}
        self.urls: dict[str, Queue] = {}
        self.rules: list[tuple[Json, Queue]] = []
        self.relay: Function = lambda event, context: None
        self.errors: list[str] = []
        self.numbers = 0
        dynamodb.on_insert = self._inserted

    # --- calls -----------------------------------------------------------------------------------------------------

    def call(self, service: str, operation: str, request: Json) -> Json:
        """One call of a client: it travels, something may strike it, and it has its effect."""
        self.scheduler.pause(self.weather.latency(self.dice))
        strike = self.weather.strike(self.dice, _MAY_STRIKE[operation])
        self.scheduler.note(f"{service} {operation} {_about(request)}{f' <- {strike}' if strike else ''}")
        if strike == "crash before":
            raise Crash
        if strike == "throttled":
            raise self._throttled(operation, request)
        if strike == "lost before":
            raise self._unanswered()
        if strike == "late":
            self.scheduler.at(self.dice.uniform(0.1, 30), lambda: self._late(service, operation, request))
            raise self._unanswered()
        answer = self._answered(service, operation, request, strike)
        if strike == "crash after":
            raise Crash
        if strike == "lost after":
            raise self._unanswered()
        return answer

    def _answered(self, service: str, operation: str, request: Json, strike: str | None) -> Json:
        if service == "events":
            return [self._put_events(request, strike) for _ in range(2 if strike == "twice" else 1)][-1]
        if service == "sqs":
            return [self._send_message(request) for _ in range(2 if strike == "twice" else 1)][-1]
        if service == "s3":
            return self._stored(operation, request, strike)
        if service == "secretsmanager":
            return self._secret(operation, request)
        if service != "dynamodb":
            raise AssertionError(f"the storm has no {service}")
        if strike == "conflict":
            raise self._conflict(operation, request)
        if operation == "TransactWriteItems":
            return self._transact(request)
        if strike == "twice":
            self.dynamodb.perform(operation, dict(request))
            self.scheduler.pause(self.weather.latency(self.dice))
        if strike == "stale":
            self.dynamodb.stale = STALE_SECONDS
        self.dynamodb.shortened = strike == "short"
        if strike == "short" and operation == "BatchGetItem":
            return self._partly_read(request)
        try:
            return self._checked(operation, request)
        finally:
            self.dynamodb.stale, self.dynamodb.shortened = 0.0, False

    def _stored(self, operation: str, request: Json, strike: str | None) -> Json:
        if strike == "conflict":
            raise self.bucket.busy(operation)
        if strike == "twice":
            self.bucket.perform(operation, request)
        return self.bucket.perform(operation, request)

    def _secret(self, operation: str, request: Json) -> Json:
        if request != {"SecretId": os.environ["STRIPE_SECRET_ID"]}:
            raise refused(operation, "ResourceNotFoundException", "there is one secret")
        return {"SecretString": json.dumps({"api_key": API_KEY, "webhook_secrets": [WEBHOOK_SECRET]})}

    def _checked(self, operation: str, request: Json) -> Json:
        try:
            return self.dynamodb.perform(operation, dict(request))
        except ClientError as error:
            self._refused_for_good(error)
            raise

    def _refused_for_good(self, error: ClientError) -> None:
        if error.response["Error"]["Code"] in ("ValidationException", "ResourceNotFoundException"):
            self.errors.append(str(error))

    def _transact(self, request: Json) -> Json:
        try:
            transaction = self.dynamodb.begin(request)
        except ClientError as error:
            self._refused_for_good(error)
            raise
        try:
            self.scheduler.pause(self.weather.latency(self.dice))
        finally:
            self.dynamodb.commit(transaction)
        return {}

    def _late(self, service: str, operation: str, request: Json) -> None:
        try:
            if service == "dynamodb":
                self.dynamodb.perform(operation, dict(request))
            else:
                self._answered(service, operation, request, None)
        except ClientError as error:
            self.scheduler.note(f"late {operation}: {error.response['Error']['Code']}")
        else:
            self.scheduler.note(f"late {operation} {_about(request)}")

    def _partly_read(self, request: Json) -> Json:
        """Half of the keys of a batch come back as UnprocessedKeys."""
        now, later = {}, {}
        for table, part in request["RequestItems"].items():
            half = (len(part["Keys"]) + 1) // 2
            now[table] = {**part, "Keys": part["Keys"][:half]}
            if part["Keys"][half:]:
                later[table] = {**part, "Keys": part["Keys"][half:]}
        return self._checked("BatchGetItem", {"RequestItems": now}) | {"UnprocessedKeys": later}

    def _throttled(self, operation: str, request: Json) -> ClientError:
        if operation == "TransactWriteItems":
            reasons = [{"Code": "None"} for _ in request["TransactItems"]]
            reasons[self.dice.randrange(len(reasons))] = {"Code": "ThrottlingError", "Message": "throttled"}
            return refused(operation, "TransactionCanceledException", "throttled", CancellationReasons=reasons)
        return refused(operation, "ThrottlingException", "Rate exceeded")

    def _conflict(self, operation: str, request: Json) -> ClientError:
        if operation == "TransactWriteItems":
            reasons = [{"Code": "None"} for _ in request["TransactItems"]]
            reasons[self.dice.randrange(len(reasons))] = {"Code": "TransactionConflict", "Message": "ongoing"}
            return refused(operation, "TransactionCanceledException", "conflict", CancellationReasons=reasons)
        return refused(operation, "TransactionConflictException", "Transaction is ongoing for the item")

    def _unanswered(self) -> ReadTimeoutError:
        self.scheduler.pause(self.dice.uniform(0.5, 5))
        return ReadTimeoutError(endpoint_url="https://aws.example")

    # --- streams, bus, queues --------------------------------------------------------------------------------------

    def wire(self, template: Path, functions: dict[str, Function], urls: dict[str, str]) -> None:
        """Queues and rules as the template declares them, for those consumers that take part."""
        declared = resources(template)
        for logical, resource in declared.items():
            name = _snake(logical.removesuffix("Queue"))
            if resource.get("Type") == "AWS::SQS::Queue" and name in functions:
                properties = resource["Properties"]
                most = properties["RedrivePolicy"]["maxReceiveCount"]
                self.queues[name] = Queue(name, functions[name], properties["VisibilityTimeout"], most)
        for logical, resource in declared.items():
            if resource.get("Type") == "AWS::Events::Rule" and _snake(logical.removesuffix("Rule")) in self.queues:
                pattern = resource["Properties"]["EventPattern"]
                (target,) = resource["Properties"]["Targets"]
                queue = self.queues[_snake(target["Arn"]["Fn::GetAtt"][0].removesuffix("Queue"))]
                self.rules.append((pattern, queue))
        self.relay = functions["admin_relay"]
        self.urls = {url: self.queues[name] for url, name in urls.items()}

    def _inserted(self, table: str, item: Image) -> None:
        if not item["pk"]["S"].startswith("OUTBOX#"):
            return
        stream = self.streams.setdefault(table, Stream(table))
        self.numbers += 1
        keys = {name: item[name] for name in ("pk", "sk")}
        stream.records.append(
            {
                "eventID": str(self.numbers),
                "eventName": "INSERT",
                "eventSourceARN": f"arn:aws:dynamodb:r:a:table/{table}/stream/s",
                "awsRegion": "r",
                "dynamodb": {
                    "NewImage": item,
                    "Keys": keys,
                    "SequenceNumber": str(self.numbers),
                    "StreamViewType": "NEW_IMAGE",
                    "ApproximateCreationDateTime": 0,
                    "SizeBytes": 1,
                },
            }
        )
        self._wake_relay(stream, self.dice.uniform(0.1, 0.5))

    def _wake_relay(self, stream: Stream, after: float) -> None:
        if not stream.running:
            stream.running = True
            self.scheduler.spawn(f"relay-{stream.table}", lambda: self._relay(stream), after)

    def _relay(self, stream: Stream) -> None:
        """One batch after the other, in order; a batch that raises is given again, whole or halved."""
        size = STREAM_BATCH
        while stream.records:
            batch = stream.records[:size]
            if self.invoke("relay", self.relay, {"Records": batch}) is not _FAILED:
                del stream.records[: len(batch)]
                size = STREAM_BATCH
            else:
                size = max(1, len(batch) // 2)
                self.scheduler.pause(self.dice.uniform(0.5, 3))
        stream.running = False

    def _put_events(self, request: Json, strike: str | None) -> Json:
        entries = request["Entries"]
        assert 1 <= len(entries) <= 10, f"{len(entries)} entries in PutEvents"
        results = []
        for entry in entries:
            assert entry.keys() == {"EventBusName", "Source", "DetailType", "Detail"}
            if strike == "refused entries" and self.dice.random() < 0.5:
                results.append({"ErrorCode": "InternalFailure", "ErrorMessage": "try again"})
                continue
            results.append({"EventId": "e"})
            self._publish(entry)
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}

    def _publish(self, entry: Json) -> None:
        detail = json.loads(entry["Detail"])
        for pattern, queue in self.rules:
            if matches(pattern, entry["DetailType"], detail):
                body = {"detail-type": entry["DetailType"], "source": entry["Source"], "detail": detail}
                self.send(queue, json.dumps(body))

    def _send_message(self, request: Json) -> Json:
        if request["QueueUrl"] not in self.urls:
            raise refused("SendMessage", "AWS.SimpleQueueService.NonExistentQueue", request["QueueUrl"])
        assert 1 <= len(request["MessageBody"].encode()) <= 256 * 1024
        self.send(self.urls[request["QueueUrl"]], request["MessageBody"])
        return {"MessageId": "m"}

    def send(self, queue: Queue, body: str) -> None:
        """A message sets out; some take long, some arrive twice."""
        copies = 2 if not self.weather.over and self.dice.random() < self.weather.duplicates else 1
        for _ in range(copies):
            self.numbers += 1
            message = (f"m{self.numbers}", body, 0)
            far = not self.weather.over and self.dice.random() < 0.1
            self._arrives(queue, message, self.dice.uniform(*(_LONG_WAY if far else _ON_THE_WAY)))

    def _arrives(self, queue: Queue, message: tuple[str, str, int], after: float) -> None:
        queue.invisible += 1

        def arrive() -> None:
            queue.invisible -= 1
            queue.waiting.append(message)
            self._wake(queue)

        self.scheduler.at(after, arrive)

    def _wake(self, queue: Queue) -> None:
        """A poller looks into the queue soon, and takes what is there by then."""
        if queue.waiting and queue.running < AT_ONCE and not queue.woken:
            queue.woken = True
            queue.running += 1
            self.scheduler.spawn(queue.name, lambda: self._consume(queue), self.dice.uniform(0.01, 0.3))

    def _consume(self, queue: Queue) -> None:
        queue.woken = False
        size = self.dice.randint(1, 10)
        self.dice.shuffle(queue.waiting)
        batch, queue.waiting = queue.waiting[:size], queue.waiting[size:]
        self._wake(queue)
        if batch:
            records = [{"messageId": number, "body": body, "receiptHandle": number} for number, body, _ in batch]
            answer = self.invoke(queue.name, queue.consume, {"Records": records})
            every = {number for number, _, _ in batch}
            failed = every if answer is _FAILED else {f["itemIdentifier"] for f in answer["batchItemFailures"]}
            assert failed <= every
            for number, body, receives in batch:
                # Deleting a message from a queue may fail as well: then it comes again.
                if number in failed or (not self.weather.over and self.dice.random() < self.weather.duplicates / 8):
                    self._again(queue, (number, body, receives + 1))
        queue.running -= 1
        self._wake(queue)

    def _again(self, queue: Queue, message: tuple[str, str, int]) -> None:
        if message[2] >= queue.most_receives:
            queue.dead.append(message)
        else:
            self._arrives(queue, message, queue.visibility)

    def redrive(self) -> None:
        """What an operator does when the weather is over: dead letters go back to their queues."""
        for queue in self.queues.values():
            dead, queue.dead = queue.dead, []
            for number, body, _ in dead:
                self._arrives(queue, (number, body, 0), 1.0)

    def invoke(self, name: str, function: Function, event: Json) -> Any:
        """Run a function; `_FAILED` if it raised or its machine died."""
        try:
            return function(event, _Context())
        except Crash:
            self.scheduler.note(f"{name} crashed")
        except Exception as error:
            self.scheduler.note(f"{name} raised {error!r}")
        return _FAILED

    @property
    def restless(self) -> list[str]:
        """What is still on its way."""
        waiting = [f"{len(s.records)} records in {s.table}" for s in self.streams.values() if s.records]
        for queue in self.queues.values():
            if queue.waiting or queue.invisible or queue.dead or queue.running:
                counts = f"{len(queue.waiting)} waiting, {queue.invisible} invisible, {len(queue.dead)} dead"
                waiting.append(f"{queue.name}: {counts}, {queue.running} running")
        return waiting


_FAILED = object()


def failed(answer: Any) -> bool:
    return answer is _FAILED


class _Context:
    """What a function is told of its invocation."""

    aws_request_id = "storm"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _about(request: Json) -> str:
    """Whom a request concerns, for the trace."""
    if "TransactItems" in request:
        return " ".join(f"{kind}:{_key_of(part)}" for entry in request["TransactItems"] for kind, part in entry.items())
    if "RequestItems" in request:
        return " ".join(_key_of({"Key": key}) for part in request["RequestItems"].values() for key in part["Keys"])
    if "Entries" in request:
        return " ".join(f"{entry['DetailType']}" for entry in request["Entries"])
    if "Bucket" in request:
        return str(request["Key"])
    if "KeyConditionExpression" in request:
        # The filter beside it names all kinds of items, in the order in which their models happened to be imported.
        values: Json = request["ExpressionAttributeValues"]
        return " ".join(str(values[name].get("S")) for name in re.findall(r":\w+", request["KeyConditionExpression"]))
    return _key_of(request)


def _key_of(part: Json) -> str:
    key = part.get("Item") or part.get("Key") or {}
    return "/".join(key[name]["S"] for name in ("pk", "sk") if name in key)
