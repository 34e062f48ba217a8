"""What clients see of the categories."""

import msgspec

from chalicelib.catalog.categories import Categories, name_in
from chalicelib.catalog.product import Locale, Seo
from chalicelib.catalog.taxonomy import Words
from chalicelib.catalog.taxonomy_tables import Category


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


def _view(known: Categories, item: Category, locale: str | None) -> CategoryView:
    return CategoryView(
        id=item.id,
        name=name_in(item, locale),
        translations=item.translations,
        parent=item.parent,
        position=int(item.position),
        path=list(known.tree.path(item.id)),
    )
