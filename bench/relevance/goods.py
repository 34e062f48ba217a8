"""The Chinese household goods of ../shared/data as drafts of our own import format: 239 of them, priced in yuan.

The data is the linlinjava/litemall project's (MIT); it is no part of this repository, our judgments of it are.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.package import ROOT

FILE = ROOT.parent / "shared" / "data" / "chinese" / "goods.ndjson"
JUDGMENTS = Path(__file__).with_name("chinese-judgments.csv")
Json = dict[str, Any]

_LONGEST_ID, _LONGEST_TEXT = 60, 2000


def drafts() -> Iterator[Json]:
    """Each product as a ProductDraft in JSON; its handle is its docid. The shop sells in one currency: a yuan is a euro
    here."""
    with FILE.open(encoding="utf-8") as lines:
        for line in lines:
            yield _draft(json.loads(line))


def _draft(good: Json) -> Json:
    area, category = good["category"]
    sorts = good["variants"]
    options = [f"规格 {n + 1}" for n in range(len(sorts[0]["specifications"]))] if len(sorts) > 1 else []
    return {
        "handle": str(good["id"]),
        "title": good["name"],
        "description": good["brief"],
        "status": "published",
        "category": category,
        "tags": [area],
        "attributes": _attributes(good["attributes"]),
        "options": options,
        "variants": [
            {
                "sku": f"{good['id']}-{number}",
                "price": {"amount": round(sort["price_yuan"] * 100), "currency": "EUR"},
                "option_values": sort["specifications"] if options else [],
            }
            for number, sort in enumerate(sorts, start=1)
        ],
    }


def _attributes(given: Json) -> Json:
    named = {"-".join("".join(c if c.isalnum() else " " for c in name).split()): text for name, text in given.items()}
    return {name[:_LONGEST_ID]: text[:_LONGEST_TEXT] for name, text in named.items() if name and text}
