"""Search as shoppers know it: words, filters, counts, order and pages; other words if there is little to be found."""

import hashlib
from typing import Any

import msgspec

from chalicelib.catalog.pricing import prices
from chalicelib.catalog.search import curating, search_counts, search_engine, search_query
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
    """Where a page ended: of which question, with which words and how strictly meant, behind which sort values."""

    question: str
    text: str | None
    mode: Mode
    after: list[float | int | str]
    exact: int = 0


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
        query = msgspec.structs.replace(query, text=position.text, mode=position.mode, after=position.after)
        answer = _ask(query, question)
        return _found(wanted, query, question, answer, position.exact)
    answer = _ask(query, question)
    exact = search_counts.read(answer.counts).everything
    if not words(wanted.q or "") or exact >= _FEW:
        return _found(wanted, query, question, answer, exact)
    if exact == 0 and (other := corrected(wanted.q or "", answer.spelling)) is not None:
        query = msgspec.structs.replace(query, text=other)
        answer = _ask(query, question)
        exact = search_counts.read(answer.counts).everything
    for mode in _more_modes(wanted, exact):
        relaxed = msgspec.structs.replace(query, mode=mode)
        more = _ask(relaxed, question)
        if search_counts.read(more.counts).everything > exact:
            return _found(wanted, relaxed, question, more, exact)
    return _found(wanted, query, question, answer, exact)


def _more_modes(wanted: Search, exact: int) -> list[Mode]:
    """How else to look, until there is more. In another order than by relevance, what has all words would not stand
    before what has some."""
    if exact == 0:
        return ["wide", "any"]
    return ["wide"] if exact < _FEW and wanted.sort == "relevance" else []


def _query(wanted: Search) -> Query:
    curation = curating.of(wanted.q or "")
    collection, products = _collected(wanted.collection)
    return Query(
        text=wanted.q,
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
        pinned=curation.pinned if wanted.sort == "relevance" else (),
        hidden=curation.hidden,
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


def _found(wanted: Search, query: Query, question: str, answer: Answer, exact: int) -> Found:
    page = answer.hits[: query.limit]
    position = None
    if len(answer.hits) > query.limit:
        position = _Position(question, query.text, query.mode, page[-1].sort, exact)
    return Found(
        sources=[hit.source for hit in page],
        total=answer.total,
        counts=search_counts.read(answer.counts),
        currency=query.currency,
        text=query.text,
        mode=query.mode,
        exact=exact,
        dropped=_dropped(query, answer),
        corrected=query.text if query.text != wanted.q else None,
        next_cursor=encode_cursor(msgspec.json.encode(position).decode()) if position else None,
    )


def _dropped(query: Query, answer: Answer) -> list[str]:
    """The words that the best result of a relaxed search lacks."""
    if query.mode == "strict" or not answer.hits:
        return []
    named = search_query.named_spans(query.text or "", query.synonyms)
    return [text for name, text in named.items() if name not in answer.hits[0].matched]


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
    return position
