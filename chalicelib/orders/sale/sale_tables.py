"""In the orders table: on what terms SKUs are sold.

| what                 | pk                    | sk     |
|----------------------|-----------------------|--------|
| terms of a SKU       | SALE_TERMS            | <sku>  |
| what a customer took | TAKEN#<sku>#<whose>   | TAKEN  |
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from pynamodb.attributes import NumberAttribute

from chalicelib.core import dynamo
from chalicelib.core.cache import for_a_minute
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey
from chalicelib.orders.tables import OrdersItem

Moment = Annotated[datetime, Meta(tz=True)]
NONE = "none"


class SaleTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sold from `starts_at` on and before `ends_at`, `most_per_customer` pieces to each, those in bundles
    included.

    With `oversell` up to `oversell_most` pieces may be awaited at a time: sold before they are there, and promised for
    `promised_at`.
    """

    starts_at: Moment | None = None
    ends_at: Moment | None = None
    most_per_customer: Annotated[int, Meta(ge=1, le=999)] | None = None
    oversell: Literal["none", "backorder", "preorder"] = "none"
    oversell_most: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    promised_at: Moment | None = None


class KeptTerms(OrdersItem, discriminator="sale_terms"):
    terms = JsonAttribute(SaleTerms)


class Taken(OrdersItem, discriminator="taken"):
    """Pieces of a SKU that one customer has ordered and not canceled, or one e-mail address."""

    pieces = NumberAttribute()


def terms_key(sku: str) -> PrimaryKey:
    return {"pk": "SALE_TERMS", "sk": sku}


def taken_key(sku: str, whose: str) -> PrimaryKey:
    return {"pk": f"TAKEN#{sku}#{whose}", "sk": "TAKEN"}


def kept(sku: str) -> SaleTerms | None:
    item = dynamo.get(KeptTerms, **terms_key(sku))
    return item.terms if item else None


@for_a_minute
def all_terms() -> dict[str, SaleTerms]:
    """The terms of those SKUs that have any: a sale's and those that are to come, not the catalogue's."""
    return {item.sk: item.terms for item in dynamo.collection(KeptTerms, "SALE_TERMS")}
