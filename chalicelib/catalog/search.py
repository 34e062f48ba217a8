"""What search knows of a product, and how products are looked for."""

from typing import Any, Literal

import msgspec

from chalicelib.catalog import search_engine
from chalicelib.catalog.search_engine import Write

Sort = Literal["relevance", "price_asc", "price_desc", "newest"]

# Every text twice: English stems for "mugs" and "mug", CJK bigrams for Chinese and mixed text.
_TEXT = {"type": "text", "analyzer": "english", "fields": {"cjk": {"type": "text", "analyzer": "cjk"}}}
_MAPPINGS = {
    "dynamic": "strict",
    "properties": {
        "id": {"type": "keyword"},
        "title": _TEXT,
        "description": _TEXT,
        "brand": _TEXT,
        "tags": _TEXT,
        "skus": {"type": "keyword"},
        "category": {"type": "keyword"},
        "price_from": {"type": "long"},
        "published_at": {"type": "date"},
        "card": {"type": "object", "enabled": False},
    },
}
# What an index for these documents is made with.
INDEX: dict[str, Any] = {"mappings": _MAPPINGS}
_FIELDS = ("title{}^4", "brand{}^2", "tags{}^2", "description{}")
_ORDER: dict[Sort, list[dict[str, str]]] = {
    "relevance": [{"_score": "desc"}, {"id": "asc"}],
    "price_asc": [{"price_from": "asc"}, {"id": "asc"}],
    "price_desc": [{"price_from": "desc"}, {"id": "asc"}],
    "newest": [{"published_at": "desc"}, {"id": "asc"}],
}


class Document(msgspec.Struct, frozen=True):
    """A published product as the engine keeps it. Texts hold all languages; `card` is what a list of results shows.

    `price_from` is in minor units. `version` is not stored, it is the document's version.
    """

    id: str
    version: int
    title: list[str]
    description: list[str]
    brand: str | None
    tags: list[str]
    skus: list[str]
    category: str | None
    price_from: int
    published_at: str
    card: dict[str, Any]


class Query(msgspec.Struct, frozen=True):
    """What is looked for. Prices are in minor units; `after` is where the page before ended."""

    text: str | None
    category: str | None
    price_min: int | None
    price_max: int | None
    sort: Sort
    limit: int
    after: list[Any] | None


class Found(msgspec.Struct, frozen=True):
    cards: list[dict[str, Any]]
    total: int
    after: list[Any] | None


def search(query: Query) -> Found:
    """One page of published products. 503 if the engine does not answer: nothing else depends on it."""
    body: dict[str, Any] = {
        "query": {"bool": {"must": [_matching(query.text)], "filter": _filters(query)}},
        "sort": _ORDER[query.sort],
        "size": query.limit + 1,
        "track_total_hits": True,
        "_source": ["card"],
    }
    if query.after:
        body["search_after"] = query.after
    answer = search_engine.search(body)
    hits = answer["hits"]["hits"]
    page = hits[: query.limit]
    return Found(
        cards=[hit["_source"]["card"] for hit in page],
        total=answer["hits"]["total"]["value"],
        after=page[-1]["sort"] if len(hits) > query.limit else None,
    )


def written(document: Document) -> Write:
    """A document as the engine takes it."""
    fields = msgspec.structs.asdict(document)
    return Write(document.id, fields.pop("version"), fields)


def _matching(text: str | None) -> dict[str, Any]:
    if not text or not text.strip():
        return {"match_all": {}}
    english, cjk = ([field.format(suffix) for field in _FIELDS] for suffix in ("", ".cjk"))
    across = [
        {"multi_match": {"query": text, "fields": f, "type": "cross_fields", "operator": "and"}} for f in (english, cjk)
    ]
    typos = {"multi_match": {"query": text, "fields": english, "fuzziness": "AUTO", "operator": "and", "boost": 0.3}}
    sku = {"term": {"skus": {"value": text.strip(), "boost": 10}}}
    return {"dis_max": {"queries": [*across, typos, sku], "tie_breaker": 0.2}}


def _filters(query: Query) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = []
    if query.category:
        filters.append({"term": {"category": query.category}})
    limits = {"gte": query.price_min, "lte": query.price_max}
    if given := {name: value for name, value in limits.items() if value is not None}:
        filters.append({"range": {"price_from": given}})
    return filters
