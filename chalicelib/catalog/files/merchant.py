"""Products from a feed for Google Merchant Center, as XML (RSS or Atom) or as a table: an item per variant.

Attributes: https://support.google.com/merchants/answer/7052112. Items with the same item_group_id are one product,
wherever they stand.
"""

import re
import urllib.parse
from collections.abc import Sequence
from itertools import takewhile

from chalicelib.catalog.files import cells
from chalicelib.catalog.files.cells import Row, cell, listed
from chalicelib.catalog.files.making import Making, made_handle
from chalicelib.catalog.files.reading import NO_LINKS, Links, Numbered, Read, Shop
from chalicelib.catalog.product import Dimensions, ProductDraft, VariantDraft

NAME = "google_merchant"
_UNREADABLE = "unreadable"
_REQUIRED = ("id", "title", "price")
_TYPICAL = ("link", "image_link", "availability")
# By what the items of a group may differ, in the order in which a buyer chooses.
_OPTIONS = ("color", "size", "material", "pattern", "gender", "age_group", "size_type", "size_system")
_FACTS = ("mpn", "condition", "energy_efficiency_class", "unit_pricing_measure", "unit_pricing_base_measure")
_SIZES = ("length", "width", "height")
_READ = frozenset(
    [
        *(*_REQUIRED, *_OPTIONS, *_FACTS, *(f"{what}_{size}" for what in ("shipping", "product") for size in _SIZES)),
        *("description", "link", "image_link", "additional_image_link", "sale_price", "sale_price_effective_date"),
        *("brand", "gtin", "google_product_category", "product_type", "item_group_id", "product_detail"),
        *("shipping_weight", "product_weight", "quantity", "sell_on_google_quantity"),
    ]
)
_GRAMS = cells.GRAMS | {"gram": 1.0, "grams": 1.0, "kgs": 1000.0}
_MILLIMETRES = cells.MILLIMETRES | {"inch": 25.4, "inches": 25.4}
_FIELDS = {
    "handle": "title",
    "tags": "product_type",
    "category": "product_type",
    "attributes": "product_detail",
    "options": "color",
    "option_values": "color",
    "sku": "id",
    "barcode": "gtin",
    "weight_grams": "shipping_weight",
    "dimensions": "shipping_length",
    "image": "image_link",
    "stock": "quantity",
    "url": "image_link",
}


def recognises(header: Sequence[str]) -> bool:
    given = {_attribute(column) for column in header}
    return given.issuperset(_REQUIRED) and not given.isdisjoint(_TYPICAL)


def reads(column: str) -> bool:
    return _attribute(column) in _READ


def key(numbered: Numbered) -> str:
    """Each item stands for itself."""
    return ""


def links(group: list[Numbered]) -> Links:
    """The last item of a group claims it, and gathers all of them.

    What could not be read may hold items of any group, so each group gathers it too: its product is a partial one.
    """
    if group[0].fault and not group[0].row:
        return Links(kept=_UNREADABLE)
    of = cell(_plain(group[0].row), "item_group_id")
    return (
        Links(kept=f"group:{of}", claims=(f"group:{of}",), gathers=(f"group:{of}", _UNREADABLE), belongs=f"group:{of}")
        if of
        else NO_LINKS
    )


def read(group: list[Numbered], shop: Shop) -> Read:
    """One product from its items. The first one describes it."""
    rows = [Numbered(numbered.line, _plain(numbered.row), numbered.fault) for numbered in group]
    whole = [row for row in rows if not row.fault] or rows
    first = whole[0]
    title = _title([cell(row.row, "title") for row in whole])
    handle = _handle_of_link(whole) or made_handle(title) or made_handle(cell(first.row, "id"))
    making = Making(rows[0].line, handle, _FIELDS)
    if first.fault:
        return making.refused(first.fault)
    options = _options(whole)
    for numbered in rows:
        if numbered.fault:
            making.note(numbered.line, numbered.fault, sold=True)
            continue
        with making.part(numbered.line, sold=True):
            making.vary(_variant(numbered.row, options, shop))
            making.remark(numbered.line, _sale(numbered.row, shop).remark(shop.now), "sale_price")
        for url in (cell(numbered.row, "image_link"), *cells.addresses(cell(numbered.row, "additional_image_link"))):
            with making.part(numbered.line):
                making.picture(url)
    _describe(making, rows, options)
    draft = ProductDraft(
        handle="",
        title=title,
        variants=(),
        description=cell(first.row, "description"),
        brand=cell(first.row, "brand") or None,
        options=tuple(_named(option) for option in options),
        status="published",
    )
    identity = made_handle(cell(first.row, "item_group_id") or cell(first.row, "id")) or str(first.line)
    return making.read(draft, _paths(first.row), f"{handle}-{identity}")


def _attribute(column: str) -> str:
    """The name of an attribute as the specification writes it: "g:Image Link" is image_link."""
    return re.sub(r"[\s_]+", "_", column.strip().lower().removeprefix("g:").removesuffix("]").rpartition("[")[2])


def _plain(row: Row) -> dict[str, str]:
    return cells.renamed(row, _attribute)


def _several(row: Row, column: str) -> tuple[str, ...]:
    """The values of an attribute that may come several times: on lines of their own, or between commas."""
    text = cell(row, column)
    return listed(text, "\n") if "\n" in text else listed(text)


def _title(titles: Sequence[str]) -> str:
    """The words with which all titles of a group begin, if they are enough of the first one to call it by."""
    alike = takewhile(lambda words: len(set(words)) == 1, zip(*(title.split() for title in titles), strict=False))
    common = " ".join(words[0] for words in alike).rstrip(" -–—|/,:([")
    return common if len(common) * 3 > len(titles[0]) else titles[0]


def _handle_of_link(rows: Sequence[Numbered]) -> str:
    """The last part of the product's address, if all of its items have the same and it is made of words."""
    ends = set()
    for numbered in rows:
        try:
            path = urllib.parse.unquote(urllib.parse.urlsplit(cell(numbered.row, "link")).path)
        except ValueError:
            return ""
        ends.add(re.sub(r"\.\w{2,5}$", "", path.rstrip("/").rpartition("/")[2]))
    end = ends.pop() if len(ends) == 1 else ""
    return made_handle(end) if re.search(r"[^\W\d_]{3}", end) else ""


def _options(rows: Sequence[Numbered]) -> list[str]:
    """By which attributes the items of a group differ; by their ids if by no other."""
    if len(rows) == 1:
        return []
    found = [name for name in _OPTIONS if len({cell(row.row, name) for row in rows if not row.fault}) > 1]
    return found or ["id"]


def _named(attribute: str) -> str:
    return attribute.replace("_", " ").capitalize() if attribute != "id" else "Item"


def _describe(making: Making, rows: Sequence[Numbered], options: Sequence[str]) -> None:
    """What all items say alike belongs to the product."""
    for name in (*_OPTIONS, *_FACTS):
        values = {cell(row.row, name) for row in rows if not row.fault}
        if name not in options and len(values) == 1 and values != {"new"}:
            making.describe("MPN" if name == "mpn" else _named(name), list(values))
    for detail in _several(rows[0].row, "product_detail"):
        section, name, value = map(str.strip, [*detail.split(":", 2), "", ""][:3])
        making.describe(name or section, [value])


def _paths(row: Row) -> list[list[str]]:
    """The shop's own categories, else Google's, unless that is only a number."""
    own, googles = (listed(cell(row, column), "\n") for column in ("product_type", "google_product_category"))
    return [path.split(">") for path in own or googles if not path.isdigit()]


def _variant(row: Row, options: Sequence[str], shop: Shop) -> VariantDraft:
    price, compare_at = _sale(row, shop).at(shop.now)
    quantity = next((name for name in ("quantity", "sell_on_google_quantity") if cell(row, name)), "quantity")
    return VariantDraft(
        sku=cell(row, "id"),
        option_values=tuple(cell(row, option) or "-" for option in options),
        price=price,
        compare_at=compare_at,
        barcode=cell(row, "gtin") or None,
        weight_grams=round(_measured(row, ("shipping_weight", "product_weight"), _GRAMS)),
        dimensions=_dimensions(row),
        image=cell(row, "image_link") or None if options else None,
        stock=cells.pieces(row, quantity),
    )


def _sale(row: Row, shop: Shop) -> cells.Sale:
    regular = cells.price(row, "price", shop.currency)
    reduced = cells.price(row, "sale_price", shop.currency) if cell(row, "sale_price") else None
    begins, ends = (None, None)
    if span := cell(row, "sale_price_effective_date"):
        parts = dict(zip(("begins", "ends"), map(str.strip, span.split("/")), strict=False))
        begins, ends = (cells.date(parts, name) for name in ("begins", "ends"))
    return cells.Sale(regular, reduced, begins, ends)


def _measured(row: Row, columns: Sequence[str], units: dict[str, float]) -> float:
    column = next((name for name in columns if cell(row, name)), None)
    return cells.measure(cell(row, column), column, units) if column else 0


def _dimensions(row: Row) -> Dimensions | None:
    sizes = [round(_measured(row, (f"shipping_{size}", f"product_{size}"), _MILLIMETRES)) for size in _SIZES]
    return Dimensions(*sizes) if all(sizes) else None
