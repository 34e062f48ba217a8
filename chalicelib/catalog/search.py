"""The search engine: the only file that knows OpenSearch.

One index behind an alias. A document's version is its product's, so a late or repeated event never puts an older state
over a newer one (`external_gte` in OpenSearch's document versioning).
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Literal, TypeVar

import msgspec

from chalicelib.core import log
from chalicelib.core.errors import ShopError
from chalicelib.core.settings import settings

ALIAS = "products"
Sort = Literal["relevance", "price_asc", "price_desc", "newest"]
T = TypeVar("T")

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
    answer = _answered(lambda: _engine().search(index=ALIAS, body=body))
    hits = answer["hits"]["hits"]
    page = hits[: query.limit]
    return Found(
        cards=[hit["_source"]["card"] for hit in page],
        total=answer["hits"]["total"]["value"],
        after=page[-1]["sort"] if len(hits) > query.limit else None,
    )


def put(document: Document) -> None:
    """Show this state of a product in search, unless a newer one is there."""
    fields = msgspec.structs.asdict(document)
    version = fields.pop("version")
    _unless_newer(
        lambda: _engine().index(index=ALIAS, id=document.id, body=fields, version=version, version_type="external_gte")
    )


def remove(product_id: str, version: int) -> None:
    """Take a product out of search as of its `version`."""
    _unless_newer(lambda: _engine().delete(index=ALIAS, id=product_id, version=version, version_type="external_gte"))


def new_index(name: str) -> None:
    """An index that nobody sees yet."""
    _engine().indices.create(index=name, body={"mappings": _MAPPINGS})


def has_index(name: str) -> bool:
    return bool(_engine().indices.exists(index=name))


def fill(index: str, documents: Iterable[Document]) -> int:
    """Put `documents` into an index, unless newer ones are there. Returns how many went in."""
    from opensearchpy.helpers import BulkIndexError, bulk

    actions = (_bulk_action(document, index) for document in documents)
    count, refused = bulk(_engine(), actions, raise_on_error=False)
    if broken := [entry for entry in refused if entry["index"]["status"] != 409]:
        raise BulkIndexError(f"{len(broken)} documents were refused", broken)
    return int(count)


def show(index: str) -> None:
    """Let search look into `index` from now on, in one step, and drop what it looked into before."""
    engine = _engine()
    engine.indices.refresh(index=index)
    old = set(engine.indices.get_alias(name=ALIAS)) if engine.indices.exists_alias(name=ALIAS) else set()
    moves = [{"remove_index": {"index": name}} for name in sorted(old - {index})]
    engine.indices.update_aliases(body={"actions": [*moves, {"add": {"index": index, "alias": ALIAS}}]})


def _bulk_action(document: Document, index: str) -> dict[str, Any]:
    fields = msgspec.structs.asdict(document)
    version = fields.pop("version")
    return {"_index": index, "_id": document.id, "version": version, "version_type": "external_gte", "_source": fields}


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


def _unless_newer(write: Callable[[], Any]) -> None:
    from opensearchpy.exceptions import ConflictError, NotFoundError

    _make_index()
    try:
        write()
    except ConflictError:
        log.write("search_document_newer")
    except NotFoundError:
        return  # taken out already


@cache
def _make_index() -> None:
    """The first index of a new shop. Later ones come from a reindex."""
    from opensearchpy.exceptions import RequestError

    engine = _engine()
    if engine.indices.exists_alias(name=ALIAS):
        return
    try:
        engine.indices.create(index=f"{ALIAS}-1", body={"mappings": _MAPPINGS, "aliases": {ALIAS: {}}})
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise


def _answered(ask: Callable[[], Any]) -> Any:
    from opensearchpy.exceptions import NotFoundError, RequestError, TransportError

    try:
        return ask()
    except NotFoundError:
        return {"hits": {"hits": [], "total": {"value": 0}}}  # nothing was ever published
    except RequestError as error:
        raise ShopError("invalid_query", 422, "The search engine can not read this query.", pointer="/query") from error
    except TransportError as error:  # ConnectionError is one of them
        log.write("search_unavailable", error=str(error))
        raise ShopError("search_unavailable", 503, "Search does not answer. Browsing and buying work on.") from error


@cache
def _engine() -> Any:
    # Importing opensearch-py takes as long as all of the rest; only searching and indexing wait for it.
    from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth, Urllib3HttpConnection

    signer = None
    if settings.opensearch_signed:
        import boto3

        signer = Urllib3AWSV4SignerAuth(boto3.Session().get_credentials(), settings.region, "es")
    return OpenSearch(
        hosts=[settings.opensearch_url],
        http_auth=signer,
        connection_class=Urllib3HttpConnection,
        timeout=5,
        max_retries=1,
        retry_on_timeout=True,
    )
