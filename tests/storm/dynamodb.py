"""A strict DynamoDB in memory: the tables of infra/resources.yaml, and every refusal that the real one knows.

A transaction is begun and committed, so that whoever writes one of its items in between meets a TransactionConflict.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.storm.expressions import (
    Image,
    Invalid,
    Names,
    holds,
    ordered,
    parse_condition,
    parse_update,
    updated,
)
from tests.storm.tables import Index, Table

Request = dict[str, Any]
Key = tuple[str, str, str]  # table, pk, sk

# DynamoDB API reference and "Service, account, and table quotas".
MOST_ACTIONS = 100
MOST_BYTES = 400 * 1024
MOST_BYTES_AT_ONCE = 4 * 1024 * 1024
TOKENS_KEPT = 600.0
_KEY_BYTES = {"pk": 2048, "sk": 1024}

_COMMON = {"TableName", "ReturnConsumedCapacity", "ExpressionAttributeNames", "ExpressionAttributeValues"}
_WRITE = _COMMON | {
    "ConditionExpression",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
    "ReturnItemCollectionMetrics",
}
_KNOWN = {
    "GetItem": _COMMON - {"ExpressionAttributeValues"} | {"Key", "ConsistentRead"},
    "BatchGetItem": {"RequestItems", "ReturnConsumedCapacity"},
    "Query": _COMMON
    | {"KeyConditionExpression", "FilterExpression", "IndexName", "ConsistentRead", "Limit", "ScanIndexForward"}
    | {"ExclusiveStartKey"},
    "PutItem": _WRITE | {"Item"},
    "UpdateItem": _WRITE | {"Key", "UpdateExpression"},
    "DeleteItem": _WRITE | {"Key"},
    "TransactWriteItems": {"TransactItems", "ClientRequestToken", "ReturnConsumedCapacity"},
}
_ACTIONS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}


@dataclass
class Transaction:
    """Items that are prepared and not committed yet, and what they will be."""

    writes: list[tuple[Key, Image | None]]
    locked: set[Key]
    token: str | None
    request: str
    done: bool = False


def refused(operation: str, code: str, message: str = "", **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, **more}, operation)


class DynamoDB:
    """`perform` is an operation as botocore's client calls it; `on_insert` hears of new items, as a stream does.

    `stale` says by how many seconds the read at hand may lag behind, `shortened` whether a page ends early: the
    weather sets them.
    """

    def __init__(self, tables: dict[str, Table], now: Callable[[], float]) -> None:
        self.tables, self.now = tables, now
        self.locks: dict[Key, Transaction] = {}
        self.tokens: dict[str, tuple[float, Transaction]] = {}
        self.on_insert: Callable[[str, Image], None] = lambda table, item: None
        self.stale = 0.0
        self.shortened = False

    def perform(self, operation: str, request: Request) -> dict[str, Any]:
        """The answer; ClientError where DynamoDB would refuse."""
        if operation == "TransactWriteItems":
            self.commit(self.begin(request))
            return {}
        try:
            self._known(operation, request)
            if operation in ("PutItem", "UpdateItem", "DeleteItem"):
                return self._write(operation, request)
            if operation == "GetItem":
                item = self._read(self._table(request), *self._key(request["Key"]), request.get("ConsistentRead"))
                _unused(request)
                return {"Item": dict(item)} if item else {}
            return self._batch(request) if operation == "BatchGetItem" else self._query(request)
        except Invalid as error:
            raise refused(operation, "ValidationException", str(error)) from None
        except _Missing as error:
            raise refused(operation, "ResourceNotFoundException", str(error)) from None

    def _known(self, operation: str, request: Request) -> None:
        if operation not in _KNOWN:
            raise AssertionError(f"the storm's DynamoDB has no {operation}")
        if unknown := request.keys() - _KNOWN[operation]:
            raise AssertionError(f"the storm's DynamoDB knows no {sorted(unknown)} of {operation}")

    def _table(self, request: Request) -> Table:
        if request.get("TableName") not in self.tables:
            raise _Missing(f"Requested resource not found: Table: {request.get('TableName')} not found")
        return self.tables[request["TableName"]]

    def _key(self, key: Image) -> tuple[str, str]:
        if key.keys() != {"pk", "sk"}:
            raise Invalid("The provided key element does not match the schema")
        return _string(key, "pk"), _string(key, "sk")

    # --- reading ---------------------------------------------------------------------------------------------------

    def _read(self, table: Table, pk: str, sk: str, consistent: Any) -> Image | None:
        item = table.item(pk, sk)
        return item if consistent or not self.stale else self._lagging(table, pk, sk, item)

    def _lagging(self, table: Table, pk: str, sk: str, item: Image | None) -> Image | None:
        written, before = table.before.get((pk, sk), (float("-inf"), None))
        return before if written > self.now() - self.stale else item

    def _batch(self, request: Request) -> dict[str, Any]:
        wanted = request["RequestItems"]
        if not 1 <= sum(len(part["Keys"]) for part in wanted.values()) <= MOST_ACTIONS:
            raise Invalid("1 to 100 keys are possible in BatchGetItem")
        found: dict[str, list[Image]] = {}
        for name, part in wanted.items():
            if unknown := part.keys() - {"Keys", "ConsistentRead"}:
                raise AssertionError(f"the storm's DynamoDB knows no {sorted(unknown)} of BatchGetItem")
            table = self._table({"TableName": name})
            keys = [self._key(key) for key in part["Keys"]]
            if len(set(keys)) < len(keys):
                raise Invalid("Provided list of item keys contains duplicates")
            items = (self._read(table, *key, part.get("ConsistentRead")) for key in keys)
            found[name] = [dict(item) for item in items if item]
        return {"Responses": found, "UnprocessedKeys": {}}

    def _query(self, request: Request) -> dict[str, Any]:
        table, names = self._table(request), Names(request)
        index = self._index(table, request)
        hash_key, range_key = index.keys if index else ("pk", "sk")
        tree = parse_condition(request["KeyConditionExpression"])
        partition, rest = _key_condition(tree, names, hash_key, range_key)
        holds(tree, {}, names)  # reads every name once
        found = self._partition(table, index, hash_key, partition, request)
        if rest:
            found = [item for item in found if holds(rest, item, names)]
        found.sort(
            key=lambda item: (ordered(item[range_key]), item["pk"]["S"], item["sk"]["S"]),
            reverse=request.get("ScanIndexForward") is False,
        )
        if start := request.get("ExclusiveStartKey"):
            found = _behind(found, start, range_key, request.get("ScanIndexForward") is False)
        return self._page(found, request, names, index)

    def _index(self, table: Table, request: Request) -> Index | None:
        if "IndexName" not in request:
            return None
        if request["IndexName"] not in table.indexes:
            raise Invalid(f"The table does not have the specified index: {request['IndexName']}")
        if request.get("ConsistentRead"):
            raise Invalid("Consistent reads are not supported on global secondary indexes")
        return table.indexes[request["IndexName"]]

    def _partition(
        self, table: Table, index: Index | None, hash_key: str, partition: str, request: Request
    ) -> list[Image]:
        if index is None:
            items = list(table.partitions.get(partition, {}).values())
        else:
            items = [item for item in table.items() if item.get(hash_key) == {"S": partition} and index.keys[1] in item]
        if request.get("ConsistentRead") or not self.stale:
            return items
        seen = (self._lagging(table, item["pk"]["S"], item["sk"]["S"], item) for item in items)
        return [item for item in seen if item and item.get(hash_key) == {"S": partition}]

    def _page(self, found: list[Image], request: Request, names: Names, index: Index | None) -> dict[str, Any]:
        limit = request.get("Limit", len(found))
        if limit < 1 and "Limit" in request:
            raise Invalid("Limit must be greater than or equal to 1")
        if self.shortened and len(found) > 1:
            limit = min(limit, len(found) // 2)
        page, more = found[:limit], len(found) > limit or ("Limit" in request and len(found) == limit)
        answer: dict[str, Any] = {}
        if more:
            kept = {"pk", "sk", *(index.keys if index else ())}
            answer["LastEvaluatedKey"] = {key: page[-1][key] for key in kept}
        scanned = len(page)
        if "FilterExpression" in request:
            tree = parse_condition(request["FilterExpression"])
            holds(tree, {}, names)
            page = [item for item in page if holds(tree, item, names)]
        names.all_used()
        kept_only = index.projected if index else None
        items = [{k: v for k, v in item.items() if kept_only is None or k in kept_only} for item in page]
        return answer | {"Items": items, "Count": len(items), "ScannedCount": scanned}

    # --- writing ---------------------------------------------------------------------------------------------------

    def _write(self, operation: str, request: Request) -> dict[str, Any]:
        key, old, new = self._planned(operation, request)
        if key in self.locks:
            raise refused(operation, "TransactionConflictException", "Transaction is ongoing for the item")
        self._store(key, new)
        wanted = request.get("ReturnValues", "NONE")
        if wanted not in ("NONE", "ALL_OLD", "ALL_NEW"):
            raise AssertionError(f"the storm's DynamoDB returns no {wanted}")
        image = {"NONE": None, "ALL_OLD": old, "ALL_NEW": new}[wanted]
        return {"Attributes": dict(image)} if image else {}

    def _planned(self, operation: str, request: Request) -> tuple[Key, Image | None, Image | None]:
        """The key, the item before and the item after; raises what DynamoDB refuses, a failed condition too."""
        table, names = self._table(request), Names(request)
        given = request["Item"] if operation == "PutItem" else request["Key"]
        if operation == "PutItem":
            _string(given, "pk"), _string(given, "sk")
        pk, sk = self._key({k: given[k] for k in ("pk", "sk")} if operation == "PutItem" else given)
        old = table.item(pk, sk)
        condition = request.get("ConditionExpression")
        if condition is not None and not holds(parse_condition(condition), old or {}, names):
            raise _failed(operation, request, old)
        new: Image | None = None
        if operation == "PutItem":
            new = dict(given)
        elif operation == "UpdateItem":
            base = old or {"pk": {"S": pk}, "sk": {"S": sk}}
            steps = parse_update(request["UpdateExpression"])
            new = updated(steps, base, names, {"pk", "sk"})
        names.all_used()
        if new is not None:
            _acceptable(table, new)
        return (table.name, pk, sk), old, new

    def _store(self, key: Key, new: Image | None) -> None:
        table, (name, pk, sk) = self.tables[key[0]], key
        old = table.item(pk, sk)
        table.before[pk, sk] = (self.now(), old)
        if new is None:
            table.partitions.get(pk, {}).pop(sk, None)
            return
        table.partitions.setdefault(pk, {})[sk] = new
        if old is None:
            self.on_insert(name, new)

    # --- transactions ----------------------------------------------------------------------------------------------

    def begin(self, request: Request) -> Transaction:
        """Take the items of a transaction into its hands, or raise TransactionCanceledException with all reasons."""
        operation = "TransactWriteItems"
        self._known(operation, request)
        token = request.get("ClientRequestToken")
        body = json.dumps(request["TransactItems"], sort_keys=True) if token else ""
        if known := self._repeated(token, body):
            return known
        entries = [next(iter(entry.items())) for entry in request["TransactItems"]]
        if not 1 <= len(entries) <= MOST_ACTIONS or any(len(entry) != 1 for entry in request["TransactItems"]):
            raise refused(operation, "ValidationException", f"{len(entries)} actions; 1 to 100 are possible")
        writes: list[tuple[Key, Image | None]] = []
        locked: set[Key] = set()
        reasons: list[dict[str, Any]] = []
        for kind, part in entries:
            try:
                key, write, reason = self._prepared(kind, part)
            except Invalid as error:
                raise refused(operation, "ValidationException", str(error)) from None
            except _Missing as error:
                raise refused(operation, "ResourceNotFoundException", str(error)) from None
            if key in locked:
                detail = "Transaction request cannot include multiple operations on one item"
                raise refused(operation, "ValidationException", detail)
            locked.add(key)
            writes += write
            reasons.append(reason)
        if sum(_size(image) for _, image in writes if image) > MOST_BYTES_AT_ONCE:
            raise refused(operation, "ValidationException", "Transaction request exceeds 4 MB")
        if any(reason["Code"] != "None" for reason in reasons):
            codes = ", ".join(reason["Code"] for reason in reasons)
            message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
            raise refused(operation, "TransactionCanceledException", message, CancellationReasons=reasons)
        transaction = Transaction(writes, locked, token, body)
        for key in locked:
            self.locks[key] = transaction
        if token:
            self.tokens[token] = (self.now(), transaction)
        return transaction

    def _repeated(self, token: str | None, body: str) -> Transaction | None:
        began, known = self.tokens.get(token or "", (0.0, None))
        if known is None or began < self.now() - TOKENS_KEPT:
            return None
        if known.request != body:
            raise refused(
                "TransactWriteItems", "IdempotentParameterMismatchException", "another request had this token"
            )
        if not known.done:
            raise refused("TransactWriteItems", "TransactionInProgressException", "it is still in progress")
        return known

    def _prepared(self, kind: str, part: Request) -> tuple[Key, list[tuple[Key, Image | None]], dict[str, Any]]:
        """Its key, what it will write, and why it can not."""
        if kind not in {*_ACTIONS, "ConditionCheck"}:
            raise Invalid(f"Unknown action {kind}")
        operation = _ACTIONS.get(kind, "DeleteItem")
        if kind == "ConditionCheck" and "ConditionExpression" not in part:
            raise Invalid("A ConditionCheck needs a ConditionExpression")
        if "ReturnValues" in part:
            raise Invalid("ReturnValues is not possible in a transaction")
        self._known(operation, part)
        given = part["Item"] if kind == "Put" else part["Key"]
        key = (self._table(part).name, _string(given, "pk"), _string(given, "sk"))
        try:
            _, _, new = self._planned(operation, part)
        except ClientError as error:
            return key, [], {"Code": "ConditionalCheckFailed", "Message": error.response["Error"]["Message"]}
        if key in self.locks:
            return key, [], {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
        return key, [] if kind == "ConditionCheck" else [(key, new)], {"Code": "None"}

    def commit(self, transaction: Transaction) -> None:
        """Let the writes of a transaction be seen, all at once. A repeated one was seen already."""
        if transaction.done:
            return
        transaction.done = True
        for key in transaction.locked:
            del self.locks[key]
        for key, new in transaction.writes:
            self._store(key, new)


class _Missing(Exception):
    """There is no such table."""


def _unused(request: Request) -> None:
    Names(request).all_used()


def _string(key: Image, name: str) -> str:
    value = key.get(name)
    if value is None or value.keys() != {"S"}:
        raise Invalid(f"One of the required keys was not given a value, or one of another type: {name}")
    if not value["S"]:
        raise Invalid(f"One or more parameter values are not valid. The value of key {name} is an empty string")
    if len(value["S"].encode()) > _KEY_BYTES[name]:
        raise Invalid(f"Size of {name} has exceeded the maximum size limit of {_KEY_BYTES[name]} bytes")
    return str(value["S"])


def _failed(operation: str, request: Request, old: Image | None) -> ClientError:
    more = {"Item": old} if old and request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else {}
    return refused(operation, "ConditionalCheckFailedException", "The conditional request failed", **more)


def _acceptable(table: Table, item: Image) -> None:
    if _size(item) > MOST_BYTES:
        raise Invalid("Item size has exceeded the maximum allowed size")
    for name, index in table.indexes.items():
        for key in index.keys:
            if key in item and not (item[key].keys() == {"S"} and item[key]["S"]):
                raise Invalid(f"A value of secondary index key {key} of {name} is empty or of another type")


def _size(item: Image) -> int:
    return sum(len(name.encode()) + len(str(next(iter(value.values()))).encode()) for name, value in item.items())


def _key_condition(
    tree: tuple[Any, ...], names: Names, hash_key: str, range_key: str
) -> tuple[str, tuple[Any, ...] | None]:
    """The partition that a key condition names, by an equality, and the condition on the sort key, if there is one."""
    parts = [tree[1], tree[2]] if tree[0] == "AND" else [tree]
    partition = rest = None
    for part in parts:
        operator, *operands = part
        if operator in ("AND", "OR", "NOT", "<>", "IN", "attribute_exists", "attribute_not_exists"):
            raise Invalid(f"Invalid operator used in KeyConditionExpression: {operator}")
        if operands[0][0] == "value":
            raise Invalid("KeyConditionExpressions must name a key attribute first")
        name = names.name(operands[0])
        if name == hash_key and operator == "=" and partition is None:
            partition = (names.read(operands[1], {}) or {}).get("S")
        elif name == range_key:
            rest = part
        else:
            raise Invalid(f"Query condition missed key schema element: {hash_key}")
        for operand in operands[1:]:
            if not (names.read(operand, {}) or {}).get("S"):
                raise Invalid(f"Condition parameter type does not match schema type of {name}, or is empty")
    if partition is None:
        raise Invalid(f"Query condition missed key schema element: {hash_key}")
    return str(partition), rest


def _behind(found: list[Image], start: Image, range_key: str, backwards: bool) -> list[Image]:
    if not {"pk", "sk", range_key} <= start.keys():
        raise Invalid("The provided starting key is invalid")
    place = (ordered(start[range_key]), start["pk"]["S"], start["sk"]["S"])

    def rank(item: Image) -> Any:
        return (ordered(item[range_key]), item["pk"]["S"], item["sk"]["S"])

    return [item for item in found if (rank(item) < place if backwards else rank(item) > place)]
