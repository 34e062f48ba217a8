"""Products as documents of the search index."""

from collections.abc import Iterator

import msgspec

from chalicelib.catalog import schemas
from chalicelib.catalog.feeds.plain_text import plain_text
from chalicelib.catalog.pricing import prices
from chalicelib.catalog.product import AttributeValue
from chalicelib.catalog.search import search_words
from chalicelib.catalog.search.search_engine import Write
from chalicelib.catalog.search.search_index import Document, definition, facet
from chalicelib.catalog.sorting import attributes, categories, shelving
from chalicelib.catalog.tables import Product, Shelved, Standing
from chalicelib.core.settings import settings

# What an index for these documents is made with.
INDEX = definition(settings.search_chinese)

# Attributes that say what a product is. Files name the product's type so, and it is found like a category's name.
_TYPES = frozenset({"product-type", "product_type", "producttype", "产品类型", "商品类型", "类型"})


def document(product: Product, standing: Standing | None) -> Document:
    """What search keeps of a published product."""
    titles = {tag: words.title for tag, words in product.translations.items()}
    title = [product.title, *titles.values()]
    descriptions = [product.description, *(words.description for words in product.translations.values())]
    known = categories.present(since=int(product.tree_version))  # the names by which it was arranged, or later ones
    kinds = [*known.path_names(product.category), *_types(product)]
    values = list(_values(product))
    return Document(
        id=product.id,
        version=version(product, standing),
        handle=str(product.handle),
        title=title,
        description=[text for text in map(plain_text, descriptions) if text],
        brand=product.brand,
        tags=product.tags,
        kinds=kinds,
        kind_keys=sorted({search_words.name_key(kind) for kind in kinds}),
        attributes=[*(text for _, value in values for text in _spoken(value)), *product.choices],
        attribute_names=[name for name, _ in values],
        codes=sorted({search_words.code_key(code) for code in (*product.skus, *product.barcodes)}),
        heads=search_words.heads(title, product.brand or ""),
        joined=search_words.joined([*title, *kinds]),
        tails=_tails(title, kinds, product.brand),
        category=product.category,
        facets=_facets(product),
        collections=shelving.collections_of(product),
        prices=prices.public_prices(product),
        rating=_rating(standing),
        reviews=int(standing.reviews) if standing else 0,
        sold=int(standing.sold) if standing else 0,
        published_at=str(product.published_at),
        card={**msgspec.to_builtins(schemas.card(Shelved(product, standing))), "titles": titles},
    )


def version(product: Product, standing: Standing | None) -> int:
    """Both only rise, so their sum does with every change of what search shows."""
    return int(product.version) + (int(standing.version) if standing else 0)


def written(document: Document) -> Write:
    """A document as the engine takes it."""
    fields = msgspec.structs.asdict(document)
    return Write(document.id, fields.pop("version"), fields)


def _rating(standing: Standing | None) -> float | None:
    return int(standing.stars) / int(standing.reviews) if standing and standing.reviews else None


def _types(product: Product) -> list[str]:
    return [text for name in sorted(_TYPES & product.attributes.keys()) for text in _spoken(product.attributes[name])]


def _values(product: Product) -> Iterator[tuple[str, AttributeValue]]:
    """The product's attributes by each of their names; what it has not is not said of it."""
    for attribute_id, value in product.attributes.items():
        if value is not False:
            names = attributes.names(attribute_id) or [attribute_id.replace("-", " ").replace("_", " ")]
            yield " ".join(names), value


def _spoken(value: AttributeValue) -> list[str]:
    """A value's words. Of yes or no the name says all; a bare number says nothing without it."""
    if isinstance(value, bool | int | float):
        return []
    return [value] if isinstance(value, str) else list(value)


def _facets(product: Product) -> list[str]:
    found = (
        facet(attribute_id, one)
        for attribute_id, value in product.attributes.items()
        for one in (value if isinstance(value, list | tuple) else [value])
    )
    return sorted({text for text in found if text})


def _tails(title: list[str], kinds: list[str], brand: str | None) -> list[str]:
    names = [*search_words.tails(title), *(name.casefold() for name in (*kinds, brand or "") if name)]
    return list(dict.fromkeys(names))
