"""What the catalogue's clients send and see."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from chalicelib.catalog import moderation
from chalicelib.catalog.moderation import Rating
from chalicelib.catalog.product import AttributeValue, Dimensions, Image, Locale, Pieces, Seo, Slug, Status
from chalicelib.catalog.product_items import moment
from chalicelib.catalog.search import Sort
from chalicelib.catalog.tables import ImportJob, ImportLine, Product, Shelved, Standing, Variant
from chalicelib.catalog.tables import Page as ProductPage
from chalicelib.core.money import Amount, Money
from chalicelib.core.paging import Page

ImportStatus = Literal["awaiting_upload", "running", "finished", "failed"]
Outcome = Literal["created", "updated", "unchanged", "failed"]


class ListProducts(Page, frozen=True, forbid_unknown_fields=True):
    category: Slug | None = None
    locale: Locale | None = None


class ShowProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    locale: Locale | None = None


class Search(Page, frozen=True, forbid_unknown_fields=True):
    q: Annotated[str, Meta(max_length=200)] | None = None
    category: Slug | None = None
    price_min: Amount | None = None
    price_max: Amount | None = None
    sort: Sort = "relevance"
    locale: Locale | None = None


class StartImport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["shopify"] = "shopify"


class ProductCard(msgspec.Struct, frozen=True):
    """A product in a list."""

    id: str
    handle: str
    title: str
    category: str | None
    brand: str | None
    image: str | None
    price_from: Money
    rating: Rating


class VariantView(msgspec.Struct, frozen=True):
    sku: str
    option_values: list[str]
    price: Money
    compare_at: Money | None
    barcode: str | None
    weight_grams: Pieces
    dimensions: Dimensions | None
    hs_code: str | None
    origin: str | None
    image: str | None
    digital: bool
    components: dict[str, int]


class ProductView(msgspec.Struct, frozen=True):
    id: str
    handle: str
    title: str
    description: str
    seo: Seo
    translations: dict[str, dict[str, str]]
    category: str | None
    brand: str | None
    tags: list[str]
    attributes: dict[str, AttributeValue]
    options: list[str]
    images: list[Image]
    price_from: Money
    rating: Rating
    variants: list[VariantView]


class StaffProductView(ProductView, frozen=True):
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


class ImportView(msgspec.Struct, frozen=True):
    """An import job and one page of its report. `upload_url` takes one PUT of the file while the job waits for it."""

    id: str
    status: ImportStatus
    detail: str | None
    counts: ImportCounts
    created_at: datetime
    finished_at: datetime | None
    upload_url: str | None
    lines: list[ImportLineView]
    next_cursor: str | None


def card(shelved: Shelved, locale: str | None = None) -> ProductCard:
    return ProductCard(**_card_fields(shelved, locale))


def staff_card(shelved: Shelved) -> StaffProductCard:
    return StaffProductCard(**_card_fields(shelved, None), status=cast(Status, shelved.product.status))


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
        "price_from": product.price_from,
        "rating": rating(shelved.standing),
    }


def rating(standing: Standing | None) -> Rating:
    return moderation.rating(int(standing.reviews), int(standing.stars)) if standing else Rating(None, 0)


def product(page: ProductPage, locale: str | None = None) -> ProductView:
    return ProductView(**_product_fields(page, locale))


def staff_product(product: Product, variants: list[Variant], standing: Standing | None) -> StaffProductView:
    return StaffProductView(
        **_product_fields(ProductPage(product, variants, standing), None),
        status=cast(Status, product.status),
        publish_at=moment(product.publish_at),
        unpublish_at=moment(product.unpublish_at),
        published_at=moment(product.published_at),
        version=int(product.version),
    )


def _product_fields(page: ProductPage, locale: str | None) -> dict[str, Any]:
    product = page.product
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
        "attributes": product.attributes,
        "options": product.options,
        "images": product.images,
        "price_from": product.price_from,
        "rating": rating(page.standing),
        "variants": [variant(item) for item in page.variants],
    }


def variant(item: Variant) -> VariantView:
    return VariantView(
        sku=item.sku,
        option_values=item.option_values,
        price=item.price,
        compare_at=item.compare_at,
        barcode=item.barcode,
        weight_grams=int(item.weight_grams),
        dimensions=item.dimensions,
        hs_code=item.hs_code,
        origin=item.origin,
        image=item.image or item.product_image,
        digital=bool(item.digital),
        components=item.components,
    )


def import_job(
    job: ImportJob, upload_url: str | None = None, lines: list[ImportLine] | None = None, next_cursor: str | None = None
) -> ImportView:
    counts = ImportCounts(int(job.created), int(job.updated), int(job.unchanged), int(job.failed))
    return ImportView(
        id=job.id,
        status=cast(ImportStatus, job.state),
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
