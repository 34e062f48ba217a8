"""Invoices and credit notes when the storm is over: numbered without a gap, filed, and true."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.storm.invariants import Shop


def sound(shop: "Shop", files: Mapping[str, bytes]) -> Iterator[str]:
    """Each series counts from 1 without a gap, each document is filed, and those of an order come to what it kept."""
    yield from _numbered(shop)
    by_order: defaultdict[str, list[Any]] = defaultdict(list)
    for document in shop.items["document"]:
        by_order[document.order_id].append(document)
        for kind in ("json", "pdf"):
            if f"invoices/{document.order_id}/{document.number}.{kind}" not in files:
                yield f"{document.number} of {document.order_id} has no {kind} file"
        if document.sha256 is None:
            yield f"nobody knows that {document.number} is filed"
    for order_id, order in shop.orders.items():
        documents = by_order[order_id]
        if order.state in ("canceled", "expired") and documents:
            yield f"{order_id} is {order.state} and has {[document.number for document in documents]}"
        if order.state == "completed":
            yield from _true(shop, order_id, documents)


def _numbered(shop: "Shop") -> Iterator[str]:
    last = {series.pk.split("#")[1]: int(series.last) for series in shop.items["series"]}
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for document in shop.items["document"]:
        numbers[document.content.kind].append(int(document.number.rpartition("-")[2]))
    for kind in last.keys() | numbers.keys():
        if sorted(numbers[kind]) != list(range(1, last.get(kind, 0) + 1)):
            yield f"numbers of {kind}s are {sorted(numbers[kind])}, and the last one was {last.get(kind)}"


def _true(shop: "Shop", order_id: str, documents: list[Any]) -> Iterator[str]:
    attempts = shop.attempts[order_id]
    kept = sum(a.captured.amount - int(a.refunded) - int(a.absorbed) for a in attempts)
    total = sum(int(document.content.total) for document in documents)
    if total != kept:
        yield f"{order_id} has documents of {total}, and the shop has kept {kept}"
