"""What was found, as clients see it: in their language and currency."""

from typing import Any

import msgspec

from chalicelib.catalog.schemas import ProductCard
from chalicelib.catalog.search import search_counts
from chalicelib.catalog.search.search_counts import Counts
from chalicelib.catalog.search.search_schemas import (
    AttributeFacet,
    CategoryCount,
    CategorySuggestion,
    Facets,
    FacetValue,
    Fallback,
    PriceFacet,
    PriceRange,
    RatingCount,
    Search,
    SearchResults,
    Suggest,
    Suggestions,
)
from chalicelib.catalog.search.searching import Found
from chalicelib.catalog.search.suggesting import Meant
from chalicelib.catalog.sorting import attributes, categories
from chalicelib.catalog.sorting.categories import name_in
from chalicelib.catalog.sorting.taxonomy_schemas import attribute_labels
from chalicelib.core.money import Money


def results(found: Found, wanted: Search) -> SearchResults:
    fallback = None
    if found.mode != "strict":
        fallback = Fallback(found.exact, found.text or "", found.dropped)
    return SearchResults(
        data=[card(source, wanted.locale, found.currency) for source in found.sources],
        total=found.total,
        facets=facets(found.counts, wanted, found.currency),
        did_you_mean=found.corrected,
        fallback=fallback,
        next_cursor=found.next_cursor,
    )


def suggestions(meant: Meant, wanted: Suggest) -> Suggestions:
    known = categories.present()
    found = [
        CategorySuggestion(
            item.id, name_in(item, wanted.locale), [name_in(one, wanted.locale) for one in known.path(item.id)]
        )
        for item in meant.categories
    ]
    return Suggestions(meant.queries, found, [card(source, wanted.locale, meant.currency) for source in meant.sources])


def card(source: dict[str, Any], locale: str | None, currency: str) -> ProductCard:
    """A product as the index shows it: its title in a language, its price in a currency if it is sold in it."""
    kept = {name: value for name, value in source["card"].items() if name != "titles"}
    amount = source["prices"].get(currency)
    kept["title"] = source["card"]["titles"].get(locale or "", kept["title"])
    kept["price_from"] = None if amount is None else Money(amount, currency)
    return msgspec.convert(kept, ProductCard)


def facets(counts: Counts, wanted: Search, currency: str) -> Facets:
    return Facets(
        categories=_categories(counts, wanted),
        brands=[FacetValue(name, count, name in wanted.brand) for name, count in counts.brands.items()],
        price=PriceFacet(
            currency,
            counts.cheapest,
            counts.dearest,
            [PriceRange(slot.price_min, slot.price_max, slot.count) for slot in counts.prices],
        ),
        ratings=[RatingCount(stars, count, stars == wanted.rating_min) for stars, count in counts.ratings.items()],
        attributes=_attributes(counts, wanted),
    )


def _categories(counts: Counts, wanted: Search) -> list[CategoryCount]:
    known = categories.present()
    total = search_counts.rolled_up(counts.categories, known.tree.path)
    return [
        CategoryCount(item.id, name_in(item, wanted.locale), item.parent, total[item.id], item.id in wanted.category)
        for item in known.below(None)
        if item.id in total
    ]


def _attributes(counts: Counts, wanted: Search) -> list[AttributeFacet]:
    chosen = set(wanted.attribute)
    order = [name for name in attributes.present() if name in counts.attributes]
    order += [name for name in counts.attributes if name not in order]
    labels = attribute_labels(order, wanted.locale)
    found = []
    for name in order:
        values = [
            FacetValue(value, count, f"{name}:{value}" in chosen) for value, count in counts.attributes[name].items()
        ]
        label = labels.get(name)
        found.append(AttributeFacet(name, label.name if label else name, label.unit if label else None, values))
    return found
