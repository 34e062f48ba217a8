"""Search as shoppers know it: words, filters, counts, order and pages; other words if there is little to be found."""

import hashlib
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.catalog.pricing import prices
from chalicelib.catalog.search import curating, search_counts, search_engine, search_pages, search_query
from chalicelib.catalog.search.search_counts import Counts
from chalicelib.catalog.search.search_engine import Answer
from chalicelib.catalog.search.search_query import Filters, Mode, Query
from chalicelib.catalog.search.search_schemas import Search
from chalicelib.catalog.search.search_words import words
from chalicelib.catalog.search.spelling import corrected
from chalicelib.catalog.sorting import attributes, categories, collections
from chalicelib.core.paging import decode_cursor, encode_cursor, foreign_cursor

# With fewer results than this, what has most of the words is shown behind what has all of them.
_FEW = 20


class _Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a page ended: of which question, with which words and how strictly meant, behind which sort values.

    `exact` and `lacking`, which of the words the best result does not have, are what the first page said; `again` is
    how many results the next page begins with that were shown already (search_pages.py).
    """

    question: str
    text: str | None
    mode: Mode
    after: list[float | int | str]
    exact: int = 0
    lacking: list[str] = []
    again: Annotated[int, Meta(ge=0, le=10_000)] = 0


class Found(msgspec.Struct, frozen=True):
    """A page of results. `text` is what was looked for, `exact` how many have all its words, `dropped` which words the
    best result lacks; `corrected` is another spelling, if nothing is spelt as it was typed."""

    sources: list[dict[str, Any]]
    total: int
    counts: Counts
    currency: str
    text: str | None
    mode: Mode
    exact: int
    dropped: list[str]
    corrected: str | None
    next_cursor: str | None


def search_products(wanted: Search) -> Found:
    """One page of published products. 422 for a currency, or a cursor, that is not of this question."""
    query = _query(wanted)
    question = _fingerprint(wanted)
    if (position := _position(wanted.cursor, question, query)) is not None:
        query = msgspec.structs.replace(_asking(query, wanted, position.text), mode=position.mode, after=position.after)
        if _by_score(query):
            query = msgspec.structs.replace(query, after=search_pages.behind(position.after), again=position.again)
        return _found(wanted, query, question, _ask(query, question), position.exact, position)
    answer = _ask(query, question)
    counts = search_counts.read(answer.counts)
    if not words(wanted.q or "") or counts.everything >= _FEW:
        return _found(wanted, query, question, answer, counts.narrowed)
    if counts.everything == 0 and (other := corrected(wanted.q or "", answer.spelling)) is not None:
        query = _asking(query, wanted, other)
        answer = _ask(query, question)
        counts = search_counts.read(answer.counts)
    for mode in _more_modes(wanted, counts.everything):
        relaxed = msgspec.structs.replace(query, mode=mode)
        more = _ask(relaxed, question)
        if search_counts.read(more.counts).everything > counts.everything:
            return _found(wanted, relaxed, question, more, counts.narrowed)
    return _found(wanted, query, question, answer, counts.narrowed)


def _more_modes(wanted: Search, exact: int) -> list[Mode]:
    """How else to look, until there is more. In another order than by relevance, what has all words would not stand
    before what has some."""
    if exact == 0:
        return ["wide", "any"]
    return ["wide"] if exact < _FEW and wanted.sort == "relevance" else []


def _query(wanted: Search) -> Query:
    collection, products = _collected(wanted.collection)
    query = Query(
        filters=Filters(
            categories=_with_below(wanted.category),
            brands=wanted.brand,
            price_min=wanted.price_min,
            price_max=wanted.price_max,
            rating_min=wanted.rating_min,
            attributes=_chosen(wanted.attribute),
            tags=wanted.tag,
            collection=collection,
            products=products,
        ),
        currency=prices.currency(wanted.currency, "/query/currency"),
        sort=wanted.sort,
        limit=wanted.limit,
        synonyms=curating.synonyms(),
        counted=tuple(item.id for item in attributes.present().values() if item.content.facet),
    )
    return _asking(query, wanted, wanted.q)


def _asking(query: Query, wanted: Search, text: str | None) -> Query:
    """The query for `text`, which may be another spelling of what was typed: what staff said of either holds."""
    said = [curating.of(each or "") for each in (wanted.q, text)]
    pinned = tuple(dict.fromkeys(product for curation in said for product in curation.pinned))
    return msgspec.structs.replace(
        query,
        text=text,
        pinned=pinned if wanted.sort == "relevance" else (),
        hidden=tuple(dict.fromkeys(product for curation in said for product in curation.hidden)),
    )


def _with_below(chosen: tuple[str, ...]) -> tuple[str, ...]:
    """The chosen categories and all that stand below them. The tree says so now, and not the index."""
    tree = categories.present().tree
    return tuple(dict.fromkeys(found for one in chosen for found in (one, *tree.below(one))))


def _collected(collection_id: str | None) -> tuple[str | None, tuple[str, ...] | None]:
    """How a collection's products are known: by rule the index says so, those that were chosen are named. 404 for a
    collection that is not shown."""
    if collection_id is None:
        return None, None
    if collections.published(collection_id).rule is not None:
        return collection_id, None
    return None, tuple(collections.chosen(collection_id))


def _chosen(choices: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    chosen: dict[str, tuple[str, ...]] = {}
    for choice in choices:
        name, _, value = choice.partition(":")
        chosen[name] = (*chosen.get(name, ()), value)
    return chosen


def _ask(query: Query, question: str) -> Answer:
    body = search_query.body(query) | search_counts.counting(query)
    if query.text and query.mode == "strict" and query.after is None:
        body |= search_query.suggesting(query.text)
    return search_engine.ask(body, question)


def _found(
    wanted: Search, query: Query, question: str, answer: Answer, exact: int, before: _Position | None = None
) -> Found:
    """The answer as a page; `before` is where the page before it ended."""
    lacking = before.lacking if before else _lacking(query, answer)
    last = before.after if before else None
    hits = answer.hits[query.again :]
    page = hits[: query.limit]
    position = None
    if len(hits) > query.limit:
        again = search_pages.shown_again([hit.sort for hit in page], last, query.again) if _by_score(query) else 0
        position = _Position(question, query.text, query.mode, page[-1].sort, exact, lacking, again)
    return Found(
        sources=[hit.source for hit in page],
        total=answer.total,
        counts=search_counts.read(answer.counts),
        currency=query.currency,
        text=query.text,
        mode=query.mode,
        exact=exact,
        dropped=[text for name, text in _named(query).items() if name in lacking],
        corrected=query.text if query.text != wanted.q else None,
        next_cursor=encode_cursor(msgspec.json.encode(position).decode()) if position else None,
    )


def _by_score(query: Query) -> bool:
    """Whether scores decide, which differ from result to result only where there are words."""
    return query.sort == "relevance" and bool(query.text)


def _lacking(query: Query, answer: Answer) -> list[str]:
    """The names of the words that the best result of a relaxed search lacks. What is pinned is not there for them."""
    best = next((hit for hit in answer.hits if hit.sort[-1] not in query.pinned), None)
    if query.mode == "strict" or best is None:
        return []
    return [name for name in _named(query) if name not in best.matched]


def _named(query: Query) -> dict[str, str]:
    return search_query.named_spans(query.text or "", query.synonyms)


def _fingerprint(wanted: Search) -> str:
    """The same for all pages of one question, whatever their size."""
    asked = msgspec.structs.replace(wanted, cursor=None, limit=1, locale=None)
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:16]


def _position(cursor: str | None, question: str, query: Query) -> _Position | None:
    if (text := decode_cursor(cursor)) is None:
        return None
    try:
        position = msgspec.json.decode(text, type=_Position)
    except msgspec.DecodeError:
        raise foreign_cursor() from None
    places = len(search_query.ordered(query.sort, query.currency, bool(query.text)))
    if position.question != question or len(position.after) != places:
        raise foreign_cursor()
    if _by_score(query) and not search_pages.is_score(position.after[0]):
        raise foreign_cursor()
    return position
