"""Products of the table as listings: with the storefront's addresses, and at the prices that everybody pays."""

from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.catalog.feeds import json_ld as schema_org
from chalicelib.catalog.feeds import listing as rules
from chalicelib.catalog.feeds.gtin import gtin
from chalicelib.catalog.feeds.json_ld import Rating, Step
from chalicelib.catalog.feeds.listing import Listing, Offer, Storefront
from chalicelib.catalog.feeds.plain_text import plain_text
from chalicelib.catalog.pricing import prices
from chalicelib.catalog.pricing.prices import Terms
from chalicelib.catalog.sorting import categories
from chalicelib.catalog.tables import Page, Product, Variant
from chalicelib.core.money import Money
from chalicelib.core.settings import settings


def storefront() -> Storefront | None:
    """Where customers see the shop; None if the stack was not told."""
    if not settings.shop_url:
        return None
    return Storefront(settings.shop_url, settings.product_path, settings.category_path, settings.locale_prefix)


def listing(
    product: Product,
    variants: Sequence[Variant],
    price_of: Callable[[Variant], Money | None],
    locale: str | None = None,
) -> Listing:
    """The product in the language `locale`, or in its own words, with those variants that have a price."""
    words = product.translations.get(locale) if locale else None
    spoken, title = (locale, words.title) if words else (None, product.title)
    grouped = len(product.skus) > 1
    where = storefront()

    def offer(variant: Variant, price: Money) -> Offer:
        return Offer(
            sku=variant.sku,
            title=rules.variant_title(title, variant.option_values if grouped else ()),
            url=where.page(str(product.handle), spoken, variant.sku if grouped else None) if where else None,
            price=price,
            compare_at=rules.reduced_from(variant.compare_at, price),
            gtin=gtin(variant.barcode),
            image=variant.image,
            traits=rules.traits(product.options, variant.option_values, product.attributes),
            weight_grams=int(variant.weight_grams),
            dimensions=variant.dimensions,
            digital=bool(variant.digital),
            components=variant.components,
        )

    offers = ((variant, price_of(variant)) for variant in variants)
    return Listing(
        id=product.id,
        title=title,
        description=plain_text((words.description if words else "") or product.description),
        url=where.page(str(product.handle), spoken) if where else None,
        locale=spoken,
        brand=product.brand,
        images=tuple(image.url for image in product.images),
        attributes=product.attributes,
        varies_by=tuple(found for option in product.options if (found := rules.trait(option))),
        grouped=grouped,
        offers=tuple(offer(variant, price) for variant, price in offers if price is not None),
    )


def json_ld(page: Page, locale: str | None, on: Terms) -> dict[str, Any]:
    """What a product's page tells search engines, at the prices on these terms."""
    told = listing(page.product, page.variants, lambda variant: prices.tiers(variant, on).get(1), locale)
    standing = page.standing
    rating = Rating(int(standing.reviews), int(standing.stars)) if standing is not None else None
    return schema_org.product(told, rating, _way_to(page.product, told.locale))


def _way_to(product: Product, locale: str | None) -> list[Step]:
    """The pages of the categories above a product, from the top down; none if categories have no pages."""
    where = storefront()
    if where is None or not where.category_path:
        return []
    above = categories.present().path(product.category)
    steps = ((categories.name_in(item, locale), where.category(item.id, locale)) for item in above)
    return [Step(name, url) for name, url in steps if url]
