"""Building the search index anew, while the old one answers and both are kept up."""

from collections.abc import Callable

import msgspec

from chalicelib.catalog.search import documents, indexing, search_engine
from chalicelib.core import ids
from chalicelib.core.errors import ShopError
from chalicelib.core.jobs import Run

# Seconds; a page takes one or two.
LEASE = 120
_BATCH = 100


class _Place(msgspec.Struct, frozen=True):
    """Where a reindex is: the index it fills, and behind which entry of the shelf it goes on."""

    index: str
    after: str | None = None


def reindex(run: Run, out_of_time: Callable[[], bool]) -> None:
    """Build a new index from the table and switch to it. A run that stopped goes on with the page it was at.

    There is nothing to catch up with: from its beginning the new index gets what consumers write, and a page that was
    read before such a write is refused where it is older, deletions included (search_engine.py).
    """
    place = _place(run)
    while True:
        if out_of_time():
            raise ShopError("out_of_time", 503, "The index is not complete yet. Invoke it again, and it goes on.")
        writes, after = indexing.page(_BATCH, place.after)
        search_engine.fill(writes)
        run.count(products=len(writes))
        if after is None:
            break
        place = msgspec.structs.replace(place, after=after)
        run.reached(_encoded(place))
    search_engine.show(place.index)


def _place(run: Run) -> _Place:
    if run.resume:
        place = msgspec.json.decode(run.resume, type=_Place)
        if place.index in search_engine.building():
            return place
    place = _Place(f"{search_engine.ALIAS}-{ids.new_id('idx')}")
    search_engine.build(place.index, documents.INDEX)
    run.reached(_encoded(place))
    return place


def _encoded(place: _Place) -> str:
    return msgspec.json.encode(place).decode()
