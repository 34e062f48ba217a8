"""The storm's DynamoDB refuses what the real one refuses: else the storm would prove nothing."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.storm.dynamodb import DynamoDB
from tests.storm.tables import Index, Table

Json = dict[str, Any]


@pytest.fixture
def database() -> DynamoDB:
    indexes = {
        "by_due": Index(("due_key", "due_at"), frozenset({"pk", "sk", "due_key", "due_at", "kind"})),
        "all": Index(("due_key", "due_at"), None),
    }
    return DynamoDB({"shop": Table("shop", indexes)}, lambda: 0.0)


def item(sk: str = "a", **attributes: Any) -> Json:
    values = {k: {"N": str(v)} if isinstance(v, int) else {"S": v} for k, v in attributes.items()}
    return {"pk": {"S": "p"}, "sk": {"S": sk}, **values}


def put(sk: str = "a", condition: str | None = None, **attributes: Any) -> Json:
    request: Json = {"TableName": "shop", "Item": item(sk, **attributes)}
    return request | ({"ConditionExpression": condition} if condition else {})


def update(expression: str, values: Json | None = None, sk: str = "a", **more: Any) -> Json:
    request = {"TableName": "shop", "Key": item(sk), "UpdateExpression": expression, **more}
    return request | ({"ExpressionAttributeValues": values} if values else {})


def query(condition: str = "pk = :pk", values: Json | None = None, **more: Any) -> Json:
    values = {":pk": {"S": "p"}} if values is None else values
    return {"TableName": "shop", "KeyConditionExpression": condition, "ExpressionAttributeValues": values, **more}


def got(database: DynamoDB, sk: str = "a") -> Json:
    return database.perform("GetItem", {"TableName": "shop", "Key": item(sk), "ConsistentRead": True}).get("Item", {})


def refusal(act: Callable[..., Any], *arguments: Any) -> ClientError:
    with pytest.raises(ClientError) as refused:
        act(*arguments)
    return refused.value


def code(act: Callable[..., Any], *arguments: Any) -> str:
    return str(refusal(act, *arguments).response["Error"]["Code"])


def reasons(database: DynamoDB, *actions: Json) -> list[str]:
    answer: Any = refusal(database.begin, {"TransactItems": list(actions)}).response
    return [reason["Code"] for reason in answer["CancellationReasons"]]


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("PutItem", put(sk="")),
        ("PutItem", {"TableName": "shop", "Item": {"pk": {"S": "p"}}}),
        ("PutItem", {"TableName": "shop", "Item": {"pk": {"S": "p"}, "sk": {"N": "1"}}}),
        ("PutItem", put(sk="s" * 1025)),
        ("PutItem", put(text="x" * 400 * 1024)),
        ("PutItem", put(due_key="", due_at="now")),
        ("PutItem", put(due_key="d", due_at=7)),
        ("PutItem", put(condition="attribute_exists(#n)")),
        ("PutItem", put(condition="a = :v")),
        ("PutItem", put(condition="state = :v") | {"ExpressionAttributeValues": {":v": {"S": "x"}}}),
        ("PutItem", put() | {"ExpressionAttributeNames": {"#n": "unused"}}),
        ("PutItem", put() | {"ExpressionAttributeValues": {":v": {"S": "unused"}}}),
        ("PutItem", put(condition="attribute_exists(pk) AND")),
        ("PutItem", put(condition="attribute_exists(pk")),
        ("PutItem", put(condition="pk ! :v")),
        ("UpdateItem", update("SET pk = :v", {":v": {"S": "x"}})),
        ("UpdateItem", update("SET a = b")),
        ("UpdateItem", update("SET a = a + :v", {":v": {"N": "1"}})),
        ("UpdateItem", update("SET a = :v + :w", {":v": {"N": "1"}, ":w": {"S": "1"}})),
        ("UpdateItem", update("ADD a :v", {":v": {"S": "x"}})),
        ("UpdateItem", update("SET a = :v, a = :w", {":v": {"N": "1"}, ":w": {"N": "2"}})),
        ("UpdateItem", update("SET a = :v SET b = :v", {":v": {"N": "1"}})),
        ("UpdateItem", update("DROP a")),
        ("GetItem", {"TableName": "shop", "Key": {"pk": {"S": "p"}}}),
        ("Query", query("sk = :pk")),
        ("Query", query("pk > :pk")),
        ("Query", query("pk = :pk AND kind = :pk")),
        ("Query", query("pk = :pk", {":pk": {"S": ""}})),
        ("Query", query("pk = :pk", {":pk": {"N": "1"}})),
        ("Query", query(IndexName="no_such_index")),
        ("Query", query("due_key = :pk", IndexName="by_due", ConsistentRead=True)),
        ("Query", query(Limit=0)),
        ("BatchGetItem", {"RequestItems": {"shop": {"Keys": [item(), item()]}}}),
        ("BatchGetItem", {"RequestItems": {"shop": {"Keys": [item(str(n)) for n in range(1, 102)]}}}),
    ],
)
def test_an_invalid_request_is_refused(database: DynamoDB, operation: str, request_: Json) -> None:
    assert code(database.perform, operation, request_) == "ValidationException"


def test_an_unknown_table_is_refused(database: DynamoDB) -> None:
    assert code(database.perform, "PutItem", put() | {"TableName": "shed"}) == "ResourceNotFoundException"
    nowhere = {"Put": put() | {"TableName": "shed"}}
    assert code(database.begin, {"TransactItems": [nowhere]}) == "ResourceNotFoundException"


def test_what_it_does_not_know_is_an_error_of_the_storm_and_not_ignored(database: DynamoDB) -> None:
    for operation, request in (("Scan", {}), ("PutItem", put() | {"Expected": {}}), ("Query", query(Select="COUNT"))):
        with pytest.raises(AssertionError):
            database.perform(operation, request)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("attribute_exists(pk)", True),
        ("attribute_not_exists(pk) OR pieces > :one", True),
        ("pieces BETWEEN :one AND :nine AND NOT (colour = :word)", False),
        ("begins_with(colour, :wo) AND pieces IN (:one, :five)", True),
        ("pieces <> :five OR weight <> :one", True),
        ("weight < :one", False),
        ("pieces < :word", False),
        ("pieces >= :five AND pieces <= :five AND colour = :word", True),
    ],
)
def test_conditions(database: DynamoDB, condition: str, holds: bool) -> None:
    database.perform("PutItem", put(pieces=5, colour="word"))
    known = {":one": {"N": "1"}, ":five": {"N": "5.0"}, ":nine": {"N": "9"}, ":wo": {"S": "wo"}, ":word": {"S": "word"}}
    values = {name: value for name, value in known.items() if re.search(rf"{name}\b", condition)}
    request = put(pieces=5, colour="word", condition=condition)
    request |= {"ExpressionAttributeValues": values} if values else {}
    if holds:
        database.perform("PutItem", request)
    else:
        assert code(database.perform, "PutItem", request) == "ConditionalCheckFailedException"


def test_updates_read_the_item_as_it_was(database: DynamoDB) -> None:
    database.perform("PutItem", put(a=5, b=1, c=0))
    expression = "SET a = a - :two, b = a, d = if_not_exists(e, :two) REMOVE c ADD f :two"
    request = update(expression, {":two": {"N": "2"}}, ReturnValues="ALL_NEW")
    after = database.perform("UpdateItem", request)["Attributes"]
    assert after == item(a=3, b=5, d=2, f=2)
    assert got(database) == after


def test_sets_grow_and_shrink_and_are_never_empty(database: DynamoDB) -> None:
    def change(expression: str, *members: str, condition: str | None = None, **values: Any) -> Any:
        request = update(expression, {":m": {"SS": list(members)}, **values}, ReturnValues="ALL_NEW")
        request |= {"ConditionExpression": condition} if condition else {}
        return database.perform("UpdateItem", request)["Attributes"].get("orders")

    assert change("DELETE orders :m", "a") is None
    assert change("ADD orders :m", "a") == change("ADD orders :m", "a") == {"SS": ["a"]}
    room = {"condition": "attribute_not_exists(orders) OR size(orders) < :two", ":two": {"N": "2"}}
    assert change("ADD orders :m", "b", **room) == {"SS": ["a", "b"]}
    full = update("ADD orders :m", {":m": {"SS": ["c"]}, ":two": {"N": "2"}}, ConditionExpression=room["condition"])
    assert code(database.perform, "UpdateItem", full) == "ConditionalCheckFailedException"
    assert change("DELETE orders :m", "a", "x") == {"SS": ["b"]}
    assert change("DELETE orders :m", "b") is None
    for wrong in (update("DELETE a :m", {":m": {"SS": []}}), update("ADD a :m", {":m": {"SS": []}})):
        assert code(database.perform, "UpdateItem", wrong) == "ValidationException"


def test_pages_of_an_index_hold_what_it_projects_in_the_order_of_its_keys(database: DynamoDB) -> None:
    for n in range(5):
        database.perform("PutItem", put(sk=str(n + 1), due_key="D", due_at=str(9 - n), kind="k", secret="s"))
    database.perform("PutItem", put(sk="not due", kind="k"))
    request = query("due_key = :pk", {":pk": {"S": "D"}}, IndexName="by_due", Limit=2)
    seen, start = [], None
    while start is not None or not seen:
        answer = database.perform("Query", request | ({"ExclusiveStartKey": start} if start else {}))
        seen += answer["Items"]
        start = answer.get("LastEvaluatedKey")
        assert start is None or start.keys() == {"pk", "sk", "due_key", "due_at"}
    assert [found["sk"]["S"] for found in seen] == ["5", "4", "3", "2", "1"]
    assert seen[0].keys() == {"pk", "sk", "due_key", "due_at", "kind"}
    everything = database.perform("Query", request | {"IndexName": "all"})["Items"]
    assert "secret" in everything[0]


def test_a_page_is_filtered_after_it_was_read(database: DynamoDB) -> None:
    for n, kind in enumerate("aabb", 1):
        database.perform("PutItem", put(sk=str(n), kind=kind))
    values = {":pk": {"S": "p"}, ":b": {"S": "b"}}
    answer = database.perform(
        "Query", query(values=values, FilterExpression="kind = :b", Limit=3, ScanIndexForward=False)
    )
    assert [found["sk"]["S"] for found in answer["Items"]] == ["4", "3"]
    assert answer["LastEvaluatedKey"] == {"pk": {"S": "p"}, "sk": {"S": "2"}}


def test_a_transaction_writes_all_or_nothing_and_gives_its_reasons_in_order(database: DynamoDB) -> None:
    database.perform("PutItem", put("a", n=1))
    taken = {"Put": put("a", condition="attribute_not_exists(pk)")}
    check = {"ConditionCheck": {"TableName": "shop", "Key": item("z"), "ConditionExpression": "attribute_exists(pk)"}}
    assert reasons(database, {"Put": put("b")}, taken, check) == [
        "None",
        "ConditionalCheckFailed",
        "ConditionalCheckFailed",
    ]
    assert got(database, "b") == {}
    database.commit(
        database.begin({"TransactItems": [{"Put": put("b")}, {"Delete": {"TableName": "shop", "Key": item("a")}}]})
    )
    assert got(database, "b") == item("b")
    assert got(database, "a") == {}


def test_nobody_sees_or_writes_half_a_transaction(database: DynamoDB) -> None:
    database.perform("PutItem", put("a", n=1))
    ongoing = database.begin({"TransactItems": [{"Put": put("a", n=2)}, {"Put": put("b", n=2)}]})
    assert (got(database, "a"), got(database, "b")) == (item("a", n=1), {})
    assert code(database.perform, "PutItem", put("a", n=3)) == "TransactionConflictException"
    assert reasons(database, {"Put": put("c")}, {"Put": put("b")}) == ["None", "TransactionConflict"]
    database.perform("PutItem", put("c"))
    database.commit(ongoing)
    assert (got(database, "a"), got(database, "b")) == (item("a", n=2), item("b", n=2))
    database.perform("PutItem", put("a", n=3))


@pytest.mark.parametrize(
    "actions",
    [
        [],
        [{"Put": put(str(n))} for n in range(1, 102)],
        [{"Put": put("a")}, {"Delete": {"TableName": "shop", "Key": item("a")}}],
        [{"Put": put("a"), "Delete": {"TableName": "shop", "Key": item("b")}}],
        [{"ConditionCheck": {"TableName": "shop", "Key": item("a")}}],
        [{"Put": put("a") | {"ReturnValues": "ALL_OLD"}}],
        [{"Upsert": put("a")}],
        [{"Put": put(str(n), text="x" * 399_000)} for n in range(1, 12)],
    ],
    ids=["none", "too many", "twice one item", "two in one", "check of nothing", "return values", "unknown", "4 MB"],
)
def test_an_invalid_transaction_is_refused(database: DynamoDB, actions: list[Json]) -> None:
    assert code(database.begin, {"TransactItems": actions}) == "ValidationException"


def test_a_client_token_does_its_transaction_once(database: DynamoDB) -> None:
    adding = {"TransactItems": [{"Update": update("ADD n :one", {":one": {"N": "1"}})}], "ClientRequestToken": "t"}
    ongoing = database.begin(adding)
    assert code(database.begin, adding) == "TransactionInProgressException"
    database.commit(ongoing)
    database.perform("TransactWriteItems", adding)
    assert got(database) == item(n=1)
    other = adding | {"TransactItems": [{"Put": put("b")}]}
    assert code(database.begin, other) == "IdempotentParameterMismatchException"


def test_only_new_items_are_told_as_such(database: DynamoDB) -> None:
    told: list[str] = []
    database.on_insert = lambda table, new: told.append(new["sk"]["S"])
    database.perform("PutItem", put("a"))
    database.perform("PutItem", put("a", n=1))
    database.commit(database.begin({"TransactItems": [{"Put": put("b")}]}))
    assert told == ["a", "b"]


def test_an_eventually_consistent_read_may_see_the_past() -> None:
    now = [0.0]
    database = DynamoDB({"shop": Table("shop", {})}, lambda: now[0])
    database.perform("PutItem", put(n=1))
    now[0] = 10.0
    database.perform("PutItem", put(n=2))
    database.stale = 1.0
    assert database.perform("GetItem", {"TableName": "shop", "Key": item()})["Item"] == item(n=1)
    assert got(database) == item(n=2)
    now[0] = 12.0
    assert database.perform("GetItem", {"TableName": "shop", "Key": item()})["Item"] == item(n=2)
