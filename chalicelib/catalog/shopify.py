"""Products from a Shopify product CSV: rows grouped by Handle, a row per variant, further rows that hold only images.

Columns: https://help.shopify.com/en/manual/products/import-export/using-csv
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from chalicelib.catalog.product import Image, ProductDraft, VariantDraft, sku_for, slugify
from chalicelib.core import money
from chalicelib.core.errors import ShopError

REQUIRED_COLUMNS = ("Handle", "Title", "Variant Price")
_VARIANT_COLUMNS = ("Option1 Value", "Variant SKU", "Variant Price")

Row = Mapping[str, str]
T = TypeVar("T")


class Numbered(msgspec.Struct, frozen=True):
    """A row of the file and the line on which it begins; line 1 holds the names of the columns."""

    line: int
    row: Row


class Problem(msgspec.Struct, frozen=True):
    """Why a row was left out. `column` is the column at fault, if one is."""

    line: int
    detail: str
    column: str | None = None


class Read(msgspec.Struct, frozen=True):
    """What a group of rows amounts to: a product, unless it is broken as a whole, and what was wrong on the way."""

    line: int
    handle: str
    draft: ProductDraft | None
    problems: tuple[Problem, ...]


class _BadCell(Exception):
    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column


def missing_columns(header: Iterable[str]) -> list[str]:
    given = set(header)
    return [column for column in REQUIRED_COLUMNS if column not in given]


def grouped(rows: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """The rows of one product after the other. A row with no handle is a group by itself."""
    group: list[Numbered] = []
    for numbered in rows:
        if group and (handle_of([numbered]) != handle_of(group) or not handle_of(group)):
            yield group
            group = []
        group.append(numbered)
    if group:
        yield group


def handle_of(group: list[Numbered]) -> str:
    return _cell(group[0].row, "Handle").lower()


def read_product(group: list[Numbered], currency: str) -> Read:
    """One product from its rows. A row that can not be read is left out and named; the others make the product.

    The first row describes the product; quantities go to the shop's first location (the empty key of `stock`).
    """
    first = group[0]
    handle = handle_of(group)
    if not handle:
        return Read(first.line, "", None, (Problem(first.line, "A row needs a handle.", "Handle"),))
    if not _cell(first.row, "Title"):
        missing = Problem(first.line, "The first row of a product needs a title.", "Title")
        return Read(first.line, handle, None, (missing,))
    options = _options(first.row)
    variants: list[VariantDraft] = []
    images: list[tuple[int, int, Image]] = []
    problems: list[Problem] = []
    for numbered in group:
        try:
            if any(_cell(numbered.row, column) for column in _VARIANT_COLUMNS):
                variants.append(_unlike(variants, _variant(numbered.row, handle, list(options), currency)))
        except _BadCell as bad:
            problems.append(Problem(numbered.line, str(bad), bad.column))
        try:
            if image := _image(numbered.row):
                images.append((_position(numbered.row), numbered.line, image))
        except _BadCell as bad:
            problems.append(Problem(numbered.line, str(bad), bad.column))
    if not variants:
        problems.append(Problem(first.line, "No row of this product is a variant that can be sold."))
        return Read(first.line, handle, None, tuple(problems))
    pictures = tuple(image for _, _, image in sorted(images, key=lambda entry: entry[:2]))
    try:
        draft = _product(first.row, handle, tuple(options.values()), tuple(variants), pictures)
    except _BadCell as bad:
        return Read(first.line, handle, None, (*problems, Problem(first.line, str(bad), bad.column)))
    return Read(first.line, handle, draft, tuple(problems))


# Which column a field comes from, to name it where its value is refused.
_COLUMNS = {
    "handle": "Handle",
    "title": "Title",
    "description": "Body (HTML)",
    "brand": "Vendor",
    "tags": "Tags",
    "category": "Type",
    "sku": "Variant SKU",
    "option_values": "Option1 Value",
    "barcode": "Variant Barcode",
    "weight_grams": "Variant Grams",
    "image": "Variant Image",
    "stock": "Variant Inventory Qty",
    "url": "Image Src",
    "alt": "Image Alt Text",
}


def _checked(value: T) -> T:
    """A Struct that was put together here, held against its own rules, which msgspec checks only where it decodes."""
    try:
        return msgspec.convert(msgspec.to_builtins(value), type(value))
    except msgspec.ValidationError as error:
        detail, _, place = str(error).partition(" - at `$.")
        field = re.split(r"[.\[`]", place)[0]
        raise _BadCell(_COLUMNS.get(field, field or "Handle"), f"{detail}.") from None


def _options(row: Row) -> dict[int, str]:
    """Names of the options by their number. Shopify's "Title: Default Title" means that there are none."""
    names = {number: name for number in (1, 2, 3) if (name := _cell(row, f"Option{number} Name"))}
    if names == {1: "Title"} and _cell(row, "Option1 Value") == "Default Title":
        return {}
    return names


def _product(
    row: Row, handle: str, options: tuple[str, ...], variants: tuple[VariantDraft, ...], images: tuple[Image, ...]
) -> ProductDraft:
    category = _cell(row, "Type") or _cell(row, "Product Category").rpartition(">")[2]
    status, shown = _cell(row, "Status").lower(), _cell(row, "Published").lower() in ("true", "yes", "1")
    return _checked(
        ProductDraft(
            handle=handle,
            title=_cell(row, "Title"),
            description=_cell(row, "Body (HTML)"),
            brand=_cell(row, "Vendor") or None,
            category=slugify(category)[:60].strip("-") or None,
            tags=tuple(filter(None, (tag.strip() for tag in _cell(row, "Tags").split(",")))),
            options=options,
            variants=variants,
            images=images,
            status="published" if shown and status in ("", "active") else "draft",
        )
    )


def _variant(row: Row, handle: str, options: list[int], currency: str) -> VariantDraft:
    values = tuple(_cell(row, f"Option{number} Value") for number in options)
    for number, value in zip(options, values, strict=True):
        if not value:
            raise _BadCell(f"Option{number} Value", "An option value is missing.")
    compare_at = _cell(row, "Variant Compare At Price")
    try:
        sku = _cell(row, "Variant SKU").lstrip("'").strip() or sku_for(handle, values)
    except ShopError as error:
        raise _BadCell("Variant SKU", error.detail) from None
    return _checked(
        VariantDraft(
            sku=sku,
            option_values=values,
            price=_price(row, "Variant Price", currency),
            compare_at=_price(row, "Variant Compare At Price", currency) if compare_at else None,
            barcode=_cell(row, "Variant Barcode").lstrip("'") or None,
            weight_grams=_count(row, "Variant Grams"),
            image=_cell(row, "Variant Image") or None,
            stock={"": max(0, _count(row, "Variant Inventory Qty"))},
        )
    )


def _unlike(variants: list[VariantDraft], variant: VariantDraft) -> VariantDraft:
    """`variant`, if none of `variants` is the same thing to a buyer or to the stock."""
    for other in variants:
        if other.option_values == variant.option_values:
            raise _BadCell("Option1 Value", "A row further up has the same option values.")
        if other.sku == variant.sku:
            detail = f"A row further up has the SKU {variant.sku!r} or, without one, would get it. Give each its own."
            raise _BadCell("Variant SKU", detail)
    return variant


def _image(row: Row) -> Image | None:
    url = _cell(row, "Image Src")
    return _checked(Image(url=url, alt=_cell(row, "Image Alt Text"))) if url else None


def _position(row: Row) -> int:
    """Where an image stands among its product's; images without a place come last."""
    text = _cell(row, "Image Position")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 10**9


def _price(row: Row, column: str, currency: str) -> money.Money:
    text = _cell(row, column)
    if not text:
        raise _BadCell(column, "A price is missing.")
    try:
        return money.parse(text, currency)
    except ShopError as error:
        raise _BadCell(column, error.detail) from None


def _count(row: Row, column: str) -> int:
    """A whole number; an empty cell is 0, and Shopify writes grams as "250.0" at times."""
    text = _cell(row, column) or "0"
    whole, _, fraction = text.removeprefix("-").partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 10) or fraction.strip("0"):
        raise _BadCell(column, f"{text!r} is not a whole number.")
    return -int(whole) if text.startswith("-") else int(whole)


def _cell(row: Row, column: str) -> str:
    return (row.get(column) or "").strip()
