"""What the catalogue's products are sorted by, in the catalogue's table.

| what                  | pk              | sk              |
|-----------------------|-----------------|-----------------|
| version of the tree   | CATEGORIES      | ALL             |
| category              | CATEGORIES      | CATEGORY#<id>   |
| collection            | COLLECTIONS     | COLLECTION#<id> |
| attribute             | ATTRIBUTES      | ATTRIBUTE#<id>  |
| walk for an event     | WALK#<event id> | WALK            |

A category knows its parent and nothing else of where it stands. Whatever changes the tree also raises its version,
under the condition that nobody else did meanwhile.
"""

from datetime import datetime, timedelta

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.catalog.product import Seo
from chalicelib.catalog.sorting.taxonomy import AttributeDraft, CollectionDraft, Words
from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import dynamo
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey

_WALK_KEPT = timedelta(days=30)


class TreeVersion(CatalogItem, discriminator="tree_version"):
    version = NumberAttribute()


class Category(CatalogItem, discriminator="category"):
    id = UnicodeAttribute()
    name = UnicodeAttribute()
    description = UnicodeAttribute(default="")
    seo = JsonAttribute(Seo, default=Seo)
    translations = JsonAttribute(dict[str, Words], default=dict)
    parent = UnicodeAttribute(null=True)
    position = NumberAttribute(default=0)


class Collection(CatalogItem, discriminator="collection"):
    """`version` rises with each change."""

    id = UnicodeAttribute()
    version = NumberAttribute()
    content = JsonAttribute(CollectionDraft)


class Attribute(CatalogItem, discriminator="attribute"):
    """What an attribute of products is called, and of which type its values are."""

    id = UnicodeAttribute()
    content = JsonAttribute(AttributeDraft)


class Walk(CatalogItem, discriminator="walk"):
    """How far the products that an event concerns were walked over: in which round, and behind which entry."""

    round = NumberAttribute(default=1)
    after = UnicodeAttribute(null=True)
    done = BooleanAttribute(default=False)


def tree_version_key() -> PrimaryKey:
    # Sorts before the categories: what is read after a version is at least as new as it.
    return {"pk": "CATEGORIES", "sk": "ALL"}


def category_key(category_id: str) -> PrimaryKey:
    return {"pk": "CATEGORIES", "sk": f"CATEGORY#{category_id}"}


def collection_key(collection_id: str) -> PrimaryKey:
    return {"pk": "COLLECTIONS", "sk": f"COLLECTION#{collection_id}"}


def attribute_key(attribute_id: str) -> PrimaryKey:
    return {"pk": "ATTRIBUTES", "sk": f"ATTRIBUTE#{attribute_id}"}


def walk(event_id: str, now: datetime) -> Walk:
    """The walk for an event, which may be a new one. It is kept longer than a queue keeps the event."""
    key: PrimaryKey = {"pk": f"WALK#{event_id}", "sk": "WALK"}
    return dynamo.get(Walk, **key) or Walk(**key, expires=int((now + _WALK_KEPT).timestamp()))


def categories() -> tuple[int, list[Category]]:
    """The tree's version and all categories, which are of that version or a later one."""
    items = dynamo.collection(CatalogItem, "CATEGORIES", consistent=True)
    version = next((int(item.version) for item in items if isinstance(item, TreeVersion)), 0)
    return version, [item for item in items if isinstance(item, Category)]


def collections() -> list[Collection]:
    return dynamo.collection(Collection, "COLLECTIONS", consistent=True)


def attributes() -> list[Attribute]:
    return dynamo.collection(Attribute, "ATTRIBUTES", consistent=True)
