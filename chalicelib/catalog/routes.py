"""What anyone may see of the catalogue. The same answer for everyone, so that a CDN can keep it."""

from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta

from chalicelib.catalog import schemas, service, tables
from chalicelib.catalog.feeds import feeds
from chalicelib.catalog.pricing import price_schemas, prices
from chalicelib.catalog.reviews import review_schemas, reviews
from chalicelib.catalog.search import search_views, searching, suggesting
from chalicelib.catalog.search.search_schemas import Search, SearchResults, Suggest, Suggestions
from chalicelib.catalog.sorting import attributes, categories, collections, taxonomy_schemas
from chalicelib.core.errors import moved
from chalicelib.core.paging import Page, decode_cursor, encode_cursor
from chalicelib.core.web import Elsewhere, Routes

routes = Routes(__name__)
_MINUTE = "public, max-age=60, stale-while-revalidate=300"
_FOR_A_LINK = "public, max-age=60"


@routes.get("/products", cache=_MINUTE)
def list_products(query: schemas.ListProducts) -> schemas.Products:
    """Published products, newest first, all or those of one category and what is below it."""
    on = _public_terms(query.currency)
    products, after = service.listed(query.category or tables.PUBLISHED, query.limit, decode_cursor(query.cursor))
    return schemas.Products([schemas.card(p, query.locale, on) for p in products], encode_cursor(after))


@routes.get("/products/{handle}", cache=_MINUTE)
def show_product(handle: str, query: schemas.ShowProduct) -> schemas.ProductView:
    """A published product with its variants. A handle that it had before is answered with 301."""
    try:
        page = service.published_page(handle)
    except service.Renamed as renamed:
        raise moved(_address(query, renamed.handle)) from None
    return schemas.product(page, query.locale, _public_terms(query.currency))


@routes.get("/products/{handle}/reviews", cache=_MINUTE)
def list_reviews(handle: str, query: Page) -> review_schemas.Reviews:
    """What buyers say of a published product, newest first, and how its rating comes about."""
    try:
        product, standing = service.reviewed_product(handle)
    except service.Renamed as renamed:
        raise moved(f"../{_address(query, renamed.handle, 'reviews')}") from None
    found, after = reviews.published(product.id, query.limit, decode_cursor(query.cursor))
    data = [review_schemas.review(item) for item in found]
    return review_schemas.Reviews(data, review_schemas.product_rating(standing), encode_cursor(after))


@routes.get("/categories", cache=_MINUTE)
def list_categories(query: taxonomy_schemas.InLanguage) -> taxonomy_schemas.CategoryList:
    """All categories of the shop, each before those below it, with its path."""
    return taxonomy_schemas.category_list(categories.present(), query.locale)


@routes.get("/categories/{category_id}", cache=_MINUTE)
def show_category(category_id: str, query: taxonomy_schemas.InLanguage) -> taxonomy_schemas.CategoryPage:
    """A category with the names of its path and the categories directly below it."""
    return taxonomy_schemas.category_page(categories.present(), category_id, query.locale)


@routes.get("/collections", cache=_MINUTE)
def list_collections(query: taxonomy_schemas.InLanguage) -> taxonomy_schemas.CollectionList:
    """All collections that are shown."""
    return taxonomy_schemas.collection_list(query.locale)


@routes.get("/collections/{collection_id}", cache=_MINUTE)
def show_collection(collection_id: str, query: taxonomy_schemas.InLanguage) -> taxonomy_schemas.CollectionView:
    """A collection."""
    return taxonomy_schemas.collection(collections.published(collection_id), query.locale)


@routes.get("/collections/{collection_id}/products", cache=_MINUTE)
def list_collection(collection_id: str, query: schemas.ListCollection) -> schemas.Products:
    """The published products of a collection, in its order; by rule, newest first."""
    one, on = collections.published(collection_id), _public_terms(query.currency)
    products, after = collections.page(one, query.limit, decode_cursor(query.cursor))
    return schemas.Products([schemas.card(p, query.locale, on) for p in products], encode_cursor(after))


@routes.get("/attributes", cache=_MINUTE)
def list_attributes(query: taxonomy_schemas.InLanguage) -> taxonomy_schemas.AttributeList:
    """What the attributes of products are called, and by which of them search can be narrowed down."""
    return taxonomy_schemas.attribute_list(attributes.present(), query.locale)


@routes.get("/search", cache=_MINUTE)
def search_products(query: Search) -> SearchResults:
    """Published products by words, narrowed down and sorted as asked, with how many there are of what."""
    return search_views.results(searching.search_products(query), query)


@routes.get("/search/suggest", cache=_MINUTE)
def suggest(query: Suggest) -> Suggestions:
    """What somebody who types may mean: words to search for, categories, products."""
    return search_views.suggestions(suggesting.suggest(query), query)


@routes.get("/currencies", cache=_MINUTE)
def list_currencies() -> price_schemas.Currencies:
    """The currencies in which everybody can buy, the shop's own first."""
    return price_schemas.currencies(prices.currencies())


@routes.get("/feeds/google.xml", cache=_FOR_A_LINK)
def show_google_feed() -> Elsewhere:
    """Google's product feed of all published products, made once a day."""
    return Elsewhere(feeds.link(lambda shown: shown.google))


@routes.get("/sitemap.xml", cache=_FOR_A_LINK)
def show_sitemap() -> Elsewhere:
    """The list of the shop's sitemaps, made once a day."""
    return Elsewhere(feeds.link(lambda shown: shown.index))


@routes.get("/sitemaps/{file}", cache=_FOR_A_LINK)
def show_one_sitemap(file: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,5}\.xml$(?!\n)")]) -> Elsewhere:
    """One of the shop's sitemaps: 1.xml and so on."""
    return Elsewhere(feeds.link(lambda shown: shown.sitemap(int(file.removesuffix(".xml")))))


def _public_terms(currency: str | None) -> prices.Terms:
    return prices.terms(prices.currency(currency, "/query/currency"))


def _address(query: msgspec.Struct, *steps: str) -> str:
    asked = {name: value for name, value in msgspec.structs.asdict(query).items() if value is not None}
    return "/".join(quote(step, safe="") for step in steps) + (f"?{urlencode(asked)}" if asked else "")
