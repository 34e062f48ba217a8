"""What the search index holds of a product, and how the engine reads it.

A text is kept under one analyzer for English, Chinese and both mixed: words are stemmed, runs of Chinese cut into
pairs of characters, or into words where the engine has a Chinese tokenizer (`chinese`: cjk, smartcn or ik).
"""

from typing import Any, Literal, get_args

import msgspec

Chinese = Literal["cjk", "smartcn", "ik"]
CHINESE: tuple[str, ...] = get_args(Chinese)
Json = dict[str, Any]

# A facet's value that is longer is text, and nobody picks it from a list.
LONGEST_FACET = 100
# A tag has 300 characters, and the engine counts one outside the basic plane twice.
_LONGEST_TAG = 600


class Document(msgspec.Struct, frozen=True):
    """A published product as the engine keeps it. Texts hold all languages; `card` is what a list of results shows.

    `version` is not stored, it is the document's version: it rises with whatever changes the document.
    `kinds` say what the product is: its categories' names and its product type. `facets` are "<attribute id>=<value>",
    `prices` the lowest public ones in minor units by currency. `heads`, `joined` and `tails` are search_words.py's.
    """

    id: str
    version: int
    handle: str
    title: list[str]
    description: list[str]
    brand: str | None
    tags: list[str]
    kinds: list[str]
    kind_keys: list[str]
    attributes: list[str]
    attribute_names: list[str]
    codes: list[str]
    heads: list[str]
    joined: list[str]
    tails: list[str]
    category: str | None
    facets: list[str]
    collections: list[str]
    prices: dict[str, int]
    rating: float | None
    reviews: int
    sold: int
    published_at: str
    card: Json


def facet(attribute_id: str, value: object) -> str | None:
    """How a value of an attribute stands in `facets`; None for one that is too long to be picked."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, float) and value.is_integer():
        text = str(int(value))
    else:
        text = str(value)
    return f"{attribute_id}={text}" if len(text) <= LONGEST_FACET else None


def definition(chinese: str) -> Json:
    """Settings and mappings of an index; `chinese` is one of CHINESE."""
    return {
        "settings": {"analysis": _analysis(chinese)},
        "mappings": {"dynamic": "strict", "properties": _properties(chinese)},
    }


def _properties(chinese: str) -> Json:
    searched = {"search_analyzer": "query"} if chinese == "ik" else {}
    text: Json = {"type": "text", "analyzer": "text", **searched}
    keyword: Json = {"type": "keyword", "ignore_above": 256}
    prefix: Json = {"type": "text", "analyzer": "prefix", "search_analyzer": "plain", "norms": False}
    plain: Json = {"type": "text", "analyzer": "plain"}
    return {
        "id": {"type": "keyword"},
        "handle": keyword,
        "title": {**text, "copy_to": "spelling", "fields": {"plain": plain, "prefix": prefix}},
        "description": {**text, "copy_to": "spelling", "fields": {"plain": plain}},
        "brand": {**text, "copy_to": "spelling", "fields": {"key": keyword, "prefix": prefix}},
        "tags": {**text, "copy_to": "spelling", "fields": {"key": {**keyword, "ignore_above": _LONGEST_TAG}}},
        "kinds": {**text, "copy_to": "spelling", "fields": {"plain": plain, "prefix": prefix}},
        "kind_keys": keyword,
        "attributes": {**text, "copy_to": "spelling"},
        "attribute_names": text,
        "codes": keyword,
        "heads": keyword,
        "joined": keyword,
        "tails": keyword,
        "spelling": {"type": "text", "analyzer": "plain", "norms": False},
        "category": keyword,
        "facets": keyword,
        "collections": keyword,
        "prices": {"type": "object", "dynamic": "true"},
        "rating": {"type": "float"},
        "reviews": {"type": "integer"},
        "sold": {"type": "integer"},
        "published_at": {"type": "date"},
        "card": {"type": "object", "enabled": False},
    }


def _analysis(chinese: str) -> Json:
    folded = ["cjk_width", "lowercase", "asciifolding"]
    standard: Json = {"type": "custom", "char_filter": ["possessive"], "tokenizer": "standard"}
    analyzers: Json = {
        # One character is one word: what a single one is found by, and where neighbours stand beside each other.
        "plain": {**standard, "filter": folded},
        "prefix": {**standard, "filter": [*folded, "beginnings"]},
    }
    if chinese == "smartcn":
        analyzers["text"] = {**standard, "tokenizer": "smartcn_tokenizer", "filter": [*folded, "porter_stem"]}
    elif chinese == "ik":
        analyzers["text"] = {**standard, "tokenizer": "ik_max_word", "filter": [*folded, "porter_stem"]}
        analyzers["query"] = {**standard, "tokenizer": "ik_smart", "filter": [*folded, "porter_stem"]}
    else:
        analyzers["text"] = {**standard, "filter": [*folded, "cjk_bigram", "porter_stem"]}
    return {
        "char_filter": {
            "possessive": {"type": "pattern_replace", "pattern": "['\u2019][sS]\\b", "replacement": ""},
        },
        "filter": {"beginnings": {"type": "edge_ngram", "min_gram": 1, "max_gram": 20}},
        "analyzer": analyzers,
    }
