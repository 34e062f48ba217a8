"""Collections of products for a purpose: chosen one by one, or everything to which a rule applies."""

from collections.abc import Sequence

import msgspec

from chalicelib.catalog import html, service, tables
from chalicelib.catalog.events import CollectionChanged
from chalicelib.catalog.sorting import chosen_tables, rule_language
from chalicelib.catalog.sorting import taxonomy_tables as taxonomy
from chalicelib.catalog.sorting.chosen_tables import ChosenProducts
from chalicelib.catalog.sorting.collection_rule import Facts, Rule
from chalicelib.catalog.sorting.taxonomy import CollectionDraft
from chalicelib.catalog.sorting.taxonomy_tables import Collection
from chalicelib.catalog.tables import CatalogItem, Shelved, Standing, standing_key
from chalicelib.core import audit, cache, dynamo, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy, invalid, not_found
from chalicelib.core.paging import foreign_cursor
from chalicelib.core.settings import settings
from chalicelib.core.staff import Staff

# All of them are read whole, and each rule is asked about every product that is saved.
MOST_COLLECTIONS = 500
MOST_RULES = 200
_ATTEMPTS = 5


class Known(msgspec.Struct, frozen=True):
    """A collection; by rule unless `rule` is None."""

    id: str
    content: CollectionDraft
    rule: Rule | None


class _Changed(Exception):
    """The collection was changed between reading and writing."""


def shelf(collection_id: str) -> str:
    """The name of the shelf on which products of a collection by rule stand."""
    return f"+{collection_id}"


def _read() -> dict[str, Known]:
    known = [_known(item) for item in taxonomy.collections()]
    return {one.id: one for one in sorted(known, key=lambda one: (one.content.position, one.content.name, one.id))}


_kept = cache.for_a_minute(_read)


def present() -> dict[str, Known]:
    """All collections, published or not, by id and in their order; up to a minute old."""
    return _kept()


def latest() -> dict[str, Known]:
    """All collections as they are this moment."""
    return _read()


def published(collection_id: str) -> Known:
    """A collection that is shown; 404 for others."""
    one = present().get(collection_id)
    if one is None or not one.content.published:
        raise not_found("collection")
    return one


def applying(facts: Facts) -> list[str]:
    """The ids of the collections to whose rules a product belongs, sorted."""
    return sorted(one.id for one in present().values() if one.rule is not None and one.rule.holds(facts))


def find(collection_id: str) -> Known:
    return _known(_find(collection_id))


def chosen(collection_id: str) -> list[str]:
    """The ids of the products that were put into a collection, in its order."""
    item = dynamo.get(ChosenProducts, **chosen_tables.chosen_key(collection_id))
    return list(item.products) if item is not None else []


def put(collection_id: str, draft: CollectionDraft, by: Staff) -> Known:
    """Create or change a collection. The same again changes nothing. 422 `invalid_rule` for what is no rule."""
    draft = html.cleaned(draft)
    rule = rule_language.parse(draft.rule, settings.currency) if draft.rule else None
    entry = audit.entry(by, "collection.put", collection_id, name=draft.name, published=draft.published)
    for _ in range(_ATTEMPTS):
        old = dynamo.get(Collection, **taxonomy.collection_key(collection_id))
        if old is not None and old.content == draft:
            return _known(old)
        before = _known(old).rule if old is not None else None
        if old is None or (before is None and rule is not None):
            _check_room(new=old is None, rule=rule is not None)
        version = int(old.version) + 1 if old is not None else 1
        new = Collection(**taxonomy.collection_key(collection_id), id=collection_id, version=version, content=draft)
        told = [_announce(new)] if rule != before else []
        try:
            dynamo.transaction([dynamo.put(new, _unchanged(old), _Changed()), entry, *told])
        except _Changed:
            continue
        finally:
            cache.forget()
        return _known(new)
    raise busy()


def delete(collection_id: str, by: Staff) -> None:
    """Take a collection away; its products stay."""
    old = _find(collection_id)
    changed = ShopError("collection_changed", 409, "The collection was changed meanwhile. Look at it again.")
    actions = [
        dynamo.delete(old, _unchanged(old), changed),
        dynamo.delete(ChosenProducts(**chosen_tables.chosen_key(collection_id))),
        audit.entry(by, "collection.deleted", collection_id),
    ]
    old.version = int(old.version) + 1
    dynamo.transaction([*actions, *([_announce(old)] if old.content.rule else [])])
    cache.forget()


def choose(collection_id: str, product_ids: Sequence[str], by: Staff) -> list[str]:
    """Say which products are in a collection, in their order; 409 for one by rule. The same again changes nothing."""
    if _find(collection_id).content.rule is not None:
        raise ShopError("collection_by_rule", 409, "What is in this collection is decided by its rule.")
    _check_products(product_ids)
    key, wanted = chosen_tables.chosen_key(collection_id), list(product_ids)
    if chosen(collection_id) != wanted:
        dynamo.transaction(
            [
                dynamo.put(ChosenProducts(**key, products=wanted)),
                dynamo.check(
                    Collection(**taxonomy.collection_key(collection_id)),
                    Collection.pk.exists(),
                    not_found("collection"),
                ),
                audit.entry(by, "collection.chosen", collection_id, products=len(wanted)),
            ]
        )
    return wanted


def page(one: Known, limit: int, after: str | None) -> tuple[list[Shelved], str | None]:
    """A page of a collection's published products and the place from which the next page goes on, if there is one.

    By rule they come newest first, else in the order in which they were put. Such a place is a product, so a list that
    is changed while somebody reads on goes on behind it.
    """
    if one.rule is not None:
        return service.listed(shelf(one.id), limit, after)
    product_ids = chosen(one.id)
    start = _behind(product_ids, after)
    found: list[tuple[int, Shelved]] = []
    while start < len(product_ids) and len(found) <= limit:
        some = product_ids[start : start + limit + 1]
        places = {product_id: start + n for n, product_id in enumerate(some)}
        found += [(places[each.product.id], each) for each in tables.shelved(some) if each.product.published]
        start += len(some)
    shown = found[:limit]
    more = f"{shown[-1][0]}#{shown[-1][1].product.id}" if len(found) > limit else None
    return [each for _, each in shown], more


def _behind(product_ids: list[str], after: str | None) -> int:
    if after is None:
        return 0
    index, _, product_id = after.partition("#")
    if product_id in product_ids:
        return product_ids.index(product_id) + 1
    if not index.isdecimal() or len(index) > 9:
        raise foreign_cursor()
    return int(index)  # it was taken out, and what stood behind it moved up


def _known(item: Collection) -> Known:
    rule = rule_language.parse(item.content.rule, settings.currency) if item.content.rule else None
    return Known(item.id, item.content, rule)


def _find(collection_id: str) -> Collection:
    item = dynamo.get(Collection, **taxonomy.collection_key(collection_id))
    if item is None:
        raise not_found("collection")
    return item


def _unchanged(old: Collection | None) -> dynamo.Condition:
    return Collection.pk.does_not_exist() if old is None else Collection.version == int(old.version)


def _check_room(*, new: bool, rule: bool) -> None:
    known = _read()
    if new and len(known) >= MOST_COLLECTIONS:
        raise ShopError("too_many_collections", 422, f"A shop has at most {MOST_COLLECTIONS} collections.")
    if rule and sum(one.rule is not None for one in known.values()) >= MOST_RULES:
        raise invalid("/rule", f"A shop has at most {MOST_RULES} collections by rule.")


def _check_products(product_ids: Sequence[str]) -> None:
    keys: list[dynamo.Key] = [(Standing, *standing_key(product_id).values()) for product_id in product_ids]  # type: ignore[misc]
    there = dynamo.load(keys, consistent=True)
    for place, key in enumerate(keys):
        if key not in there:
            raise invalid(f"/products/{place}", f"There is no product {product_ids[place]!r}.")
        if product_ids[place] in product_ids[:place]:
            raise invalid(f"/products/{place}", "This product stands in the list already.")


def _announce(item: Collection) -> Action:
    event = CollectionChanged(aggregate_id=item.id, aggregate_version=int(item.version))
    return dynamo.put_raw(CatalogItem, outbox.attributes(event))
