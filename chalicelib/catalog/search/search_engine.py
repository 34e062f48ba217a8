"""The search engine's indexes: the only file that knows OpenSearch.

Search looks into one index through the alias `products`. While a new one is built, it is behind `products-building`,
and whoever writes writes to both. Both are written by their alias only, so that what was about to be written when the
new index took over reaches the right one and no index comes into being by accident.

A document's version is given by who writes it (external_gte): what is late or comes twice never puts an older state
over a newer one, and neither does it bring back what was taken out, for as long as the engine remembers a deletion.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import msgspec

from chalicelib.catalog.search.spelling import Misspelt
from chalicelib.core import log
from chalicelib.core.errors import ShopError
from chalicelib.core.settings import settings

ALIAS = "products"
BUILDING = "products-building"
# Where indexes are that are behind no alias any more.
_ASIDE = ""
# Longer than any function lives: what one has read before a deletion it writes within this time, or not at all.
_DELETIONS_KEPT = {"index.gc_deletes": "1h"}
# A small domain of AWS takes requests of 10 MB.
_MOST_BYTES = 5_000_000


class Write(msgspec.Struct, frozen=True):
    """A document's state as of a version. Without fields it is not to be found."""

    id: str
    version: int
    fields: dict[str, Any] | None


class Hit(msgspec.Struct, frozen=True):
    """A document that was found: what is shown of it, its place in the order, and which named clauses it matches."""

    source: dict[str, Any]
    sort: list[Any]
    matched: frozenset[str]


class Answer(msgspec.Struct, frozen=True):
    total: int
    hits: list[Hit]
    counts: dict[str, Any]
    spelling: list[Misspelt]


class NotTaken(Exception):
    """The engine refused documents, and not because it has newer ones."""


def ask(body: dict[str, Any], session: str) -> Answer:
    """What the engine answers. 503 if it does not: nothing else depends on it.

    Questions of one `session` go to the same copies of the index, so that their scores can be compared.
    """

    def search() -> Any:
        return engine().search(index=ALIAS, body=body, params={"preference": _digest(session)})

    answer = _answered(lambda: _once_more(search))
    return Answer(
        total=answer["hits"]["total"]["value"],
        hits=[_hit(hit) for hit in answer["hits"]["hits"]],
        counts=answer.get("aggregations", {}),
        spelling=[_misspelt(entry) for entry in answer.get("suggest", {}).get("spelling", [])],
    )


def write(writes: Sequence[Write], index: dict[str, Any]) -> dict[str, str]:
    """Bring documents to these states, unless newer ones are there. Returns why which of them were not taken, by id.

    What is written has to be read before this is called. So an index that is built meanwhile gets it too: either it is
    there by now and is written to, or it comes later and is filled with what is read then.

    `index` describes the first index of a new shop; later ones are built by `build`.
    """
    known = _aliases()
    if ALIAS not in known:
        _make_first(index)
    return _bulk(writes, [ALIAS, BUILDING] if BUILDING in known else [ALIAS])


def build(name: str, index: dict[str, Any]) -> None:
    """Begin a new index, which nobody sees and everybody writes to; what was begun or left before is dropped."""
    known = _aliases()
    _drop(known.get(BUILDING, set()) | known.get(_ASIDE, set()))
    _create(name, index, BUILDING)


def building() -> set[str]:
    """The names of what is being built."""
    return _aliases().get(BUILDING, set())


def fill(writes: Iterable[Write]) -> None:
    """Put documents into the index that is being built, unless newer ones are there. Raises NotTaken."""
    if refused := _bulk(writes, [BUILDING]):
        raise NotTaken(f"{len(refused)} documents, {next(iter(refused.items()))}")


def show(name: str) -> None:
    """Let search look into `name` from now on, in one step, and drop what it looked into before.

    In two requests: where one of them did both, OpenSearch closes the old index some milliseconds before searches see
    that there is another, and answers them with 503.
    """
    engine().indices.refresh(index=name)
    old = _aliases().get(ALIAS, set()) - {name}
    moves: list[dict[str, Any]] = [{"remove": {"index": each, "alias": ALIAS}} for each in sorted(old)]
    moves.append({"remove": {"index": name, "alias": BUILDING}})
    moves.append({"add": {"index": name, "alias": ALIAS}})
    engine().indices.update_aliases(body={"actions": moves})
    _drop(old)


def versions(ids: Sequence[str]) -> dict[str, int]:
    """The versions of those documents that are there, as they are now."""
    if not ids:
        return {}
    answer = engine().mget(index=ALIAS, body={"ids": list(ids)}, _source=False)
    return {doc["_id"]: int(doc["_version"]) for doc in answer["docs"] if doc.get("found")}


def page(limit: int, after: str | None) -> dict[str, int]:
    """The next `limit` documents behind the id `after`, in the order of their ids: id and version."""
    body: dict[str, Any] = {
        "query": {"match_all": {}},
        "sort": [{"id": "asc"}],
        "size": limit,
        "version": True,
        "_source": False,
    }
    if after is not None:
        body["search_after"] = [after]
    hits = engine().search(index=ALIAS, body=body)["hits"]["hits"]
    return {hit["_id"]: int(hit["_version"]) for hit in hits}


def ensure(index: dict[str, Any]) -> None:
    """Make sure that there is an index to look into."""
    if ALIAS not in _aliases():
        _make_first(index)


def refresh() -> None:
    """Let searches see what was written until now, which they do by themselves within a second."""
    engine().indices.refresh(index=ALIAS)


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()[:16]


def _hit(hit: dict[str, Any]) -> Hit:
    return Hit(hit.get("_source", {}), hit.get("sort", []), frozenset(hit.get("matched_queries", ())))


def _misspelt(entry: dict[str, Any]) -> Misspelt:
    start = int(entry["offset"])
    known_as = [option["text"] for option in entry["options"]]
    return Misspelt(entry["text"], start, start + int(entry["length"]), known_as)


def _once_more(search: Callable[[], Any]) -> Any:
    """Ask again if the engine says that it can not: the index may have been replaced under the question (`show`)."""
    from opensearchpy.exceptions import RequestError, TransportError

    try:
        return search()
    except RequestError:
        raise
    except TransportError as error:
        if not isinstance(error.status_code, int):  # nobody answered at all, and the client has asked twice
            raise
        return search()


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
def engine() -> Any:
    """The engine's client."""
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


def _bulk(writes: Iterable[Write], aliases: Sequence[str]) -> dict[str, str]:
    from opensearchpy.helpers import bulk

    actions = (_action(write, alias) for write in writes for alias in aliases)
    _, problems = bulk(engine(), actions, max_chunk_bytes=_MOST_BYTES, raise_on_error=False, require_alias=True)
    refused: dict[str, str] = {}
    for problem in problems:
        ((operation, item),) = problem.items()
        if item["status"] == 409:
            log.write("search_document_newer", id=item["_id"])
        elif not _harmless(operation, item):
            refused[item["_id"]] = str(item.get("error", item["status"]))
    return refused


def _harmless(operation: str, item: dict[str, Any]) -> bool:
    if item["status"] != 404:
        return False
    if "error" not in item:
        return operation == "delete"  # taken out already
    return bool(item["_index"] == BUILDING)  # it took over meanwhile


def _action(write: Write, alias: str) -> dict[str, Any]:
    action = {"_index": alias, "_id": write.id, "version": write.version, "version_type": "external_gte"}
    if write.fields is None:
        return {**action, "_op_type": "delete"}
    return {**action, "_op_type": "index", "_source": write.fields}


def _aliases() -> dict[str, set[str]]:
    """The shop's indexes, by alias."""
    found: dict[str, set[str]] = {}
    for name, index in engine().indices.get_alias(index=f"{ALIAS}-*").items():
        for alias in index["aliases"] or (_ASIDE,):
            found.setdefault(alias, set()).add(name)
    return found


def _drop(names: set[str]) -> None:
    if names:
        engine().indices.delete(index=",".join(sorted(names)), params={"ignore_unavailable": "true"})


def _make_first(index: dict[str, Any]) -> None:
    """The first index of a new shop. Later ones come from a reindex."""
    from opensearchpy.exceptions import RequestError

    try:
        _create(f"{ALIAS}-1", index, ALIAS)
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise


def _create(name: str, index: dict[str, Any], alias: str) -> None:
    described = {**index, "settings": {**index.get("settings", {}), **_DELETIONS_KEPT}, "aliases": {alias: {}}}
    engine().indices.create(index=name, body=described)
