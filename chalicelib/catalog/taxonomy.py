"""What staff say of a category before it is stored."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.catalog.product import Locale, Name, Seo, Slug

Description = Annotated[str, Meta(max_length=10_000)]
Position = Annotated[int, Meta(ge=0, le=1_000_000, description="smaller ones stand first")]


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
