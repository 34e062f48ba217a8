"""What the engine is asked while somebody types, and what its answer suggests. Pure."""

from collections.abc import Sequence

from chalicelib.catalog.search.search_query import Json
from chalicelib.catalog.search.search_query import suggesting as spelling
from chalicelib.catalog.search.search_words import code_key, is_cjk, words

_FIELDS = {"title.prefix": 1.0, "kinds.prefix": 1.5, "brand.prefix": 1.0}
# What is only like the word counts less than what begins with it.
_LIKE = 0.2
_MOST = 20
_IN_REGEXP = str.maketrans({char: f"\\{char}" for char in r'.?+*|{}[]()"\#@&<>~'})


def body(typed: Sequence[str], text: str, limit: int) -> Json:
    """Products that have words beginning like those that were typed, and the names in them that begin so."""
    return {
        "query": {"bool": {"must": [_begun(word) for word in typed]}},
        "sort": [{"_score": "desc"}, {"sold": "desc"}, {"id": "asc"}],
        "size": limit,
        "_source": ["card", "prices"],
        "aggs": {"tails": {"terms": {"field": "tails", "include": _beginnings(typed), "size": _MOST}}},
        **spelling(text),
    }


def queries(typed: Sequence[str], answered: Json) -> list[str]:
    """What the words may become, most products first: names that go on from all of them, or from the last."""
    whole, before = " ".join(typed), " ".join(typed[:-1])
    found: dict[str, None] = {}
    for bucket in answered.get("tails", {}).get("buckets", []):
        name = str(bucket["key"])
        found[name if name.startswith(whole) else f"{before} {name}".strip()] = None
    return list(found)


def begins(typed: Sequence[str], name: str) -> bool:
    """Whether a name has words that begin like each of those that were typed. Chinese may stand anywhere in it."""
    has = words(name)
    return all(any(word in one if is_cjk(word) else one.startswith(word) for one in has) for word in typed)


def _begun(word: str) -> Json:
    if is_cjk(word):
        return _dis_max(
            [
                {"match_phrase": {"title.plain": {"query": word, "boost": 2.0}}},
                {"match_phrase": {"kinds.plain": {"query": word, "boost": 2.0}}},
                {"match": {"title.plain": {"query": word, "operator": "and"}}},
                {"match": {"title": {"query": word, "minimum_should_match": "2<60%", "boost": _LIKE}}},
            ]
        )
    clauses: list[Json] = [{"match": {field: {"query": word, "boost": boost}}} for field, boost in _FIELDS.items()]
    if len(word) > 2:
        like = {"query": word, "fuzziness": "AUTO", "prefix_length": 1, "max_expansions": 10, "boost": _LIKE}
        clauses += [{"match": {field: like}} for field in _FIELDS]
    if any(char.isdigit() for char in word):
        clauses.append({"prefix": {"codes": {"value": code_key(word), "boost": 2.0}}})
    return _dis_max(clauses)


def _beginnings(typed: Sequence[str]) -> str:
    options = dict.fromkeys((" ".join(typed), typed[-1]))
    # Not ".*": OpenSearch 2 answers 500 to a bare prefix that sorts behind all values that there are.
    return "(" + "|".join(option.translate(_IN_REGEXP) for option in options) + ")(.*)"


def _dis_max(clauses: list[Json]) -> Json:
    return {"dis_max": {"queries": clauses, "tie_breaker": 0.1}}
