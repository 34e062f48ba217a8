"""Stock: `on_hand` = `available` + `reserved` for every SKU and location, after every transaction.

Reserving, consuming and releasing are returned as write actions; the use case commits them with what they belong to.
"""

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from chalicelib.core import audit, dynamo
from chalicelib.core.dynamo import Action, Item, Key
from chalicelib.core.errors import ShopError, busy, not_found
from chalicelib.core.staff import Staff
from chalicelib.logistics import awaiting, journal, reserving, shards, tables
from chalicelib.logistics.awaiting import Oversold
from chalicelib.logistics.reserving import Place as Place
from chalicelib.logistics.routing import Pick, evenly, out_of_stock, over_shards, route
from chalicelib.logistics.tables import ONLY_SHARD, StockLevel

_ATTEMPTS = 8
# Two writes a pick, three for what is waited for: what the one transaction of a checkout takes (dynamo.MOST_ACTIONS),
# less what the order itself needs.
_MOST_WRITES = dynamo.MOST_ACTIONS - 16


class LevelMoved(Exception):
    """Somebody else took or counted pieces between reading the level and writing it: read again."""


def levels(skus: Iterable[str]) -> list[Key]:
    """Where the stock of `skus` is read, for a use case that reads several modules' items in one request."""
    return [
        tables.level_ref(sku, location.id, shard)
        for sku in skus
        for location in tables.locations()
        for shard in range(_looked_at(sku))
    ]


def _looked_at(sku: str) -> int:
    hot = tables.hot().get(sku)
    return int(hot.looked_at) if hot else 1


def available(items: Mapping[Key, Item]) -> dict[Place, int]:
    """Pieces that can be reserved by (SKU, location, shard), of the levels among `items`."""
    return {(i.sku, i.location, int(i.shard)): int(i.available) for i in items.values() if isinstance(i, StockLevel)}


def free_of(sku: str) -> dict[Place, int]:
    """Pieces of one SKU that can be reserved now, of which none is promised to anybody."""
    return {(i.sku, i.location, int(i.shard)): max(0, int(i.available)) for i in tables.levels_of(sku)}


def reserve(
    order_id: str, wanted: Mapping[str, int], free: Mapping[Place, int], oversold: Mapping[str, Oversold] | None = None
) -> list[Action]:
    """Set `wanted` pieces by SKU aside for an order, at the locations that routing picks from what is `free`.

    Of what may be `oversold` it waits for the pieces that are not there, behind those who wait already. Raises 409
    `out_of_stock` if there are too few. Committing raises LevelMoved if there have become too few since.
    """
    waits = _to_wait_for(wanted, free, oversold or {})
    here = {sku: pieces - waits.get(sku, 0) for sku, pieces in wanted.items() if pieces > waits.get(sku, 0)}
    chosen = picks(order_id, here, free)
    numbers = {location: n for n, location in enumerate(sorted({pick.location for pick in chosen}), 1)}
    if 2 * len(chosen) + 3 * len(waits) > _MOST_WRITES:
        detail = "These lines lie at too many places to be sent as one order. Order them in two."
        raise ShopError("too_large", 422, detail)
    return [
        *(
            action
            for pick in chosen
            for action in reserving.set_aside(order_id, pick, numbers[pick.location], LevelMoved())
        ),
        *(
            action
            for sku, pieces in waits.items()
            for action in awaiting.book(order_id, sku, pieces, (oversold or {})[sku].most, LevelMoved())
        ),
    ]


def at_once(free: Mapping[Place, int], oversold: Mapping[str, Oversold]) -> dict[str, int]:
    """Pieces by SKU that a new order gets at once: what is free and not promised to those who wait."""
    sums: Counter[str] = Counter()
    for (sku, *_), pieces in free.items():
        sums[sku] += max(0, pieces)
    return {sku: max(0, pieces - oversold[sku].awaited) if sku in oversold else pieces for sku, pieces in sums.items()}


def _to_wait_for(
    wanted: Mapping[str, int], free: Mapping[Place, int], oversold: Mapping[str, Oversold]
) -> dict[str, int]:
    """The pieces by SKU that an order waits for."""
    there = at_once(free, oversold)
    waits = {sku: wanted[sku] - there.get(sku, 0) for sku in oversold if wanted.get(sku, 0) > there.get(sku, 0)}
    for sku, pieces in waits.items():
        if pieces > oversold[sku].room:
            raise out_of_stock(sku, there.get(sku, 0) + oversold[sku].room)
    return waits


def picks(order_id: str, wanted: Mapping[str, int], free: Mapping[Place, int]) -> list[Pick]:
    """Where each piece comes from. Raises 409 `out_of_stock`."""
    shelves: defaultdict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for (sku, location, shard), pieces in free.items():
        shelves[sku, location][shard] = max(0, pieces)
    sums = {place: sum(shards.values()) for place, shards in shelves.items()}
    routed = route(wanted, sums, [location.id for location in tables.locations()])
    seed = zlib.crc32(order_id.encode())
    return [part for pick in routed for part in over_shards(pick, shelves[pick.sku, pick.location], seed)]


def count(sku: str, location: str, on_hand: int, by: Staff) -> None:
    """Somebody counted `on_hand` pieces. What is reserved stays reserved; 409 if that is more than there are."""
    if location not in {place.id for place in tables.locations()}:
        raise not_found("location")
    for _ in range(_ATTEMPTS):
        levels = [level for level in tables.levels_of(sku) if level.location == location]
        reserved = sum(int(level.reserved) for level in levels)
        if on_hand < reserved:
            detail = f"{reserved} pieces are reserved for orders; {on_hand} are too few for them."
            raise ShopError("reserved", 409, detail, pointer="/on_hand")
        counted = _recount(levels, on_hand, by) if levels else _first_count(sku, location, on_hand, by)
        try:
            dynamo.transaction(counted)
        except LevelMoved:
            continue  # it moved between the look and the count
        return
    raise busy()


def first_counts(sku: str, pieces: Mapping[str, int], found: Mapping[Key, Item], by: Staff | None) -> list[Action]:
    """Write actions for a first count per location where none is among what was `found` at `levels`.

    A later count is never overwritten: committing raises LevelMoved if there is one meanwhile. The empty location
    stands for the shop's first one. Without `by` it is a file's count, not staff's.
    """
    actions: list[Action] = []
    known = {i.location for i in found.values() if isinstance(i, StockLevel) and i.sku == sku}
    for location, on_hand in pieces.items():
        places = [place.id for place in tables.locations()]
        if not places:
            raise ShopError("no_location", 409, "The shop has no location that could hold stock. Create one first.")
        if location and location not in places:
            raise ShopError("unknown_location", 422, f"There is no location {location!r}.")
        if not location and known:
            continue  # counted somewhere already, perhaps when another location was the first
        if (location or places[0]) not in known:
            actions += _first_count(sku, location or places[0], on_hand, by)
    return actions


def _first_count(sku: str, location: str, on_hand: int, by: Staff | None) -> list[Action]:
    hot = tables.hot().get(sku)
    parts = evenly(on_hand, int(hot.shards) if hot else 1)
    entries = [journal.counted(sku, location, on_hand, on_hand, by.id if by else "import")]
    if by:
        entries.append(_audited(by, sku, location, on_hand, on_hand))
    levels = (shards.new_level(sku, location, pieces, shard) for shard, pieces in enumerate(parts))
    return [*(dynamo.insert(level, LevelMoved()) for level in levels), *entries]


def _recount(levels: list[StockLevel], on_hand: int, by: Staff) -> list[Action]:
    """What is not reserved is spread evenly over the shards that there are."""
    sku, location = levels[0].sku, levels[0].location
    change = on_hand - sum(int(level.on_hand) for level in levels)
    free = evenly(on_hand - sum(int(level.reserved) for level in levels), len(levels))
    actions: list[Action] = []
    for level, available in zip(levels, free, strict=True):
        same = shards.unmoved(level)
        level.on_hand, level.available = available + int(level.reserved), available
        actions.append(dynamo.put(level, same, LevelMoved()))
    # Counting the same number again belongs into the journal, but has changed nothing.
    actions.append(journal.counted(sku, location, change, on_hand, by.id))
    return [*actions, _audited(by, sku, location, change, on_hand)] if change else actions


def _audited(by: Staff, sku: str, location: str, change: int, on_hand: int) -> Action:
    return audit.entry(by, "stock.counted", sku, location=location, change=change, on_hand=on_hand)


def restock(sku: str, location: str, pieces: int, reason: str, by: Staff) -> list[Action]:
    """Write actions that put `pieces` that came back onto the shelf; the journal says why. 422 `unknown_location`."""
    _known(location)
    changes = [
        *(attribute.set(value) for attribute, value in ((StockLevel.sku, sku), (StockLevel.location, location))),
        StockLevel.kind.set(StockLevel),
        StockLevel.shard.set(ONLY_SHARD),
        StockLevel.on_hand.set((StockLevel.on_hand | 0) + pieces),
        StockLevel.available.set((StockLevel.available | 0) + pieces),
        StockLevel.reserved.set(StockLevel.reserved | 0),
    ]
    # Nothing of it may ever have been here before.
    anyway = StockLevel.pk.exists() | StockLevel.pk.does_not_exist()
    level = dynamo.update(reserving.level((sku, location, ONLY_SHARD)), changes, anyway)
    return [level, journal.returned(sku, location, pieces, reason, by.id)]


def write_off(sku: str, location: str, pieces: int, reason: str, by: Staff) -> list[Action]:
    """Write actions for `pieces` that came back and are not sold again: the journal says so. 422 `unknown_location`."""
    _known(location)
    return [journal.written_off(sku, location, pieces, reason, by.id)]


def _known(location: str) -> None:
    if location not in {place.id for place in tables.locations()}:
        raise ShopError("unknown_location", 422, f"There is no location {location!r}.", pointer="/location")
