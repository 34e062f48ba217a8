"""What becomes of pieces that are set aside for an order, as write actions, each with what it does to the shelf."""

from collections import Counter
from collections.abc import Sequence

from chalicelib.core import dynamo
from chalicelib.core.dynamo import Action
from chalicelib.logistics import awaiting, tables
from chalicelib.logistics.routing import Pick
from chalicelib.logistics.tables import AWAITED, CONSUMED, HELD, RELEASED, Reservation, StockLevel

# Of which SKU, at which location, in which shard.
Place = tuple[str, str, int]


def set_aside(order_id: str, pick: Pick, parcel: int, otherwise: Exception) -> list[Action]:
    """Reserve what was picked, for this parcel; committing raises `otherwise` if there are too few."""
    reservation = Reservation(
        **tables.reservation_key(order_id, pick.sku, pick.location, pick.shard, parcel),
        order_id=order_id,
        sku=pick.sku,
        location=pick.location,
        shard=pick.shard,
        parcel=parcel,
        quantity=pick.quantity,
        state=HELD,
    )
    return [dynamo.insert(reservation, otherwise), _take(place_of(reservation), pick.quantity, otherwise)]


def add(reservation: Reservation, quantity: int, otherwise: Exception) -> list[Action]:
    """Reserve more of what an order has reserved; committing raises `otherwise` if there are too few."""
    return [_resize(reservation, quantity, otherwise), _take(place_of(reservation), quantity, otherwise)]


def _take(place: Place, quantity: int, otherwise: Exception) -> Action:
    changes = [
        StockLevel.available.set(StockLevel.available - quantity),
        StockLevel.reserved.set(StockLevel.reserved + quantity),
    ]
    return dynamo.update(level(place), changes, StockLevel.available >= quantity, otherwise)


def release(reservations: Sequence[Reservation], otherwise: Exception) -> list[Action]:
    """Give what is still held back to the shelf, and wait for no more."""
    mine = [reservation for reservation in reservations if reservation.state in (HELD, AWAITED)]
    return [
        *(_settle(reservation, RELEASED, otherwise) for reservation in mine),
        *_give_back([(reservation, int(reservation.quantity)) for reservation in mine]),
    ]


def take_back(pieces: Sequence[tuple[Reservation, int]], otherwise: Exception) -> list[Action]:
    """Give so many pieces of each reservation back to the shelf; one of which nothing is left is gone."""
    return [
        *(less(reservation, quantity, otherwise) for reservation, quantity in pieces),
        *_give_back(pieces),
    ]


def move_to(parcel: int, reservation: Reservation, quantity: int, otherwise: Exception) -> list[Action]:
    """Let another parcel send so many of the pieces; they stay reserved."""
    r = reservation
    moved = Reservation(
        **tables.reservation_key(r.order_id, r.sku, r.location, int(r.shard), parcel),
        order_id=r.order_id,
        sku=r.sku,
        location=r.location,
        shard=r.shard,
        parcel=parcel,
        quantity=quantity,
        state=HELD,
    )
    return [less(reservation, quantity, otherwise), dynamo.insert(moved, otherwise)]


def consume(reservations: Sequence[Reservation], otherwise: Exception) -> list[Action]:
    """The pieces, all of one parcel, have left the house."""
    actions: list[Action] = []
    for reservation in reservations:
        quantity = int(reservation.quantity)
        changes = [
            StockLevel.on_hand.set(StockLevel.on_hand - quantity),
            StockLevel.reserved.set(StockLevel.reserved - quantity),
        ]
        actions += [
            _settle(reservation, CONSUMED, otherwise),
            dynamo.update(level(place_of(reservation)), changes),
        ]
    return actions


def unchanged(reservation: Reservation) -> dynamo.Condition:
    """The reservation is as it was read."""
    same: dynamo.Condition = (Reservation.state == reservation.state) & (Reservation.quantity == reservation.quantity)
    if reservation.state != AWAITED:
        return same
    confirmed = Reservation.confirmed
    as_told: dynamo.Condition = same & (confirmed.exists() if reservation.confirmed else confirmed.does_not_exist())
    return as_told


def _settle(reservation: Reservation, state: str, otherwise: Exception) -> Action:
    return dynamo.update(reservation, [Reservation.state.set(state)], unchanged(reservation), otherwise)


def _resize(reservation: Reservation, change: int, otherwise: Exception) -> Action:
    quantity = Reservation.quantity.set(int(reservation.quantity) + change)
    return dynamo.update(reservation, [quantity], unchanged(reservation), otherwise)


def less(reservation: Reservation, quantity: int, otherwise: Exception) -> Action:
    """So many pieces less; one of which nothing is left is gone."""
    if quantity == int(reservation.quantity):
        return dynamo.delete(reservation, unchanged(reservation), otherwise)
    return _resize(reservation, -quantity, otherwise)


def _give_back(pieces: Sequence[tuple[Reservation, int]]) -> list[Action]:
    """What becomes free. A transaction writes to an item once, and two parcels may hold pieces of one level."""
    sums: Counter[Place] = Counter()
    for reservation, quantity in pieces:
        if reservation.state == HELD:
            sums[place_of(reservation)] += quantity
    actions = [
        dynamo.update(
            level(place),
            [
                StockLevel.available.set(StockLevel.available + quantity),
                StockLevel.reserved.set(StockLevel.reserved - quantity),
            ],
        )
        for place, quantity in sums.items()
    ]
    return [*actions, *awaiting.strike([each for each in pieces if each[0].state == AWAITED])]


def place_of(reservation: Reservation) -> Place:
    return (reservation.sku, reservation.location, int(reservation.shard))


def level(place: Place) -> StockLevel:
    return StockLevel(**tables.level_key(*place))
