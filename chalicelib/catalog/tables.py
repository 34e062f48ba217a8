"""The catalogue's table.

| what          | pk                        | sk                          | index `page`          |
|---------------|---------------------------|-----------------------------|-----------------------|
| product       | PRODUCT#<id>              | PRODUCT                     | <handle> / PRODUCT    |
| variant       | SKU#<sku>                 | VARIANT                     | <handle> / VARIANT#<n>|
| handle taken  | HANDLE#<handle>           | HANDLE                      |                       |
| shelf entry   | SHELF#<shelf>#<spread>    | <time>#<product id>         |                       |
| category      | CATEGORIES                | CATEGORY#<id>               |                       |
| import job    | IMPORT#<id>               | IMPORT                      |                       |
| its report    | IMPORT#<id>               | LINE#<line>                 |                       |

A variant's key is its SKU, so a cart reads it directly and no two products can have it. The index `page` puts a product
and its variants side by side: a product page is one Query. A shelf is a list that can be paged, newest first, spread
over SHELF_SPREAD partitions.
"""

import zlib

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.catalog.product import Image, Translation
from chalicelib.core import dynamo
from chalicelib.core.dynamo import Item, JsonAttribute, PrimaryKey
from chalicelib.core.money import Money
from chalicelib.core.settings import settings

SHELF_SPREAD = 4
EVERYTHING = "*"  # the shelf of all products, drafts too
PUBLISHED = "@"  # the shelf of all published products


class PageIndex(GlobalSecondaryIndex[Item]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "page"
        projection = AllProjection()

    handle = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)


class CatalogItem(Item):
    class Meta:
        table_name = settings.tables["catalog"]

    page = PageIndex()
    handle = UnicodeAttribute(null=True)
    part = UnicodeAttribute(null=True)


class Product(CatalogItem, discriminator="product"):
    """`version` rises with each change and orders the product's events. `skus` are its variants, in their order."""

    id = UnicodeAttribute()
    version = NumberAttribute()
    title = UnicodeAttribute()
    description = UnicodeAttribute()
    translations = JsonAttribute(dict[str, Translation])
    category = UnicodeAttribute(null=True)
    brand = UnicodeAttribute(null=True)
    tags = JsonAttribute(list[str])
    options = JsonAttribute(list[str])
    images = JsonAttribute(list[Image])
    skus = JsonAttribute(list[str])
    price_from = JsonAttribute(Money)
    published = BooleanAttribute()
    published_at = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    fingerprint = UnicodeAttribute()


class Variant(CatalogItem, discriminator="variant"):
    """What a cart needs to know of a SKU. `product_title` and `published` are its product's."""

    sku = UnicodeAttribute()
    product_id = UnicodeAttribute()
    product_title = UnicodeAttribute()
    published = BooleanAttribute()
    option_values = JsonAttribute(list[str])
    price = JsonAttribute(Money)
    compare_at = JsonAttribute(Money, null=True)
    barcode = UnicodeAttribute(null=True)
    weight_grams = NumberAttribute()
    image = UnicodeAttribute(null=True)


class TakenHandle(CatalogItem, discriminator="handle"):
    product_id = UnicodeAttribute()


class ShelfEntry(CatalogItem, discriminator="shelf_entry"):
    product_id = UnicodeAttribute()


class Category(CatalogItem, discriminator="category"):
    id = UnicodeAttribute()
    name = UnicodeAttribute()
    translations = JsonAttribute(dict[str, str])


class ImportJob(CatalogItem, discriminator="import"):
    """`next_line` is the line from which work goes on; lines before it are reported. Counts are of products."""

    id = UnicodeAttribute()
    state = UnicodeAttribute()
    created_at = UnicodeAttribute()
    finished_at = UnicodeAttribute(null=True)
    detail = UnicodeAttribute(null=True)
    next_line = NumberAttribute(default=0)
    created = NumberAttribute(default=0)
    updated = NumberAttribute(default=0)
    unchanged = NumberAttribute(default=0)
    failed = NumberAttribute(default=0)


class ImportLine(CatalogItem, discriminator="import_line"):
    line = NumberAttribute()
    product_handle = UnicodeAttribute()
    outcome = UnicodeAttribute()
    problems = JsonAttribute(list[dict[str, str | int | None]])


def product_key(product_id: str) -> PrimaryKey:
    return {"pk": f"PRODUCT#{product_id}", "sk": "PRODUCT"}


def variant_key(sku: str) -> PrimaryKey:
    return {"pk": f"SKU#{sku}", "sk": "VARIANT"}


def handle_key(handle: str) -> PrimaryKey:
    return {"pk": f"HANDLE#{handle}", "sk": "HANDLE"}


def shelf_key(shelf: str, since: str, product_id: str) -> PrimaryKey:
    spread = zlib.crc32(product_id.encode()) % SHELF_SPREAD
    return {"pk": f"SHELF#{shelf}#{spread}", "sk": f"{since}#{product_id}"}


def category_key(category_id: str) -> PrimaryKey:
    return {"pk": "CATEGORIES", "sk": f"CATEGORY#{category_id}"}


def import_key(import_id: str) -> PrimaryKey:
    return {"pk": f"IMPORT#{import_id}", "sk": "IMPORT"}


def import_line_key(import_id: str, line: int) -> PrimaryKey:
    return {"pk": f"IMPORT#{import_id}", "sk": f"LINE#{line:09d}"}


def product_by_id(product_id: str) -> Product | None:
    return dynamo.get(Product, f"PRODUCT#{product_id}", "PRODUCT")


def product_by_handle(handle: str) -> Product | None:
    """By the guard of the handle, read consistently: two requests."""
    taken = dynamo.get(TakenHandle, f"HANDLE#{handle}", "HANDLE")
    return product_by_id(taken.product_id) if taken else None


def product_page(handle: str) -> tuple[Product | None, list[Variant]]:
    """A product with its variants in their order: one Query."""
    items = list(CatalogItem.page.query(handle))
    products = [item for item in items if isinstance(item, Product)]
    return (products[0] if products else None), [item for item in items if isinstance(item, Variant)]


def variants(skus: list[str]) -> dict[str, Variant]:
    """The variants that exist of `skus`, by SKU."""
    found = dynamo.load(variant_ref(sku) for sku in skus)
    return {item.sku: item for item in found.values() if isinstance(item, Variant)}


def variant_ref(sku: str) -> dynamo.Key:
    return (Variant, f"SKU#{sku}", "VARIANT")


def shelf(name: str, limit: int, after: str | None) -> list[ShelfEntry]:
    """The next `limit` entries of a shelf, newest first, behind the sort key `after`."""
    condition = ShelfEntry.sk < after if after else None
    pages = (
        ShelfEntry.query(f"SHELF#{name}#{spread}", condition, scan_index_forward=False, limit=limit)
        for spread in range(SHELF_SPREAD)
    )
    return dynamo.merged_page(pages, lambda entry: entry.sk, limit)


def categories() -> list[Category]:
    return dynamo.collection(Category, "CATEGORIES")


def import_report(import_id: str, limit: int, after: str | None) -> list[ImportLine]:
    start = ImportLine.sk > after if after else ImportLine.sk.startswith("LINE#")
    return list(ImportLine.query(f"IMPORT#{import_id}", start, limit=limit))
