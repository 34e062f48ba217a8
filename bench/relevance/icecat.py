"""The Icecat products of ../shared/data as drafts of our own import format: 19,406 pieces of electronics.

The data is the querqy/chorus project's, under the Icecat Open Content Licence; it is no part of this repository.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalicelib.catalog.product import slugify
from infra.package import ROOT

FOLDER = ROOT.parent / "shared" / "data" / "icecat"
JUDGMENTS = FOLDER / "judgments.csv"
Json = dict[str, Any]

_LONGEST_ID, _LONGEST_TEXT, _LONGEST_SKU = 60, 2000, 100


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.json.zip"))


def drafts() -> Iterator[Json]:
    """Each product as a ProductDraft in JSON; its handle is its docid. One file of the set is in memory at a time."""
    taken: set[str] = set()
    for path in files():
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                for product in json.loads(archive.read(name)):
                    yield _draft(product, taken)


def _draft(product: Json, taken: set[str]) -> Json:
    variant = {"sku": _sku(product, taken), "price": {"amount": product["price"], "currency": "EUR"}}
    if product["ean"]:
        variant["barcode"] = product["ean"][0]
    return {
        "handle": product["id"],
        "title": product["title"],
        "description": product.get("short_description", ""),
        "brand": product["supplier"],
        "status": "published",
        "images": [{"url": product["img_high"]}],
        "attributes": _attributes(product),
        "variants": [variant],
    }


def _sku(product: Json, taken: set[str]) -> str:
    """The manufacturer's number; where that is no SKU, or another product's, the docid with it."""
    name = " ".join(product["name"].split())
    sku = name if name not in taken and len(name) <= _LONGEST_SKU else f"{product['id']} {name}"[:_LONGEST_SKU].strip()
    taken.add(sku)
    return sku


def _attributes(product: Json) -> Json:
    """`attr_n_display_diagonal: 17.0` becomes `display-diagonal: 17`."""
    attributes: Json = {}
    for key, value in product.items():
        if not key.startswith("attr_"):
            continue
        kind, name = key[5], slugify(key[7:])[:_LONGEST_ID].strip("-")
        attributes[name if name not in attributes else f"{name[: _LONGEST_ID - 2]}-{kind}"] = _value(value)
    return attributes


def _value(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value[:_LONGEST_TEXT] if isinstance(value, str) else value
