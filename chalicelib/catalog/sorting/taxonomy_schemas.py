"""What clients see of categories, collections and attributes."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.catalog.product import Locale, Seo
from chalicelib.catalog.sorting import attributes, collections
from chalicelib.catalog.sorting.categories import Categories, name_in
from chalicelib.catalog.sorting.collections import Known
from chalicelib.catalog.sorting.taxonomy import AttributeDraft, Words
from chalicelib.catalog.sorting.taxonomy_tables import Attribute, Category


class InLanguage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    locale: Locale | None = None


class Crumb(msgspec.Struct, frozen=True):
    id: str
    name: str


class CategoryView(msgspec.Struct, frozen=True):
    """A category; `path` has the ids from the top down to it."""

    id: str
    name: str
    translations: dict[str, Words]
    parent: str | None
    position: int
    path: list[str]


class CategoryPage(CategoryView, frozen=True):
    """A category with what stands above it, itself the last, and directly below it."""

    description: str
    seo: Seo
    breadcrumbs: list[Crumb]
    children: list[CategoryView]


class CategoryList(msgspec.Struct, frozen=True):
    data: list[CategoryView]
    next_cursor: str | None


class CollectionView(msgspec.Struct, frozen=True):
    """A collection. `by_rule`: everything to which a rule applies is in it, newest first; else what staff have put."""

    id: str
    name: str
    description: str
    seo: Seo
    translations: dict[str, Words]
    image: str | None
    position: int
    by_rule: bool


class StaffCollectionView(CollectionView, frozen=True):
    published: bool
    rule: str | None


class StaffCollectionPage(StaffCollectionView, frozen=True):
    """A collection and the ids of the products that were put into it."""

    products: list[str]


class CollectionList(msgspec.Struct, frozen=True):
    data: list[CollectionView]
    next_cursor: str | None


class StaffCollectionList(msgspec.Struct, frozen=True):
    data: list[StaffCollectionView]
    next_cursor: str | None


class ChooseProducts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ids of products, in the order in which the collection shows them."""

    products: Annotated[tuple[Annotated[str, Meta(max_length=60)], ...], Meta(max_length=1000)]


class AttributeLabel(msgspec.Struct, frozen=True):
    name: str
    unit: str | None


class AttributeView(AttributeDraft, frozen=True, kw_only=True, forbid_unknown_fields=False, omit_defaults=False):
    id: str


class AttributeList(msgspec.Struct, frozen=True):
    data: list[AttributeView]
    next_cursor: str | None


def category_list(known: Categories, locale: str | None) -> CategoryList:
    """The whole tree, each category before those below it."""
    return CategoryList([_view(known, item, locale) for item in known.below(None)], None)


def category_page(known: Categories, category_id: str, locale: str | None = None) -> CategoryPage:
    item = known.find(category_id)
    words = item.translations.get(locale) if locale else None
    return CategoryPage(
        **msgspec.structs.asdict(_view(known, item, locale)),
        description=(words.description if words else "") or item.description,
        seo=words.seo if words and words.seo != Seo() else item.seo,
        breadcrumbs=breadcrumbs(known, category_id, locale),
        children=[_view(known, child, locale) for child in known.children(category_id)],
    )


def breadcrumbs(known: Categories, category_id: str | None, locale: str | None) -> list[Crumb]:
    return [Crumb(item.id, name_in(item, locale)) for item in known.path(category_id)]


def collection(one: Known, locale: str | None) -> CollectionView:
    return CollectionView(**_collection_fields(one, locale))


def collection_list(locale: str | None) -> CollectionList:
    """The collections that are shown, in their order."""
    known = collections.present().values()
    return CollectionList([collection(one, locale) for one in known if one.content.published], None)


def staff_collection(one: Known, products: list[str]) -> StaffCollectionPage:
    return StaffCollectionPage(**_staff_collection_fields(one), products=products)


def staff_collection_list() -> StaffCollectionList:
    """All collections, shown or not, as they are this moment."""
    known = collections.latest().values()
    return StaffCollectionList([StaffCollectionView(**_staff_collection_fields(one)) for one in known], None)


def _collection_fields(one: Known, locale: str | None) -> dict[str, Any]:
    own = one.content
    words = own.translations.get(locale) if locale else None
    return {
        "id": one.id,
        "name": words.name if words else own.name,
        "description": (words.description if words else "") or own.description,
        "seo": words.seo if words and words.seo != Seo() else own.seo,
        "translations": own.translations,
        "image": own.image,
        "position": own.position,
        "by_rule": one.rule is not None,
    }


def _staff_collection_fields(one: Known) -> dict[str, Any]:
    return {**_collection_fields(one, None), "published": one.content.published, "rule": one.content.rule}


def attribute(item: Attribute, locale: str | None = None) -> AttributeView:
    label = _label(item, locale)
    return AttributeView(id=item.id, **{**msgspec.structs.asdict(item.content), **msgspec.structs.asdict(label)})


def attribute_list(known: Mapping[str, Attribute], locale: str | None = None) -> AttributeList:
    """All attributes in their order, with their names in a language."""
    return AttributeList([attribute(item, locale) for item in known.values()], None)


def attribute_labels(attribute_ids: Iterable[str], locale: str | None) -> dict[str, AttributeLabel]:
    known = attributes.present()
    return {found: _label(known[found], locale) for found in attribute_ids if found in known}


def _label(item: Attribute, locale: str | None) -> AttributeLabel:
    own = item.content
    words = own.translations.get(locale) if locale else None
    return AttributeLabel(words.name if words else own.name, (words.unit if words else None) or own.unit)


def _view(known: Categories, item: Category, locale: str | None) -> CategoryView:
    return CategoryView(
        id=item.id,
        name=name_in(item, locale),
        translations=item.translations,
        parent=item.parent,
        position=int(item.position),
        path=list(known.tree.path(item.id)),
    )
