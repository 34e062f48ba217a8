"""Products from a Shopify product CSV: rows grouped by handle, a row per variant, further rows that hold only images.

Columns: https://help.shopify.com/en/manual/products/import-export/using-csv. The names that Shopify's newer template
gives them ("URL handle", "Price") are read as the older ones ("Handle", "Variant Price").
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from chalicelib.catalog.files.cells import BadCell, Row, cell, count, grams, listed, price, renamed, unguarded, yes
from chalicelib.catalog.files.making import Making, made_sku
from chalicelib.catalog.files.reading import Numbered, Read, Shop
from chalicelib.catalog.product import ListPrice, ProductDraft, Seo, VariantDraft, slugify

NAME = "shopify"
REQUIRED_COLUMNS = ("Handle", "Title", "Variant Price")
_VARIANT_COLUMNS = ("Option1 Value", "Variant SKU", "Variant Price")
_COLUMNS = """
    Handle; Title; Body (HTML); Vendor; Product Category; Type; Tags; Published; Status; SEO Title; SEO Description;
    Option1 Name; Option1 Value; Option1 Linked To; Option2 Name; Option2 Value; Option2 Linked To;
    Option3 Name; Option3 Value; Option3 Linked To; Variant SKU; Variant Barcode; Variant Grams; Variant Weight Unit;
    Variant Inventory Tracker; Variant Inventory Qty; Variant Inventory Policy; Variant Price;
    Variant Compare At Price; Variant Requires Shipping; Variant Image; Gift Card;
    Image Src; Image Position; Image Alt Text; Google Shopping / Google Product Category; Google Shopping / Gender;
    Google Shopping / Age Group; Google Shopping / MPN; Google Shopping / Condition
"""
_NEWER = {
    "url handle": "Handle",
    "description": "Body (HTML)",
    "product category": "Product Category",
    "published on online store": "Published",
    "sku": "Variant SKU",
    "barcode": "Variant Barcode",
    "price": "Variant Price",
    "compare-at price": "Variant Compare At Price",
    "inventory tracker": "Variant Inventory Tracker",
    "inventory quantity": "Variant Inventory Qty",
    "continue selling when out of stock": "Variant Inventory Policy",
    "weight value (grams)": "Variant Grams",
    "weight unit for display": "Variant Weight Unit",
    "requires shipping": "Variant Requires Shipping",
    "product image url": "Image Src",
    "variant image url": "Variant Image",
}
_CANONICAL = {column.lower(): column for column in map(str.strip, _COLUMNS.split(";"))} | _NEWER
# "Color (product.metafields.shopify.color-pattern)", and what Matrixify makes of it.
_METAFIELD = re.compile(
    r"(?P<name>[^()]+) \(product\.metafields\.[^()]+\)|Metafield: (?:[\w-]+\.)?(?P<key>[\w-]+)( \[.*\])?"
)
_MARKET = re.compile(r"(?P<what>Included|Price|Compare At Price) / (?P<market>.+)")
_FACTS = {
    "Google Shopping / Gender": "Gender",
    "Google Shopping / Age Group": "Age group",
    "Google Shopping / MPN": "MPN",
    "Google Shopping / Condition": "Condition",
}
# Which column a field comes from, to name it where its value is refused.
_FIELDS = {
    "handle": "Handle",
    "title": "Title",
    "description": "Body (HTML)",
    "brand": "Vendor",
    "tags": "Tags",
    "category": "Type",
    "seo": "SEO Title",
    "options": "Option1 Name",
    "attributes": "Metafield",
    "sku": "Variant SKU",
    "option_values": "Option1 Value",
    "barcode": "Variant Barcode",
    "weight_grams": "Variant Grams",
    "image": "Variant Image",
    "stock": "Variant Inventory Qty",
    "url": "Image Src",
    "alt": "Image Alt Text",
}


def missing_columns(header: Sequence[str]) -> list[str]:
    given = {_canonical(column) for column in header}
    return [column for column in REQUIRED_COLUMNS if column not in given]


def recognises(header: Sequence[str]) -> bool:
    return not missing_columns(header)


def reads(column: str) -> bool:
    known = _canonical(column) in _CANONICAL.values() or _METAFIELD.fullmatch(column)
    return bool(known or ((market := _MARKET.fullmatch(column)) and market["what"] != "Compare At Price"))


def key(numbered: Numbered) -> str:
    """Rows with the same key that follow each other are one product."""
    row = numbered.row
    column = next((name for name in ("Handle", "URL handle") if name in row), None)
    column = column or next((name for name in row if _canonical(name) == "Handle"), "")
    return cell(row, column).lower()


def read(group: list[Numbered], shop: Shop) -> Read:
    """One product from its rows. A row that can not be read is left out and named; the others make the product.

    The first row describes the product; quantities go to the shop's first location (the empty key of `stock`).
    """
    rows = [msgspec.structs.replace(numbered, row=_in_older_names(numbered.row)) for numbered in group]
    first = rows[0].row
    making = Making(rows[0].line, key(group[0]), _FIELDS)
    if rows[0].fault:  # it would describe the product
        return making.refused(rows[0].fault)
    if not making.handle:
        return making.refused("A row needs a handle.", "Handle")
    if not cell(first, "Title"):
        return making.refused("The first row of a product needs a title.", "Title")
    options = _options(first)
    images: list[tuple[int, Row, int]] = []
    for numbered in rows:
        if numbered.fault:
            making.note(numbered.line, numbered.fault, sold=True)
            continue
        if any(cell(numbered.row, column) for column in _VARIANT_COLUMNS):
            with making.part(numbered.line, sold=True):
                making.vary(_variant(numbered.row, first, list(options), shop))
        images.append((_position(numbered.row), numbered.row, numbered.line))
    for _, row, line in sorted(images, key=lambda image: image[0]):
        with making.part(line):
            making.picture(cell(row, "Image Src"), cell(row, "Image Alt Text"))
    _describe(making, first)
    _say_what_is_lost(making, rows)
    return making.read(_product(first, making.handle, tuple(options.values())), [_category(first)])


def _canonical(column: str) -> str:
    return _CANONICAL.get(column.lower(), column)


def _in_older_names(row: Row) -> Row:
    return {column: unguarded(text) for column, text in renamed(row, _canonical).items()}


def _options(row: Row) -> dict[int, str]:
    """Names of the options by their number. Shopify's "Title: Default Title" means that there are none."""
    names = {number: name for number in (1, 2, 3) if (name := cell(row, f"Option{number} Name"))}
    if names == {1: "Title"} and cell(row, "Option1 Value") == "Default Title":
        return {}
    return names


def _product(row: Row, handle: str, options: tuple[str, ...]) -> ProductDraft:
    return ProductDraft(
        handle=handle,
        title=cell(row, "Title"),
        variants=(),
        description=cell(row, "Body (HTML)"),
        seo=Seo(cell(row, "SEO Title"), cell(row, "SEO Description")),
        brand=cell(row, "Vendor") or None,
        tags=listed(cell(row, "Tags")),
        options=options,
        status=_status(row),
    )


def _status(row: Row) -> Any:
    status = cell(row, "Status").lower()
    if status == "archived":
        return "archived"
    shown = cell(row, "Published")
    return "published" if (not shown or yes(shown)) and status in ("", "active") else "draft"


def _category(row: Row) -> list[str]:
    if kind := cell(row, "Type"):
        return [kind]
    path = cell(row, "Product Category") or cell(row, "Google Shopping / Google Product Category")
    return path.split(">") if not path.isdigit() else []


def _describe(making: Making, row: Row) -> None:
    for column, text in row.items():
        if found := _METAFIELD.fullmatch(column):
            making.describe(found["name"] or found["key"].replace("_", " "), listed(text, ";"))
        elif name := _FACTS.get(column):
            making.describe(name, [text])


def _variant(row: Row, first: Row, options: list[int], shop: Shop) -> VariantDraft:
    handle = cell(row, "Handle").lower()
    values = tuple(cell(row, f"Option{number} Value") for number in options)
    for number, value in zip(options, values, strict=True):
        if not value:
            raise BadCell(f"Option{number} Value", "An option value is missing.")
    digital = cell(row, "Variant Requires Shipping").lower() == "false" or yes(cell(first, "Gift Card"))
    in_stock = max(0, count(row, "Variant Inventory Qty"))
    return VariantDraft(
        sku=cell(row, "Variant SKU").lstrip("'").strip() or made_sku(handle, values, "Variant SKU"),
        option_values=values,
        price=price(row, "Variant Price", shop.currency),
        compare_at=price(row, "Variant Compare At Price", shop.currency)
        if cell(row, "Variant Compare At Price")
        else None,
        prices=_market_prices(row, shop),
        barcode=cell(row, "Variant Barcode").lstrip("'") or None,
        weight_grams=grams(row, "Variant Grams", "g"),
        image=cell(row, "Variant Image") or None,
        digital=digital,
        stock={} if digital else {"": in_stock},
    )


def _market_prices(row: Row, shop: Shop) -> tuple[ListPrice, ...]:
    """Prices of single markets, for a price list of the market's name, in that list's currency."""
    prices = {}
    for column in row:
        found = _MARKET.fullmatch(column)
        if found is None or found["what"] != "Price" or not cell(row, column):
            continue
        market = slugify(found["market"])
        if market and cell(row, f"Included / {found['market']}").lower() != "false":
            prices[market] = ListPrice(market, price(row, column, shop.lists.get(market, shop.currency)))
    return tuple(prices.values())


def _position(row: Row) -> int:
    """Where an image stands among its product's; images without a place come last."""
    text = cell(row, "Image Position")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 10**9


def _say_what_is_lost(making: Making, rows: Sequence[Numbered]) -> None:
    column = "Variant Inventory Policy"
    endless = next((row for row in rows if cell(row.row, column).lower() in ("continue", "true")), None)
    if endless:
        making.note(
            endless.line, "The shop sells only what it has counted; selling on without stock is not taken over.", column
        )
