"""What clients send to search and see of it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.catalog.product import Locale, Slug
from chalicelib.catalog.schemas import ProductCard
from chalicelib.catalog.search.search_query import Sort
from chalicelib.core.money import Amount, Currency
from chalicelib.core.paging import Page

_MOST_CHOSEN = 50
Words = Annotated[str, Meta(max_length=200)]
Brand = Annotated[str, Meta(min_length=1, max_length=200)]
Tag = Annotated[str, Meta(min_length=1, max_length=300)]
AttributeChoice = Annotated[
    str,
    Meta(
        pattern=r"^[^\s:=]{1,60}:[^\x00]{1,100}$(?!\n)",
        description="<attribute id>:<value>, color:red for example",
    ),
]


class Search(Page, frozen=True, forbid_unknown_fields=True):
    """`category`, `brand`, `attribute` and `tag` may be repeated. Of several categories, brands or values of one
    attribute any will do; of several tags and of different attributes all are needed. Prices are in minor units of
    `currency`, the shop's if it is absent."""

    q: Words | None = None
    category: Annotated[tuple[Slug, ...], Meta(max_length=_MOST_CHOSEN)] = ()
    brand: Annotated[tuple[Brand, ...], Meta(max_length=_MOST_CHOSEN)] = ()
    price_min: Amount | None = None
    price_max: Amount | None = None
    rating_min: Annotated[float, Meta(ge=0, le=5)] | None = None
    attribute: Annotated[tuple[AttributeChoice, ...], Meta(max_length=_MOST_CHOSEN)] = ()
    tag: Annotated[tuple[Tag, ...], Meta(max_length=_MOST_CHOSEN)] = ()
    collection: Slug | None = None
    sort: Sort = "relevance"
    currency: Currency | None = None
    locale: Locale | None = None
    # It holds where a page ended and what was looked for, which may be long in UTF-8.
    cursor: Annotated[str, Meta(max_length=2048)] | None = None


class Suggest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    q: Words
    limit: Annotated[int, Meta(ge=1, le=20)] = 6
    locale: Locale | None = None
    currency: Currency | None = None


class FacetValue(msgspec.Struct, frozen=True):
    """A value to narrow results down to, and how many there are of it."""

    value: str
    count: int
    selected: bool


class CategoryCount(msgspec.Struct, frozen=True):
    """A category with how many results are in it or anywhere below it. `parent` is null at the top."""

    id: str
    name: str
    parent: str | None
    count: int
    selected: bool


class PriceRange(msgspec.Struct, frozen=True):
    """Results from `price_min` to `price_max`, both included; null: no end there."""

    price_min: int | None
    price_max: int | None
    count: int


class PriceFacet(msgspec.Struct, frozen=True):
    """`lowest` and `highest` are of all results, in minor units of `currency`; null if none is sold in it."""

    currency: str
    lowest: int | None
    highest: int | None
    ranges: list[PriceRange]


class RatingCount(msgspec.Struct, frozen=True):
    """So many results have `rating_min` stars or more."""

    rating_min: int
    count: int
    selected: bool


class AttributeFacet(msgspec.Struct, frozen=True):
    id: str
    name: str
    unit: str | None
    values: list[FacetValue]


class Facets(msgspec.Struct, frozen=True):
    """What the results can be narrowed down by, most results first; categories in the order of the tree.

    What one of them is narrowed down to does not count for its own values.
    """

    categories: list[CategoryCount]
    brands: list[FacetValue]
    price: PriceFacet
    ratings: list[RatingCount]
    attributes: list[AttributeFacet]


class Fallback(msgspec.Struct, frozen=True):
    """Few or no products have all words, so others are shown behind those that have.

    `exact` is how many have all of them, `searched` what was looked for, `dropped` which words even the best result
    lacks.
    """

    exact: int
    searched: str
    dropped: list[str]


class SearchResults(msgspec.Struct, frozen=True):
    """One page of results. `did_you_mean` is how the words are spelt in this shop; if nothing was found as it was
    typed, the results are what was found for that."""

    data: list[ProductCard]
    total: int
    facets: Facets
    did_you_mean: str | None
    fallback: Fallback | None
    next_cursor: str | None


class CategorySuggestion(msgspec.Struct, frozen=True):
    """A category, with the names from the top down to it."""

    id: str
    name: str
    path: list[str]


class Suggestions(msgspec.Struct, frozen=True):
    """What somebody who types may mean: words to search for, categories, products."""

    queries: list[str]
    categories: list[CategorySuggestion]
    products: list[ProductCard]
