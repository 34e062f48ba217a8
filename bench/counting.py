"""AWS calls and the capacity that they take, counted at the one place that all of them pass."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.client
from botocore.model import ServiceModel

_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")
_REAL = botocore.client.BaseClient._make_api_call


class Calls:
    """What was called. Units are DynamoDB's, indexes and the double price of transactions included."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.read_units = 0.0
        self.write_units = 0.0

    @property
    def dynamodb(self) -> list[str]:
        return [name.removeprefix("dynamodb.") for name in self.names if name.startswith("dynamodb.")]

    def __str__(self) -> str:
        counted = Counter(name.split(".", 1)[1] for name in self.names)
        return ", ".join(f"{number} {name}" if number > 1 else name for name, number in counted.items())


@contextmanager
def counted() -> Iterator[Calls]:
    calls = Calls()

    def call(client: Any, operation: str, request: dict[str, Any]) -> Any:
        model: ServiceModel = client.meta.service_model
        calls.names.append(f"{model.service_name}.{operation}")
        shape = model.operation_model(operation).input_shape
        if shape is not None and "ReturnConsumedCapacity" in shape.members:
            request = {**request, "ReturnConsumedCapacity": "INDEXES"}
        if operation == "TransactWriteItems":
            answer, units = _one_by_one(client, request)
        else:
            answer = _REAL(client, operation, request)
            units = _units(answer)
        if operation == "Query" and not units:
            # DynamoDB Local gives an empty answer for nothing; DynamoDB takes its least for it.
            units = 1.0 if request.get("ConsistentRead") else 0.5
        if operation in _WRITES:
            calls.write_units += units
        else:
            calls.read_units += units
        return answer

    botocore.client.BaseClient._make_api_call = call  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        botocore.client.BaseClient._make_api_call = _REAL  # type: ignore[method-assign]


def _one_by_one(client: Any, request: dict[str, Any]) -> tuple[Any, float]:
    """A transaction as transactions of one write each: DynamoDB Local adds equal capacities of one transaction only
    once. What a transaction's writes cost does not depend on each other, and here nothing else runs beside them."""
    bare = {name: value for name, value in request.items() if name != "ClientRequestToken"}
    answers = [
        _REAL(client, "TransactWriteItems", {**bare, "TransactItems": [item]}) for item in request["TransactItems"]
    ]
    return answers[-1], sum(map(_units, answers))


def _units(answer: dict[str, Any]) -> float:
    taken = answer.get("ConsumedCapacity") or []
    return float(sum(c["CapacityUnits"] for c in (taken if isinstance(taken, list) else [taken])))
