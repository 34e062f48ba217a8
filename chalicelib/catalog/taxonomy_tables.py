"""What the catalogue's products are sorted by, in the catalogue's table.

| what                  | pk         | sk             |
|-----------------------|------------|----------------|
| version of the tree   | CATEGORIES | ALL            |
| category              | CATEGORIES | CATEGORY#<id>  |
| attribute             | ATTRIBUTES | ATTRIBUTE#<id> |

A category knows its parent and nothing else of where it stands. Whatever changes the tree also raises its version,
under the condition that nobody else did meanwhile.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.catalog.product import Seo
from chalicelib.catalog.tables import CatalogItem
from chalicelib.catalog.taxonomy import AttributeDraft, Words
from chalicelib.core import dynamo
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey


class TreeVersion(CatalogItem, discriminator="tree_version"):
    version = NumberAttribute()


class Category(CatalogItem, discriminator="category"):
    """`version` is the tree's when the category was last changed."""

    id = UnicodeAttribute()
    version = NumberAttribute()
    name = UnicodeAttribute()
    description = UnicodeAttribute(default="")
    seo = JsonAttribute(Seo, default=Seo)
    translations = JsonAttribute(dict[str, Words], default=dict)
    parent = UnicodeAttribute(null=True)
    position = NumberAttribute(default=0)


class Attribute(CatalogItem, discriminator="attribute"):
    """What an attribute of products is called, and of which type its values are."""

    id = UnicodeAttribute()
    content = JsonAttribute(AttributeDraft)


def tree_version_key() -> PrimaryKey:
    # Sorts before the categories: what is read after a version is at least as new as it.
    return {"pk": "CATEGORIES", "sk": "ALL"}


def category_key(category_id: str) -> PrimaryKey:
    return {"pk": "CATEGORIES", "sk": f"CATEGORY#{category_id}"}


def attribute_key(attribute_id: str) -> PrimaryKey:
    return {"pk": "ATTRIBUTES", "sk": f"ATTRIBUTE#{attribute_id}"}


def categories() -> tuple[int, list[Category]]:
    """The tree's version and all categories, which are of that version or a later one."""
    items = dynamo.collection(CatalogItem, "CATEGORIES", consistent=True)
    version = next((int(item.version) for item in items if isinstance(item, TreeVersion)), 0)
    return version, [item for item in items if isinstance(item, Category)]


def attributes() -> list[Attribute]:
    return dynamo.collection(Attribute, "ATTRIBUTES", consistent=True)
