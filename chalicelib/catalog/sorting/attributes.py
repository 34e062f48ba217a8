"""What is known of products' attributes: their names, their types, and by which of them search can be narrowed down.

An attribute need not be described: a product may have any, and only where a type is known a value has to fit it.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from chalicelib.catalog.product import AttributeValue
from chalicelib.catalog.sorting import taxonomy_tables as taxonomy
from chalicelib.catalog.sorting.taxonomy import AttributeDraft, fits
from chalicelib.catalog.sorting.taxonomy_tables import Attribute
from chalicelib.core import audit, cache, dynamo
from chalicelib.core.errors import ShopError, invalid, not_found
from chalicelib.core.staff import Staff

# All of them are read whole, by every function that shows or saves a product.
MOST_ATTRIBUTES = 500


def _read() -> dict[str, Attribute]:
    found = taxonomy.attributes()
    return {item.id: item for item in sorted(found, key=lambda item: (item.content.position, item.content.name))}


_kept = cache.for_a_minute(_read)


def present() -> dict[str, Attribute]:
    """What is known of attributes, by id and in their order; up to a minute old."""
    return _kept()


def latest() -> dict[str, Attribute]:
    """What is known of attributes this moment."""
    return _read()


def names(attribute_id: str) -> list[str]:
    """What an attribute is called, in all languages; nothing if it is not described."""
    item = present().get(attribute_id)
    return [item.content.name, *(words.name for words in item.content.translations.values())] if item else []


def find(attribute_id: str) -> Attribute:
    item = dynamo.get(Attribute, **taxonomy.attribute_key(attribute_id))
    if item is None:
        raise not_found("attribute")
    return item


def check(values: Mapping[str, AttributeValue]) -> None:
    """422 at /attributes/<id> for a value that is not of its attribute's type."""
    known = present() if values else {}
    for attribute_id, value in values.items():
        kind = known[attribute_id].content.type if attribute_id in known else None
        if not fits(kind, value):
            raise invalid(f"/attributes/{attribute_id}", f"The values of this attribute are of the type {kind}.")


def put(attribute_id: str, draft: AttributeDraft, by: Staff) -> Attribute:
    """Describe an attribute. The same again changes nothing."""
    item = _item(attribute_id, draft)
    old = dynamo.get(Attribute, **taxonomy.attribute_key(attribute_id))
    if old is None and len(_read()) >= MOST_ATTRIBUTES:
        raise ShopError("too_many_attributes", 422, f"A shop describes at most {MOST_ATTRIBUTES} attributes.")
    if old is None or old.content != draft:
        facts: dict[str, audit.Fact] = {"name": draft.name, "type": draft.type, "facet": draft.facet}
        dynamo.transaction([dynamo.put(item), audit.entry(by, "attribute.put", attribute_id, **facts)])
    cache.forget()
    return item


def delete(attribute_id: str, by: Staff) -> None:
    """Know nothing of an attribute any more."""
    entry = audit.entry(by, "attribute.deleted", attribute_id)
    dynamo.transaction([dynamo.delete(find(attribute_id), Attribute.pk.exists(), not_found("attribute")), entry])
    cache.forget()


def define(found: Iterable[tuple[str, str]]) -> None:
    """Name the attributes (id, name) that a file has and nobody has described, as long as there is room for more.

    If all are known, or there is no room, this takes no request.
    """
    new = {attribute_id: name for attribute_id, name in found if attribute_id not in present()}
    if not new or len(present()) >= MOST_ATTRIBUTES:
        return
    known = _read()
    room = MOST_ATTRIBUTES - len(known)
    for attribute_id, name in [entry for entry in new.items() if entry[0] not in known][:room]:
        with suppress(dynamo.ConditionFailed):  # somebody was faster
            dynamo.write(dynamo.insert(_item(attribute_id, AttributeDraft(name.strip()[:300] or attribute_id))))
    cache.forget()


def _item(attribute_id: str, draft: AttributeDraft) -> Attribute:
    return Attribute(**taxonomy.attribute_key(attribute_id), id=attribute_id, content=draft)
