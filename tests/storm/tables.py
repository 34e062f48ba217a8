"""The tables of infra/resources.yaml with what is in them, as the storm's DynamoDB keeps them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.storm.expressions import Image


@dataclass
class Index:
    keys: tuple[str, str]
    projected: frozenset[str] | None  # None: everything


@dataclass
class Table:
    name: str
    indexes: dict[str, Index]
    partitions: dict[str, dict[str, Image]] = field(default_factory=dict)
    # What an item was before its last write, and when that was: what an eventually consistent read may still see.
    before: dict[tuple[str, str], tuple[float, Image | None]] = field(default_factory=dict)

    def item(self, pk: str, sk: str) -> Image | None:
        return self.partitions.get(pk, {}).get(sk)

    def items(self) -> Iterable[Image]:
        return (item for partition in self.partitions.values() for item in partition.values())


@cache
def resources(template: Path) -> dict[str, Any]:
    """What the template declares."""
    declared: dict[str, Any] = yaml.safe_load(template.read_text())["Resources"]
    return declared


def tables_of(template: Path, names: dict[str, str]) -> dict[str, Table]:
    """Empty tables as the template declares them; `names` is the table's name by module."""
    found = {}
    for module, name in names.items():
        properties = resources(template)[f"{module.capitalize()}Table"]["Properties"]
        assert [key["AttributeName"] for key in properties["KeySchema"]] == ["pk", "sk"]
        indexes = {}
        for index in properties.get("GlobalSecondaryIndexes", ()):
            keys = tuple(key["AttributeName"] for key in index["KeySchema"])
            projection = index["Projection"]
            every = projection["ProjectionType"] == "ALL"
            kept = frozenset({"pk", "sk", *keys, *projection.get("NonKeyAttributes", ())})
            indexes[index["IndexName"]] = Index((keys[0], keys[-1]), None if every else kept)
        found[name] = Table(name, indexes)
    return found
