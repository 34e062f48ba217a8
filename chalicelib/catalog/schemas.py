"""What the catalogue's clients send and see."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from chalicelib.catalog import categories, json_ld, listings, moderation, prices
from chalicelib.catalog.moderation import Rating
from chalicelib.catalog.price_schemas import Tier, tiers
from chalicelib.catalog.prices import Terms
from chalicelib.catalog.product import (
    AttributeValue,
    Dimensions,
    Image,
    ListPrice,
    Locale,
    Pieces,
    Seo,
    Slug,
    Status,
)
from chalicelib.catalog.product_items import moment
from chalicelib.catalog.search import Sort
from chalicelib.catalog.tables import ImportJob, ImportLine, Product, Shelved, Standing, Variant
from chalicelib.catalog.tables import Page as ProductPage
from chalicelib.catalog.taxonomy_schemas import AttributeLabel, Crumb, attribute_labels, breadcrumbs
from chalicelib.core.money import Amount, Currency, Money
from chalicelib.core.paging import Page
from chalicelib.core.settings import settings

Dialect = Literal["jsonl", "shopify"]
ImportStatus = Literal["awaiting_upload", "running", "finished", "failed"]
Outcome = Literal["created", "updated", "unchanged", "failed", "skipped"]


class ListCollection(Page, frozen=True, forbid_unknown_fields=True):
    locale: Locale | None = None
    currency: Currency | None = None


class ListProducts(ListCollection, frozen=True, forbid_unknown_fields=True):
    category: Slug | None = None


class ShowProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    locale: Locale | None = None
    currency: Currency | None = None


class Search(Page, frozen=True, forbid_unknown_fields=True):
    q: Annotated[str, Meta(max_length=200)] | None = None
    category: Slug | None = None
    price_min: Amount | None = None
    price_max: Amount | None = None
    sort: Sort = "relevance"
    locale: Locale | None = None


class StartImport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`format` is recognised by what the file begins with; a file of another one than is named is refused.

    With `dry_run` everything is checked and reported, and nothing is changed.
    """

    format: Dialect | None = None
    dry_run: bool = False


class ProductCard(msgspec.Struct, frozen=True):
    """A product in a list. `price_from` is what everybody pays for its cheapest variant, null if it is not sold in the
    currency that was asked for."""

    id: str
    handle: str
    title: str
    category: str | None
    brand: str | None
    image: str | None
    price_from: Money | None
    rating: Rating


class BareVariant(msgspec.Struct, frozen=True):
    sku: str
    option_values: list[str]
    compare_at: Money | None
    barcode: str | None
    weight_grams: Pieces
    dimensions: Dimensions | None
    hs_code: str | None
    origin: str | None
    image: str | None
    digital: bool
    components: dict[str, int]


class VariantView(BareVariant, frozen=True):
    """A variant with what everybody pays: `price` for one piece, null if one is not sold, and less from `tiers` on."""

    price: Money | None
    tiers: list[Tier]


class StaffVariantView(BareVariant, frozen=True):
    """A variant with its own price and those that name a price list, whether they count or not."""

    price: Money
    prices: list[ListPrice]


class BareProduct(msgspec.Struct, frozen=True):
    """A product. `breadcrumbs` lead down to its category; `attribute_labels` are of those attributes that staff have
    described."""

    id: str
    handle: str
    title: str
    description: str
    seo: Seo
    translations: dict[str, dict[str, str]]
    category: str | None
    brand: str | None
    tags: list[str]
    breadcrumbs: list[Crumb]
    attributes: dict[str, AttributeValue]
    attribute_labels: dict[str, AttributeLabel]
    options: list[str]
    images: list[Image]
    rating: Rating


class ProductView(BareProduct, frozen=True):
    """A product at what everybody pays. `json_ld` tells search engines the same in schema.org's words."""

    price_from: Money | None
    variants: list[VariantView]
    json_ld: dict[str, Any]


class StaffProductView(BareProduct, frozen=True):
    price_from: Money
    variants: list[StaffVariantView]
    status: Status
    publish_at: datetime | None
    unpublish_at: datetime | None
    published_at: datetime | None
    version: int


class StaffProductCard(ProductCard, frozen=True):
    status: Status


class Products(msgspec.Struct, frozen=True):
    data: list[ProductCard]
    next_cursor: str | None


class StaffProducts(msgspec.Struct, frozen=True):
    data: list[StaffProductCard]
    next_cursor: str | None


class SearchResults(msgspec.Struct, frozen=True):
    data: list[ProductCard]
    total: int
    next_cursor: str | None


class ImportLineView(msgspec.Struct, frozen=True):
    """What became of the product whose rows begin at `line`, and which rows of it were left out."""

    line: int
    handle: str
    outcome: Outcome
    problems: list[dict[str, str | int | None]]


class ImportCounts(msgspec.Struct, frozen=True):
    created: int
    updated: int
    unchanged: int
    failed: int
    skipped: int


class ImportView(msgspec.Struct, frozen=True):
    """An import job and one page of its report. `upload_url` takes one PUT of the file while the job waits for it;
    `dialect` is what the file was recognised as, `unread_columns` are those that hold something and are not read."""

    id: str
    status: ImportStatus
    dry_run: bool
    dialect: Dialect | None
    unread_columns: list[str]
    detail: str | None
    counts: ImportCounts
    created_at: datetime
    finished_at: datetime | None
    upload_url: str | None
    lines: list[ImportLineView]
    next_cursor: str | None


def card(shelved: Shelved, locale: str | None = None, on: Terms | None = None) -> ProductCard:
    """A product as it stands in lists; without terms at what everybody pays in the shop's currency."""
    price_from = prices.price_from(shelved.product, on or prices.terms(settings.currency))
    return ProductCard(**_card_fields(shelved, locale), price_from=price_from)


def staff_card(shelved: Shelved) -> StaffProductCard:
    product = shelved.product
    status = cast(Status, product.status)
    return StaffProductCard(**_card_fields(shelved, None), price_from=product.price_from, status=status)


def _card_fields(shelved: Shelved, locale: str | None) -> dict[str, Any]:
    product = shelved.product
    translation = product.translations.get(locale) if locale else None
    return {
        "id": product.id,
        "handle": product.handle,
        "title": translation.title if translation else product.title,
        "category": product.category,
        "brand": product.brand,
        "image": product.images[0].url if product.images else None,
        "rating": rating(shelved.standing),
    }


def rating(standing: Standing | None) -> Rating:
    return moderation.rating(int(standing.reviews), int(standing.stars)) if standing else Rating(None, 0)


def product(page: ProductPage, locale: str | None, on: Terms) -> ProductView:
    """A product's page at what everybody pays on these terms."""
    return ProductView(
        **_product_fields(page.product, page.standing, locale),
        price_from=prices.price_from(page.product, on),
        variants=[variant(item, on) for item in page.variants],
        json_ld=_json_ld(page, locale, on),
    )


def _json_ld(page: ProductPage, locale: str | None, on: Terms) -> dict[str, Any]:
    told = listings.listing(page.product, page.variants, lambda item: prices.tiers(item, on).get(1), locale)
    rated = json_ld.Rating(int(page.standing.reviews), int(page.standing.stars)) if page.standing else None
    return json_ld.product(told, rated, listings.way_to(page.product, told.locale))


def staff_product(product: Product, variants: list[Variant], standing: Standing | None) -> StaffProductView:
    return StaffProductView(
        **_product_fields(product, standing, None),
        price_from=product.price_from,
        variants=[
            StaffVariantView(**_variant_fields(item), compare_at=item.compare_at, price=item.price, prices=item.prices)
            for item in variants
        ],
        status=cast(Status, product.status),
        publish_at=moment(product.publish_at),
        unpublish_at=moment(product.unpublish_at),
        published_at=moment(product.published_at),
        version=int(product.version),
    )


def _product_fields(product: Product, standing: Standing | None, locale: str | None) -> dict[str, Any]:
    translation = product.translations.get(locale) if locale else None
    return {
        "id": product.id,
        "handle": product.handle,
        "title": translation.title if translation else product.title,
        "description": (translation.description if translation else "") or product.description,
        "seo": translation.seo if translation and translation.seo != Seo() else product.seo,
        "translations": {
            tag: {"title": words.title, "description": words.description} for tag, words in product.translations.items()
        },
        "category": product.category,
        "brand": product.brand,
        "tags": product.tags,
        "breadcrumbs": breadcrumbs(categories.present(), product.category, locale) if product.category else [],
        "attributes": product.attributes,
        "attribute_labels": attribute_labels(product.attributes, locale) if product.attributes else {},
        "options": product.options,
        "images": product.images,
        "rating": rating(standing),
    }


def variant(item: Variant, on: Terms) -> VariantView:
    found = prices.tiers(item, on)
    compare_at = item.compare_at if item.compare_at and item.compare_at.currency == on.currency else None
    return VariantView(**_variant_fields(item), compare_at=compare_at, price=found.get(1), tiers=tiers(found))


def _variant_fields(item: Variant) -> dict[str, Any]:
    return {
        "sku": item.sku,
        "option_values": item.option_values,
        "barcode": item.barcode,
        "weight_grams": int(item.weight_grams),
        "dimensions": item.dimensions,
        "hs_code": item.hs_code,
        "origin": item.origin,
        "image": item.image or item.product_image,
        "digital": bool(item.digital),
        "components": item.components,
    }


def import_job(
    job: ImportJob,
    upload_url: str | None = None,
    unread: list[str] | None = None,
    lines: list[ImportLine] | None = None,
    next_cursor: str | None = None,
) -> ImportView:
    counts = ImportCounts(int(job.created), int(job.updated), int(job.unchanged), int(job.failed), int(job.skipped))
    return ImportView(
        id=job.id,
        status=cast(ImportStatus, job.state),
        dry_run=bool(job.dry_run),
        dialect=cast("Dialect | None", job.dialect),
        unread_columns=unread or [],
        detail=job.detail,
        counts=counts,
        created_at=datetime.fromisoformat(job.created_at),
        finished_at=moment(job.finished_at),
        upload_url=upload_url,
        lines=[import_line(line) for line in lines or []],
        next_cursor=next_cursor,
    )


def import_line(line: ImportLine) -> ImportLineView:
    return ImportLineView(int(line.line), line.product_handle, cast(Outcome, line.outcome), line.problems)
