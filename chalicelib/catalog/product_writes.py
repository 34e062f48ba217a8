"""A product's change as writes: the product, where it stands in lists, what is known of its success, its event."""

from collections.abc import Sequence

import msgspec

from chalicelib.catalog import product_items as items
from chalicelib.catalog import tables
from chalicelib.catalog.events import ProductPublished, ProductUnpublished, ProductUpdated
from chalicelib.catalog.tables import CatalogItem, Product, Standing
from chalicelib.core import dynamo, outbox
from chalicelib.core.dynamo import Action

# One transaction holds at most 100 writes.
_MOST_AT_ONCE = 96
_Changed = ProductPublished | ProductUpdated | ProductUnpublished


class Writes(msgspec.Struct, frozen=True):
    """What has to be committed together, the entries of lists that come before it, and those that go after it."""

    together: list[Action]
    coming: list[Action] = []
    going: list[Action] = []

    def including(self, more: Sequence[Action]) -> "Writes":
        return msgspec.structs.replace(self, together=[*more, *self.together])

    def without(self, done: Sequence[Action]) -> "Writes":
        return msgspec.structs.replace(self, together=[action for action in self.together if action not in done])

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
    return Writes(together, coming, going)


def commit(writes: Writes, parts: Sequence[Action] = ()) -> None:
    """In one transaction, if there is room; else what has none goes before the product, and what leaves lists after it.

    A product that is interrupted so may have entries in lists that it does not know of; service.shelf leaves them out.
    """
    room = _MOST_AT_ONCE - len(writes.together)
    first = [*parts, *writes.coming]
    _in_turn(first[room:])
    last = writes.going[: max(0, room - len(first))]
    if together := [*writes.together, *first[:room], *last]:
        dynamo.transaction(together)
    _in_turn(writes.going[len(last) :])


def _in_turn(actions: Sequence[Action]) -> None:
    for start in range(0, len(actions), _MOST_AT_ONCE):
        dynamo.transaction(actions[start : start + _MOST_AT_ONCE])


def _event_of(old: Product | None, new: Product) -> type[_Changed]:
    if not new.published:
        return ProductUnpublished
    return ProductUpdated if old is not None and old.published else ProductPublished


def announce(kind: type[_Changed], product: Product) -> Action:
    """The write action that tells of a product in its present version."""
    event = kind(aggregate_id=product.id, aggregate_version=int(product.version), handle=str(product.handle))
    return dynamo.put_raw(CatalogItem, outbox.attributes(event))
