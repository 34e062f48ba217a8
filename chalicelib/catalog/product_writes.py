"""A product's change as writes: the product, where it stands in lists, what is known of its success, its event.

What fits into one transaction is committed in one. Else the product is claimed first, by `claim` or `claim_handle`, and
each transaction before its own holds only while nobody else has done so. It is not settled until its own is through: if
that never comes, the same again is never "unchanged".
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec

from chalicelib.catalog import product_items as items
from chalicelib.catalog import tables
from chalicelib.catalog.events import ProductPublished, ProductUnpublished, ProductUpdated
from chalicelib.catalog.tables import CatalogItem, Product, Standing, TakenHandle
from chalicelib.core import dynamo, ids, outbox
from chalicelib.core.dynamo import Action

# One transaction holds at most 100 writes.
_MOST_AT_ONCE = 96
_Changed = ProductPublished | ProductUpdated | ProductUnpublished


class _Overtaken(Exception):
    """Somebody has changed the product since."""


class Writes(msgspec.Struct, frozen=True):
    """What has to be committed together, the entries of lists that come before it, and those that go after it while
    `still` holds: that the product is what these writes have made of it."""

    together: list[Action]
    coming: list[Action] = []
    going: list[Action] = []
    still: Action | None = None

    def including(self, more: Sequence[Action]) -> "Writes":
        return msgspec.structs.replace(self, together=[*more, *self.together])

    def fit_with(self, parts: Sequence[Action]) -> bool:
        """Whether all this and `parts` go into one transaction."""
        return len(self.together) + len(self.coming) + len(self.going) + len(parts) <= _MOST_AT_ONCE


def of(old: Product | None, new: Product, otherwise: Exception) -> Writes:
    """The writes that make `old` the product `new`; `otherwise` is raised if it is not `old` any more."""
    before, after = (items.entries(old) if old else {}), items.entries(new)
    coming = [dynamo.put(entry) for key, entry in after.items() if key not in before]
    going = [dynamo.delete(entry) for key, entry in before.items() if key not in after]
    if old is None:
        together = [
            dynamo.insert(new, otherwise),
            dynamo.insert(items.standing(new), otherwise),
            dynamo.put(items.entry(tables.EVERYTHING, new.created_at, new.id)),
        ]
    else:
        together = [dynamo.put(new, Product.version == int(old.version), otherwise)]
        if old.handle != new.handle:
            standing = Standing(**tables.standing_key(new.id))
            together.append(dynamo.update(standing, [Standing.handle.set(new.handle)]))
    if new.published or (old is not None and old.published):
        together.append(announce(_event_of(old, new), new))
    return Writes(together, coming, going, _is_in_version(new, int(new.version), _Overtaken()))


def claim(old: Product, skus: Iterable[str], handle: Sequence[Action], otherwise: Exception) -> tuple[Product, Action]:
    """Take a product, and with it a new `handle`, for a change that writes `skus` before it.

    Returns the product as it is now, in its next version, and what holds while nobody else has taken or changed it.
    """
    claimed = Product.from_raw_data(old.serialize())
    claimed.version = int(old.version) + 1
    claimed.fingerprint = None
    claimed.begun = sorted({*old.begun, *skus} - set(old.skus))
    dynamo.transaction([*handle, dynamo.put(claimed, Product.version == int(old.version), otherwise)])
    return claimed, _is_in_version(claimed, int(claimed.version), otherwise)


def claim_handle(new: Product, begun: Iterable[str], otherwise: Exception) -> tuple[Action, Action]:
    """Take a handle for a product that is not there yet and whose variants are written before it; others have `begun`
    to write these.

    Returns the write that goes with the product and what holds until then, while nobody else has taken it.
    """
    claimed = _handle_of(new)
    claimed.claim = ids.new_id("clm")
    claimed.begun = sorted({*begun, *new.skus})
    nobody = dynamo.check(new, Product.pk.does_not_exist(), otherwise)
    dynamo.transaction([_take(claimed, otherwise), nobody])
    ours = TakenHandle.claim == claimed.claim
    return dynamo.put(_handle_of(new), ours, otherwise), dynamo.check(claimed, ours, otherwise)


def take_handle(new: Product, otherwise: Exception) -> Action:
    """A product takes its handle, unless another one has it or had it; who has claimed it for a product loses it."""
    return _take(_handle_of(new), otherwise)


def _handle_of(product: Product) -> TakenHandle:
    return TakenHandle(**tables.handle_key(str(product.handle)), product_id=product.id)


def _take(handle: TakenHandle, otherwise: Exception) -> Action:
    free = TakenHandle.pk.does_not_exist() | (TakenHandle.product_id == handle.product_id)
    return dynamo.put(handle, free, otherwise)


def commit(writes: Writes, parts: Sequence[Action] = (), held: Action | None = None) -> None:
    """In one transaction, if there is room; else what has none goes before the product as long as it is `held` by a
    claim, and what leaves lists after it.

    A product that is interrupted so may have entries in lists that it does not know of; service.shelf leaves them out.
    """
    room = _MOST_AT_ONCE - len(writes.together)
    first = [*parts, *writes.coming]
    _in_turn(first[room:], held)
    last = writes.going[: max(0, room - len(first))]
    if together := [*writes.together, *first[:room], *last]:
        dynamo.transaction(together)
    with suppress(_Overtaken):
        _in_turn(writes.going[len(last) :], writes.still)


def _in_turn(actions: Sequence[Action], held: Action | None) -> None:
    guard = [held] if held else []
    for start in range(0, len(actions), _MOST_AT_ONCE):
        dynamo.transaction([*guard, *actions[start : start + _MOST_AT_ONCE]])


def _is_in_version(product: Product, version: int, otherwise: Exception) -> Action:
    return dynamo.check(product, Product.version == version, otherwise)


def _event_of(old: Product | None, new: Product) -> type[_Changed]:
    if not new.published:
        return ProductUnpublished
    return ProductUpdated if old is not None and old.published else ProductPublished


def announce(kind: type[_Changed], product: Product) -> Action:
    """The write action that tells of a product in its present version."""
    event = kind(aggregate_id=product.id, aggregate_version=int(product.version), handle=str(product.handle))
    return dynamo.put_raw(CatalogItem, outbox.attributes(event))
