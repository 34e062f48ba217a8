"""What every use case of shipments shares: which parcel sends what, how one moves, what is told of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from chalicelib.core import clock, dynamo, ids, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, not_found
from chalicelib.logistics import states, tables
from chalicelib.logistics.events import ShipmentChanged, ShipmentEvent
from chalicelib.logistics.tables import HELD, CalledOff, Hold, LogisticsItem, Reservation, Shipment

S = TypeVar("S", bound=ShipmentEvent)
# In the house at a time, which is more than anybody wants to open: an order of which nothing has left is called off in
# one transaction with all of its parcels.
_MOST = 30
# As many as a shipment's id has room for; numbers of parcels that were called off are not given out again.
_MOST_NUMBERS = 999


def find(shipment_id: str) -> Shipment:
    """A shipment; 404 if there is none with this id."""
    shipment = tables.shipment(shipment_id) if ids.is_id("shp", shipment_id) else None
    if shipment is None:
        raise not_found("shipment")
    return shipment


def with_reservations(shipment_id: str) -> tuple[Shipment, list[Reservation]]:
    """A shipment and what is held for it: one Query. 404 if there is none with this id."""
    known = ids.is_id("shp", shipment_id)
    reservations, shipments = tables.of_order(ids.parent_of("ord", shipment_id)) if known else ([], [])
    for shipment in shipments:
        if shipment.id == shipment_id:
            return shipment, by_parcel(reservations).get(number(shipment), [])
    raise not_found("shipment")


def shipment_id(order_id: str, parcel: int) -> str:
    return ids.derived("shp", order_id, parcel)


def number(shipment: Shipment) -> int:
    """Which of its order's parcels a shipment is, from 1."""
    return int(shipment.id.rpartition("-")[2])


def next_number(reservations: Iterable[Reservation], shipments: Iterable[Shipment]) -> int:
    """The number of an order's next parcel; 409 `too_many_parcels` if so many of it are waiting in the house."""
    reservations, shipments = list(reservations), list(shipments)
    # What is awaited is in no parcel, which is number 0.
    taken = {int(r.parcel) for r in reservations if int(r.parcel)} | {number(shipment) for shipment in shipments}
    over = {number(s) for s in shipments if s.state in states.GONE | {states.CANCELED}}
    if len(taken - over) >= _MOST or max(taken, default=0) >= _MOST_NUMBERS:
        raise ShopError("too_many_parcels", 409, f"At most {_MOST} parcels of an order wait to be sent.")
    return max(taken, default=0) + 1


def by_parcel(reservations: Iterable[Reservation]) -> dict[int, list[Reservation]]:
    """What is held, by the number of the parcel that sends it."""
    grouped: defaultdict[int, list[Reservation]] = defaultdict(list)
    for reservation in reservations:
        if reservation.state == HELD:
            grouped[int(reservation.parcel)].append(reservation)
    return dict(grouped)


def new(order_id: str, parcel: int, location: str, lines: dict[str, int]) -> Shipment:
    """A planned shipment that is not there yet."""
    its_id = shipment_id(order_id, parcel)
    shipment = Shipment(
        **tables.shipment_key(its_id),
        id=its_id,
        order_id=order_id,
        location=location,
        version=0,
        lines=lines,
        history={},
    )
    move(shipment, states.PLANNED)
    return shipment


def contents(held: Sequence[Reservation]) -> dict[str, int]:
    """Pieces by SKU, whatever shards they come from."""
    lines: defaultdict[str, int] = defaultdict(int)
    for reservation in held:
        lines[reservation.sku] += int(reservation.quantity)
    return dict(lines)


def move(shipment: Shipment, state: str) -> None:
    shipment.state = state
    shipment.version = int(shipment.version) + 1
    shipment.history = {**shipment.history, state: clock.stamp(clock.now())}


def refill(shipment: Shipment, change: dict[str, int], otherwise: Exception) -> list[Action]:
    """Write actions that put `change` more pieces by SKU into a parcel, or less than none; an empty one is canceled."""
    before = Shipment.version == int(shipment.version)
    lines = {sku: shipment.lines.get(sku, 0) + change.get(sku, 0) for sku in shipment.lines | change}
    shipment.lines = {sku: pieces for sku, pieces in lines.items() if pieces}
    if shipment.lines:
        shipment.version = int(shipment.version) + 1
    else:
        move(shipment, states.CANCELED)
    told = event(ShipmentChanged, shipment, state=shipment.state)
    return [dynamo.put(shipment, before, otherwise), announce(told)]


def not_planned_yet(order_id: str, parcel: int, otherwise: Exception) -> Action:
    """A condition: planning, which may be on its way, has not made this parcel."""
    shipment = Shipment(**tables.shipment_key(shipment_id(order_id, parcel)))
    return dynamo.check(shipment, Shipment.pk.does_not_exist(), otherwise)


def not_called_off(order_id: str, otherwise: Exception) -> Action:
    """A condition to commit with what sets more aside for an order."""
    return dynamo.check(CalledOff(**tables.called_off_key(order_id)), CalledOff.pk.does_not_exist(), otherwise)


def not_on_hold(order_id: str) -> Action:
    """A condition to commit with what sends an order; committing raises 409 `order_on_hold`."""
    hold = Hold(**tables.hold_key(order_id))
    return dynamo.check(hold, Hold.pk.does_not_exist(), ShopError("order_on_hold", 409, "This order is on hold."))


def changed_meanwhile() -> ShopError:
    return ShopError("shipment_changed", 409, "The shipment was changed meanwhile. Look at it again.")


def event(kind: type[S], shipment: Shipment, **facts: Any) -> S:
    return kind(
        aggregate_id=shipment.id,
        aggregate_version=int(shipment.version),
        order_id=shipment.order_id,
        location=shipment.location,
        quantity=sum(shipment.lines.values()),
        lines=shipment.lines,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        **facts,
    )


def announce(told: ShipmentEvent) -> Action:
    return dynamo.put_raw(LogisticsItem, outbox.attributes(told))
