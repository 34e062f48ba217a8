"""Google's product feed: RSS 2.0 with the names of http://base.google.com/ns/1.0, an item for each variant.

Names, values and lengths are those of Google's product data specification.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, urlsplit

from chalicelib.catalog.feeds import xml_text
from chalicelib.catalog.feeds.listing import Listing, Offer, text
from chalicelib.catalog.feeds.plain_text import cut, plain_text, without_controls
from chalicelib.catalog.feeds.xml_text import Element, element
from chalicelib.core.money import Money, decimal

TAIL = b"</channel></rss>\n"
_LONGEST_ID = 50
_MOST_IMAGES = 10
_LONGEST_LINK = 2000
# Of an address of which nobody knows how much is encoded already: what may stand in one (RFC 3986) stays.
_IN_ADDRESSES = "%:/?#[]@!$&'()*+,;="
_GENDERS = ("male", "female", "unisex")
_AGES = ("newborn", "infant", "toddler", "kids", "adult")


def head(shop_url: str) -> bytes:
    """What stands before the first item."""
    host = urlsplit(shop_url).netloc
    channel = [element("title", host), element("link", shop_url), element("description", f"Products of {host}")]
    opened = b'<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>'
    return xml_text.PROLOG + opened + xml_text.elements(channel) + b"\n"


def items(listing: Listing, category: Sequence[str], in_stock: Mapping[str, bool]) -> Iterator[bytes]:
    """An item for each variant that is sent. `category` has the names of its path, `in_stock` an answer by SKU."""
    for offer in listing.offers:
        if offer.sku in in_stock:
            yield xml_text.parent("item", _item(listing, offer, category, in_stock[offer.sku]))


def id_of(sku: str) -> str:
    """The SKU where it can be an id as it is: 50 characters, and spaces that do not melt together. Else a part of it
    with a digest of all of it, so that no two SKUs have the same."""
    if len(sku) <= _LONGEST_ID and sku == " ".join(sku.split()) and sku.isprintable():
        return sku
    digest = hashlib.sha256(sku.encode()).hexdigest()[:16]
    start = " ".join("".join(sign if sign.isprintable() else " " for sign in sku).split())
    return f"{start[: _LONGEST_ID - len(digest) - 1].rstrip()}-{digest}"


def _item(listing: Listing, offer: Offer, category: Sequence[str], in_stock: bool) -> Iterator[Element]:
    # These three are RSS's own.
    yield element("title", _title(listing, offer))
    yield element("link", _address(offer.url) or _address(listing.url))
    yield element("description", cut(listing.description or listing.title, 5000))
    yield element("g:id", id_of(offer.sku))
    yield element("g:availability", "in_stock" if in_stock else "out_of_stock")
    yield element("g:condition", listing.condition)
    for name, value in (*_prices(offer), *_identity(listing, offer), *_images(listing, offer)):
        yield element(f"g:{name}", value)
    for name, said, longest in (*_sorting(listing, category), *_looks(listing, offer)):
        if said:
            yield element(f"g:{name}", cut(without_controls(said), longest))
    if listing.grouped:
        yield element("g:item_group_id", listing.id)
    if offer.components:
        yield element("g:is_bundle", "yes")
    for name, value in _parcel(offer):
        yield element(f"g:{name}", value)


def _title(listing: Listing, offer: Offer) -> str:
    """The variant's own title; what is too long loses of the product's name, not of what tells it apart."""
    apart = cut(offer.title.removeprefix(listing.title), 75)
    return cut(listing.title, 150 - len(apart)) + apart


def _prices(offer: Offer) -> Iterator[tuple[str, str]]:
    if offer.compare_at is None:
        yield "price", _money(offer.price)
        return
    yield "price", _money(offer.compare_at)
    yield "sale_price", _money(offer.price)


def _money(price: Money) -> str:
    return f"{decimal(price)} {price.currency}"


def _identity(listing: Listing, offer: Offer) -> Iterator[tuple[str, str]]:
    """Who makes it under which number; where nobody could know it by these, Google wants that said."""
    if listing.brand:
        yield "brand", cut(listing.brand, 70)
    if offer.gtin:
        yield "gtin", offer.gtin
    if listing.mpn:
        yield "mpn", cut(listing.mpn, 70)
    if not offer.gtin and not (listing.brand and listing.mpn):
        yield "identifier_exists", "no"


def _images(listing: Listing, offer: Offer) -> Iterator[tuple[str, str]]:
    found = dict.fromkeys(filter(None, (_address(image) for image in (offer.image, *listing.images))))
    for place, image in enumerate(list(found)[: 1 + _MOST_IMAGES]):
        yield ("additional_image_link" if place else "image_link"), image


def _sorting(listing: Listing, category: Sequence[str]) -> Iterator[tuple[str, str | None, int]]:
    yield "google_product_category", text(listing.attributes, "google_product_category"), 750
    yield "product_type", " > ".join(name.replace(">", " ") for name in category), 750


def _looks(listing: Listing, offer: Offer) -> Iterator[tuple[str, str | None, int]]:
    for trait, value in offer.traits.items():
        yield trait, plain_text(value), 200 if trait == "material" else 100
    gender, age = (text(listing.attributes, name) for name in ("gender", "age_group"))
    yield "gender", gender if gender in _GENDERS else None, 10
    yield "age_group", age if age in _AGES else None, 10


def _parcel(offer: Offer) -> Iterator[tuple[str, str]]:
    if offer.weight_grams:
        yield "shipping_weight", f"{offer.weight_grams} g"
    if offer.dimensions:
        for name in ("length", "width", "height"):
            yield f"shipping_{name}", f"{getattr(offer.dimensions, name) / 10:g} cm"


def _address(url: str | None) -> str | None:
    """An address in ASCII; None for one that is longer than Google reads."""
    encoded = quote(url, safe=_IN_ADDRESSES) if url else ""
    return encoded if 0 < len(encoded) <= _LONGEST_LINK else None
