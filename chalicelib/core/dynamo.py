"""DynamoDB as this shop uses it: items, write actions, the one transaction, and pages.

A module's service returns write actions; the use case commits them together. So tables stay with their module and the
effect is still atomic.
"""

import copy
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Generic, Literal, Self, TypedDict, TypeVar, cast

import msgspec
from pynamodb.attributes import Attribute, DiscriminatorAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.constants import STRING
from pynamodb.exceptions import VerboseClientError
from pynamodb.expressions.condition import Condition as Condition
from pynamodb.expressions.update import Action as Change
from pynamodb.indexes import GlobalSecondaryIndex, Index
from pynamodb.models import MetaModel, Model

from chalicelib.core import log
from chalicelib.core.errors import ShopError, busy
from chalicelib.core.settings import settings

# TransactWriteItems takes at most 100 actions, BatchGetItem 100 keys, BatchWriteItem 25 items (DynamoDB API reference).
MOST_ACTIONS = 100
MOST_KEYS = 100
_MOST_PUTS = 25
_ATTEMPTS = 10
_CONFLICTS = frozenset(
    {"TransactionConflict", "TransactionConflictException", "TransactionInProgressException"}
    | {
        "ThrottlingError",
        "ThrottlingException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
    }
)

T = TypeVar("T")
I = TypeVar("I", bound="Item")
sleep: Callable[[float], None] = time.sleep
_connection = Connection(region=settings.region)


class _ItemType(MetaModel):
    """A model's members are its attributes and indexes. PynamoDB looks for these twice, among all that a model has, for
    each model: a twentieth of a cold start."""

    def __dir__(self) -> set[str]:
        own = [base for base in self.__mro__ if isinstance(base, _ItemType)]
        return {n for base in own for n, member in vars(base).items() if isinstance(member, (Attribute, Index))}


class SecondaryIndex(GlobalSecondaryIndex[I]):  # type: ignore[no-untyped-call]
    """An index of a table. PynamoDB gives each model a copy, which knows its model; what an index consists of is the
    same in all of them, and need not be copied."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return copy.copy(self)


class Item(Model, metaclass=_ItemType):
    """The base of every item: a partition key, a sort key, what kind it is and, where it expires, when.

    `expires` is in seconds since the epoch and is each table's TimeToLive attribute.
    """

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()
    expires = NumberAttribute(null=True)

    @classmethod
    def _get_connection(cls) -> TableConnection:
        # Each PynamoDB model would build a botocore client of its own, 80-130 ms of every cold start.
        table = super()._get_connection()
        table.connection._client = _connection.client
        return table


class PrimaryKey(TypedDict):
    """The key of one item, as its model takes it: `Cart(**cart_key(id))`."""

    pk: str
    sk: str


class JsonAttribute(Attribute[T], Generic[T]):
    """A msgspec type kept as one JSON string: read and written whole, never queried."""

    attr_type = STRING

    def __init__(self, kind: type[T], **options: Any) -> None:
        super().__init__(**options)
        self._kind = kind

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[T]:
        """Made once it is needed: of the kinds of items that a function knows it reads few."""
        return msgspec.json.Decoder(self._kind)

    def serialize(self, value: T) -> str:
        return msgspec.json.encode(value).decode()

    def deserialize(self, value: str) -> T:
        return self._decoder.decode(value)


class Action(msgspec.Struct, frozen=True):
    """One write, ready to be committed alone or with others; `otherwise` is raised if its condition does not hold."""

    kind: Literal["Put", "Update", "Delete", "ConditionCheck"]
    request: dict[str, Any]
    otherwise: Exception | None = None
    model: type[Item] | None = None


class ConditionFailed(Exception):
    """The condition of an action that names no error of its own did not hold."""


def put(item: Item, when: Condition | None = None, otherwise: Exception | None = None) -> Action:
    return Action("Put", item.get_save_kwargs_from_instance(condition=when), otherwise, type(item))


def insert(item: Item, otherwise: Exception | None = None) -> Action:
    """Put an item that must not exist yet."""
    return put(item, type(item).pk.does_not_exist(), otherwise)


def update(
    item: Item, changes: Sequence[Change], when: Condition | None = None, otherwise: Exception | None = None
) -> Action:
    """Change attributes of an item that exists; of `item` only the key is used."""
    exists = type(item).pk.exists()
    request = item.get_update_kwargs_from_instance(list(changes), condition=exists if when is None else when)
    return Action("Update", request, otherwise, type(item))


def change(item: Item, changes: Sequence[Change]) -> Action:
    """Change attributes of an item whatever it holds, and make it where it does not exist."""
    return Action("Update", item.get_update_kwargs_from_instance(list(changes)), None, type(item))


def delete(item: Item, when: Condition | None = None, otherwise: Exception | None = None) -> Action:
    return Action("Delete", item.get_delete_kwargs_from_instance(condition=when), otherwise, type(item))


def check(item: Item, when: Condition, otherwise: Exception | None = None) -> Action:
    """Commit only if `when` holds for the item with this key, which is left as it is."""
    request = type(item).get_operation_kwargs_from_class(item.pk, range_key=item.sk, condition=when)
    return Action("ConditionCheck", request, otherwise, type(item))


def put_raw(table: type[Item], attributes: dict[str, str | int], otherwise: Exception | None = None) -> Action:
    """Insert an item that every table may hold and no model describes: outbox and idempotency records."""
    item = {k: {"N": str(v)} if isinstance(v, int) else {"S": v} for k, v in attributes.items()}
    request = {"TableName": table.Meta.table_name, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    return Action("Put", request, otherwise, table)


def transaction(actions: Sequence[Action]) -> None:
    """Commit all of `actions` or none.

    Raises the `otherwise` of the first action whose condition did not hold. A conflict with another transaction is not
    that: it is tried again with growing, jittered pauses, and only when they are used up becomes a 503 `busy`.
    """
    if len(actions) > MOST_ACTIONS:
        raise ShopError("too_large", 422, f"This takes {len(actions)} writes at once; {MOST_ACTIONS} are possible.")
    request = {"TransactItems": [{action.kind: action.request} for action in actions]}

    def attempt() -> None:
        _connection.dispatch("TransactWriteItems", request)

    try:
        _retried(attempt)
    except VerboseClientError as error:
        reasons = error.cancellation_reasons or []
        for action, reason in zip(actions, reasons, strict=False):
            if reason and reason.code == "ConditionalCheckFailed":
                raise (action.otherwise or ConditionFailed(action.kind)) from error
        raise


def write(action: Action) -> Item | None:
    """Commit one action by itself; an update returns the item as it is afterwards. Errors as in `transaction`."""
    request = dict(action.request)
    if action.kind == "Update":
        request["ReturnValues"] = "ALL_NEW"
    try:
        answer = _retried(lambda: _connection.dispatch(f"{action.kind}Item", dict(request)))
    except VerboseClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            raise (action.otherwise or ConditionFailed(action.kind)) from error
        raise
    if action.model is None or "Attributes" not in answer:
        return None
    return action.model.from_raw_data(answer["Attributes"])


def _retried(attempt: Callable[[], T]) -> T:
    for turn in range(_ATTEMPTS):
        try:
            return attempt()
        except VerboseClientError as error:
            codes = {error.response["Error"]["Code"], *(r.code for r in error.cancellation_reasons or [] if r)}
            if "ConditionalCheckFailed" in codes or not codes & _CONFLICTS:
                raise
            log.write("conflict", codes=sorted(codes & _CONFLICTS))
            # Full jitter, as in "Exponential Backoff And Jitter" of the AWS Architecture Blog.
            sleep(random.uniform(0, min(1.0, 0.02 * 2**turn)))
    raise busy()


def get(model: type[I], pk: str, sk: str, *, consistent: bool = True) -> I | None:
    try:
        return model.get(pk, sk, consistent_read=consistent)
    except model.DoesNotExist:
        return None


Key = tuple[type[Item], str, str]


def load(keys: Iterable[Key], *, consistent: bool = False) -> dict[Key, Item]:
    """The items that exist of `keys` (model, pk, sk), of any tables, 100 keys a request."""
    wanted = list(dict.fromkeys(keys))
    found: dict[Key, Item] = {}
    for start in range(0, len(wanted), MOST_KEYS):
        found.update(_load(wanted[start : start + MOST_KEYS], consistent))
    return found


def _load(keys: list[Key], consistent: bool) -> Iterator[tuple[Key, Item]]:
    by_table: dict[str, dict[tuple[str, str], Key]] = {}
    for key in keys:
        by_table.setdefault(key[0].Meta.table_name, {})[key[1], key[2]] = key
    pending: dict[str, Any] = {
        table: {"Keys": [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in refs], "ConsistentRead": consistent}
        for table, refs in by_table.items()
    }
    for turn in range(_ATTEMPTS):
        answer = _connection.dispatch("BatchGetItem", {"RequestItems": pending})
        for table, items in answer["Responses"].items():
            for raw in items:
                key = by_table[table][raw["pk"]["S"], raw["sk"]["S"]]
                yield key, key[0].from_raw_data(raw)
        pending = answer.get("UnprocessedKeys") or {}
        if not pending:
            return
        sleep(random.uniform(0, min(1.0, 0.02 * 2**turn)))
    raise busy()


def put_all(items: Iterable[Item]) -> None:
    """Write items of one table whatever is there, 25 a request and each by itself: for what can be written again."""
    wanted = list({(item.pk, item.sk): item for item in items}.values())
    for start in range(0, len(wanted), _MOST_PUTS):
        part = wanted[start : start + _MOST_PUTS]
        requests = [{"PutRequest": {"Item": item.get_save_kwargs_from_instance()["Item"]}} for item in part]
        pending: dict[str, Any] = {part[0].Meta.table_name: requests}
        for turn in range(_ATTEMPTS):
            answer = _connection.dispatch("BatchWriteItem", {"RequestItems": pending})
            pending = answer.get("UnprocessedItems") or {}
            if not pending:
                break
            sleep(random.uniform(0, min(1.0, 0.02 * 2**turn)))
        if pending:
            raise busy()


def collection(table: type[I], pk: str, *, consistent: bool = False) -> list[I]:
    """All items under one partition key, of every kind, in the order of their sort keys. For bounded collections."""
    return list(table.query(pk, consistent_read=consistent))


def merged_page(pages: Iterable[Iterable[I]], sort_key: Callable[[I], str], limit: int) -> list[I]:
    """The first `limit` items, newest first, of a list that is spread over several partitions."""
    everything = [item for page in pages for item in page]
    return sorted(everything, key=sort_key, reverse=True)[:limit]


def get_raw(table_name: str, pk: str, sk: str) -> dict[str, Any] | None:
    """An item that no model describes, as DynamoDB writes it, read consistently."""
    request = {"TableName": table_name, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}, "ConsistentRead": True}
    return cast("dict[str, Any] | None", _connection.dispatch("GetItem", request).get("Item"))


def query_raw(table_name: str, pk: str) -> Iterator[dict[str, Any]]:
    """All items of one partition as DynamoDB writes them, whatever their number."""
    request: dict[str, Any] = {
        "TableName": table_name,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": pk}},
    }
    while True:
        answer = _connection.dispatch("Query", request)
        yield from answer["Items"]
        if not (last := answer.get("LastEvaluatedKey")):
            return
        request["ExclusiveStartKey"] = last
