"""Whether the search index has what the table has: compared page by page, both ways, and repaired."""

from collections.abc import Callable, Sequence

import msgspec

from chalicelib.catalog.search import documents, indexing, search_engine
from chalicelib.catalog.search.search_engine import NotTaken, Write
from chalicelib.core import log
from chalicelib.core.errors import ShopError
from chalicelib.core.jobs import Run

# Seconds; a page takes one or two.
LEASE = 120
_BATCH = 100


class _Place(msgspec.Struct, frozen=True):
    """How far a check is: through the table, behind a shelf entry, or then through the index, behind an id."""

    documents: bool = False
    after: str | None = None


def check(run: Run, out_of_time: Callable[[], bool]) -> None:
    """Put what is missing or old into the index, and take out what is not published. Counts what it looked at.

    A run that stopped goes on with the page it was at.
    """
    place = msgspec.json.decode(run.resume, type=_Place) if run.resume else _Place()
    search_engine.ensure(documents.INDEX)
    while True:
        if out_of_time():
            raise ShopError("out_of_time", 503, "Not everything was compared. The next run goes on.")
        after = _documents(run, place.after) if place.documents else _products(run, place.after)
        if after is None and place.documents:
            return
        place = _Place(place.documents or after is None, after)
        run.reached(msgspec.json.encode(place).decode())


def _products(run: Run, after: str | None) -> str | None:
    """Compare a page of the published products; returns the place of the next one."""
    wanted, behind = indexing.page(_BATCH, after)
    there = search_engine.versions([write.id for write in wanted])
    missing = [write for write in wanted if write.id not in there]
    stale = [write for write in wanted if there.get(write.id, write.version) < write.version]
    _repair([*missing, *stale])
    run.count(products=len(wanted), missing=len(missing), stale=len(stale))
    return behind


def _documents(run: Run, after: str | None) -> str | None:
    """Look whether the documents of a page are of published products; returns the place of the next one."""
    there = search_engine.page(_BATCH, after)
    known = {write.id: write for write in indexing.present(there)}
    surplus = [
        Write(each, max(version, known[each].version if each in known else 0), None)
        for each, version in there.items()
        if each not in known or known[each].fields is None
    ]
    _repair(surplus)
    run.count(documents=len(there), surplus=len(surplus))
    return [*there][-1] if len(there) == _BATCH else None


def _repair(writes: Sequence[Write]) -> None:
    for write in writes:
        log.write("search_document_repaired", id=write.id, version=write.version, shown=write.fields is not None)
    if writes and (refused := search_engine.write(writes, documents.INDEX)):
        raise NotTaken(f"{len(refused)} documents, {next(iter(refused.items()))}")
