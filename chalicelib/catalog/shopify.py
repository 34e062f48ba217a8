"""Products from a Shopify product CSV: rows grouped by Handle, a row per variant, further rows that hold only images.

Columns: https://help.shopify.com/en/manual/products/import-export/using-csv
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from chalicelib.catalog.product import Image, ProductDraft, VariantDraft, sku_for, slugify
from chalicelib.core import money
from chalicelib.core.errors import ShopError

REQUIRED_COLUMNS = ("Handle", "Title", "Variant Price")
_VARIANT_COLUMNS = ("Option1 Value", "Variant SKU", "Variant Price")

Row = Mapping[str, str]


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
        return Read(
            first.line, handle, None, (Problem(first.line, "The first row of a product needs a title.", "Title"),)
        )
    names = tuple(filter(None, (_cell(first.row, f"Option{n} Name") for n in (1, 2, 3))))
    if names == ("Title",) and _cell(first.row, "Option1 Value") == "Default Title":
        names = ()
    variants: list[VariantDraft] = []
    problems: list[Problem] = []
    for numbered in group:
        if not any(_cell(numbered.row, column) for column in _VARIANT_COLUMNS):
            continue  # it holds an image only
        try:
            variants.append(_variant(numbered.row, handle, len(names), currency))
        except _BadCell as bad:
            problems.append(Problem(numbered.line, str(bad), bad.column))
    if not variants:
        problems.append(Problem(first.line, "No row of this product is a variant that can be sold."))
        return Read(first.line, handle, None, tuple(problems))
    try:
        draft = _product(first.row, handle, names, tuple(variants), _images(group))
    except msgspec.ValidationError as error:
        return Read(first.line, handle, None, (*problems, Problem(first.line, str(error))))
    return Read(first.line, handle, draft, tuple(problems))


def _product(
    row: Row, handle: str, options: tuple[str, ...], variants: tuple[VariantDraft, ...], images: tuple[Image, ...]
) -> ProductDraft:
    category = _cell(row, "Type") or _cell(row, "Product Category").rpartition(">")[2]
    status = _cell(row, "Status").lower()
    draft = ProductDraft(
        handle=handle,
        title=_cell(row, "Title"),
        description=_cell(row, "Body (HTML)"),
        brand=_cell(row, "Vendor") or None,
        category=slugify(category)[:60].strip("-") or None,
        tags=tuple(filter(None, (tag.strip() for tag in _cell(row, "Tags").split(",")))),
        options=options,
        variants=variants,
        images=images,
        published=_cell(row, "Published").lower() in ("true", "yes", "1") and status in ("", "active"),
    )
    # Structs check types only where they are decoded.
    return msgspec.convert(msgspec.to_builtins(draft), ProductDraft)


def _variant(row: Row, handle: str, options: int, currency: str) -> VariantDraft:
    values = tuple(_cell(row, f"Option{n} Value") for n in range(1, options + 1))
    for number, value in enumerate(values, 1):
        if not value:
            raise _BadCell(f"Option{number} Value", "An option value is missing.")
    compare_at = _cell(row, "Variant Compare At Price")
    try:
        return VariantDraft(
            sku=_cell(row, "Variant SKU").lstrip("'") or sku_for(handle, values),
            option_values=values,
            price=_price(row, "Variant Price", currency),
            compare_at=_price(row, "Variant Compare At Price", currency) if compare_at else None,
            barcode=_cell(row, "Variant Barcode").lstrip("'") or None,
            weight_grams=_count(row, "Variant Grams"),
            image=_cell(row, "Variant Image") or None,
            stock={"": max(0, _count(row, "Variant Inventory Qty"))},
        )
    except ShopError as error:
        raise _BadCell("Variant SKU", error.detail) from None


def _images(group: list[Numbered]) -> tuple[Image, ...]:
    found = []
    for place, numbered in enumerate(group):
        if url := _cell(numbered.row, "Image Src"):
            position = _cell(numbered.row, "Image Position")
            order = int(position) if position.isascii() and position.isdigit() else 10_000
            found.append((order, place, Image(url=url, alt=_cell(numbered.row, "Image Alt Text"))))
    return tuple(image for _, _, image in sorted(found, key=lambda entry: entry[:2]))


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
