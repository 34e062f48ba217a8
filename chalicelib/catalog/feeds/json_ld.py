"""A product page in schema.org's words, for search engines: https://schema.org/Product, /ProductGroup, /Offer.

The shapes are those that Google reads for merchant listings and product variants. What is not known is left out.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from chalicelib.catalog.feeds.listing import Listing, Offer, Trait
from chalicelib.catalog.feeds.plain_text import cut, without_controls
from chalicelib.core.money import Money, decimal

_SCHEMA = "https://schema.org"
_CONDITIONS = {"new": "NewCondition", "refurbished": "RefurbishedCondition", "used": "UsedCondition"}
_LONGEST_DESCRIPTION = 5000
_Object = dict[str, Any]


class Rating(msgspec.Struct, frozen=True):
    """How many reviews there are, and the sum of their stars, 1 to 5 each."""

    reviews: int
    stars: int


class Step(msgspec.Struct, frozen=True):
    """A page on the way down to a product's."""

    name: str
    url: str


def product(listing: Listing, rating: Rating | None = None, way: Sequence[Step] = ()) -> _Object:
    """A Product, or a ProductGroup of several variants, as one JSON-LD object."""
    shared = {"@context": _SCHEMA, "@type": "Product", **_about(listing, way), **_rated(rating)}
    if not listing.grouped:
        return {**shared, **(_thing(listing.offers[0], listing) if listing.offers else {})}
    return {
        **shared,
        "@type": "ProductGroup",
        "productGroupID": listing.id,
        **_known(variesBy=[f"{_SCHEMA}/{trait}" for trait in listing.varies_by]),
        "hasVariant": [
            {"@type": "Product", "name": _said(offer.title), **_thing(offer, listing)} for offer in listing.offers
        ],
    }


def _about(listing: Listing, way: Sequence[Step]) -> _Object:
    # A product has neither language nor place in schema.org, its page has.
    page = _known(inLanguage=listing.locale, breadcrumb=_breadcrumb(listing, way))
    return {
        "name": _said(listing.title),
        **_known(
            description=_said(cut(listing.description, _LONGEST_DESCRIPTION)),
            url=listing.url,
            image=list(listing.images),
            brand={"@type": "Brand", "name": _said(listing.brand)} if listing.brand else None,
            mainEntityOfPage={"@type": "ItemPage", **_known(url=listing.url), **page} if page else None,
        ),
    }


def _breadcrumb(listing: Listing, way: Sequence[Step]) -> _Object | None:
    if not way or not listing.url:
        return None
    steps = [*way, Step(listing.title, listing.url)]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": _said(step.name), "item": step.url}
            for place, step in enumerate(steps, 1)
        ],
    }


def _thing(offer: Offer, listing: Listing) -> _Object:
    """What is said of a variant wherever it stands."""
    images = [offer.image, *(image for image in listing.images if image != offer.image)] if offer.image else []
    traits: dict[Trait, str] = offer.traits
    return {
        "sku": offer.sku,
        **_known(
            gtin=offer.gtin,
            mpn=listing.mpn,
            image=offer.image if listing.grouped else images,
            **{name: _said(value) for name, value in traits.items()},
        ),
        "offers": {
            "@type": "Offer",
            **_known(url=offer.url),
            "price": decimal(offer.price),
            "priceCurrency": offer.price.currency,
            "itemCondition": f"{_SCHEMA}/{_CONDITIONS[listing.condition]}",
            **_known(priceSpecification=_struck_through(offer.compare_at)),
        },
    }


def _struck_through(price: Money | None) -> _Object | None:
    if price is None:
        return None
    return {
        "@type": "UnitPriceSpecification",
        "priceType": f"{_SCHEMA}/StrikethroughPrice",
        "price": decimal(price),
        "priceCurrency": price.currency,
    }


def _rated(rating: Rating | None) -> _Object:
    if rating is None or rating.reviews < 1:
        return {}
    return {
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": round(rating.stars / rating.reviews, 2),
            "reviewCount": rating.reviews,
            "bestRating": 5,
            "worstRating": 1,
        }
    }


def _said(text: str) -> str:
    return without_controls(text).strip()


def _known(**members: Any) -> _Object:
    return {name: value for name, value in members.items() if value}
