"""Products from WooCommerce's product CSV: a row per product and per variation, which names its parent.

Columns: https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema. Parents are named by SKU or by
"id:123", before or after their variations. Links to downloads are secrets of the old shop, and never read.
"""

import html
import math
import re
from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Any

from chalicelib.catalog.files import cells
from chalicelib.catalog.files.cells import Row, cell, listed, yes
from chalicelib.catalog.files.making import Making, made_handle, made_sku
from chalicelib.catalog.files.reading import NO_LINKS, Links, Numbered, Read, Shop
from chalicelib.catalog.product import Dimensions, ProductDraft, Seo, VariantDraft

NAME = "woocommerce"
_REQUIRED = ("Name", "Regular price")
_TYPICAL = ("Visibility in catalog", "Parent", "Attribute 1 name", "Published", "Is featured?")
_COLUMNS = """
    ID; Type; SKU; GTIN, UPC, EAN, or ISBN; Name; Published; Visibility in catalog; Short description; Description;
    Date sale price starts; Date sale price ends; Stock; Sale price; Regular price; Categories; Tags; Images; Parent;
    Grouped products; External URL; Button text; Position; Brands; Meta: _yoast_wpseo_title;
    Meta: _yoast_wpseo_metadesc; Meta: rank_math_title; Meta: rank_math_description; Is featured?
"""
_CANONICAL = {column.lower(): column for column in map(str.strip, _COLUMNS.split(";"))}
_UNREAD = ("Is featured?", "Grouped products")
_ATTRIBUTE = re.compile(r"Attribute (\d{1,4}) (name|value\(s\)|visible)")
_MEASURE = re.compile(r"(Weight|Length|Width|Height) \((\w+)\)")
_FLAGS = ("virtual", "downloadable")
_ANY = "Any"
_FIELDS = {
    "handle": "Name",
    "title": "Name",
    "description": "Description",
    "brand": "Brands",
    "tags": "Tags",
    "category": "Categories",
    "seo": "Meta: _yoast_wpseo_title",
    "options": "Attribute 1 name",
    "attributes": "Attribute 1 value(s)",
    "sku": "SKU",
    "option_values": "Attribute 1 value(s)",
    "barcode": "GTIN, UPC, EAN, or ISBN",
    "image": "Images",
    "stock": "Stock",
    "url": "Images",
}


def recognises(header: Sequence[str]) -> bool:
    given = {_canonical(column) for column in header}
    return given.issuperset(_REQUIRED) and not given.isdisjoint(_TYPICAL)


def reads(column: str) -> bool:
    name = _canonical(column)
    known = name in _CANONICAL.values() and name not in _UNREAD
    return bool(known or _ATTRIBUTE.fullmatch(name) or (_MEASURE.fullmatch(name) and _unit(name)))


def key(numbered: Numbered) -> str:
    """Each row stands for itself."""
    return ""


def links(group: list[Numbered]) -> Links:
    row = _plain(group[0].row)
    kind = _type(row)
    if kind == "variation":
        parent = _parent_key(cell(row, "Parent"))
        return Links(kept=parent, belongs=parent) if parent else NO_LINKS
    if kind == "variable":
        names = [f"id:{cell(row, 'ID')}" if cell(row, "ID") else "", cell(row, "SKU")]
        keys = tuple(_parent_key(name) for name in names if name)
        return Links(claims=keys, gathers=keys)
    return NO_LINKS


def read(group: list[Numbered], shop: Shop) -> Read:
    """One product from its row and, if it is a variable one, the rows of its variations."""
    rows = [Numbered(numbered.line, _plain(numbered.row), numbered.fault) for numbered in group]
    lead = next((row for row in rows if _type(row.row) != "variation"), rows[0])
    kind, name = _type(lead.row), html.unescape(cell(lead.row, "Name"))
    making = Making(lead.line, made_handle(name) or made_handle(cell(lead.row, "SKU")), _FIELDS)
    if lead.fault:
        return making.refused(lead.fault)
    if kind == "variation":
        parent = cell(lead.row, "Parent")
        return making.refused(f"The file has no variable product {parent[:60]!r}, this variation's parent.", "Parent")
    if kind == "grouped":
        return making.skipped("A grouped product has nothing of its own to sell. What it groups comes in by itself.")
    if kind not in ("simple", "external", "variable"):
        return making.refused(f"Products of the type {kind[:60]!r} are not known.", "Type")
    if not making.handle:
        return making.refused("A product needs a name.", "Name")
    options = _vary(making, lead, [row for row in rows if row is not lead], shop)
    for url in cells.addresses(cell(lead.row, "Images")):
        with making.part(lead.line):
            making.picture(url)
    _describe(making, lead.row, options)
    identity = made_handle(cell(lead.row, "ID")) or made_handle(cell(lead.row, "SKU")) or str(lead.line)
    return making.read(_product(lead.row, tuple(options)), _paths(lead.row), f"{making.handle}-{identity}")


def _paths(row: Row) -> list[list[str]]:
    """The paths of categories, whose names may have an encoded ">" in them."""
    return [list(map(html.unescape, path.split(">"))) for path in listed(cell(row, "Categories"))]


def _canonical(column: str) -> str:
    return _CANONICAL.get(column.lower(), column.capitalize())


def _plain(row: Row) -> dict[str, str]:
    """The row under WooCommerce's own names, without what guards its texts against spreadsheets."""
    return {column: cells.unguarded(text) for column, text in cells.renamed(row, _canonical).items()}


def _type(row: Row) -> str:
    """The type without its flags: "simple, downloadable, virtual" is simple, and so is what has no other."""
    kinds = [kind for kind in listed(cell(row, "Type").lower()) if kind not in _FLAGS]
    return kinds[0] if kinds else "simple"


def _parent_key(name: str) -> str:
    text = name.strip()
    return f"id:{text[3:].strip()}" if text.lower().startswith("id:") else f"sku:{text}" if text else ""


def _vary(making: Making, lead: Numbered, variations: list[Numbered], shop: Shop) -> list[str]:
    """Add what can be sold, and say by which options it differs."""
    if _type(lead.row) != "variable":
        _sell(making, lead, lead, (), shop)
        return []
    options = _options(lead.row, variations)
    for variation in sorted(variations, key=_order):
        if variation.fault:
            making.note(variation.line, variation.fault, sold=True)
        elif _status(variation.row) == "draft":
            making.note(variation.line, "This variation is switched off and was left out.", "Published")
        else:
            given = {name.casefold(): values for name, values in _attributes(variation.row).items()}
            chosen = tuple(", ".join(given.get(option.casefold(), ())) or _ANY for option in options)
            _sell(making, variation, lead, chosen, shop)
    return options


def _sell(making: Making, numbered: Numbered, lead: Numbered, values: tuple[str, ...], shop: Shop) -> None:
    with making.part(numbered.line, sold=True):
        making.vary(_variant(numbered.row, lead.row, making.handle, values, shop))
        making.remark(numbered.line, _sale(numbered.row, shop).remark(shop.now), "Sale price")


def _options(parent: Row, variations: Sequence[Numbered]) -> list[str]:
    """The attributes in which variations differ, in the parent's order. One that all of them leave open is none."""
    used = {name.casefold(): name for row in variations for name, values in _attributes(row.row).items() if values}
    ordered = [name for name in _attributes(parent) if used.pop(name.casefold(), None)]
    return ordered + sorted(used.values())


def _order(variation: Numbered) -> tuple[int, int]:
    text = cell(variation.row, "Position")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 10**9, variation.line


def _attributes(row: Row) -> dict[str, tuple[str, ...]]:
    """The values of the row's attributes by their names, also of those that customers do not see."""
    numbers = sorted(int(found[1]) for column in row if (found := _ATTRIBUTE.fullmatch(column)) and found[2] == "name")
    return {
        html.unescape(name): tuple(map(html.unescape, listed(cell(row, f"Attribute {number} value(s)"))))
        for number in numbers
        if (name := cell(row, f"Attribute {number} name"))
    }


def _describe(making: Making, row: Row, options: list[str]) -> None:
    hidden = {
        html.unescape(cell(row, f"Attribute {found[1]} name"))
        for column in row
        if (found := _ATTRIBUTE.fullmatch(column)) and found[2] == "visible" and cell(row, column) == "0"
    }
    for name, values in _attributes(row).items():
        if name not in options and name not in hidden:
            making.describe(name, values)
    if _type(row) == "external":
        making.describe("External URL", [cell(row, "External URL")])
        making.describe("Button text", [cell(row, "Button text")])


def _product(row: Row, options: tuple[str, ...]) -> ProductDraft:
    hidden = cell(row, "Visibility in catalog").lower() == "hidden"
    title = _seo(row, "Meta: _yoast_wpseo_title", "Meta: rank_math_title")
    description = _seo(row, "Meta: _yoast_wpseo_metadesc", "Meta: rank_math_description")
    return ProductDraft(
        handle="",
        title=html.unescape(cell(row, "Name")),
        variants=(),
        description="\n".join(filter(None, (_text(row, "Short description"), _text(row, "Description")))),
        seo=Seo(title, description),
        brand=next(map(html.unescape, listed(cell(row, "Brands"))), None),
        tags=tuple(map(html.unescape, listed(cell(row, "Tags")))),
        options=options,
        status="draft" if hidden else _status(row),
    )


def _text(row: Row, column: str) -> str:
    r"""WooCommerce writes the end of a line as \n, and a backslash before an n as \\n."""
    return re.sub(r"\\(\\n|n)", lambda found: "\n" if found[1] == "n" else "\\n", cell(row, column))


def _seo(row: Row, *names: str) -> str:
    """What a plugin for search engines keeps. Its templates, with %names%, are of no use elsewhere."""
    return next((text for name in names if (text := cell(row, name)) and "%" not in text), "")


def _status(row: Row) -> Any:
    published = cell(row, "Published").lower()
    return "published" if published in ("", "publish", "published") or yes(published) else "draft"


def _variant(row: Row, parent: Row, handle: str, values: tuple[str, ...], shop: Shop) -> VariantDraft:
    flags = listed(cell(row, "Type").lower())
    weight = _measured(row, parent, "Weight")
    digital = "virtual" in flags or ("downloadable" in flags and not weight)
    price, compare_at = _sale(row, shop).at(shop.now)
    images = cells.addresses(cell(row, "Images"))
    shared = cell(row, "Stock").lower() == "parent"
    return VariantDraft(
        sku=cell(row, "SKU") or _sku(row, parent, handle, values),
        option_values=values,
        price=price,
        compare_at=compare_at,
        barcode=cell(row, "GTIN, UPC, EAN, or ISBN") or None,
        weight_grams=round(weight),
        dimensions=_dimensions(row, parent),
        image=images[0] if images and row is not parent else None,
        digital=digital,
        stock={} if digital or shared else cells.pieces(row, "Stock"),
    )


def _sku(row: Row, parent: Row, handle: str, values: tuple[str, ...]) -> str:
    """For what has none: made of its id in the old shop, which stays when it is renamed."""
    if number := made_handle(cell(row, "ID")):
        return f"{NAME}-{number}"
    return made_sku(cell(parent, "SKU") or handle, values, "SKU")


def _sale(row: Row, shop: Shop) -> cells.Sale:
    """What is asked. A sale goes from the beginning of a day to the end of one."""
    regular, reduced = (
        cells.price(row, column, shop.currency) if cell(row, column) else None
        for column in ("Regular price", "Sale price")
    )
    ends = cells.date(row, "Date sale price ends")
    if ends and ends.time() == time.min:
        ends += timedelta(days=1)
    asked = regular or reduced
    if asked is None:
        raise cells.BadCell("Regular price", "A price is missing.")
    return cells.Sale(asked, reduced, cells.date(row, "Date sale price starts"), ends)


def _unit(column: str) -> str | None:
    """The unit that stands in the name of a column, if it is one that is known: "Weight (kg)"."""
    found = _MEASURE.fullmatch(column)
    return found[2] if found and found[2] in _units(found[1]) else None


def _units(what: str) -> Mapping[str, float]:
    return cells.GRAMS if what == "Weight" else cells.MILLIMETRES


def _measured(row: Row, parent: Row, what: str) -> float:
    """A weight in grams or a length in millimetres, the parent's where the row has none; 0 if none is given."""
    for source in (row, parent):
        for column in source:
            if column.startswith(what) and (unit := _unit(column)) and cell(source, column):
                return cells.measured(source, column, unit, _units(what))
    return 0


def _dimensions(row: Row, parent: Row) -> Dimensions | None:
    sizes = [math.ceil(_measured(row, parent, what) - 1e-6) for what in ("Length", "Width", "Height")]
    return Dimensions(*sizes) if all(sizes) else None
