"""The shop window from one end to the other: every published product as it is told outside, and what is in stock."""

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from chalicelib.catalog import service, tables
from chalicelib.catalog.feeds import listings
from chalicelib.catalog.feeds.listing import Listing
from chalicelib.catalog.pricing import prices
from chalicelib.catalog.sorting import categories
from chalicelib.catalog.tables import Product, ShelfEntry, Variant
from chalicelib.core import dynamo
from chalicelib.core.dynamo import Item, Key
from chalicelib.core.settings import settings
from chalicelib.logistics import stock

_PAGE = 100
# So many variants are held at a time, unless one product has more.
_MOST_VARIANTS = 200
_Entries = list[tuple[ShelfEntry, Product]]


class Shown(msgspec.Struct, frozen=True):
    """A published product. `in_stock` has an answer for each variant that is sent, `category` the names of its path.

    `position` is where reading goes on behind it.
    """

    product: Product
    listing: Listing
    category: list[str]
    in_stock: dict[str, bool]
    position: str


def shown(after: str | None) -> Iterator[Shown]:
    """All published products, newest first, behind the position `after`; about two requests for every 100 of them, and
    one for every 100 variants and places where their stock lies."""
    while entries := tables.shelf(tables.PUBLISHED, _PAGE, after):
        for group in _grouped(_products(entries)):
            yield from _looked_at(group)
        after = entries[-1].sk


def _products(entries: list[ShelfEntry]) -> _Entries:
    keys: list[Key] = [(Product, f"PRODUCT#{entry.product_id}", "PRODUCT") for entry in entries]
    found = dynamo.load(keys)
    pairs = ((entry, found.get(key)) for entry, key in zip(entries, keys, strict=True))
    return [(entry, item) for entry, item in pairs if isinstance(item, Product) and _stands_here(item, entry)]


def _stands_here(product: Product, entry: ShelfEntry) -> bool:
    """Whether this is the product's place, and not one that it has left."""
    if tables.PUBLISHED not in product.shelves:
        return False
    return bool(tables.shelf_key(tables.PUBLISHED, str(product.published_at), product.id)["sk"] == entry.sk)


def _grouped(entries: _Entries) -> Iterator[_Entries]:
    group: _Entries = []
    variants = 0
    for entry, product in entries:
        if group and variants + len(product.skus) > _MOST_VARIANTS:
            yield group
            group, variants = [], 0
        group.append((entry, product))
        variants += len(product.skus)
    if group:
        yield group


def _looked_at(group: _Entries) -> Iterator[Shown]:
    found = _load([sku for _, product in group for sku in product.skus])
    variants = {variant.sku: variant for variant in service.variants_among(found)}
    components = {sku for variant in variants.values() for sku in variant.components}
    if unknown := sorted(components - variants.keys()):
        found |= _load(unknown)
        variants = {variant.sku: variant for variant in service.variants_among(found)}
    free = _free(found)
    on = prices.terms(settings.currency)
    tree = categories.present()
    for entry, product in group:
        own = [v for v in (variants.get(sku) for sku in product.skus) if v is not None and v.product_id == product.id]
        yield Shown(
            product=product,
            listing=listings.listing(product, own, lambda variant: prices.tiers(variant, on).get(1)),
            category=[item.name for item in tree.path(product.category)],
            in_stock={v.sku: _covered(parts, free) for v in own if (parts := _parts(v, variants))},
            position=entry.sk,
        )


def _load(skus: list[str]) -> dict[Key, Item]:
    return dynamo.load([*service.offers(skus), *stock.levels(skus)])


def _free(found: Mapping[Key, Item]) -> Mapping[str, int]:
    """Pieces that can be bought by SKU, at all locations together."""
    free: Counter[str] = Counter()
    for (sku, *_), pieces in stock.available(found).items():
        free[sku] += pieces
    return free


def _parts(variant: Variant, variants: Mapping[str, Variant]) -> dict[str, int]:
    """What is taken off the shelf for one piece: the variant, a bundle's components, nothing of what is digital."""
    wanted = variant.components or {variant.sku: 1}
    return {sku: pieces for sku, pieces in wanted.items() if not (sku in variants and variants[sku].digital)}


def _covered(parts: Mapping[str, int], free: Mapping[str, int]) -> bool:
    return all(free.get(sku, 0) >= pieces for sku, pieces in parts.items())
