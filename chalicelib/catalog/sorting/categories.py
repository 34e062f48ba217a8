"""Categories: the tree as it is, put, moved and deleted by staff, grown by files."""

from collections.abc import Callable, Sequence

import msgspec

from chalicelib.catalog import html, service, tables
from chalicelib.catalog.events import CategoryChanged
from chalicelib.catalog.sorting import category_tree
from chalicelib.catalog.sorting import taxonomy_tables as taxonomy
from chalicelib.catalog.sorting.category_tree import Place, Tree
from chalicelib.catalog.sorting.taxonomy import CategoryDraft
from chalicelib.catalog.sorting.taxonomy_tables import Category, TreeVersion
from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import audit, cache, dynamo, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy, invalid, not_found
from chalicelib.core.staff import Staff

MOST_CATEGORIES = 5000
_ATTEMPTS = 5
_PAGE = 50


class Categories(msgspec.Struct, frozen=True):
    """All categories as they were in a version of the tree."""

    version: int
    tree: Tree
    items: dict[str, Category]

    def find(self, category_id: str) -> Category:
        if category_id not in self.items:
            raise not_found("category")
        return self.items[category_id]

    def path(self, category_id: str | None) -> list[Category]:
        """The categories from the top down to this one, as far as they are there."""
        ids = self.tree.path(category_id) if category_id else ()
        return [self.items[found] for found in ids if found in self.items]

    def below(self, category_id: str | None) -> list[Category]:
        """All that stand below a category, at any depth, in the tree's order. Below None: all."""
        return [self.items[found] for found in self.tree.below(category_id)]

    def children(self, category_id: str) -> list[Category]:
        return [self.items[found] for found in self.tree.children.get(category_id, ())]

    def path_names(self, category_id: str | None) -> list[str]:
        """The names of a category and of all above it, in all languages: by what a product in it can be found."""
        return [name for item in self.path(category_id) for name in (item.name, *translated(item))]


class _Moved(Exception):
    """The tree has changed since it was read: look again."""


def name_in(item: Category, locale: str | None) -> str:
    """What a category is called in a language, by its exact tag; else by its own name."""
    words = item.translations.get(locale) if locale else None
    return words.name if words else str(item.name)


def translated(item: Category) -> list[str]:
    return [words.name for words in item.translations.values()]


def _read() -> Categories:
    version, items = taxonomy.categories()
    places = (Place(int(item.position), item.name, item.id, item.parent) for item in items)
    return Categories(version, category_tree.grown(places), {item.id: item for item in items})


_kept = cache.for_a_minute(_read)


def present(since: int = 0) -> Categories:
    """All categories, up to a minute old, but not older than the version `since` of the tree."""
    found = _kept()
    if found.version >= since:
        return found
    cache.forget()
    return _kept()


def latest() -> Categories:
    """All categories as they are this moment."""
    return _read()


def put(category_id: str, draft: CategoryDraft, by: Staff) -> Categories:
    """Create, change or move a category. The same again changes nothing. 422 for a parent that can not be."""

    def changed(now: Categories) -> list[Action]:
        wanted = _item(category_id, html.cleaned(draft))
        old = now.items.get(category_id)
        if old is not None and _facts(old) == _facts(wanted):
            return []
        now.tree.check_move(category_id, draft.parent)
        if old is None:
            _check_room(now, 1)
        actions = [dynamo.put(wanted), _put_entry(by, wanted)]
        return [*actions, _announce(wanted, now)] if _concerns_products(old, wanted) else actions

    return _change(changed)


def delete(category_id: str, by: Staff) -> Categories:
    """Take a category away; 409 while others stand below it or published products in it."""

    def changed(now: Categories) -> list[Action]:
        item = now.find(category_id)
        if now.children(category_id):
            raise _not_empty("There are categories below this one. Move them first.")
        if _is_in_use(category_id):
            raise _not_empty("There are published products in this category. Move them first.")
        return [dynamo.delete(item), audit.entry(by, "category.deleted", category_id)]

    return _change(changed)


def _is_in_use(category_id: str) -> bool:
    """Whether products stand in a category, and not only entries that they have left there."""
    after: str | None = None
    while True:
        products, after = service.listed(category_id, _PAGE, after, consistent=True)
        if products or after is None:
            return bool(products)


def ensure_path(path: Sequence[tuple[str, str]], by: Staff | None = None) -> None:
    """Make sure that the categories of a path, (id, name) from the top down, are there, without `by` for a file.

    A missing one is put below the one before it, or as near to it as there is room. What is there keeps its name and
    its place. If all are known to be there, this takes no request.
    """
    wanted = [Place(0, name.strip()[:300] or category_id, category_id, None) for category_id, name in path]
    if all(place.id in present().items for place in wanted):
        return

    def changed(now: Categories) -> list[Action]:
        actions: list[Action] = []
        places, parent = dict(now.tree.places), None
        for place in wanted:
            if place.id not in places:
                above = category_tree.grown(places.values()).nearest(parent)
                places[place.id] = msgspec.structs.replace(place, parent=above)
                made = _item(place.id, CategoryDraft(place.name, parent=above))
                actions += [dynamo.put(made), *([_put_entry(by, made)] if by else [])]
            parent = place.id
        _check_room(now, len(places) - len(now.items))
        return actions

    _change(changed)


def ensure(category_id: str, by: Staff | None = None) -> None:
    """Make sure that a category exists; one that is there keeps its name and its place."""
    ensure_path([(category_id, category_id.replace("-", " ").capitalize())], by)


def _change(changed: Callable[[Categories], list[Action]]) -> Categories:
    """Commit what `changed` makes of the present tree, unless it is nothing; again if the tree changes meanwhile."""
    for _ in range(_ATTEMPTS):
        now = _read()
        if not (actions := changed(now)):
            return now
        try:
            dynamo.transaction([*actions, _next(now.version)])
        except _Moved:
            continue
        finally:
            cache.forget()
        return present()
    raise busy()


def _next(version: int) -> Action:
    item = TreeVersion(**taxonomy.tree_version_key(), version=version + 1)
    return dynamo.put(item, TreeVersion.version == version if version else TreeVersion.pk.does_not_exist(), _Moved())


def _item(category_id: str, draft: CategoryDraft) -> Category:
    return Category(
        **taxonomy.category_key(category_id),
        id=category_id,
        name=draft.name,
        description=draft.description,
        seo=draft.seo,
        translations=draft.translations,
        parent=draft.parent,
        position=draft.position,
    )


def _facts(item: Category) -> tuple[object, ...]:
    return item.name, item.description, item.seo, item.translations, item.parent, int(item.position)


def _concerns_products(old: Category | None, new: Category) -> bool:
    """Whether products in a category are found by other names or at another place than before."""
    if old is None:
        return bool(tables.shelf(new.id, 1, None))  # published while somebody deleted it
    return (old.parent, old.name, translated(old)) != (new.parent, new.name, translated(new))


def _announce(item: Category, before: Categories) -> Action:
    event = CategoryChanged(aggregate_id=item.id, aggregate_version=before.version + 1)
    return dynamo.put_raw(CatalogItem, outbox.attributes(event))


def _put_entry(by: Staff, item: Category) -> Action:
    parent: dict[str, audit.Fact] = {"parent": item.parent} if item.parent else {}
    return audit.entry(by, "category.put", item.id, name=item.name, **parent)


def _check_room(now: Categories, more: int) -> None:
    if len(now.items) + more > MOST_CATEGORIES:
        raise invalid("/category", f"A shop has at most {MOST_CATEGORIES} categories.")


def _not_empty(detail: str) -> ShopError:
    return ShopError("category_not_empty", 409, detail)
