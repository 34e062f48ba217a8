"""What a product is before it is stored: its parts, what is accepted, and how its missing SKUs are named."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.errors import ShopError, invalid
from chalicelib.core.money import Amount, Money

Handle = Annotated[str, Meta(pattern=r"^[^\W_]+([-_]+[^\W_]+)*$(?!\n)", max_length=200, description="lower-case slug")]
Sku = Annotated[str, Meta(pattern=r"^[^\s\x00-\x1f]([^\x00-\x1f]{0,98}[^\s\x00-\x1f])?$(?!\n)", max_length=100)]
Name = Annotated[str, Meta(min_length=1, max_length=300)]
Text = Annotated[str, Meta(max_length=50_000)]
Slug = Annotated[str, Meta(pattern=r"^[^\W_]+(-[^\W_]+)*$(?!\n)", max_length=60)]
Locale = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)", description="BCP 47 language tag")]
Pieces = Annotated[int, Meta(ge=0, le=10_000_000)]
Url = Annotated[str, Meta(pattern=r"^https?://\S+$(?!\n)", max_length=2000)]

MOST_OPTIONS = 3
MOST_VARIANTS = 250


class Translation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    title: Name
    description: Text = ""


class Image(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    url: Url
    alt: Annotated[str, Meta(max_length=500)] = ""


class VariantDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that can be bought. `weight_grams` is the shipped weight; `stock` are the pieces counted per location
    when the variant is first seen, which never overwrite a later count; for staff to name them takes `stock:write`."""

    sku: Sku
    price: Money
    option_values: tuple[Name, ...] = ()
    compare_at: Money | None = None
    barcode: Annotated[str, Meta(max_length=60)] | None = None
    weight_grams: Pieces = 0
    image: Url | None = None
    stock: dict[str, Pieces] = {}


class ProductDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A product as staff or a file describe it. `description` may hold HTML; it is sanitised when it is stored."""

    handle: Handle
    title: Name
    variants: Annotated[tuple[VariantDraft, ...], Meta(min_length=1, max_length=MOST_VARIANTS)]
    description: Text = ""
    translations: dict[Locale, Translation] = {}
    category: Slug | None = None
    brand: Annotated[str, Meta(max_length=200)] | None = None
    tags: Annotated[tuple[Name, ...], Meta(max_length=250)] = ()
    options: Annotated[tuple[Name, ...], Meta(max_length=MOST_OPTIONS)] = ()
    images: Annotated[tuple[Image, ...], Meta(max_length=250)] = ()
    published: bool = False


def check(draft: ProductDraft, currency: str) -> None:
    """Raise the first thing that makes `draft` no product of a shop that sells in `currency`, by its place."""
    if draft.handle != draft.handle.lower():
        raise invalid("/handle", "A handle is lower-case.")
    if len(set(draft.options)) != len(draft.options):
        raise invalid("/options", "Option names must differ.")
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
        if variant.price.currency != currency:
            raise invalid(f"{place}/price/currency", f"This shop's prices are in {currency}.")
        if variant.compare_at and variant.compare_at.currency != currency:
            raise invalid(f"{place}/compare_at/currency", f"This shop's prices are in {currency}.")
        skus.add(variant.sku)
        combinations.add(variant.option_values)


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
