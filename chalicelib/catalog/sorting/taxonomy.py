"""What staff say of categories, collections and attributes before they are stored."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.catalog.product import AttributeValue, Locale, Name, Seo, Slug, Url

Description = Annotated[str, Meta(max_length=10_000)]
Position = Annotated[int, Meta(ge=0, le=1_000_000, description="smaller ones stand first")]
Unit = Annotated[str, Meta(min_length=1, max_length=40)]
AttributeType = Literal["text", "number", "boolean", "list"]
_PYTHONS: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "number": (int, float),
    "boolean": bool,
    "list": (tuple, list),
}


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How something is called and described in one language."""

    name: Name
    description: Description = ""
    seo: Seo = Seo()


class CategoryDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A category as staff describe it. `parent` is the id of the one above, none of those at the top.

    Descriptions may hold HTML; it is sanitised when it is stored.
    """

    name: Name
    description: Description = ""
    seo: Seo = Seo()
    translations: dict[Locale, Words] = {}
    parent: Slug | None = None
    position: Position = 0


class CollectionDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A collection as staff describe it: by `rule`, such as `tag = summer and price < 50`, or of products that are put
    into it one by one. It is shown while it is `published`.
    """

    name: Name
    description: Description = ""
    seo: Seo = Seo()
    translations: dict[Locale, Words] = {}
    image: Url | None = None
    position: Position = 0
    published: bool = False
    rule: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None


class AttributeWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How an attribute and its unit are called in one language; without `unit` it is called as everywhere."""

    name: Name
    unit: Unit | None = None


class AttributeDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What staff say of an attribute that products have. Without `type` its values may be of any.

    A `facet` is what search counts results by and lets them be narrowed down by.
    """

    name: Name
    translations: dict[Locale, AttributeWords] = {}
    type: AttributeType | None = None
    unit: Unit | None = None
    facet: bool = False
    position: Position = 0


def fits(kind: AttributeType | None, value: AttributeValue) -> bool:
    """Whether a product's value is of an attribute's type."""
    return kind is None or (isinstance(value, _PYTHONS[kind]) and (kind == "boolean" or not isinstance(value, bool)))
