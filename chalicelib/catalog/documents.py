"""Products as documents of the search index."""

import html
import re
from collections.abc import Iterator

import msgspec

from chalicelib.catalog import attributes, categories, prices, schemas, search_words
from chalicelib.catalog.product import AttributeValue
from chalicelib.catalog.search_index import Document, facet
from chalicelib.catalog.tables import Product

# Attributes that say what a product is. Files name the product's type so, and it is found like a category's name.
_TYPES = frozenset({"product-type", "product_type", "producttype", "产品类型", "商品类型", "类型"})
_TAG = re.compile(r"<[^>]*>")
_COLLECTION = "+"  # what a collection's shelf begins with


def document(product: Product) -> Document:
    """What search keeps of a published product."""
    titles = {tag: words.title for tag, words in product.translations.items()}
    title = [product.title, *titles.values()]
    descriptions = [product.description, *(words.description for words in product.translations.values())]
    kinds = [*categories.present().path_names(product.category), *_types(product)]
    values = list(_values(product))
    return Document(
        id=product.id,
        version=int(product.version),
        handle=str(product.handle),
        title=title,
        description=[text for text in map(_bare, descriptions) if text],
        brand=product.brand,
        tags=product.tags,
        kinds=kinds,
        kind_keys=sorted({search_words.name_key(kind) for kind in kinds}),
        attributes=[text for _, value in values for text in _spoken(value)],
        attribute_names=[name for name, _ in values],
        codes=sorted({search_words.code_key(sku) for sku in product.skus}),
        heads=search_words.heads(title),
        joined=search_words.joined([*title, *kinds]),
        tails=search_words.tails(title),
        category=product.category,
        facets=_facets(product),
        collections=[name[1:] for name in product.shelves if name.startswith(_COLLECTION)],
        prices=prices.public_prices(product),
        rating=None,
        reviews=0,
        sold=0,
        available=True,
        published_at=str(product.published_at),
        card={**msgspec.to_builtins(schemas.card(product)), "titles": titles},
    )


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


def _bare(text: str) -> str:
    """The words of HTML."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())
