"""Products from a Shopify product CSV: rows grouped by Handle, a row per variant, further rows that hold only images.

Columns: https://help.shopify.com/en/manual/products/import-export/using-csv
"""

from collections.abc import Sequence

from chalicelib.catalog.product import Image, ProductDraft, VariantDraft, sku_for, slugify
from chalicelib.catalog.reading import BadCell, Numbered, Problem, Read, Row, Shop, cell, checked, count, price
from chalicelib.core.errors import ShopError

REQUIRED_COLUMNS = ("Handle", "Title", "Variant Price")
_VARIANT_COLUMNS = ("Option1 Value", "Variant SKU", "Variant Price")


def missing_columns(header: Sequence[str]) -> list[str]:
    return [column for column in REQUIRED_COLUMNS if column not in header]


def key(numbered: Numbered) -> str:
    """Rows with the same key that follow each other are one product."""
    return cell(numbered.row, "Handle").lower()


def read(group: list[Numbered], shop: Shop) -> Read:
    """One product from its rows. A row that can not be read is left out and named; the others make the product.

    The first row describes the product; quantities go to the shop's first location (the empty key of `stock`).
    """
    first = group[0]
    handle = key(first)
    if not handle:
        return Read(first.line, "", None, (Problem(first.line, "A row needs a handle.", "Handle"),))
    if not cell(first.row, "Title"):
        missing = Problem(first.line, "The first row of a product needs a title.", "Title")
        return Read(first.line, handle, None, (missing,))
    options = _options(first.row)
    variants: list[VariantDraft] = []
    images: list[tuple[int, int, Image]] = []
    problems: list[Problem] = []
    partial = False
    for numbered in group:
        if numbered.fault:
            partial = True
            problems.append(Problem(numbered.line, numbered.fault))
            continue
        try:
            if any(cell(numbered.row, column) for column in _VARIANT_COLUMNS):
                variants.append(_unlike(variants, _variant(numbered.row, handle, list(options), shop.currency)))
        except BadCell as bad:
            partial = True
            problems.append(Problem(numbered.line, str(bad), bad.column))
        try:
            if image := _image(numbered.row):
                images.append((_position(numbered.row), numbered.line, image))
        except BadCell as bad:
            problems.append(Problem(numbered.line, str(bad), bad.column))
    if not variants:
        problems.append(Problem(first.line, "No row of this product is a variant that can be sold."))
        return Read(first.line, handle, None, tuple(problems))
    pictures = tuple(image for _, _, image in sorted(images, key=lambda entry: entry[:2]))
    try:
        draft = _product(first.row, handle, tuple(options.values()), tuple(variants), pictures)
    except BadCell as bad:
        return Read(first.line, handle, None, (*problems, Problem(first.line, str(bad), bad.column)))
    return Read(first.line, handle, draft, tuple(problems), partial)


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


def _options(row: Row) -> dict[int, str]:
    """Names of the options by their number. Shopify's "Title: Default Title" means that there are none."""
    names = {number: name for number in (1, 2, 3) if (name := cell(row, f"Option{number} Name"))}
    if names == {1: "Title"} and cell(row, "Option1 Value") == "Default Title":
        return {}
    return names


def _product(
    row: Row, handle: str, options: tuple[str, ...], variants: tuple[VariantDraft, ...], images: tuple[Image, ...]
) -> ProductDraft:
    category = cell(row, "Type") or cell(row, "Product Category").rpartition(">")[2]
    status, shown = cell(row, "Status").lower(), cell(row, "Published").lower() in ("true", "yes", "1")
    return checked(
        ProductDraft(
            handle=handle,
            title=cell(row, "Title"),
            description=cell(row, "Body (HTML)"),
            brand=cell(row, "Vendor") or None,
            category=slugify(category)[:60].strip("-") or None,
            tags=tuple(filter(None, (tag.strip() for tag in cell(row, "Tags").split(",")))),
            options=options,
            variants=variants,
            images=images,
            status="published" if shown and status in ("", "active") else "draft",
        ),
        _COLUMNS,
    )


def _variant(row: Row, handle: str, options: list[int], currency: str) -> VariantDraft:
    values = tuple(cell(row, f"Option{number} Value") for number in options)
    for number, value in zip(options, values, strict=True):
        if not value:
            raise BadCell(f"Option{number} Value", "An option value is missing.")
    compare_at = cell(row, "Variant Compare At Price")
    try:
        sku = cell(row, "Variant SKU").lstrip("'").strip() or sku_for(handle, values)
    except ShopError as error:
        raise BadCell("Variant SKU", error.detail) from None
    return checked(
        VariantDraft(
            sku=sku,
            option_values=values,
            price=price(row, "Variant Price", currency),
            compare_at=price(row, "Variant Compare At Price", currency) if compare_at else None,
            barcode=cell(row, "Variant Barcode").lstrip("'") or None,
            weight_grams=count(row, "Variant Grams"),
            image=cell(row, "Variant Image") or None,
            stock={"": max(0, count(row, "Variant Inventory Qty"))},
        ),
        _COLUMNS,
    )


def _unlike(variants: list[VariantDraft], variant: VariantDraft) -> VariantDraft:
    """`variant`, if none of `variants` is the same thing to a buyer or to the stock."""
    for other in variants:
        if other.option_values == variant.option_values:
            raise BadCell("Option1 Value", "A row further up has the same option values.")
        if other.sku == variant.sku:
            detail = f"A row further up has the SKU {variant.sku!r} or, without one, would get it. Give each its own."
            raise BadCell("Variant SKU", detail)
    return variant


def _image(row: Row) -> Image | None:
    url = cell(row, "Image Src")
    return checked(Image(url=url, alt=cell(row, "Image Alt Text")), _COLUMNS) if url else None


def _position(row: Row) -> int:
    """Where an image stands among its product's; images without a place come last."""
    text = cell(row, "Image Position")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 10**9
