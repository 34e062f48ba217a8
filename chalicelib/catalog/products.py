"""Products as staff and files make them: created, replaced, shown, hidden, each with its event in one transaction."""

import hashlib
from collections.abc import Callable

import msgspec
import nh3

from chalicelib.catalog import product as rules
from chalicelib.catalog import service, tables
from chalicelib.catalog.events import ProductPublished, ProductUnpublished, ProductUpdated
from chalicelib.catalog.product import ProductDraft, VariantDraft
from chalicelib.catalog.tables import CatalogItem, Product, ShelfEntry, TakenHandle, Variant
from chalicelib.core import audit, clock, dynamo, ids, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money
from chalicelib.core.settings import settings
from chalicelib.core.staff import Permission, Staff, forbidden
from chalicelib.logistics import stock

# One transaction holds at most 100 writes; a product's own take up to eight of them.
_MOST_AT_ONCE = 90


class Saved(msgspec.Struct, frozen=True):
    product_id: str
    outcome: str  # created, updated or unchanged


def save(draft: ProductDraft, also: Callable[[Saved], list[Action]], by: Staff | None = None) -> Saved:
    """Create the product with this handle or make it what `draft` says; the same draft again changes nothing.

    What `also` makes of the outcome is committed together with it, so that a report and what it reports can not differ.
    Stock named in the draft is a first count: it is written where none is known and never over a later one. Staff who
    name it must be allowed to count; without `by` the draft is a file's.
    """
    rules.check(draft, settings.currency)
    if by:
        _check_may_count(draft, by)
    draft = msgspec.structs.replace(draft, description=nh3.clean(draft.description))
    old = tables.product_by_handle(draft.handle)
    _check_skus(draft)
    # Before the product: what is counted twice is counted once, and what is not sold yet can be on the shelf.
    for variant in draft.variants:
        stock.count_first(variant.sku, variant.stock, by)
    if old is None:
        saved = Saved(ids.new_id("prd"), "created")
        _create(saved.product_id, draft, also(saved), by)
    elif _describes(draft, old):
        saved = Saved(old.id, "unchanged")
        if actions := also(saved):
            dynamo.transaction(actions)
    else:
        saved = Saved(old.id, "updated")
        _replace(old, draft, also(saved), by)
    return saved


def create(draft: ProductDraft, by: Staff) -> Saved:
    """A new product; 409 if its handle is taken by another one. The same draft again answers with the same product."""
    rules.check(draft, settings.currency)
    existing = tables.product_by_handle(draft.handle)
    if existing is not None and not _describes(draft, existing):
        raise _handle_taken(draft.handle)
    return replace(draft, by)


def replace(draft: ProductDraft, by: Staff) -> Saved:
    """Make the product with this handle what `draft` says."""

    def audited(saved: Saved) -> list[Action]:
        if saved.outcome == "unchanged":
            return []
        return [audit.entry(by, f"product.{saved.outcome}", saved.product_id, handle=draft.handle)]

    return save(draft, audited, by)


def publish(product_id: str, by: Staff) -> Product:
    """Show the product from now on. Publishing what is published changes nothing."""
    return _set_published(product_id, True, audit.entry(by, "product.published", product_id))


def unpublish(product_id: str, by: Staff) -> Product:
    return _set_published(product_id, False, audit.entry(by, "product.unpublished", product_id))


def _create(product_id: str, draft: ProductDraft, also: list[Action], by: Staff | None) -> None:
    now = clock.stamp(clock.now())
    product = _product(draft, product_id, 1, created_at=now, published_at=now if draft.published else None)
    if draft.category:
        service.name_category_once(draft.category, by)
    actions = [
        dynamo.insert(
            TakenHandle(**tables.handle_key(draft.handle), product_id=product.id), _handle_taken(draft.handle)
        ),
        dynamo.insert(product),
        dynamo.put(_entry(tables.EVERYTHING, now, product.id)),
    ]
    if draft.published:
        actions += [dynamo.put(entry) for entry in _published_entries(product)]
        actions.append(_announce(ProductPublished, product))
    _commit(actions, _put_variants(product, draft), also)


def _replace(old: Product, draft: ProductDraft, also: list[Action], by: Staff | None) -> None:
    published_at = (old.published_at or clock.stamp(clock.now())) if draft.published else None
    product = _product(draft, old.id, int(old.version) + 1, created_at=old.created_at, published_at=published_at)
    if draft.category:
        service.name_category_once(draft.category, by)
    gone = set(old.skus) - set(product.skus)
    actions = [
        dynamo.put(product, Product.version == old.version, _changed_meanwhile()),
        *_move_entries(old, product),
    ]
    if old.published or product.published:
        actions.append(_announce(_event_of(old, product), product))
    deletes = [dynamo.delete(Variant(**tables.variant_key(sku)), Variant.product_id == old.id) for sku in sorted(gone)]
    _commit(actions, [*deletes, *_put_variants(product, draft)], also)


def _set_published(product_id: str, published: bool, record: Action) -> Product:
    old, variants = service.product(product_id)
    if bool(old.published) == published:
        return old
    new = Product.from_raw_data(old.serialize())
    new.published = published
    new.version = int(old.version) + 1
    new.published_at = clock.stamp(clock.now()) if published else None
    actions = [
        dynamo.put(new, Product.version == old.version, _changed_meanwhile()),
        *_move_entries(old, new),
        _announce(_event_of(old, new), new),
    ]
    flags = [
        dynamo.update(variant, [Variant.published.set(published)], Variant.product_id == product_id)
        for variant in variants
    ]
    _commit(actions, flags, [record])
    return new


def _event_of(old: Product, new: Product) -> type[ProductPublished | ProductUpdated | ProductUnpublished]:
    if not new.published:
        return ProductUnpublished
    return ProductUpdated if old.published else ProductPublished


def _announce(kind: type[ProductPublished | ProductUpdated | ProductUnpublished], product: Product) -> Action:
    event = kind(aggregate_id=product.id, aggregate_version=int(product.version), handle=str(product.handle))
    return dynamo.put_raw(CatalogItem, outbox.attributes(event))


def _commit(actions: list[Action], variants: list[Action], also: list[Action]) -> None:
    """The product last: what a very large product's variants do not find room for beside it goes before it."""
    room = _MOST_AT_ONCE - len(actions) - len(also)
    for start in range(room, len(variants), _MOST_AT_ONCE):
        dynamo.transaction(variants[start : start + _MOST_AT_ONCE])
    dynamo.transaction([*actions, *variants[:room], *also])


def _check_may_count(draft: ProductDraft, by: Staff) -> None:
    for position, variant in enumerate(draft.variants):
        if variant.stock and not by.may(Permission.STOCK_WRITE):
            raise forbidden(Permission.STOCK_WRITE, f"/variants/{position}/stock")


def _check_skus(draft: ProductDraft) -> None:
    """409 if a SKU is another product's, before anything is written. The commit checks it once more."""
    taken = tables.variants([variant.sku for variant in draft.variants])
    for position, variant in enumerate(draft.variants):
        if variant.sku in taken and taken[variant.sku].handle != draft.handle:
            raise _sku_taken(variant.sku, position)


def _put_variants(product: Product, draft: ProductDraft) -> list[Action]:
    # By the handle: a large product that was interrupted gets a new id when it is tried again.
    mine = Variant.pk.does_not_exist() | (Variant.handle == product.handle)
    return [
        dynamo.put(_variant(product, variant, position), mine, _sku_taken(variant.sku, position))
        for position, variant in enumerate(draft.variants)
    ]


def _sku_taken(sku: str, position: int) -> ShopError:
    detail = f"The SKU {sku!r} belongs to another product."
    return ShopError("sku_taken", 409, detail, pointer=f"/variants/{position}/sku")


def _handle_taken(handle: str) -> ShopError:
    return ShopError("handle_taken", 409, f"There is a product {handle!r} already.", pointer="/handle")


def _changed_meanwhile() -> ShopError:
    return ShopError("product_changed", 409, "The product was changed meanwhile. Look at it again.")


def _move_entries(old: Product, new: Product) -> list[Action]:
    before = {(entry.pk, entry.sk): entry for entry in _published_entries(old)}
    after = {(entry.pk, entry.sk): entry for entry in _published_entries(new)}
    return [
        *(dynamo.delete(entry) for key, entry in before.items() if key not in after),
        *(dynamo.put(entry) for key, entry in after.items() if key not in before),
    ]


def _published_entries(product: Product) -> list[ShelfEntry]:
    if not product.published:
        return []
    shelves = [tables.PUBLISHED, *([product.category] if product.category else [])]
    return [_entry(shelf, str(product.published_at), product.id) for shelf in shelves]


def _entry(shelf: str, since: str, product_id: str) -> ShelfEntry:
    return ShelfEntry(**tables.shelf_key(shelf, since, product_id), product_id=product_id)


def _product(
    draft: ProductDraft, product_id: str, version: int, *, created_at: str, published_at: str | None
) -> Product:
    return Product(
        **tables.product_key(product_id),
        handle=draft.handle,
        part="PRODUCT",
        id=product_id,
        version=version,
        title=draft.title,
        description=draft.description,
        translations=draft.translations,
        category=draft.category,
        brand=draft.brand,
        tags=list(draft.tags),
        options=list(draft.options),
        images=list(draft.images),
        skus=[variant.sku for variant in draft.variants],
        price_from=Money(rules.cheapest(draft.variants), settings.currency),
        published=draft.published,
        published_at=published_at,
        created_at=created_at,
        fingerprint=_fingerprint(draft),
    )


def _variant(product: Product, draft: VariantDraft, position: int) -> Variant:
    images = product.images
    return Variant(
        **tables.variant_key(draft.sku),
        handle=product.handle,
        part=f"VARIANT#{position:03d}",
        sku=draft.sku,
        product_id=product.id,
        product_title=product.title,
        published=product.published,
        option_values=list(draft.option_values),
        price=draft.price,
        compare_at=draft.compare_at,
        barcode=draft.barcode,
        weight_grams=draft.weight_grams,
        image=draft.image or (images[0].url if images else None),
    )


def _describes(draft: ProductDraft, product: Product) -> bool:
    return product.fingerprint == _fingerprint(draft) and bool(product.published) == draft.published


def _fingerprint(draft: ProductDraft) -> str:
    """Drafts with the same fingerprint describe the same product, shown or not, whatever their counts of stock."""
    bare = tuple(msgspec.structs.replace(variant, stock={}) for variant in draft.variants)
    described = msgspec.structs.replace(draft, description=nh3.clean(draft.description), variants=bare, published=False)
    return hashlib.sha256(msgspec.json.encode(described, order="sorted")).hexdigest()
