"""Products as staff and files make them: created, replaced, shown, hidden, each with its event in one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import msgspec

from chalicelib.catalog import html, product_writes, service, tables
from chalicelib.catalog import product as rules
from chalicelib.catalog import product_items as items
from chalicelib.catalog.media import media
from chalicelib.catalog.pricing import prices
from chalicelib.catalog.product import ProductDraft
from chalicelib.catalog.product_writes import Writes
from chalicelib.catalog.sorting import attributes, categories
from chalicelib.catalog.tables import Product, TakenHandle, Variant
from chalicelib.core import audit, dynamo, ids
from chalicelib.core.dynamo import Action, Item, Key
from chalicelib.core.errors import ShopError, busy, invalid, not_found
from chalicelib.core.settings import settings
from chalicelib.core.staff import Permission, Staff, forbidden
from chalicelib.logistics import stock

_ATTEMPTS = 5
# What the audit log calls it when somebody gave a product this status.
_TURNED = {rules.PUBLISHED: "published", rules.DRAFT: "unpublished", rules.ARCHIVED: "archived"}


class Saved(msgspec.Struct, frozen=True):
    product_id: str
    outcome: str  # created, updated or unchanged


class Known(msgspec.Struct, frozen=True):
    """What the tables hold of some drafts: whose their handles are, their SKUs and how many pieces were counted.

    `begun` are the SKUs that were written for a handle whose product has not come to be.
    """

    owners: dict[str, str]
    begun: dict[str, list[str]]
    products: dict[str, Product]
    variants: dict[str, Variant]
    levels: dict[Key, Item]

    def owner(self, handle: str) -> Product | None:
        """The product that has this handle, or had it before."""
        return self.products.get(self.owners.get(handle, ""))


class _Moved(Exception):
    """What was known is not so any more: look again."""


def look_up(drafts: Sequence[ProductDraft]) -> Known:
    """What has to be known to save `drafts`: two requests for every 100 keys."""
    skus = {variant.sku for draft in drafts for variant in draft.variants}
    parts = {sku for draft in drafts for variant in draft.variants for sku in variant.components}
    counted = [variant.sku for draft in drafts for variant in draft.variants if variant.stock]
    handles: list[Key] = [(TakenHandle, f"HANDLE#{draft.handle}", "HANDLE") for draft in drafts]
    variants = [tables.variant_ref(sku) for sku in sorted(skus | parts)]
    found = dynamo.load([*handles, *variants, *stock.levels(counted)], consistent=True)
    taken = {item.pk.partition("#")[2]: item for item in found.values() if isinstance(item, TakenHandle)}
    owners = {handle: item.product_id for handle, item in taken.items()}
    wanted: list[Key] = [(Product, f"PRODUCT#{owner}", "PRODUCT") for owner in owners.values()]
    products = dynamo.load(wanted, consistent=True) if wanted else {}
    return Known(
        owners,
        {handle: item.begun for handle, item in taken.items()},
        {item.id: item for item in products.values() if isinstance(item, Product)},
        {item.sku: item for item in found.values() if isinstance(item, Variant)},
        found,
    )


def save(
    draft: ProductDraft,
    also: Callable[[Saved], list[Action]],
    by: Staff | None = None,
    known: Known | None = None,
    product_id: str | None = None,
) -> Saved:
    """Create the product with this handle or make it what `draft` says; the same draft again changes nothing.

    With `product_id` it is that product, and the handle may be a new one. What `also` makes of the outcome is committed
    together with it, so that a report and what it reports can not differ. Stock named in the draft is a first count: it
    is written where none is known and never over a later one. Without `by` the draft is a file's.
    """
    draft = _accepted(draft, by)
    for _ in range(_ATTEMPTS):
        known = known or look_up([draft])
        old = _product_to_replace(draft, known, product_id)
        _check_skus(draft, known, old.id if old else known.owners.get(draft.handle))
        if by:
            _check_components(draft, known)
        try:
            return _save(draft, old, known, also, by)
        except (_Moved, stock.LevelMoved):
            known = None
    raise busy()


def foresee(draft: ProductDraft, known: Known) -> Saved:
    """What `save` would make of a file's draft, or raise; nothing is written."""
    draft = _accepted(draft, None)
    old = _product_to_replace(draft, known, None)
    _check_skus(draft, known, old.id if old else known.owners.get(draft.handle))
    for variant in draft.variants:
        stock.first_counts(variant.sku, variant.stock, known.levels, None)
    same = old is not None and items.describes(draft, old)
    return Saved(old.id if old else "", "unchanged" if same else "updated" if old else "created")


def create(draft: ProductDraft, by: Staff) -> Saved:
    """A new product; 409 if its handle is taken by another one. The same draft again answers with the same product."""

    def first(saved: Saved) -> list[Action]:
        if saved.outcome == "updated":
            raise _handle_taken(draft.handle)
        return _audited(saved, draft, by)

    return save(draft, first, by)


def replace(product_id: str, draft: ProductDraft, by: Staff) -> Saved:
    """Make a product what `draft` says. If it gets another handle, the old one leads to it from now on."""
    return save(draft, lambda saved: _audited(saved, draft, by), by, product_id=product_id)


def set_status(product_id: str, status: str, by: Staff) -> None:
    """Publish a product, take it back or archive it, at once: what was planned for later is off."""
    record = audit.entry(by, f"product.{_TURNED[status]}", product_id)
    done = partial(_is_for_good, status)
    _turn(product_id, done, lambda new: (status, None, None), record)


def _is_for_good(status: str, product: Product) -> bool:
    planned = product.publish_at or product.unpublish_at
    return bool(product.status == status and planned is None and product.settled)


def turn(product_id: str) -> str:
    """Show or hide a product whose time has come. Returns what became of it."""

    def planned(new: Product) -> tuple[str, datetime | None, datetime | None]:
        return new.status, items.moment(new.publish_at), items.moment(new.unpublish_at)

    new = _turn(product_id, lambda old: old.due_key is None, planned)
    return "unchanged" if new is None else str(new.status)


def _turn(
    product_id: str,
    done: Callable[[Product], bool],
    wanted: Callable[[Product], tuple[str, datetime | None, datetime | None]],
    *also: Action,
) -> Product | None:
    """Bring a product to a status; None if it is there."""
    old, variants, _ = service.product(product_id)
    if done(old):
        return None
    new = Product.from_raw_data(old.serialize())
    new.version = int(old.version) + 1
    if new.category:
        categories.ensure(new.category)  # it may have been deleted while only drafts were in it
    items.show(new, *wanted(new), old.published_at)
    try:
        _commit(old, new, [], also, _flags(new, variants))
    except _Moved:
        raise _changed_meanwhile() from None
    return new


def _flags(new: Product, variants: Sequence[Variant]) -> list[Action]:
    """Each variant is for sale if its product is shown, however it looks now: another change may have been at it. What
    an interrupted change brought and the product does not know is not."""
    begun = tables.variants(new.begun, consistent=True).values() if new.begun else []
    return [
        dynamo.update(
            variant,
            [Variant.published.set(new.published and variant.sku in new.skus)],
            Variant.product_id == new.id,
            _Moved(),
        )
        for variant in [*variants, *(other for other in begun if other.product_id == new.id)]
    ]


def _commit(
    old: Product | None,
    new: Product,
    handle: Sequence[Action],
    also: Sequence[Action],
    parts: Sequence[Action],
    begun: Sequence[str] = (),
) -> None:
    """Make `old` the product `new` in one transaction, or in several after a claim. `begun` are the SKUs that were
    written for a product that is not there yet."""
    writes = product_writes.of(old, new, _Moved()).including([*handle, *also])
    if writes.fit_with(parts):
        product_writes.commit(writes, parts)
        return
    if old is None:
        made, held = product_writes.claim_handle(new, begun, _Moved())
        also = [made, *also]
    else:
        old, held = product_writes.claim(old, new.skus, handle, _Moved())
        new.version = int(old.version) + 1
    product_writes.commit(product_writes.of(old, new, _Moved()).including(also), parts, held)


def _accepted(draft: ProductDraft, by: Staff | None) -> ProductDraft:
    rules.check(draft, settings.currency)
    prices.check(draft)
    attributes.check(draft.attributes)
    for position, variant in enumerate(draft.variants):
        if by and variant.stock and not by.may(Permission.STOCK_WRITE):
            raise forbidden(Permission.STOCK_WRITE, f"/variants/{position}/stock")
    return html.cleaned(msgspec.structs.replace(draft, images=tuple(media.with_sizes(draft.images))))


def _product_to_replace(draft: ProductDraft, known: Known, product_id: str | None) -> Product | None:
    owner = known.owner(draft.handle)
    if product_id is None:
        if owner is not None and owner.handle != draft.handle:
            detail = f"The handle {draft.handle!r} leads to the product {owner.handle!r} now."
            raise ShopError("handle_taken", 409, detail, pointer="/handle")
        return owner
    old = owner if owner and owner.id == product_id else tables.product_by_id(product_id)
    if old is None:
        raise not_found("product")
    if known.owners.get(draft.handle, product_id) != product_id:
        raise _handle_taken(draft.handle)
    return old


def _save(
    draft: ProductDraft, old: Product | None, known: Known, also: Callable[[Saved], list[Action]], by: Staff | None
) -> Saved:
    counts = [
        action
        for variant in draft.variants
        for action in stock.first_counts(variant.sku, variant.stock, known.levels, by)
    ]
    if old is not None and items.describes(draft, old):
        saved = Saved(old.id, "unchanged")
        product_writes.commit(Writes(also(saved)), counts)
        return saved
    # A large product that was interrupted has its handle already, and with it its id.
    product_id = old.id if old else known.owners.get(draft.handle) or ids.new_id("prd")
    saved = Saved(product_id, "updated" if old else "created")
    record = also(saved)
    if draft.category:
        categories.ensure(draft.category, by)
    new = items.product(draft, product_id, old)
    has_handle = old is not None and known.owners.get(draft.handle) == product_id
    handle = [] if has_handle else [product_writes.take_handle(new, _Moved())]
    ours = Variant.pk.does_not_exist() | (Variant.product_id == product_id)
    puts = [
        dynamo.put(items.variant(new, variant, position), ours, _sku_taken(variant.sku, position))
        for position, variant in enumerate(draft.variants)
    ]
    begun = [] if old else known.begun.get(draft.handle, [])
    gone = _gone(new, old, begun)
    deletes = [dynamo.delete(Variant(**tables.variant_key(sku)), ours, _Moved()) for sku in gone]
    _commit(old, new, handle, record, [*deletes, *puts, *counts], begun)
    return saved


def _gone(new: Product, old: Product | None, begun: Sequence[str]) -> list[str]:
    """The SKUs that the product has no more. Those that an interrupted change let go may be another product's now."""
    before = {*old.skus, *old.begun} if old else set(begun)
    gone = sorted(before - set(new.skus))
    if not gone or (old and old.settled):
        return gone
    found = tables.variants(gone, consistent=True)
    return [sku for sku in gone if sku in found and found[sku].product_id == new.id]


def _check_skus(draft: ProductDraft, known: Known, product_id: str | None) -> None:
    """409 if a SKU is another product's, before anything is written. The commit checks it once more."""
    for position, variant in enumerate(draft.variants):
        taken = known.variants.get(variant.sku)
        if taken is not None and taken.product_id != product_id:
            raise _sku_taken(variant.sku, position)


def _check_components(draft: ProductDraft, known: Known) -> None:
    """422 for a bundle of what is not there or is a bundle itself. A file's may come before its components."""
    own = {variant.sku: bool(variant.components) for variant in draft.variants}
    for position, variant in enumerate(draft.variants):
        for sku in variant.components:
            other = known.variants.get(sku)
            if own.get(sku, bool(other.components) if other is not None else True):
                detail = f"{sku!r} is no SKU of this shop, or a bundle itself."
                raise invalid(f"/variants/{position}/components/{sku}", detail)


def _audited(saved: Saved, draft: ProductDraft, by: Staff) -> list[Action]:
    if saved.outcome == "unchanged":
        return []
    return [audit.entry(by, f"product.{saved.outcome}", saved.product_id, handle=draft.handle)]


def _sku_taken(sku: str, position: int) -> ShopError:
    detail = f"The SKU {sku!r} belongs to another product."
    return ShopError("sku_taken", 409, detail, pointer=f"/variants/{position}/sku")


def _handle_taken(handle: str) -> ShopError:
    return ShopError("handle_taken", 409, f"There is a product {handle!r} already.", pointer="/handle")


def _changed_meanwhile() -> ShopError:
    return ShopError("product_changed", 409, "The product was changed meanwhile. Look at it again.")
