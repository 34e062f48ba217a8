"""The search engine: the only file that knows OpenSearch.

One index behind an alias. A document's version rises with whatever changes it, so a late or repeated event never puts
an older state over a newer one (`external_gte` in OpenSearch's document versioning).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec

from chalicelib.catalog.search_index import Document, Json, definition
from chalicelib.catalog.spelling import Misspelt
from chalicelib.core import log
from chalicelib.core.errors import ShopError
from chalicelib.core.settings import settings

ALIAS = "products"
T = TypeVar("T")
# What the engine says of a write that came too late: it has a newer version, or the document is gone already.
_NEWER, _GONE = 409, 404
# Managed engines take requests of 10 MB.
_LARGEST_REQUEST = 4_000_000


class Removed(msgspec.Struct, frozen=True):
    """That a product is not to be found any more, as of this version."""

    id: str
    version: int


Change = Document | Removed


class Hit(msgspec.Struct, frozen=True):
    """A document that was found: what is shown of it, where it stands in the order, and which named parts it matches."""

    id: str
    source: Json
    sort: list[Any]
    matched: frozenset[str]


class Answer(msgspec.Struct, frozen=True):
    total: int
    hits: list[Hit]
    counts: Json
    spelling: list[Misspelt]


def ask(body: Json, session: str) -> Answer:
    """What the engine answers. 503 if it does not: nothing else depends on it.

    Questions of one `session` go to the same copies of the index, so that their scores can be compared.
    """
    answer = _answered(lambda: _engine().search(index=ALIAS, body=body, params={"preference": session}))
    return Answer(
        total=answer["hits"].get("total", {}).get("value", 0),
        hits=[_hit(hit) for hit in answer["hits"]["hits"]],
        counts=answer.get("aggregations", {}),
        spelling=[_misspelt(entry) for entry in answer.get("suggest", {}).get("spelling", [])],
    )


def write(changes: Sequence[Change], index: str = ALIAS) -> dict[str, str]:
    """Bring these changes into an index, in one request if they fit. Returns what the engine refused, by product: why.

    What came too late is not refused: a newer version is there. Raises if the engine can not be asked at all.
    """
    if index == ALIAS:
        _make_index()
    refused: dict[str, str] = {}
    for lines in _requests(changes):
        for entry in _engine().bulk(index=index, body=lines)["items"]:
            (result,) = entry.values()
            if result["status"] == _NEWER:
                log.write("search_document_newer", product=result["_id"])
            elif result["status"] >= 300 and result["status"] != _GONE:
                refused[result["_id"]] = str(result.get("error", {}).get("reason", result["status"]))
    return refused


def new_index(name: str) -> None:
    """An index that nobody sees yet."""
    _engine().indices.create(index=name, body=definition(settings.search_chinese))


def has_index(name: str) -> bool:
    return bool(_engine().indices.exists(index=name))


def indices() -> set[str]:
    """The names of all indices that are, were or will be behind the alias."""
    return set(_engine().indices.get(index=f"{ALIAS}-*"))


def drop(name: str) -> None:
    """Delete an index that nobody sees."""
    _engine().indices.delete(index=name, ignore_unavailable=True)


def show(index: str) -> None:
    """Let search look into `index` from now on, in one step, and drop what it looked into before."""
    engine = _engine()
    engine.indices.refresh(index=index)
    old = set(engine.indices.get_alias(name=ALIAS)) if engine.indices.exists_alias(name=ALIAS) else set()
    moves = [{"remove_index": {"index": name}} for name in sorted(old - {index})]
    engine.indices.update_aliases(body={"actions": [*moves, {"add": {"index": index, "alias": ALIAS}}]})


def refresh() -> None:
    """Let searches see everything that was written."""
    _make_index()
    _engine().indices.refresh(index=ALIAS)


def versions(after: str | None, limit: int) -> list[tuple[str, int]]:
    """The next documents behind the id `after`, with their versions, in the order of their ids."""
    body: Json = {"size": limit, "sort": [{"id": "asc"}], "version": True, "_source": False}
    if after is not None:
        body["search_after"] = [after]
    answer = _engine().search(index=ALIAS, body=body)
    return [(hit["_id"], int(hit["_version"])) for hit in answer["hits"]["hits"]]


def _hit(hit: Json) -> Hit:
    matched = frozenset(hit.get("matched_queries", ()))
    return Hit(hit["_id"], hit.get("_source", {}), hit.get("sort", []), matched)


def _misspelt(entry: Json) -> Misspelt:
    start = int(entry["offset"])
    known_as = [option["text"] for option in entry["options"]]
    return Misspelt(entry["text"], start, start + int(entry["length"]), known_as)


def _requests(changes: Iterable[Change]) -> Iterator[bytes]:
    """The bodies of bulk requests that hold these changes, each of a size that the engine takes."""
    lines: list[bytes] = []
    size = 0
    for change in changes:
        line = _line(change)
        if lines and size + len(line) > _LARGEST_REQUEST:
            yield b"".join(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield b"".join(lines)


def _line(change: Change) -> bytes:
    versioned = {"_id": change.id, "version": change.version, "version_type": "external_gte"}
    if isinstance(change, Removed):
        return msgspec.json.encode({"delete": versioned}) + b"\n"
    fields = msgspec.structs.asdict(change)
    del fields["version"]
    return msgspec.json.encode({"index": versioned}) + b"\n" + msgspec.json.encode(fields) + b"\n"


@cache
def _make_index() -> None:
    """The first index of a new shop. Later ones come from a reindex."""
    from opensearchpy.exceptions import RequestError

    engine = _engine()
    if engine.indices.exists_alias(name=ALIAS):
        return
    body = {**definition(settings.search_chinese), "aliases": {ALIAS: {}}}
    try:
        engine.indices.create(index=f"{ALIAS}-1", body=body)
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
