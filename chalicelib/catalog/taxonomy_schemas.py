"""What clients see of categories and attributes."""

from collections.abc import Iterable

import msgspec

from chalicelib.catalog import attributes
from chalicelib.catalog.categories import Categories, name_in
from chalicelib.catalog.product import Locale, Seo
from chalicelib.catalog.taxonomy import AttributeDraft, Words
from chalicelib.catalog.taxonomy_tables import Attribute, Category


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


def attribute(item: Attribute, locale: str | None = None) -> AttributeView:
    label = _label(item, locale)
    return AttributeView(id=item.id, **{**msgspec.structs.asdict(item.content), **msgspec.structs.asdict(label)})


def attribute_list(locale: str | None = None) -> AttributeList:
    """All attributes in their order, with their names in a language."""
    return AttributeList([attribute(item, locale) for item in attributes.present().values()], None)


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
