"""Drafts straight into the engine, until the import can do it."""

from collections.abc import Iterable
from typing import Any

import msgspec

from chalicelib.catalog import search, search_engine

Json = dict[str, Any]


def index(drafts: Iterable[Json]) -> None:
    name = f"{search_engine.ALIAS}-bench"
    search_engine.build(name, search.INDEX)
    search_engine.fill(search.written(_document(draft)) for draft in drafts)
    search_engine.show(name)


def _document(draft: Json) -> search.Document:
    attributes: Json = draft["attributes"]
    price = min(variant["price"]["amount"] for variant in draft["variants"])
    category = [draft["category"]] if "category" in draft else []
    fields = {
        "id": draft["handle"],
        "version": 1,
        "handle": draft["handle"],
        "title": [draft["title"]],
        "description": [draft["description"]],
        "brand": draft.get("brand"),
        "tags": draft.get("tags", []),
        "skus": [variant["sku"] for variant in draft["variants"]],
        "barcodes": [variant["barcode"] for variant in draft["variants"] if "barcode" in variant],
        "category": category[0] if category else None,
        "category_path": category,
        "category_names": category,
        "attributes": [_words(name, value) for name, value in attributes.items() if value is not False],
        "facets": [f"{name}={msgspec.json.encode(value).decode()}" for name, value in attributes.items()],
        "collections": [],
        "prices": {"EUR": price},
        "price_from": price,
        "rating": None,
        "reviews": 0,
        "sold": 0,
        "available": True,
        "published_at": "2026-01-01T00:00:00Z",
        "card": {"id": draft["handle"], "handle": draft["handle"]},
    }
    known = {field.name for field in msgspec.structs.fields(search.Document)}
    return search.Document(**{name: value for name, value in fields.items() if name in known})


def _words(name: str, value: Any) -> str:
    readable = name.replace("-", " ").capitalize()
    return readable if value is True else f"{readable} {value}"
