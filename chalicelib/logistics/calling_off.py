"""An order is called off: its parcels are, and what it holds is free again."""

from collections.abc import Sequence

from chalicelib.core import dynamo, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy
from chalicelib.logistics import parcels, reserving, states, tables
from chalicelib.logistics.events import StockLeftBehind
from chalicelib.logistics.tables import AWAITED, HELD, LogisticsItem, Reservation, Shipment

_ATTEMPTS = 8
# Each takes two writes, one for itself and one for the shelf.
_AT_ONCE = 40


def cancel(order_id: str, otherwise: Exception, room: int) -> list[Action]:
    """Write actions, at most `room`, that call back everything of an order that has not left the house.

    Pieces that there is no room for are put on the shelf afterwards, because of an event. 409 `already_dispatched` if
    something has left. Committing raises `otherwise` if anything moved meanwhile.
    """
    reservations, shipments = tables.of_order(order_id)
    _check_here(shipments)
    # Once these are committed nothing sends pieces of the order any more, or gives it others.
    actions = [
        *reserving.release([r for r in reservations if r.state == AWAITED], otherwise),
        *_without_parcels(order_id, reservations, shipments, otherwise),
    ]
    held = [r for r in reservations if r.state == HELD]
    if (releasing := reserving.release(held, otherwise)) and len(actions) + len(releasing) > room:
        left = StockLeftBehind(aggregate_id=order_id, aggregate_version=1)
        return [*actions, dynamo.put_raw(LogisticsItem, outbox.attributes(left))]
    return [*actions, *releasing]


def _without_parcels(
    order_id: str, reservations: Sequence[Reservation], shipments: Sequence[Shipment], otherwise: Exception
) -> list[Action]:
    actions: list[Action] = []
    for shipment in shipments:
        version = shipment.version
        if shipment.state != states.CANCELED:
            parcels.move(shipment, states.CANCELED)
            actions.append(dynamo.put(shipment, Shipment.version == version, otherwise))
    # Planning may be on its way; the parcels that it would make must not come to exist.
    known = {parcels.number(shipment) for shipment in shipments}
    unplanned = [parcel for parcel in parcels.by_parcel(reservations) if parcel not in known]
    return [*actions, *(parcels.not_planned_yet(order_id, parcel, otherwise) for parcel in unplanned)]


class _Moved(Exception):
    """Somebody put pieces of the order back between reading and writing: look again."""


def put_back(event: StockLeftBehind) -> None:
    """Put what an order that is off still holds on the shelf, a part at a time."""
    for _ in range(_ATTEMPTS):
        reservations, _shipments = tables.of_order(event.aggregate_id)
        held = [r for r in reservations if r.state == HELD]
        try:
            for start in range(0, len(held), _AT_ONCE):
                dynamo.transaction(reserving.release(held[start : start + _AT_ONCE], _Moved()))
        except _Moved:
            continue
        return
    raise busy()


def nothing_sent(order_id: str, otherwise: Exception) -> list[Action]:
    """Conditions that no parcel of an order has left the house; 409 `already_dispatched` if one has.

    Committing raises `otherwise` if a parcel moved meanwhile.
    """
    _, shipments = tables.of_order(order_id)
    _check_here(shipments)
    return [dynamo.check(s, Shipment.version == int(s.version), otherwise) for s in shipments]


def _check_here(shipments: Sequence[Shipment]) -> None:
    if any(shipment.state in states.GONE for shipment in shipments):
        raise ShopError("already_dispatched", 409, "A parcel of this order is on its way; it can only be returned.")
