"""Stock: `on_hand` = `available` + `reserved` for every SKU and location, after every transaction.

Reserving, consuming and releasing are returned as write actions; the use case commits them with what they belong to.
"""

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.core import audit, clock, dynamo, ids
from chalicelib.core.dynamo import Action, Item, Key
from chalicelib.core.errors import ShopError, busy, not_found
from chalicelib.core.staff import Staff
from chalicelib.logistics import tables
from chalicelib.logistics.routing import Pick, route
from chalicelib.logistics.tables import CONSUMED, HELD, RELEASED, Reservation, StockCount, StockLevel

_ATTEMPTS = 8
# Two writes a pick and one a parcel, at checkout and again if the order is called off: what the one transaction of
# either takes (dynamo.MOST_ACTIONS), less what the order itself needs.
_MOST_WRITES = dynamo.MOST_ACTIONS - 14


class LevelMoved(Exception):
    """Somebody else took or counted pieces between reading the level and writing it: read again."""


def levels(skus: Iterable[str]) -> list[Key]:
    """Where the stock of `skus` is read, for a use case that reads several modules' items in one request."""
    return [tables.level_ref(sku, location.id) for sku in skus for location in tables.locations()]


def available(items: Mapping[Key, Item]) -> dict[tuple[str, str], int]:
    """Pieces that can be reserved by (SKU, location), of the levels among `items`."""
    return {(i.sku, i.location): int(i.available) for i in items.values() if isinstance(i, StockLevel)}


def reserve(order_id: str, wanted: Mapping[str, int], free: Mapping[tuple[str, str], int]) -> list[Action]:
    """Set `wanted` pieces by SKU aside for an order, at the locations that routing picks from what is `free`.

    Raises 409 `out_of_stock` if there are too few. Committing raises LevelMoved if there have become too few since.
    """
    picks = route(wanted, free, [location.id for location in tables.locations()])
    parcels = len({pick.location for pick in picks})
    if 2 * len(picks) + parcels > _MOST_WRITES:
        detail = "These lines lie at too many places to be sent as one order. Order them in two."
        raise ShopError("too_large", 422, detail)
    return [action for pick in picks for action in _reserve(order_id, pick)]


def _reserve(order_id: str, pick: Pick) -> list[Action]:
    reservation = Reservation(
        **tables.reservation_key(order_id, pick.sku, pick.location),
        order_id=order_id,
        sku=pick.sku,
        location=pick.location,
        quantity=pick.quantity,
        state=HELD,
    )
    level = StockLevel(**tables.level_key(pick.sku, pick.location))
    changes = [
        StockLevel.available.set(StockLevel.available - pick.quantity),
        StockLevel.reserved.set(StockLevel.reserved + pick.quantity),
    ]
    return [
        dynamo.insert(reservation),
        dynamo.update(level, changes, StockLevel.available >= pick.quantity, LevelMoved()),
    ]


def release(reservations: Sequence[Reservation], otherwise: Exception) -> list[Action]:
    """Give what is still held back to the shelf."""
    actions: list[Action] = []
    for reservation in reservations:
        if reservation.state == HELD:
            level = StockLevel(**tables.level_key(reservation.sku, reservation.location, int(reservation.shard)))
            quantity = int(reservation.quantity)
            changes = [
                StockLevel.available.set(StockLevel.available + quantity),
                StockLevel.reserved.set(StockLevel.reserved - quantity),
            ]
            actions += [_settle(reservation, RELEASED, otherwise), dynamo.update(level, changes)]
    return actions


def consume(reservations: Sequence[Reservation], otherwise: Exception) -> list[Action]:
    """The pieces have left the house."""
    actions: list[Action] = []
    for reservation in reservations:
        level = StockLevel(**tables.level_key(reservation.sku, reservation.location, int(reservation.shard)))
        quantity = int(reservation.quantity)
        changes = [
            StockLevel.on_hand.set(StockLevel.on_hand - quantity),
            StockLevel.reserved.set(StockLevel.reserved - quantity),
        ]
        actions += [_settle(reservation, CONSUMED, otherwise), dynamo.update(level, changes)]
    return actions


def _settle(reservation: Reservation, state: str, otherwise: Exception) -> Action:
    return dynamo.update(reservation, [Reservation.state.set(state)], Reservation.state == HELD, otherwise)


def count(sku: str, location: str, on_hand: int, by: Staff) -> StockLevel:
    """Somebody counted `on_hand` pieces. What is reserved stays reserved; 409 if that is more than there are."""
    if location not in {place.id for place in tables.locations()}:
        raise not_found("location")
    for _ in range(_ATTEMPTS):
        level = dynamo.get(StockLevel, **tables.level_key(sku, location))
        try:
            if level is None:
                dynamo.transaction(_first_count(sku, location, on_hand, by))
                return _new_level(sku, location, on_hand)
            if on_hand < int(level.reserved):
                detail = f"{level.reserved} pieces are reserved for orders; {on_hand} are too few for them."
                raise ShopError("reserved", 409, detail, pointer="/on_hand")
            return _recount(level, on_hand, by)
        except (dynamo.ConditionFailed, LevelMoved):
            continue  # it moved between the look and the count
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
    journal = [_counted(sku, location, on_hand, on_hand, by.id if by else "import")]
    if by:
        journal.append(_audited(by, sku, location, on_hand, on_hand))
    return [dynamo.insert(_new_level(sku, location, on_hand), LevelMoved()), *journal]


def _new_level(sku: str, location: str, on_hand: int) -> StockLevel:
    return StockLevel(
        **tables.level_key(sku, location), sku=sku, location=location, on_hand=on_hand, available=on_hand, reserved=0
    )


def _recount(level: StockLevel, on_hand: int, by: Staff) -> StockLevel:
    change = on_hand - int(level.on_hand)
    same = (StockLevel.on_hand == level.on_hand) & (StockLevel.reserved == level.reserved)
    level.on_hand, level.available = on_hand, int(level.available) + change
    # Counting the same number again belongs into the journal, but has changed nothing.
    journal = [_counted(level.sku, level.location, change, on_hand, by.id)]
    if change:
        journal.append(_audited(by, level.sku, level.location, change, on_hand))
    dynamo.transaction([dynamo.put(level, same), *journal])
    return level


def _audited(by: Staff, sku: str, location: str, change: int, on_hand: int) -> Action:
    return audit.entry(by, "stock.counted", sku, location=location, change=change, on_hand=on_hand)


def _counted(sku: str, location: str, change: int, on_hand: int, counted_by: str) -> Action:
    at = clock.stamp(clock.now())
    key = tables.count_key(sku, at, ids.new_id("cnt"))
    return dynamo.put(
        StockCount(**key, sku=sku, location=location, change=change, on_hand=on_hand, counted_by=counted_by)
    )
