"""Pieces that were sold before they are there: pre-orders and back-orders wait for them, the oldest first.

Such a reservation is `awaited`: no level knows of it. A counter says how many pieces of a SKU are awaited in all, and
bounds them; an entry for each order is its place in the queue.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from chalicelib.core import dynamo
from chalicelib.core.dynamo import Action, Item, Key
from chalicelib.logistics import tables
from chalicelib.logistics.tables import AWAITED, Awaiting, Backlog, Reservation

# They come from nowhere yet and no parcel sends them.
_NOWHERE, _NO_PARCEL = "-", 0


class Oversold(msgspec.Struct, frozen=True):
    """Of this SKU `most` pieces may be awaited at a time, and `awaited` are."""

    most: int
    awaited: int

    @property
    def room(self) -> int:
        return max(0, self.most - self.awaited)


def backlogs(skus: Iterable[str]) -> list[Key]:
    """Where it is read how many pieces of `skus` are awaited, together with other modules' items."""
    return [tables.backlog_ref(sku) for sku in skus]


def oversold(most: Mapping[str, int], found: Mapping[Key, Item]) -> dict[str, Oversold]:
    """How many more pieces of each SKU may be sold than there are, of the backlogs among what was `found`."""
    awaited = {i.sku: int(i.pieces) for i in found.values() if isinstance(i, Backlog)}
    return {sku: Oversold(pieces, awaited.get(sku, 0)) for sku, pieces in most.items()}


def book(order_id: str, sku: str, pieces: int, most: int, otherwise: Exception) -> list[Action]:
    """Let an order wait for pieces; committing raises `otherwise` if more than `most` would be awaited then."""
    reservation = Reservation(
        **tables.reservation_key(order_id, sku, _NOWHERE, tables.ONLY_SHARD, _NO_PARCEL),
        order_id=order_id,
        sku=sku,
        location=_NOWHERE,
        parcel=_NO_PARCEL,
        quantity=pieces,
        state=AWAITED,
    )
    changes = [
        Backlog.kind.set(Backlog),
        Backlog.sku.set(sku),
        Backlog.pieces.set((Backlog.pieces | 0) + pieces),
    ]
    few_enough = Backlog.pieces.does_not_exist() | (Backlog.pieces <= most - pieces)
    entry = Awaiting(**tables.awaiting_key(sku, order_id), sku=sku, order_id=order_id)
    return [
        dynamo.insert(reservation, otherwise),
        dynamo.update(Backlog(**tables.backlog_key(sku)), changes, few_enough, otherwise),
        dynamo.put(entry),
    ]


def strike(pieces: Iterable[tuple[Reservation, int]]) -> Iterator[Action]:
    """Write actions, beside those on the reservations themselves, for pieces that are not awaited any more."""
    less: Counter[str] = Counter()
    for reservation, quantity in pieces:
        less[reservation.sku] += quantity
        if quantity == int(reservation.quantity):
            yield dynamo.delete(Awaiting(**tables.awaiting_key(reservation.sku, reservation.order_id)))
    for sku, quantity in less.items():
        backlog = Backlog(**tables.backlog_key(sku))
        yield dynamo.update(backlog, [Backlog.pieces.set(Backlog.pieces - quantity)])
