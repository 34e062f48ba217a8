"""What a customer pays, who may be in groups to which other price lists are open than the public ones."""

from collections.abc import Sequence

import msgspec

from chalicelib.catalog import tables
from chalicelib.catalog.pricing import prices
from chalicelib.catalog.pricing.prices import Terms
from chalicelib.catalog.tables import Product, Variant
from chalicelib.core import dynamo
from chalicelib.users import groups


class OwnTerms(msgspec.Struct, frozen=True):
    """What was asked for of what is published, and on which terms the customer and everybody else buys it."""

    own: Terms
    public: Terms
    variants: list[Variant]
    products: list[Product]


def look_up(customer_id: str, skus: Sequence[str], product_ids: Sequence[str], currency: str | None) -> OwnTerms:
    """The customer's terms for these SKUs and products; 422 for a currency in which nothing is sold to them.

    One request for every 100 of them.
    """
    variants = [tables.variant_ref(sku) for sku in skus]
    products = [tables.product_ref(product_id) for product_id in product_ids]
    found = dynamo.load([*groups.ref(customer_id), *variants, *products], consistent=True)
    theirs = groups.among(found)
    wanted = prices.currency(currency, "/query/currency", theirs)
    items = [found[key] for key in (*variants, *products) if key in found]
    return OwnTerms(
        prices.terms(wanted, theirs),
        prices.terms(wanted),
        [item for item in items if isinstance(item, Variant) and item.published],
        [item for item in items if isinstance(item, Product) and item.published],
    )
