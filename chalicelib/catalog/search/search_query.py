"""What the engine is asked: a query's words, filters, counts and order as a request body. Pure.

Each word is looked for in all fields and counts by the one where it says most (a maximum per word, and all words have
to be there): so "red shoes" needs both words and does not care which stands in the title. What is in more than one
place, side by side, in the title or at the head of a name counts more. docs/decisions/0023-relevance.md has the
figures behind the numbers.
"""

from itertools import pairwise
from typing import Any, Literal

import msgspec

from chalicelib.catalog.search.search_words import code_key, head_key, is_cjk, name_key, singular, tokens, words
from chalicelib.catalog.search.synonyms import Span, Synonyms

Json = dict[str, Any]
Sort = Literal["relevance", "price_asc", "price_desc", "newest", "rating", "best_selling"]
# How many of the words a product needs: all of them, all but one, or any.
Mode = Literal["strict", "wide", "any"]

_FIELDS = {"title": 1.0, "description": 1.0, "kinds": 1.0, "brand": 1.0, "tags": 1.0, "attributes": 1.0}
_SINGLE_CHARACTERS = {"title.plain": 1.0, "description.plain": 0.5, "kinds.plain": 1.0}
# How much the other fields add to the best one.
_TIE = 0.2
_SYNONYM = 0.5
_JOINED = 0.5
_CODE = 3.0
_PAIR = 1.0  # neighbours of the query that are neighbours in a text
_PAIRED_IN = ("title", "description")
_ALL_IN_TITLE = 1.0
_HEAD = 2.0  # the query's last word is what the product is
_KIND = 15.0  # the query is the name of the product's kind
_KIND_LAST = 4.0  # its last words are
_STRICT_FIRST = 5.0
# OpenSearch gives at most so many results at once (index.max_result_window).
_MOST_AT_ONCE = 10_000
_WHOLE_CODE = 1_000.0
_PINNED = 1_000_000.0
# OpenSearch refuses a question of more than 1024 clauses (indices.query.bool.max_clause_count); filters take some.
MOST_CLAUSES = 900
_LEAVES = ("match_phrase", "term", "terms")
# Of a run of Chinese, which is cut into pairs of characters, so many must be there: some pairs are no words.
_CJK_NEEDS = {"strict": "2<70%", "wide": "2<40%", "any": "1"}

# Two letters may differ in a word of six, one in a shorter one, and never the first.
_LIKE_ENOUGH = {"min_word_length": 3, "prefix_length": 1, "accuracy": 0.65}


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What results are narrowed down to. Within one dimension any of the values will do; prices are in minor units.

    `categories` are ids with all that stand below them, `attributes` values by attribute id as in Document.facets,
    `products` the ids of all that may be found.
    """

    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    price_min: int | None = None
    price_max: int | None = None
    rating_min: float | None = None
    attributes: dict[str, tuple[str, ...]] = {}
    tags: tuple[str, ...] = ()
    collection: str | None = None
    products: tuple[str, ...] | None = None


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for. `counted` are the attributes whose values are counted, `after` is where the page before
    ended, `again` how much of that comes once more; `pinned` stand first and `hidden` nowhere."""

    text: str | None = None
    filters: Filters = Filters()
    currency: str
    sort: Sort = "relevance"
    limit: int = 24
    after: list[Any] | None = None
    again: int = 0
    mode: Mode = "strict"
    synonyms: Synonyms = Synonyms()
    counted: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


def matching(text: str | None, synonyms: Synonyms, mode: Mode = "strict") -> Json:
    """The clause that finds and scores what `text` means."""
    typed = words(text or "")
    if not typed:
        return {"match_all": {}} if not (text or "").strip() else {"match_none": {}}
    found = _meant(typed, synonyms, mode)
    code = code_key(text or "")
    if not any(char.isdigit() for char in code):
        return found
    whole = {"constant_score": {"filter": {"term": {"codes": code}}, "boost": _WHOLE_CODE}}
    return {"bool": {"should": [found, whole]}}


def _meant(typed: list[str], synonyms: Synonyms, mode: Mode) -> Json:
    """All that the words may mean, or as much of it as the engine takes in one question: of many words no two are
    read as one, and if it is still too much, they are called nothing else."""
    found: Json = {}
    for known, joined in ((synonyms, True), (synonyms, False), (synonyms.silent(), False)):
        found = _strict(typed, known, joined) if mode == "strict" else _relaxed(typed, known, mode, joined)
        if clauses(found) < MOST_CLAUSES:  # the whole of it as a code is one more
            break
    return found


def clauses(clause: Any) -> int:
    """What the engine counts of a question: each word in each field."""
    if isinstance(clause, list):
        return sum(map(clauses, clause))
    if not isinstance(clause, dict):
        return 0
    return sum(_clauses_of(kind, inner) for kind, inner in clause.items())


def _clauses_of(kind: str, inner: Any) -> int:
    if kind == "match":
        (field,) = inner.values()
        return sum(map(tokens, words(field["query"])))
    return 1 if kind in _LEAVES else clauses(inner)


def ordered(sort: Sort, currency: str, has_text: bool) -> list[Json]:
    """The engine's order; the id decides between equals, so that a page's end is one place."""
    last: Json = {"id": "asc"}
    price = {"unmapped_type": "long", "missing": "_last"}
    orders: dict[Sort, list[Json]] = {
        "relevance": [{"_score": "desc"}] if has_text else [{"_score": "desc"}, {"sold": "desc"}],
        "price_asc": [{f"prices.{currency}": {"order": "asc", **price}}],
        "price_desc": [{f"prices.{currency}": {"order": "desc", **price}}],
        "newest": [{"published_at": "desc"}],
        "rating": [{"rating": {"order": "desc", "missing": 0}}, {"reviews": "desc"}],
        "best_selling": [{"sold": "desc"}],
    }
    return [*orders[sort], last]


def body(query: Query) -> Json:
    """The request for one page of results, with everything counted around it."""
    asked: Json = {
        "query": _found(query),
        "post_filter": _all_of(list(_narrowing(query).values())),
        "sort": ordered(query.sort, query.currency, bool(query.text)),
        "track_scores": query.sort == "relevance",
        "size": min(query.limit + 1 + query.again, _MOST_AT_ONCE),
        "track_total_hits": True,
        "_source": ["card", "prices"],
    }
    if query.after is not None:
        asked["search_after"] = query.after
    return asked


def suggesting(text: str) -> Json:
    """Ask for other spellings of the words that are in no text."""
    term = {"field": "spelling", "suggest_mode": "missing", "size": 3, **_LIKE_ENOUGH}
    return {"suggest": {"spelling": {"text": text, "term": term}}}


def named_spans(text: str, synonyms: Synonyms) -> dict[str, str]:
    """The words of a relaxed search by the names under which a hit says that it has them."""
    spans = synonyms.spans(words(text))
    return {str(place): " ".join(span.words) for place, span in enumerate(spans)}


def dimensions(query: Query) -> dict[str, Json]:
    """The clause of each dimension that the query is narrowed down by, by its name."""
    return _narrowing(query)


def _found(query: Query) -> Json:
    """What is counted: the text's matches and what is pinned among what is not hidden, before they are narrowed."""
    clause: Json = {"bool": {"must": [_with_pinned(query)], "filter": _base(query.filters)}}
    if query.hidden:
        clause["bool"]["must_not"] = [{"terms": {"id": list(query.hidden)}}]
    return clause


def _with_pinned(query: Query) -> Json:
    clause = matching(query.text, query.synonyms, query.mode)
    if not query.pinned:
        return clause
    pins = [
        {"constant_score": {"filter": {"term": {"id": pinned}}, "boost": _PINNED * (len(query.pinned) - place)}}
        for place, pinned in enumerate(query.pinned)
    ]
    return {"bool": {"should": [clause, *pins]}}


def _base(filters: Filters) -> list[Json]:
    """What is no facet: nothing is counted for it."""
    clauses: list[Json] = [{"term": {"tags.key": tag}} for tag in filters.tags]
    if filters.collection is not None:
        clauses.append({"term": {"collections": filters.collection}})
    if filters.products is not None:
        clauses.append({"terms": {"id": list(filters.products)}})
    return clauses


def _narrowing(query: Query) -> dict[str, Json]:
    filters = query.filters
    clauses: dict[str, Json] = {}
    if filters.categories:
        clauses["category"] = {"terms": {"category": list(filters.categories)}}
    if filters.brands:
        clauses["brand"] = {"terms": {"brand.key": list(filters.brands)}}
    limits = {"gte": filters.price_min, "lte": filters.price_max}
    if given := {name: value for name, value in limits.items() if value is not None}:
        clauses["price"] = {"range": {f"prices.{query.currency}": given}}
    if filters.rating_min is not None:
        clauses["rating"] = {"range": {"rating": {"gte": filters.rating_min}}}
    for name, values in filters.attributes.items():
        clauses[f"attribute:{name}"] = {"terms": {"facets": [f"{name}={value}" for value in values]}}
    return clauses


def _all_of(clauses: list[Json]) -> Json:
    return {"bool": {"filter": clauses}} if clauses else {"match_all": {}}


def _strict(typed: list[str], synonyms: Synonyms, joined: bool) -> Json:
    spans = synonyms.spans(typed)
    readings: list[Json] = [{"bool": {"must": [_span(span, "strict") for span in spans]}}]
    if joined:
        readings += _with_two_as_one(typed, synonyms)
    return {"bool": {"must": [_best_of(readings)], "should": _signs(typed, spans)}}


def _relaxed(typed: list[str], synonyms: Synonyms, mode: Mode, joined: bool) -> Json:
    spans = synonyms.spans(typed)
    needed = 1 if mode == "any" else max(1, len(spans) - 1)
    parts = [{"bool": {"must": [_span(span, mode)], "_name": str(place)}} for place, span in enumerate(spans)]
    some = {"bool": {"should": parts, "minimum_should_match": needed}}
    strict = {"bool": {"must": [_strict(typed, synonyms, joined)], "boost": _STRICT_FIRST}}
    readings = _with_two_as_one(typed, synonyms) if joined else []
    return {"bool": {"must": [_best_of([some, *readings])], "should": [strict, *_signs(typed, spans)]}}


def _with_two_as_one(typed: list[str], synonyms: Synonyms) -> list[Json]:
    return [_as_one(typed, at, synonyms) for at in range(len(typed) - 1) if _can_be_one(typed[at : at + 2])]


def _can_be_one(pair: list[str]) -> bool:
    return not any(is_cjk(word) for word in pair)


def _as_one(typed: list[str], at: int, synonyms: Synonyms) -> Json:
    """The query with two neighbouring words written as one: "note book" finds a notebook."""
    before, after = synonyms.spans(typed[:at]), synonyms.spans(typed[at + 2 :])
    one = synonyms.spans(["".join(typed[at : at + 2])])
    return {"bool": {"must": [_span(span, "strict") for span in (*before, *one, *after)]}}


def _span(span: Span, mode: Mode) -> Json:
    readings = [_all_words(span.words, mode)]
    readings += [{"bool": {"must": [_phrase(other, mode)], "boost": _SYNONYM}} for other in span.also]
    return _best_of(readings)


def _all_words(taken: tuple[str, ...], mode: Mode) -> Json:
    clauses = [_word(word, mode) for word in taken]
    return clauses[0] if len(clauses) == 1 else {"bool": {"must": clauses}}


def _phrase(taken: tuple[str, ...], mode: Mode) -> Json:
    """A synonym of several words is found where they stand together."""
    if len(taken) == 1 or any(is_cjk(word) for word in taken):
        return _all_words(taken, mode)
    text = " ".join(taken)
    return _dis_max([{"match_phrase": {field: {"query": text, "boost": boost}}} for field, boost in _FIELDS.items()])


def _word(word: str, mode: Mode) -> Json:
    if is_cjk(word):
        return _cjk_word(word, mode)
    clauses: list[Json] = [
        {"match": {field: {"query": word, "boost": boost, "operator": "and"}}} for field, boost in _FIELDS.items()
    ]
    clauses.append({"term": {"joined": {"value": singular(word), "boost": _JOINED}}})
    if any(char.isdigit() for char in word):
        clauses.append({"term": {"codes": {"value": code_key(word), "boost": _CODE}}})
    return _dis_max(clauses)


def _cjk_word(word: str, mode: Mode) -> Json:
    if len(word) == 1:
        fields = _SINGLE_CHARACTERS.items()
        return _dis_max([{"match": {field: {"query": word, "boost": boost}}} for field, boost in fields])
    needs = _CJK_NEEDS[mode]
    return _dis_max(
        [
            {"match": {field: {"query": word, "boost": boost, "minimum_should_match": needs}}}
            for field, boost in _FIELDS.items()
        ]
    )


def _signs(typed: list[str], spans: list[Span]) -> list[Json]:
    """What speaks for a product beside the words themselves. None of it is needed."""
    signs: list[Json] = [{"match": {"title": {"query": " ".join(typed), "operator": "and", "boost": _ALL_IN_TITLE}}}]
    runs = [word for word in typed if is_cjk(word) and len(word) > 2]
    near = [" ".join(pair) for pair in pairwise(typed)] + runs
    signs += [
        {"match_phrase": {field: {"query": text, "slop": 1, "boost": _PAIR}}} for text in near for field in _PAIRED_IN
    ]
    last = spans[-1]
    head = sorted({head_key(reading[-1]) for reading in (last.words, *last.also)})
    signs.append({"constant_score": {"filter": {"terms": {"heads": head}}, "boost": _HEAD}})
    signs.append({"constant_score": {"filter": {"terms": {"kind_keys": _readings(spans)}}, "boost": _KIND}})
    if len(spans) > 1:
        signs.append(
            {"constant_score": {"filter": {"terms": {"kind_keys": _readings(spans[-1:])}}, "boost": _KIND_LAST}}
        )
    return signs


def _readings(spans: list[Span]) -> list[str]:
    """All that the spans may be called together, as keys of names."""
    readings = [""]
    for span in spans:
        called = [" ".join(taken) for taken in (span.words, *span.also)]
        readings = [f"{before} {word}" for before in readings for word in called][:50]
    return sorted({name_key(reading) for reading in readings})


def _best_of(clauses: list[Json]) -> Json:
    return clauses[0] if len(clauses) == 1 else {"dis_max": {"queries": clauses}}


def _dis_max(clauses: list[Json]) -> Json:
    return {"dis_max": {"queries": clauses, "tie_breaker": _TIE}}
