"""The catalogue's table.

| what          | pk                        | sk                          | index `page`          |
|---------------|---------------------------|-----------------------------|-----------------------|
| product       | PRODUCT#<id>              | PRODUCT                     | <handle> / PRODUCT    |
| its standing  | PRODUCT#<id>              | STANDING                    | <handle> / STANDING   |
| variant       | SKU#<sku>                 | VARIANT                     | <handle> / VARIANT#<n>|
| handle taken  | HANDLE#<handle>           | HANDLE                      |                       |
| shelf entry   | SHELF#<shelf>#<spread>    | <time>#<product id>         |                       |

A variant's key is its SKU, so a cart reads it directly and no two products can have it. The index `page` puts a product
and its variants side by side: a product page is one Query. A shelf is a list that can be paged, newest first, spread
over SHELF_SPREAD partitions; a product knows on which it stands. A handle that a product had before stays taken and
leads to it. A product that is to be shown or hidden at some time is in the index `by_due`, under DUE#<spread>.
Categories, collections and attributes are in taxonomy_tables.py, price lists in price_tables.py.
"""

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, IncludeProjection

from chalicelib.catalog import product as rules
from chalicelib.catalog.pricing.price_lists import ListMinima
from chalicelib.catalog.product import AttributeValue, Dimensions, Image, ListPrice, Seo, Translation
from chalicelib.core import due, dynamo
from chalicelib.core.dynamo import Item, JsonAttribute, PrimaryKey, SecondaryIndex
from chalicelib.core.money import Money
from chalicelib.core.settings import settings

SHELF_SPREAD = 4
EVERYTHING = "*"  # the shelf of all products, drafts too
PUBLISHED = "@"  # the shelf of all published products


class PageIndex(SecondaryIndex[Item]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "page"
        projection = AllProjection()

    handle = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)


class DueIndex(SecondaryIndex[Item]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_due"
        projection = IncludeProjection(["kind"])  # PynamoDB filters by it

    due_key = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class CatalogItem(Item):
    class Meta:
        table_name = settings.tables["catalog"]

    page = PageIndex()
    by_due = DueIndex()
    handle = UnicodeAttribute(null=True)
    part = UnicodeAttribute(null=True)
    due_key = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)


class Product(CatalogItem, discriminator="product"):
    """`version` rises with each change and orders the product's events. `skus` are its variants, in their order;
    `barcodes` and `choices`, their option values, are what search finds it by besides.

    `shelves` are the lists on which it stands while it is published, since `published_at`, as they follow from the
    version `tree_version` of the categories' tree. `price_from` is the lowest of its variants' own prices,
    `list_prices_from` the lowest that price lists have for one piece.

    `fingerprint` tells which draft it was made from. It has none while its variants are written in transactions before
    it, nor if that was interrupted; `begun` are then those of their SKUs that are not among `skus`.
    """

    id = UnicodeAttribute()
    version = NumberAttribute()
    title = UnicodeAttribute()
    description = UnicodeAttribute()
    seo = JsonAttribute(Seo, default=Seo)
    translations = JsonAttribute(dict[str, Translation])
    category = UnicodeAttribute(null=True)
    tax_class = UnicodeAttribute(null=True)
    brand = UnicodeAttribute(null=True)
    tags = JsonAttribute(list[str])
    attributes = JsonAttribute(dict[str, AttributeValue], default=dict)
    options = JsonAttribute(list[str])
    images = JsonAttribute(list[Image])
    skus = JsonAttribute(list[str])
    barcodes = JsonAttribute(list[str], default=list)
    choices = JsonAttribute(list[str], default=list)
    price_from = JsonAttribute(Money)
    on_sale = BooleanAttribute(default=False)
    list_prices_from = JsonAttribute(ListMinima, default=dict)
    status = UnicodeAttribute()
    publish_at = UnicodeAttribute(null=True)
    unpublish_at = UnicodeAttribute(null=True)
    published_at = UnicodeAttribute(null=True)
    shelves = JsonAttribute(list[str], default=list)
    tree_version = NumberAttribute(default=0)
    created_at = UnicodeAttribute()
    changed_at = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    begun = JsonAttribute(list[str], default=list)

    @property
    def published(self) -> bool:
        return bool(self.status == rules.PUBLISHED)

    @property
    def settled(self) -> bool:
        """Whether its variants are all what it says."""
        return self.fingerprint is not None


class Standing(CatalogItem, discriminator="standing"):
    """How a product does: reviews and their stars, pieces sold. Only ever added to, so nobody has to read it first.

    `version` rises with each change. `stars` is the sum over all published reviews, `stars_<n>` how many gave n.
    """

    product_id = UnicodeAttribute()
    version = NumberAttribute(default=0)
    reviews = NumberAttribute(default=0)
    stars = NumberAttribute(default=0)
    stars_1 = NumberAttribute(default=0)
    stars_2 = NumberAttribute(default=0)
    stars_3 = NumberAttribute(default=0)
    stars_4 = NumberAttribute(default=0)
    stars_5 = NumberAttribute(default=0)
    sold = NumberAttribute(default=0)


class Variant(CatalogItem, discriminator="variant"):
    """What a cart needs to know of a SKU. `published` and what is called `product_` are its product's: the image is
    shown where the variant has none of its own, the tax class counts where it says none."""

    sku = UnicodeAttribute()
    product_id = UnicodeAttribute()
    product_title = UnicodeAttribute()
    product_image = UnicodeAttribute(null=True)
    published = BooleanAttribute()
    option_values = JsonAttribute(list[str])
    price = JsonAttribute(Money)
    compare_at = JsonAttribute(Money, null=True)
    prices = JsonAttribute(list[ListPrice], default=list)
    barcode = UnicodeAttribute(null=True)
    weight_grams = NumberAttribute()
    dimensions = JsonAttribute(Dimensions, null=True)
    hs_code = UnicodeAttribute(null=True)
    origin = UnicodeAttribute(null=True)
    image = UnicodeAttribute(null=True)
    digital = BooleanAttribute(default=False)
    components = JsonAttribute(dict[str, int], default=dict)
    tax_class = UnicodeAttribute(null=True)
    product_tax_class = UnicodeAttribute(null=True)


class TakenHandle(CatalogItem, discriminator="handle"):
    """Whose a handle is, or was: a product keeps those that it had before.

    While a large product is made, `claim` tells by whom, and `begun` which SKUs may have been written for it.
    """

    product_id = UnicodeAttribute()
    claim = UnicodeAttribute(null=True)
    begun = JsonAttribute(list[str], default=list)


class ShelfEntry(CatalogItem, discriminator="shelf_entry"):
    product_id = UnicodeAttribute()


def product_key(product_id: str) -> PrimaryKey:
    return {"pk": f"PRODUCT#{product_id}", "sk": "PRODUCT"}


def standing_key(product_id: str) -> PrimaryKey:
    return {"pk": f"PRODUCT#{product_id}", "sk": "STANDING"}


def variant_key(sku: str) -> PrimaryKey:
    return {"pk": f"SKU#{sku}", "sk": "VARIANT"}


def handle_key(handle: str) -> PrimaryKey:
    return {"pk": f"HANDLE#{handle}", "sk": "HANDLE"}


def shelf_key(shelf: str, since: str, product_id: str) -> PrimaryKey:
    spread = zlib.crc32(product_id.encode()) % SHELF_SPREAD
    return {"pk": f"SHELF#{shelf}#{spread}", "sk": f"{since}#{product_id}"}


def product_by_id(product_id: str) -> Product | None:
    return dynamo.get(Product, f"PRODUCT#{product_id}", "PRODUCT")


def owner_of(handle: str) -> Product | None:
    """The product that has this handle, or had it before: two requests."""
    taken = dynamo.get(TakenHandle, f"HANDLE#{handle}", "HANDLE")
    return product_by_id(taken.product_id) if taken else None


class Page(msgspec.Struct, frozen=True):
    """A product with its variants in their order."""

    product: Product
    variants: list[Variant]
    standing: Standing | None


class Shelved(msgspec.Struct, frozen=True):
    """A product in a list, and how it does."""

    product: Product
    standing: Standing | None


def product_page(handle: str) -> Page | None:
    """What the index `page` has under a handle, unless there is no product: one Query."""
    return _page(CatalogItem.page.query(handle))


def product_front(handle: str) -> Page | None:
    """A product and how it does, without its variants: one Query, however many there are."""
    return _page(CatalogItem.page.query(handle, CatalogItem.part < "VARIANT#"))


def shelved(product_ids: Iterable[str], *, consistent: bool = False) -> list[Shelved]:
    """Those that exist of these products, in this order, 50 a request."""
    pairs = [(product_ref(product_id), standing_ref(product_id)) for product_id in product_ids]
    found = dynamo.load((ref for pair in pairs for ref in pair), consistent=consistent)
    together = [(found.get(product), found.get(standing)) for product, standing in pairs]
    return [
        Shelved(product, standing if isinstance(standing, Standing) else None)
        for product, standing in together
        if isinstance(product, Product)
    ]


def _page(found: Iterable[Item]) -> Page | None:
    items = list(found)
    product = next((item for item in items if isinstance(item, Product)), None)
    if product is None:
        return None
    standing = next((item for item in items if isinstance(item, Standing)), None)
    return Page(product, [item for item in items if isinstance(item, Variant)], standing)


def variants(skus: Iterable[str], *, consistent: bool = False) -> dict[str, Variant]:
    """The variants that exist of `skus`, by SKU."""
    found = dynamo.load((variant_ref(sku) for sku in skus), consistent=consistent)
    return {item.sku: item for item in found.values() if isinstance(item, Variant)}


def variant_ref(sku: str) -> dynamo.Key:
    return (Variant, f"SKU#{sku}", "VARIANT")


def product_ref(product_id: str) -> dynamo.Key:
    return (Product, f"PRODUCT#{product_id}", "PRODUCT")


def standing_ref(product_id: str) -> dynamo.Key:
    return (Standing, f"PRODUCT#{product_id}", "STANDING")


def put_off(product_id: str, until: datetime) -> None:
    """Let the schedule look at a product later."""
    due.put_off(Product(**product_key(product_id)), product_id, until)


def waiting(now: datetime, limit: int) -> Iterator[str]:
    """Ids of products that are to be shown or hidden by now."""
    return due.waiting(CatalogItem, now, limit)


def shelf(name: str, limit: int, after: str | None, *, consistent: bool = False) -> list[ShelfEntry]:
    """The next `limit` entries of a shelf, newest first, behind the sort key `after`."""
    condition = ShelfEntry.sk < after if after else None
    how: dict[str, Any] = {"scan_index_forward": False, "limit": limit, "consistent_read": consistent}
    pages = (ShelfEntry.query(f"SHELF#{name}#{spread}", condition, **how) for spread in range(SHELF_SPREAD))
    return dynamo.merged_page(pages, lambda entry: entry.sk, limit)


def shelf_upwards(name: str, limit: int, after: str | None) -> list[ShelfEntry]:
    """The next `limit` entries of a shelf, oldest first, behind the sort key `after`."""
    condition = ShelfEntry.sk > after if after else None
    pages = (
        ShelfEntry.query(f"SHELF#{name}#{spread}", condition, limit=limit, consistent_read=True)
        for spread in range(SHELF_SPREAD)
    )
    return sorted((entry for page in pages for entry in page), key=lambda entry: str(entry.sk))[:limit]
