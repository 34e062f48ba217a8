"""Shipments: planned when an order is confirmed, then packed, dispatched, delivered; and how orders may be sent."""

from collections import defaultdict
from datetime import datetime
from typing import TypeVar

from chalicelib.core import audit, cache, clock, dynamo, ids, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, invalid, not_found
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.logistics import states, stock, tables
from chalicelib.logistics.events import (
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentEvent,
    ShipmentPacked,
    ShipmentPlanned,
)
from chalicelib.logistics.shipping import ShippingOption as ShippingOption
from chalicelib.logistics.shipping import offered
from chalicelib.logistics.tables import HELD, Location, LogisticsItem, OfferedShipping, Reservation, Shipment
from chalicelib.orders.events import OrderConfirmed
from chalicelib.payments import service as payments

S = TypeVar("S", bound=ShipmentEvent)


class _Overtaken(Exception):
    """The order's reservations or shipments changed between reading and writing: look again."""


def shipping_options(country: str, goods: Money) -> list[ShippingOption]:
    """How a parcel with `goods` can be sent to `country`, the cheapest first."""
    return offered(tables.shipping_options(), country, goods)


def put_location(location_id: str, name: str, country: str, priority: int, by: Staff) -> Location:
    """Create or change a place that holds stock. The same again changes nothing."""
    location = Location(
        **tables.location_key(location_id), id=location_id, name=name, country=country, priority=priority
    )
    old = dynamo.get(Location, **tables.location_key(location_id))
    if old is None or (old.name, old.country, int(old.priority)) != (name, country, priority):
        facts: dict[str, audit.Fact] = {"name": name, "country": country, "priority": priority}
        dynamo.transaction([dynamo.put(location), audit.entry(by, "location.put", location_id, **facts)])
    cache.forget()
    return location


def put_shipping_option(option: ShippingOption, by: Staff) -> ShippingOption:
    """Create or change a way to send orders. The same again changes nothing. Carts of its currency are offered it."""
    if option.free_from and option.free_from.currency != option.price.currency:
        raise invalid("/free_from/currency", f"The price of this option is in {option.price.currency}.")
    if option.days_min > option.days_max:
        raise invalid("/days_max", "This is before days_min.")
    old = dynamo.get(OfferedShipping, **tables.option_key(option.id))
    if old is None or old.option != option:
        offer = OfferedShipping(**tables.option_key(option.id), option=option)
        entry = audit.entry(by, "shipping_option.put", option.id, name=option.name, price=option.price.amount)
        dynamo.transaction([dynamo.put(offer), entry])
    cache.forget()
    return option


def plan(event: OrderConfirmed) -> None:
    """One shipment per location that holds reservations of a confirmed order. Planned already, or canceled: nothing."""
    order_id = event.aggregate_id
    reservations, shipments = tables.of_order(order_id)
    if shipments:
        return
    actions: list[Action] = []
    for shipment_id, held in _by_shipment(order_id, reservations).items():
        shipment = _new_shipment(shipment_id, held)
        # Canceling releases all reservations of an order together, so one of them speaks for the parcel.
        actions += [
            dynamo.insert(shipment, _Overtaken()),
            dynamo.check(held[0], Reservation.state == HELD, _Overtaken()),
            _announce(_event(ShipmentPlanned, shipment)),
        ]
    if not actions:
        return
    try:
        dynamo.transaction(actions)
    except _Overtaken:
        plan(event)


def delivered(order_id: str) -> set[str]:
    """The SKUs of which an order's customer has pieces."""
    _, shipments = tables.of_order(order_id)
    return {sku for shipment in shipments if shipment.state == states.DELIVERED for sku in shipment.lines}


def arrivals(order_id: str) -> list[tuple[datetime, dict[str, int]]]:
    """The parcels that an order's customer has: when each was delivered, and its pieces by SKU."""
    _, shipments = tables.of_order(order_id)
    arrived = [shipment for shipment in shipments if shipment.state == states.DELIVERED]
    return [(datetime.fromisoformat(item.history[states.DELIVERED]), item.lines) for item in arrived]


def pack(shipment_id: str, by: Staff) -> Shipment:
    """The parcel is packed."""
    shipment = find(shipment_id)
    if shipment.state == states.PACKED:
        return shipment
    states.check_move(shipment.state, states.PACKED)
    _move(shipment, states.PACKED)
    return _commit(shipment, [audit.entry(by, "shipment.packed", shipment_id)], _event(ShipmentPacked, shipment))


def dispatch(shipment_id: str, carrier: str, tracking_number: str, by: Staff) -> Shipment:
    """The carrier has taken the parcel: its pieces leave the stock. 409 unless the order's payment is secured."""
    shipment = find(shipment_id)
    if shipment.state == states.DISPATCHED and shipment.tracking_number == tracking_number:
        return shipment
    states.check_move(shipment.state, states.DISPATCHED)
    secured = payments.secured(shipment.order_id)
    reservations, _ = tables.of_order(shipment.order_id)
    mine = [r for r in reservations if r.location == shipment.location and r.state == HELD]
    shipment.carrier, shipment.tracking_number = carrier, tracking_number
    _move(shipment, states.DISPATCHED)
    entry = audit.entry(by, "shipment.dispatched", shipment_id, carrier=carrier, tracking_number=tracking_number)
    leaving = [*stock.consume(mine, _changed_meanwhile()), secured, entry]
    return _commit(shipment, leaving, _event(ShipmentDispatched, shipment))


def deliver(shipment_id: str, by: Staff) -> Shipment:
    """The customer has the parcel."""
    shipment = find(shipment_id)
    if shipment.state == states.DELIVERED:
        return shipment
    states.check_move(shipment.state, states.DELIVERED)
    _move(shipment, states.DELIVERED)
    return _commit(shipment, [audit.entry(by, "shipment.delivered", shipment_id)], _event(ShipmentDelivered, shipment))


def cancel(order_id: str, otherwise: Exception) -> list[Action]:
    """Write actions that call back everything of an order that has not left the house.

    409 `already_dispatched` if something has. Committing raises `otherwise` if anything moved meanwhile.
    """
    reservations, shipments = tables.of_order(order_id)
    if any(shipment.state in states.GONE for shipment in shipments):
        raise ShopError("already_dispatched", 409, "A parcel of this order is on its way; it can only be returned.")
    actions = stock.release(reservations, otherwise)
    known = {shipment.id for shipment in shipments}
    for shipment in shipments:
        version = shipment.version
        if shipment.state != states.CANCELED:
            _move(shipment, states.CANCELED)
            actions.append(dynamo.put(shipment, Shipment.version == version, otherwise))
    for shipment_id in _by_shipment(order_id, reservations):
        if shipment_id not in known:
            # Planning may be on its way; the parcel that it would make must not come to exist.
            actions.append(
                dynamo.check(Shipment(**tables.shipment_key(shipment_id)), Shipment.pk.does_not_exist(), otherwise)
            )
    return actions


def _by_shipment(order_id: str, reservations: list[Reservation]) -> dict[str, list[Reservation]]:
    """Held reservations by the id of the shipment that sends them: the n-th location's is always shipment n."""
    numbers = {location: n for n, location in enumerate(sorted({r.location for r in reservations}), 1)}
    grouped: defaultdict[str, list[Reservation]] = defaultdict(list)
    for reservation in reservations:
        if reservation.state == HELD:
            grouped[ids.derived("shp", order_id, numbers[reservation.location])].append(reservation)
    return dict(grouped)


def _new_shipment(shipment_id: str, held: list[Reservation]) -> Shipment:
    lines: defaultdict[str, int] = defaultdict(int)
    for reservation in held:
        lines[reservation.sku] += int(reservation.quantity)
    shipment = Shipment(
        **tables.shipment_key(shipment_id),
        id=shipment_id,
        order_id=held[0].order_id,
        location=held[0].location,
        version=0,
        lines=dict(lines),
        history={},
    )
    _move(shipment, states.PLANNED)
    return shipment


def find(shipment_id: str) -> Shipment:
    """A shipment; 404 if there is none with this id."""
    shipment = tables.shipment(shipment_id) if ids.is_id("shp", shipment_id) else None
    if shipment is None:
        raise not_found("shipment")
    return shipment


def _move(shipment: Shipment, state: str) -> None:
    shipment.state = state
    shipment.version = int(shipment.version) + 1
    shipment.history = {**shipment.history, state: clock.stamp(clock.now())}


def _commit(shipment: Shipment, actions: list[Action], event: ShipmentEvent) -> Shipment:
    """Save a shipment that was moved. Somebody who did the very same a moment before did it for both."""
    before = Shipment.version == int(shipment.version) - 1
    try:
        dynamo.transaction([dynamo.put(shipment, before, _changed_meanwhile()), *actions, _announce(event)])
    except ShopError:
        now = find(shipment.id)
        if (now.state, now.tracking_number) == (shipment.state, shipment.tracking_number):
            return now
        raise
    return shipment


def _changed_meanwhile() -> ShopError:
    return ShopError("shipment_changed", 409, "The shipment was changed meanwhile. Look at it again.")


def _event(kind: type[S], shipment: Shipment) -> S:
    return kind(
        aggregate_id=shipment.id,
        aggregate_version=int(shipment.version),
        order_id=shipment.order_id,
        location=shipment.location,
        quantity=sum(shipment.lines.values()),
        lines=shipment.lines,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
    )


def _announce(event: ShipmentEvent) -> Action:
    return dynamo.put_raw(LogisticsItem, outbox.attributes(event))
