"""What the catalogue's clients send and see."""

from datetime import datetime
from typing import Any, cast

import msgspec

from chalicelib.catalog.pricing import prices
from chalicelib.catalog.pricing.price_schemas import Tier, tiers
from chalicelib.catalog.pricing.prices import Terms
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
from chalicelib.catalog.reviews import moderation
from chalicelib.catalog.reviews.moderation import Rating
from chalicelib.catalog.sorting import categories
from chalicelib.catalog.sorting.taxonomy_schemas import AttributeLabel, Crumb, attribute_labels, breadcrumbs
from chalicelib.catalog.tables import Page as ProductPage
from chalicelib.catalog.tables import Product, Shelved, Standing, Variant
from chalicelib.core.money import Currency, Money
from chalicelib.core.paging import Page
from chalicelib.core.settings import settings


class ListCollection(Page, frozen=True, forbid_unknown_fields=True):
    locale: Locale | None = None
    currency: Currency | None = None


class ListProducts(ListCollection, frozen=True, forbid_unknown_fields=True):
    category: Slug | None = None


class ShowProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    locale: Locale | None = None
    currency: Currency | None = None


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
    tax_class: str | None


class VariantView(BareVariant, frozen=True):
    """A variant with what everybody pays: `price` for one piece, null if one is not sold, and less from `tiers` on."""

    price: Money | None
    tiers: list[Tier]


class StaffVariantView(BareVariant, frozen=True):
    """A variant with its own price and those that name a price list, whether they count or not."""

    price: Money
    prices: list[ListPrice]


class BareProduct(msgspec.Struct, frozen=True):
    """A product. `tax_class` is that of its variants that say none. `breadcrumbs` lead down to its category;
    `attribute_labels` are of those attributes that staff have described."""

    id: str
    handle: str
    title: str
    description: str
    seo: Seo
    translations: dict[str, dict[str, str]]
    category: str | None
    tax_class: str | None
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
    from chalicelib.catalog.feeds import listings

    return listings.json_ld(page, locale, on)


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
        "tax_class": product.tax_class,
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
        "tax_class": item.tax_class,
    }
