"""What somebody who is still typing may mean."""

from typing import Any

import msgspec

from chalicelib.catalog.pricing import prices
from chalicelib.catalog.search import search_engine, suggest_query
from chalicelib.catalog.search.search_schemas import Suggest
from chalicelib.catalog.search.search_words import words
from chalicelib.catalog.search.spelling import corrected
from chalicelib.catalog.sorting import categories
from chalicelib.catalog.sorting.taxonomy_tables import Category


class Meant(msgspec.Struct, frozen=True):
    """Words to search for, categories and products, the likeliest first. `sources` are of the index."""

    queries: list[str]
    categories: list[Category]
    sources: list[dict[str, Any]]
    currency: str


def suggest(wanted: Suggest) -> Meant:
    """What `wanted.q`, whose last word may not be at its end, may be the beginning of. 503 if the engine is away."""
    currency = prices.currency(wanted.currency, "/query/currency")
    typed = words(wanted.q)
    if not typed:
        return Meant([], [], [], currency)
    text = " ".join(typed)
    answer = search_engine.ask(suggest_query.body(typed, text, wanted.limit), text)
    queries = suggest_query.queries(typed, answer.counts)
    if (other := corrected(text, answer.spelling)) is not None and not queries:
        queries = [other]
    return Meant(queries[: wanted.limit], _categories(typed, wanted.limit), [h.source for h in answer.hits], currency)


def _categories(typed: list[str], limit: int) -> list[Category]:
    known = categories.present()
    found = []
    for item in known.below(None):
        names = [item.name, *(said.name for said in item.translations.values())]
        if any(suggest_query.begins(typed, name) for name in names):
            found.append(item)
    return sorted(found, key=lambda item: len(known.tree.path(item.id)))[:limit]
