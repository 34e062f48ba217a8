"""What a catalogue is but for its products, as a file carries it: attributes, categories, price lists, collections."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from chalicelib.catalog import html, service
from chalicelib.catalog.files.jsonlines import Chosen
from chalicelib.catalog.files.reading import Definition
from chalicelib.catalog.pricing import prices
from chalicelib.catalog.pricing.price_lists import PriceListDraft
from chalicelib.catalog.sorting import attributes, categories, collections
from chalicelib.catalog.sorting import taxonomy_tables as taxonomy
from chalicelib.catalog.sorting.taxonomy import CategoryDraft
from chalicelib.catalog.tables import TakenHandle
from chalicelib.core import dynamo
from chalicelib.core.errors import ShopError, invalid
from chalicelib.core.staff import Staff


def all_of_them() -> Iterator[Definition]:
    """Everything that products refer to, each behind what it refers to itself."""
    yield from (Definition("attribute", key, item.content) for key, item in attributes.latest().items())
    yield from (Definition("category", item.id, _category(item)) for item in categories.latest().below(None))
    for one in prices.kept_lists():
        yield Definition("price_list", one.id, PriceListDraft(*msgspec.structs.astuple(one)[1:]))
    yield from (Definition("collection", one.id, one.content) for one in collections.latest().values())


def chosen() -> Iterator[Definition]:
    """Which products were put into collections, by their handles."""
    for one in collections.latest().values():
        if one.rule is None and (found := _find_chosen(one.id)):
            yield Definition("chosen", one.id, found)


def save(wanted: Definition, by: Staff) -> str:
    """Make it so. Returns created, updated or unchanged."""
    before = _present(wanted)
    _PUT[wanted.kind](wanted.id, wanted.content, by)
    after = _present(wanted)
    return "unchanged" if after == before else "created" if before is None else "updated"


def foresee(wanted: Definition) -> str:
    """What `save` would return, as far as that shows without doing it."""
    before = _present(wanted)
    content = html.cleaned(wanted.content) if wanted.kind in ("category", "collection") else wanted.content
    return "created" if before is None else "unchanged" if before == content else "updated"


def _present(wanted: Definition) -> Any:
    try:
        return _FIND[wanted.kind](wanted.id)
    except ShopError as error:
        if error.status != 404:
            raise
        return None


def _category(item: taxonomy.Category) -> CategoryDraft:
    return CategoryDraft(item.name, item.description, item.seo, item.translations, item.parent, int(item.position))


def _find_price_list(list_id: str) -> PriceListDraft:
    return PriceListDraft(*msgspec.structs.astuple(prices.find_list(list_id))[1:])


def _find_chosen(collection_id: str) -> Chosen | None:
    found = service.products(collections.chosen(collection_id)).values()
    return Chosen(tuple(str(product.handle) for product in found)) if found else None


def _choose(collection_id: str, wanted: Chosen, by: Staff) -> None:
    keys = {handle: (TakenHandle, f"HANDLE#{handle}", "HANDLE") for handle in wanted.products}
    found = dynamo.load(keys.values(), consistent=True)
    for place, (handle, key) in enumerate(keys.items()):
        if key not in found:
            raise invalid(f"/products/{place}", f"There is no product {handle!r}.")
    owners = [item.product_id for key in keys.values() if isinstance(item := found[key], TakenHandle)]
    collections.choose(collection_id, owners, by)


_PUT: dict[str, Callable[[str, Any, Staff], Any]] = {
    "attribute": attributes.put,
    "category": categories.put,
    "price_list": prices.put_list,
    "collection": collections.put,
    "chosen": _choose,
}
_FIND: dict[str, Callable[[str], Any]] = {
    "attribute": lambda attribute_id: attributes.find(attribute_id).content,
    "category": lambda category_id: _category(categories.latest().find(category_id)),
    "price_list": _find_price_list,
    "collection": lambda collection_id: collections.find(collection_id).content,
    "chosen": _find_chosen,
}
