"""Counts beside results: how many there are of each category, brand, price, rating and attribute value. Pure.

What one dimension is narrowed down by does not count for its own values: who chose red still sees how many are blue.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

import msgspec

from chalicelib.catalog.search.search_query import Json, Query, dimensions, matching

_MOST_CATEGORIES = 5_000
_MOST_VALUES = 100
_MOST_RANGES = 6
_STARS = (4, 3, 2, 1)
_ATTRIBUTE = "attribute:"
# Where prices are cut, in any power of ten: what people call round.
_ROUND = (10, 15, 20, 30, 50, 75)
_BOUNDS = tuple(step * 10**power for power in range(9) for step in _ROUND)
_IN_REGEXP = str.maketrans({char: f"\\{char}" for char in r'.?+*|{}[]()"\#@&<>~'})


class Range(msgspec.Struct, frozen=True):
    """So many results cost `price_min` to `price_max`, both included; None: no end there."""

    price_min: int | None
    price_max: int | None
    count: int


class Counts(msgspec.Struct, frozen=True):
    """How many results there are by each value, most first. `everything` is how many have the words before any
    narrowing, `narrowed` how many of those are left by it; what is only pinned has no words.

    Categories count what is directly in them, ratings what has so many stars or more.
    """

    everything: int = 0
    narrowed: int = 0
    categories: dict[str, int] = {}
    brands: dict[str, int] = {}
    prices: list[Range] = []
    cheapest: int | None = None
    dearest: int | None = None
    ratings: dict[int, int] = {}
    attributes: dict[str, dict[str, int]] = {}


def counting(query: Query) -> Json:
    """The part of a request that asks for the counts."""
    narrowed = dimensions(query)
    price = f"prices.{query.currency}"
    wanted: dict[str, Json] = {
        "category": {"values": {"terms": {"field": "category", "size": _MOST_CATEGORIES}}},
        "brand": {"values": {"terms": {"field": "brand.key", "size": _MOST_VALUES}}},
        "price": {
            "values": {"range": {"field": price, "ranges": _ranges()}},
            "cheapest": {"min": {"field": price}},
            "dearest": {"max": {"field": price}},
        },
        "rating": {"values": {"range": {"field": "rating", "ranges": [{"from": stars} for stars in _STARS]}}},
    }
    for name in dict.fromkeys((*query.counted, *query.filters.attributes)):
        # Not ".*": OpenSearch 2 answers 500 to a bare prefix that sorts behind all values that there are.
        include = f"{name.translate(_IN_REGEXP)}=.+"
        wanted[_ATTRIBUTE + name] = {"values": {"terms": {"field": "facets", "include": include, "size": _MOST_VALUES}}}
    counts: dict[str, Json] = {
        "everything": {"filter": _having_the_words(query)},
        "narrowed": {"filter": {"bool": {"filter": [_having_the_words(query), *narrowed.values()]}}},
    }
    for name, aggregations in wanted.items():
        others = [clause for dimension, clause in narrowed.items() if dimension != name]
        counts[name] = {"filter": {"bool": {"filter": others}}, "aggs": aggregations}
    return {"aggs": counts}


def read(answered: Json) -> Counts:
    """The counts in what the engine answered."""
    if not answered:
        return Counts()
    price = answered["price"]
    ratings = {round(bucket["from"]): bucket["doc_count"] for bucket in answered["rating"]["values"]["buckets"]}
    return Counts(
        everything=answered["everything"]["doc_count"],
        narrowed=answered["narrowed"]["doc_count"],
        categories=_values(answered["category"]),
        brands=_values(answered["brand"]),
        prices=merged([_slot(bucket) for bucket in price["values"]["buckets"]]),
        cheapest=_amount(price["cheapest"]["value"]),
        dearest=_amount(price["dearest"]["value"]),
        ratings={stars: ratings[stars] for stars in _STARS if ratings.get(stars)},
        attributes={
            name.removeprefix(_ATTRIBUTE): _values(found, lambda key: key.partition("=")[2])
            for name, found in answered.items()
            if name.startswith(_ATTRIBUTE) and found["values"]["buckets"]
        },
    )


def rolled_up(leaves: Mapping[str, int], path: Callable[[str], Iterable[str]]) -> dict[str, int]:
    """What is in each category or anywhere below it, from what is directly in each."""
    total: dict[str, int] = {}
    for category, count in leaves.items():
        for above in path(category):
            total[above] = total.get(above, 0) + count
    return total


def merged(slots: list[Range]) -> list[Range]:
    """Neighbouring slots put together to at most six ranges of about as many results each; none is empty."""
    filled = [slot for slot in slots if slot.count]
    share = sum(slot.count for slot in filled) / _MOST_RANGES
    ranges: list[Range] = []
    for slot in filled:
        if ranges and ranges[-1].count < share:
            last = ranges.pop()
            ranges.append(Range(last.price_min, slot.price_max, last.count + slot.count))
        else:
            ranges.append(slot)
    if len(ranges) > _MOST_RANGES:
        last = ranges.pop()
        ranges[-1] = Range(ranges[-1].price_min, last.price_max, ranges[-1].count + last.count)
    return ranges


def _having_the_words(query: Query) -> Json:
    """All results have them but for those that are pinned."""
    return matching(query.text, query.synonyms, query.mode) if query.pinned else {"match_all": {}}


def _values(found: Json, name: Callable[[str], str] = str) -> dict[str, int]:
    return {name(bucket["key"]): bucket["doc_count"] for bucket in found["values"]["buckets"]}


def _ranges() -> list[Json]:
    inner = [{"from": low, "to": high} for low, high in pairwise(_BOUNDS)]
    return [{"to": _BOUNDS[0]}, *inner, {"from": _BOUNDS[-1]}]


def _slot(bucket: Json) -> Range:
    upper = _amount(bucket.get("to"))
    return Range(_amount(bucket.get("from")), None if upper is None else upper - 1, bucket["doc_count"])


def _amount(value: float | None) -> int | None:
    return None if value is None else round(value)
