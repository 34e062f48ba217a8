"""What a product is before it is stored: its parts, what is accepted, and how its missing SKUs are named."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.errors import ShopError, invalid
from chalicelib.core.money import Amount, Money

Handle = Annotated[str, Meta(pattern=r"^[^\W_]+([-_]+[^\W_]+)*$(?!\n)", max_length=200, description="lower-case slug")]
Sku = Annotated[str, Meta(pattern=r"^[^\s\x00-\x1f]([^\x00-\x1f]{0,98}[^\s\x00-\x1f])?$(?!\n)", max_length=100)]
Name = Annotated[str, Meta(min_length=1, max_length=300)]
Text = Annotated[str, Meta(max_length=50_000)]
Slug = Annotated[str, Meta(pattern=r"^[^\W_]+(-[^\W_]+)*$(?!\n)", max_length=120)]
# Staff say in the tax settings what its goods are taxed; one that they do not know is taxed as "standard".
TaxClass = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=60)]
Locale = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)", description="BCP 47 language tag")]
Pieces = Annotated[int, Meta(ge=0, le=10_000_000)]
Millimetres = Annotated[int, Meta(ge=1, le=100_000)]
Pixels = Annotated[int, Meta(ge=1, le=100_000)]
Url = Annotated[str, Meta(pattern=r"^https?://\S+$(?!\n)", max_length=2000)]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166-1 alpha-2 code")]
HsCode = Annotated[str, Meta(pattern=r"^[0-9]{6,12}$(?!\n)", description="Harmonized System code, digits only")]
AttributeId = Annotated[str, Meta(pattern=r"^[^\W_]+([-_.][^\W_]+)*$(?!\n)", max_length=60)]
AttributeText = Annotated[str, Meta(min_length=1, max_length=2000)]
AttributeValue = bool | int | float | AttributeText | Annotated[tuple[AttributeText, ...], Meta(max_length=50)]

Status = Literal["draft", "published", "archived"]
DRAFT, PUBLISHED, ARCHIVED = "draft", "published", "archived"

MOST_OPTIONS = 3
MOST_VARIANTS = 250
_MOST_COMPONENTS = 20
_MOST_ATTRIBUTES = 300
# A product stands on a shelf for each price list that it names, and all of them are written in one transaction.
_MOST_PRICE_LISTS = 20
# DynamoDB keeps at most 400 KB an item, names of attributes and JSON's own signs included.
_LARGEST_PRODUCT = 300_000
_LARGEST_VARIANT = 30_000


class Seo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What search engines on the web are told; where it is empty, title and description speak."""

    title: Annotated[str, Meta(max_length=300)] = ""
    description: Annotated[str, Meta(max_length=1000)] = ""


_NO_SEO = Seo()


class Translation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    title: Name
    description: Text = ""
    seo: Seo = _NO_SEO


class Image(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    url: Url
    alt: Annotated[str, Meta(max_length=500)] = ""
    width: Pixels | None = None
    height: Pixels | None = None


class Dimensions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The packed size in millimetres."""

    length: Millimetres
    width: Millimetres
    height: Millimetres


class ListPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the price list `list` asks for one piece if at least `min_quantity` are bought."""

    list: Slug
    price: Money
    min_quantity: Annotated[int, Meta(ge=1, le=999)] = 1


class VariantDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that can be bought. `weight_grams` is the shipped weight; `stock` are the pieces counted per location
    when the variant is first seen, which never overwrite a later count; for staff to name them takes `stock:write`.

    `components` make it a bundle: pieces by SKU of which one piece consists, and whose stock it shares. What is
    `digital` is neither counted nor sent. `tax_class` is the product's where it says none.
    """

    sku: Sku
    price: Money
    option_values: tuple[Name, ...] = ()
    compare_at: Money | None = None
    prices: Annotated[tuple[ListPrice, ...], Meta(max_length=200)] = ()
    barcode: Annotated[str, Meta(max_length=60)] | None = None
    weight_grams: Pieces = 0
    dimensions: Dimensions | None = None
    hs_code: HsCode | None = None
    origin: Country | None = None
    image: Url | None = None
    digital: bool = False
    components: dict[Sku, Annotated[int, Meta(ge=1, le=100)]] = {}
    tax_class: TaxClass | None = None
    stock: dict[str, Pieces] = {}

    @property
    def on_sale(self) -> bool:
        return self.compare_at is not None and self.compare_at.amount > self.price.amount


class ProductDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A product as staff or a file describe it. Descriptions may hold HTML; it is sanitised when it is stored.

    Attributes are typed by their value: text, number, yes or no, or several texts. A draft with `publish_at` is
    published at that time, what is published with `unpublish_at` becomes a draft again at that.
    """

    handle: Handle
    title: Name
    variants: Annotated[tuple[VariantDraft, ...], Meta(min_length=1, max_length=MOST_VARIANTS)]
    description: Text = ""
    seo: Seo = _NO_SEO
    translations: dict[Locale, Translation] = {}
    category: Slug | None = None
    tax_class: TaxClass | None = None
    brand: Annotated[str, Meta(max_length=200)] | None = None
    tags: Annotated[tuple[Name, ...], Meta(max_length=250)] = ()
    attributes: dict[AttributeId, AttributeValue] = {}
    options: Annotated[tuple[Name, ...], Meta(max_length=MOST_OPTIONS)] = ()
    images: Annotated[tuple[Image, ...], Meta(max_length=250)] = ()
    status: Status = "draft"
    publish_at: datetime | None = None
    unpublish_at: datetime | None = None


def plain(draft: ProductDraft) -> ProductDraft:
    """The draft as it is written down: msgspec leaves out a default of a Struct's type only if it is the very same."""
    return msgspec.structs.replace(
        draft,
        seo=_plain_seo(draft.seo),
        translations={
            tag: msgspec.structs.replace(words, seo=_plain_seo(words.seo)) for tag, words in draft.translations.items()
        },
    )


def _plain_seo(seo: Seo) -> Seo:
    return _NO_SEO if seo == _NO_SEO else seo


def check(draft: ProductDraft, currency: str) -> None:
    """Raise the first thing that makes `draft` no product of a shop that sells in `currency`, by its place."""
    if draft.handle != draft.handle.lower():
        raise invalid("/handle", "A handle is lower-case.")
    if len(set(draft.options)) != len(draft.options):
        raise invalid("/options", "Option names must differ.")
    if len(draft.attributes) > _MOST_ATTRIBUTES:
        raise invalid("/attributes", f"A product has at most {_MOST_ATTRIBUTES} attributes.")
    if len({price.list for variant in draft.variants for price in variant.prices}) > _MOST_PRICE_LISTS:
        raise invalid("/variants", f"The prices of a product name at most {_MOST_PRICE_LISTS} price lists.")
    check_period(draft, "publish_at", "unpublish_at")
    skus: set[str] = set()
    combinations: set[tuple[str, ...]] = set()
    for index, variant in enumerate(draft.variants):
        place = f"/variants/{index}"
        if len(variant.option_values) != len(draft.options):
            raise invalid(f"{place}/option_values", f"{len(draft.options)} option values are needed.")
        if variant.option_values in combinations:
            raise invalid(f"{place}/option_values", "Another variant has the same option values.")
        if variant.sku in skus:
            raise invalid(f"{place}/sku", "Another variant has the same SKU.")
        _check_variant(variant, place, currency)
        skus.add(variant.sku)
        combinations.add(variant.option_values)
    _check_size(draft)


def status_at(now: datetime, status: str, publish_at: datetime | None, unpublish_at: datetime | None) -> str:
    """The status that a product of this status and these times has at `now`."""
    if status == DRAFT and publish_at and publish_at <= now:
        status = PUBLISHED
    if status == PUBLISHED and unpublish_at and unpublish_at <= now:
        return DRAFT
    return status


def turns_at(now: datetime, status: str, publish_at: datetime | None, unpublish_at: datetime | None) -> datetime | None:
    """When the status of a product, which at `now` is what it should be, changes by itself; None: never."""
    if status == PUBLISHED:
        return unpublish_at
    return publish_at if status == DRAFT and publish_at and publish_at > now else None


def check_period(draft: Any, begins: str, ends: str) -> None:
    """Raise what makes the times of the fields `begins` and `ends` no period; either may be None."""
    for name in (begins, ends):
        moment = getattr(draft, name)
        if moment is not None and moment.tzinfo is None:
            raise invalid(f"/{name}", "Say in which time zone: 2026-01-31T08:00:00Z, for example.")
        if moment is not None and not _is_in_utc(moment):
            raise invalid(f"/{name}", "This is no time of the years 1 to 9999 in UTC.")
    first, last = getattr(draft, begins), getattr(draft, ends)
    if first and last and last <= first:
        raise invalid(f"/{ends}", f"This is not after {begins}.")


def _is_in_utc(moment: datetime) -> bool:
    """Whether it is in the years 1 to 9999 in UTC too: a zone may take it out of them."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _check_variant(variant: VariantDraft, place: str, currency: str) -> None:
    if variant.price.currency != currency:
        raise invalid(f"{place}/price/currency", f"This shop's prices are in {currency}.")
    if variant.compare_at and variant.compare_at.currency != currency:
        raise invalid(f"{place}/compare_at/currency", f"This shop's prices are in {currency}.")
    steps = [(price.list, price.price.currency, price.min_quantity) for price in variant.prices]
    for index, step in enumerate(steps):
        if step in steps[:index]:
            raise invalid(f"{place}/prices/{index}", "There is another price for this list, currency and quantity.")
    if len(variant.components) > _MOST_COMPONENTS:
        raise invalid(f"{place}/components", f"A bundle has at most {_MOST_COMPONENTS} components.")
    if variant.sku in variant.components:
        raise invalid(f"{place}/components", "A bundle can not be a part of itself.")
    if variant.components and variant.digital:
        raise invalid(f"{place}/digital", "A bundle is digital if all of its components are.")
    if variant.stock and (variant.components or variant.digital):
        kind = "A bundle has the stock of its components." if variant.components else "What is digital is not counted."
        raise invalid(f"{place}/stock", kind)


def _check_size(draft: ProductDraft) -> None:
    """422 for what would not fit into the table's items."""
    for index, variant in enumerate(draft.variants):
        if _size(variant) > _LARGEST_VARIANT:
            raise invalid(f"/variants/{index}", f"A variant has at most {_LARGEST_VARIANT} bytes of JSON.")
    found_by = _found_by(draft)
    if _size(msgspec.structs.replace(draft, variants=draft.variants[:1])) + found_by > _LARGEST_PRODUCT:
        sizes = {name: _size(getattr(draft, name)) for name in ("description", "translations", "attributes", "images")}
        sizes["variants"] = found_by
        largest = max(sizes, key=lambda name: sizes[name])
        detail = f"A product has at most {_LARGEST_PRODUCT} bytes of JSON: all texts, and the SKUs, barcodes and option"
        raise invalid(f"/{largest}", f"{detail} values of its variants.")


def _found_by(draft: ProductDraft) -> int:
    """The size of what the product's item repeats of its variants."""
    skus = [variant.sku for variant in draft.variants]
    barcodes = [variant.barcode for variant in draft.variants if variant.barcode]
    choices = {value for variant in draft.variants for value in variant.option_values}
    return _size(skus) + _size(barcodes) + _size(choices)


def _size(value: Any) -> int:
    return len(msgspec.json.encode(value))


def sku_for(handle: str, option_values: tuple[str, ...]) -> str:
    """The SKU of a variant that came without one: the same each time that the same file is read."""
    slug = "-".join(filter(None, (slugify(value) for value in option_values)))
    sku = f"{handle}-{slug}" if slug else handle
    if len(sku) > 100:
        raise ShopError("invalid_field", 422, f"No SKU is given, and {sku[:60]}... would be too long for one.")
    return sku


def slugify(text: str) -> str:
    """Lower-case words joined by dashes, letters of any script kept: "Tees & Tops" is "tees-tops"."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")


def cheapest(variants: tuple[VariantDraft, ...]) -> Amount:
    return min(variant.price.amount for variant in variants)
