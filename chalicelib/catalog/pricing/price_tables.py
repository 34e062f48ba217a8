"""Price lists, in the catalogue's table.

| what       | pk          | sk        |
|------------|-------------|-----------|
| price list | PRICE_LISTS | LIST#<id> |

The prices themselves are the variants'. All lists together are read by whoever asks for a price, once a minute.
"""

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.catalog.pricing.price_lists import PriceList
from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import dynamo
from chalicelib.core.cache import for_a_minute
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey


class KeptPriceList(CatalogItem, discriminator="price_list"):
    """A price list as it is since `changed_at`. One that was deleted is kept until its products were told so.

    `version` rises with each change by staff. `told` is the currency in which its prices were public when its products
    were last told of it, None if they were not.
    """

    content = JsonAttribute(PriceList)
    version = NumberAttribute()
    changed_at = UnicodeAttribute()
    deleted = BooleanAttribute(default=False)
    told = UnicodeAttribute(null=True)


def price_list_key(list_id: str) -> PrimaryKey:
    return {"pk": "PRICE_LISTS", "sk": f"LIST#{list_id}"}


def price_list(list_id: str) -> KeptPriceList | None:
    return dynamo.get(KeptPriceList, **price_list_key(list_id))


def kept_price_lists() -> list[KeptPriceList]:
    """All price lists by id, as they are now; deleted ones too, for a while."""
    return dynamo.collection(KeptPriceList, "PRICE_LISTS", consistent=True)


@for_a_minute
def price_lists() -> dict[str, PriceList]:
    """The price lists of the shop by id. Whether one is valid is asked each time that a price is."""
    return {kept.content.id: kept.content for kept in kept_price_lists() if not kept.deleted}
