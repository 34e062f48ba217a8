"""Products from Magento 2's product CSV: a row per simple product, a configurable one names its parts by SKU.

Columns: https://experienceleague.adobe.com/en/docs/commerce-admin/systems/data-transfer/data-attributes-product. A row
for a store view holds a translation and follows its product. Weights are in kilograms: the file does not say.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from typing import Any

from chalicelib.catalog.files import cells
from chalicelib.catalog.files.cells import BadCell, Row, cell, listed, yes
from chalicelib.catalog.files.making import Making, made_handle
from chalicelib.catalog.files.reading import NO_LINKS, Links, Numbered, Read, Shop
from chalicelib.catalog.product import ProductDraft, Seo, Translation, VariantDraft

NAME = "magento"
_REQUIRED = ("sku", "product_type", "name")
_TYPICAL = ("attribute_set_code", "store_view_code", "product_websites", "additional_attributes", "product_online")
_READ = frozenset(
    [
        *(*_REQUIRED, "store_view_code", "categories", "description", "short_description", "weight", "product_online"),
        *("visibility", "price", "special_price", "special_price_from_date", "special_price_to_date", "url_key"),
        *(
            "meta_title",
            "meta_description",
            "base_image",
            "base_image_label",
            "additional_images",
            "qty",
            "is_in_stock",
        ),
        *("additional_image_labels", "additional_attributes", "country_of_manufacture", "configurable_variations"),
        *("configurable_variation_labels", "bundle_values", "bundle_price_type"),
    ]
)
_SINGLE = ("simple", "virtual", "downloadable", "giftcard")
_DIGITAL = ("virtual", "downloadable", "giftcard")
_OF_VARIATIONS = ("sku", "price", "display", "image")
_BRANDS = ("manufacturer", "brand")
_PAIR = re.compile(r'"?([A-Za-z]\w*)"?=')
_LOCALE = re.compile(r"([a-z]{2,3})([_-]([a-z]{2}))?", re.ASCII)
_FIELDS = {
    "handle": "url_key",
    "title": "name",
    "tags": "categories",
    "category": "categories",
    "seo": "meta_title",
    "brand": "additional_attributes",
    "attributes": "additional_attributes",
    "options": "configurable_variations",
    "option_values": "configurable_variations",
    "components": "bundle_values",
    "weight_grams": "weight",
    "origin": "country_of_manufacture",
    "image": "base_image",
    "stock": "qty",
    "url": "base_image",
    "alt": "base_image_label",
}


def recognises(header: Sequence[str]) -> bool:
    given = {column.lower() for column in header}
    return given.issuperset(_REQUIRED) and not given.isdisjoint(_TYPICAL)


def reads(column: str) -> bool:
    return column.lower() in _READ


def key(numbered: Numbered) -> str:
    """A product's row and those of its store views follow each other."""
    return cell(numbered.row, "sku")


def links(group: list[Numbered]) -> Links:
    """A simple product is kept for the configurable one that may claim it."""
    row = _base(group).row
    sku = f"sku:{cell(row, 'sku')}"
    if _type(row) == "configurable":
        parts = tuple(f"sku:{part['sku']}" for part in _variations(row) if part.get("sku"))
        return Links(claims=parts, gathers=parts)
    if _type(row) in _SINGLE and cell(row, "sku"):
        return Links(kept=sku, belongs=sku)
    return NO_LINKS


def read(group: list[Numbered], shop: Shop) -> Read:
    """One product from its row, those of its store views, and those of its parts if it is a configurable one."""
    rows = [Numbered(each.line, cells.renamed(each.row, str.lower), each.fault) for each in group]
    lead = next((row for row in rows if _type(row.row) == "configurable"), _base(rows))
    own = [row for row in rows if cell(row.row, "sku") == cell(lead.row, "sku")]
    making = Making(lead.line, made_handle(cell(lead.row, "url_key") or cell(lead.row, "name")), _FIELDS)
    kind = _type(lead.row)
    if lead.fault:
        return making.refused(lead.fault)
    if cell(lead.row, "store_view_code"):
        return making.refused("The row of the product itself, without a store view, is not beside this one.", "sku")
    if kind == "grouped":
        return making.skipped("A grouped product has nothing of its own to sell. What it groups comes in by itself.")
    if kind not in (*_SINGLE, "configurable", "bundle"):
        return making.refused(f"Products of the type {kind[:60]!r} are not known.", "product_type")
    if not making.handle:
        return making.refused("A product needs a name.", "name")
    given = dict(_pairs(cell(lead.row, "additional_attributes")))
    options = _vary(making, lead, [row for row in rows if row not in own], shop)
    _picture(making, lead)
    for name, value in given.items():
        if name not in (*options, *_BRANDS):
            making.describe(name.replace("_", " ").capitalize(), listed(value, "|"))
    labels = dict(_pairs(cell(lead.row, "configurable_variation_labels")))
    names = tuple(labels.get(option) or option.replace("_", " ").capitalize() for option in options)
    draft = _product(making, lead.row, own, names, next((given[name] for name in _BRANDS if given.get(name)), None))
    otherwise = None if cell(lead.row, "url_key") else f"{making.handle}-{made_handle(cell(lead.row, 'sku'))}"
    return making.read(draft, _paths(lead.row), otherwise)


def _base(group: Sequence[Numbered]) -> Numbered:
    """The row of the product itself; the first one if there are only rows of store views."""
    return next((row for row in group if not cell(row.row, "store_view_code")), group[0])


def _type(row: Row) -> str:
    return cell(row, "product_type").lower()


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of "color=Red,fit=Slim, long": a comma that no name and = follow is part of a text."""
    for pair in re.split(r',(?="?[A-Za-z]\w*"?=)', text):
        if found := _PAIR.match(pair.strip()):
            value = pair.strip()[found.end() :].strip()
            if len(value) > 1 and value[0] == value[-1] == '"':
                value = value[1:-1].replace('""', '"')
            if value:
                yield found[1], value


def _variations(row: Row) -> list[dict[str, str]]:
    return [dict(_pairs(part)) for part in cell(row, "configurable_variations").split("|") if part.strip()]


def _vary(making: Making, lead: Numbered, parts: Sequence[Numbered], shop: Shop) -> list[str]:
    """Add what can be sold, and say by which attributes it differs."""
    if _type(lead.row) != "configurable":
        _sell(making, lead, (), shop)
        return []
    variations = _variations(lead.row)
    options = list(dict.fromkeys(name for part in variations for name in part if name not in _OF_VARIATIONS))
    rows = {cell(part.row, "sku"): part for part in parts if not cell(part.row, "store_view_code")}
    for variation in variations:
        sku = variation.get("sku", "")
        part = rows.get(sku)
        if part is None or part.fault:
            detail = part.fault if part and part.fault else f"The file has no simple product {sku[:60]!r}."
            making.note(part.line if part else lead.line, detail, "configurable_variations", sold=True)
        elif _status(part.row) != "published":
            making.note(part.line, f"{sku!r} is switched off and was left out.", "product_online")
        else:
            _sell(making, part, tuple(variation.get(option, "-") for option in options), shop)
    return options


def _sell(making: Making, numbered: Numbered, values: tuple[str, ...], shop: Shop) -> None:
    with making.part(numbered.line, sold=True):
        making.vary(_variant(numbered.row, values, shop))
        making.remark(numbered.line, _sale(numbered.row, shop).remark(shop.now), "special_price")


def _variant(row: Row, values: tuple[str, ...], shop: Shop) -> VariantDraft:
    price, compare_at = _sale(row, shop).at(shop.now)
    digital = _type(row) in _DIGITAL
    bundle = _type(row) == "bundle"
    origin = cell(row, "country_of_manufacture")
    stock = {} if digital or bundle else cells.pieces(row, "qty")
    image = cell(row, "base_image")
    return VariantDraft(
        sku=cell(row, "sku"),
        option_values=values,
        price=price,
        compare_at=compare_at,
        weight_grams=cells.grams(row, "weight", "kg"),
        origin=origin if re.fullmatch("[A-Z]{2}", origin) else None,
        image=image if values and image.startswith("http") else None,
        digital=digital,
        components=_components(row) if bundle else {},
        stock={"": 0} if stock and cell(row, "is_in_stock") == "0" else stock,
    )


def _sale(row: Row, shop: Shop) -> cells.Sale:
    """What is asked. A special price goes from a day's beginning to a day's end."""
    if _type(row) == "bundle" and cell(row, "bundle_price_type").lower() != "fixed":
        raise BadCell("bundle_price_type", "The price of a bundle must be fixed: here it has one of its own.")
    regular = cells.price(row, "price", shop.currency)
    reduced = cells.price(row, "special_price", shop.currency) if cell(row, "special_price") else None
    begins, ends = (cells.american_date(row, f"special_price_{end}_date") for end in ("from", "to"))
    if ends and ends.time() == time.min:
        ends += timedelta(days=1)
    return cells.Sale(regular, reduced, begins, ends)


def _components(row: Row) -> dict[str, int]:
    """The pieces of a bundle by SKU, if its buyers have nothing to choose."""
    choices: dict[str, list[Mapping[str, str]]] = {}
    for part in cell(row, "bundle_values").split("|"):
        given = dict(_pairs(part))
        if given.get("sku"):
            choices.setdefault(given.get("name", given["sku"]), []).append(given)
    if not choices:
        raise BadCell("bundle_values", "A bundle needs parts.")
    open_ones = [name for name, parts in choices.items() if len(parts) > 1 or parts[0].get("required") == "0"]
    if open_ones:
        raise BadCell(
            "bundle_values", f"Here a bundle's parts are fixed; this one lets buyers choose {open_ones[0]!r}."
        )
    parts = [parts[0] for parts in choices.values()]
    return {part["sku"]: cells.count(part, "default_qty") or 1 for part in parts}


def _picture(making: Making, lead: Numbered) -> None:
    urls = [cell(lead.row, "base_image"), *listed(cell(lead.row, "additional_images"))]
    labels = [cell(lead.row, "base_image_label"), *cell(lead.row, "additional_image_labels").split(",")]
    for place, url in enumerate(urls):
        if url.startswith("http"):
            with making.part(lead.line):
                making.picture(url, labels[place].strip() if place < len(labels) else "")
        elif url and url != "no_selection":
            detail = f"{url[:200]!r} is a file on the old shop's server. Images need an address that begins with http."
            making.note(lead.line, detail, "base_image" if place == 0 else "additional_images")


def _product(
    making: Making, row: Row, own: Sequence[Numbered], options: tuple[str, ...], brand: str | None
) -> ProductDraft:
    shown = "not visible" not in cell(row, "visibility").lower()
    return ProductDraft(
        handle="",
        title=cell(row, "name"),
        variants=(),
        description=_description(row),
        seo=Seo(cell(row, "meta_title"), cell(row, "meta_description")),
        translations=_translations(making, own),
        brand=brand,
        options=options,
        status=_status(row) if shown else "draft",
    )


def _description(row: Row) -> str:
    return "\n".join(filter(None, (cell(row, "short_description"), cell(row, "description"))))


def _translations(making: Making, own: Sequence[Numbered]) -> dict[str, Translation]:
    """What rows of store views say, if a view's code is that of a language: de, pt_br."""
    found: dict[str, Translation] = {}
    for numbered in own:
        code, row = cell(numbered.row, "store_view_code").lower(), numbered.row
        if not code or not any(cell(row, name) for name in ("name", "description", "short_description")):
            continue
        if (language := _LOCALE.fullmatch(code)) is None:
            making.note(numbered.line, f"The store view {code[:60]!r} is not called by a language.", "store_view_code")
            continue
        tag = f"{language[1]}-{language[3].upper()}" if language[3] else language[1]
        with making.part(numbered.line):
            words = Translation(
                cell(row, "name") or cell(_base(own).row, "name"),
                _description(row),
                Seo(cell(row, "meta_title"), cell(row, "meta_description")),
            )
            found[tag] = cells.checked(words, _FIELDS)
    return found


def _status(row: Row) -> Any:
    online = cell(row, "product_online").lower()
    return "published" if online in ("", "enabled") or yes(online) else "draft"


def _paths(row: Row) -> list[list[str]]:
    r"""Categories below the root, which is the shop itself. A slash in a name is written \/."""
    paths = [listed(path, "/") for path in listed(cell(row, "categories"))]
    return [list(path[1:]) for path in paths if len(path) > 1]
