"""An order is called off: its parcels are, and what it holds is free again."""

from collections.abc import Sequence

from chalicelib.core import dynamo, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy
from chalicelib.logistics import parcels, reserving, states, tables
from chalicelib.logistics.events import StockLeftBehind
from chalicelib.logistics.tables import AWAITED, HELD, CalledOff, LogisticsItem, Shipment

_ATTEMPTS = 8
# Each takes two writes, one for itself and one for the shelf, or three if it is waited for.
_AT_ONCE = 30


def cancel(order_id: str, otherwise: Exception, room: int) -> list[Action]:
    """Write actions that call back everything of an order that has not left the house.

    Where there is no `room` for its pieces they are put on the shelf afterwards, because of an event; that takes one
    action for each parcel and each SKU that is waited for. 409 `already_dispatched` if something has left. Committing
    raises `otherwise` if anything moved meanwhile.
    """
    reservations, shipments = tables.of_order(order_id)
    _check_here(shipments)
    known = {parcels.number(shipment) for shipment in shipments}
    # Planning may be on its way; the parcels that it would make must not come to exist.
    unplanned = {n: held for n, held in parcels.by_parcel(reservations).items() if n not in known}
    off = [_call_back(shipment, otherwise) for shipment in shipments if shipment.state != states.CANCELED]
    at_once = [
        *off,
        *reserving.release(reservations, otherwise),
        *(parcels.not_planned_yet(order_id, parcel, otherwise) for parcel in unplanned),
    ]
    if len(at_once) <= room:
        return at_once
    # Until the rest is put back nothing of it is planned, and nothing more is allocated.
    never_planned = [parcels.new(order_id, parcel, held[0].location, {}) for parcel, held in unplanned.items()]
    for shipment in never_planned:
        parcels.move(shipment, states.CANCELED)
    left = StockLeftBehind(aggregate_id=order_id, aggregate_version=1)
    return [
        *off,
        *(dynamo.insert(shipment, otherwise) for shipment in never_planned),
        # What comes in just now may be on its way into a parcel of which this does not know.
        *(dynamo.check(r, reserving.unchanged(r), otherwise) for r in reservations if r.state == AWAITED),
        dynamo.put(CalledOff(**tables.called_off_key(order_id), order_id=order_id)),
        dynamo.put_raw(LogisticsItem, outbox.attributes(left)),
    ]


def _call_back(shipment: Shipment, otherwise: Exception) -> Action:
    before = Shipment.version == int(shipment.version)
    parcels.move(shipment, states.CANCELED)
    return dynamo.put(shipment, before, otherwise)


class _Moved(Exception):
    """Somebody put pieces of the order back between reading and writing: look again."""


def put_back(event: StockLeftBehind) -> None:
    """Put what an order that is off still holds on the shelf, a part at a time."""
    for _ in range(_ATTEMPTS):
        reservations, _shipments = tables.of_order(event.aggregate_id)
        kept = [r for r in reservations if r.state in (HELD, AWAITED)]
        try:
            for start in range(0, len(kept), _AT_ONCE):
                dynamo.transaction(reserving.release(kept[start : start + _AT_ONCE], _Moved()))
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
