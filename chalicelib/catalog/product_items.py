"""A product as items of the table, from a draft and back to one."""

import hashlib
from datetime import datetime

import msgspec

from chalicelib.catalog import product as rules
from chalicelib.catalog import tables
from chalicelib.catalog.pricing import price_lists
from chalicelib.catalog.product import ProductDraft, VariantDraft
from chalicelib.catalog.sorting import shelving
from chalicelib.catalog.tables import Product, ShelfEntry, Standing, Variant
from chalicelib.core import clock, due
from chalicelib.core.money import Money
from chalicelib.core.settings import settings


def product(draft: ProductDraft, product_id: str, old: Product | None) -> Product:
    """The product that `draft` describes now, in the version that follows `old`'s."""
    now = clock.now()
    item = Product(
        **tables.product_key(product_id),
        handle=draft.handle,
        part="PRODUCT",
        id=product_id,
        version=int(old.version) + 1 if old else 1,
        title=draft.title,
        description=draft.description,
        seo=draft.seo,
        translations=draft.translations,
        category=draft.category,
        tax_class=draft.tax_class,
        brand=draft.brand,
        tags=list(draft.tags),
        attributes=draft.attributes,
        options=list(draft.options),
        images=list(draft.images),
        skus=[variant.sku for variant in draft.variants],
        barcodes=[variant.barcode for variant in draft.variants if variant.barcode],
        choices=list(dict.fromkeys(value for variant in draft.variants for value in variant.option_values)),
        price_from=Money(rules.cheapest(draft.variants), settings.currency),
        on_sale=any(variant.on_sale for variant in draft.variants),
        list_prices_from=price_lists.minima(variant.prices for variant in draft.variants),
        created_at=old.created_at if old else clock.stamp(now),
        fingerprint=fingerprint(draft),
    )
    show(item, draft.status, draft.publish_at, draft.unpublish_at, old.published_at if old else None)
    return item


def show(
    item: Product,
    status: str,
    publish_at: datetime | None,
    unpublish_at: datetime | None,
    published_at: str | None,
) -> None:
    """Let `item` be seen, or not, as it should be now and later. It keeps `published_at` while it stays published."""
    now = clock.now()
    item.changed_at = clock.stamp(now)
    item.status = rules.status_at(now, status, publish_at, unpublish_at)
    item.publish_at = clock.stamp(publish_at) if publish_at else None
    item.unpublish_at = clock.stamp(unpublish_at) if unpublish_at else None
    item.published_at = (published_at or clock.stamp(now)) if item.published else None
    shelving.arrange(item)
    due.look_after(item, rules.turns_at(now, item.status, publish_at, unpublish_at))


def variant(item: Product, draft: VariantDraft, position: int) -> Variant:
    return Variant(
        **tables.variant_key(draft.sku),
        handle=item.handle,
        part=f"VARIANT#{position:03d}",
        sku=draft.sku,
        product_id=item.id,
        product_title=item.title,
        product_image=item.images[0].url if item.images else None,
        published=item.published,
        option_values=list(draft.option_values),
        price=draft.price,
        compare_at=draft.compare_at,
        prices=list(draft.prices),
        barcode=draft.barcode,
        weight_grams=draft.weight_grams,
        dimensions=draft.dimensions,
        hs_code=draft.hs_code,
        origin=draft.origin,
        image=draft.image,
        digital=draft.digital,
        components=draft.components,
        tax_class=draft.tax_class,
        product_tax_class=item.tax_class,
    )


def standing(item: Product) -> Standing:
    return Standing(**tables.standing_key(item.id), handle=item.handle, part="STANDING", product_id=item.id)


def entries(item: Product) -> dict[tuple[str, str], ShelfEntry]:
    """Where the product stands in lists, by key."""
    found = [entry(shelf, str(item.published_at), item.id) for shelf in item.shelves]
    return {(e.pk, e.sk): e for e in found}


def entry(shelf: str, since: str, product_id: str) -> ShelfEntry:
    return ShelfEntry(**tables.shelf_key(shelf, since, product_id), product_id=product_id)


def draft_of(item: Product, variants: list[Variant]) -> ProductDraft:
    """The draft that makes this product again, but for counts of stock, which are not the catalogue's."""
    return ProductDraft(
        handle=str(item.handle),
        title=item.title,
        variants=tuple(_variant_draft(v) for v in variants),
        description=item.description,
        seo=item.seo,
        translations=item.translations,
        category=item.category,
        tax_class=item.tax_class,
        brand=item.brand,
        tags=tuple(item.tags),
        attributes=item.attributes,
        options=tuple(item.options),
        images=tuple(item.images),
        status=item.status,  # type: ignore[arg-type]
        publish_at=moment(item.publish_at),
        unpublish_at=moment(item.unpublish_at),
    )


def _variant_draft(item: Variant) -> VariantDraft:
    return VariantDraft(
        sku=item.sku,
        price=item.price,
        option_values=tuple(item.option_values),
        compare_at=item.compare_at,
        prices=tuple(item.prices),
        barcode=item.barcode,
        weight_grams=int(item.weight_grams),
        dimensions=item.dimensions,
        hs_code=item.hs_code,
        origin=item.origin,
        image=item.image,
        digital=bool(item.digital),
        components=item.components,
        tax_class=item.tax_class,
    )


def moment(stamp: str | None) -> datetime | None:
    return datetime.fromisoformat(stamp) if stamp else None


def describes(draft: ProductDraft, item: Product) -> bool:
    """Whether saving `draft` would leave the product as it is; never while it is not settled."""
    times = (item.publish_at, item.unpublish_at)
    wanted = tuple(clock.stamp(at) if at else None for at in (draft.publish_at, draft.unpublish_at))
    status = rules.status_at(clock.now(), draft.status, draft.publish_at, draft.unpublish_at)
    return bool(item.fingerprint == fingerprint(draft) and item.status == status and times == wanted)


def fingerprint(draft: ProductDraft) -> str:
    """Drafts with the same fingerprint describe the same product, shown or not, whatever their counts of stock."""
    bare = tuple(msgspec.structs.replace(v, stock={}) for v in draft.variants)
    described = rules.plain(draft)
    described = msgspec.structs.replace(described, variants=bare, status="draft", publish_at=None, unpublish_at=None)
    return hashlib.sha256(msgspec.json.encode(described, order="sorted")).hexdigest()
