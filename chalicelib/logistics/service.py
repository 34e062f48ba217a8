"""Shipments: planned when an order is confirmed, then packed, dispatched, delivered; and how orders may be sent."""

from collections import Counter
from datetime import datetime

from chalicelib.core import audit, cache, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, invalid
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.logistics import parcels, reserving, states, tables
from chalicelib.logistics.calling_off import cancel as cancel
from chalicelib.logistics.calling_off import nothing_sent as nothing_sent
from chalicelib.logistics.events import (
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentEvent,
    ShipmentPacked,
    ShipmentPlanned,
)
from chalicelib.logistics.parcels import find as find
from chalicelib.logistics.reshaping import extend as extend
from chalicelib.logistics.reshaping import shorten as shorten
from chalicelib.logistics.reshaping import split as split
from chalicelib.logistics.shipping import ShippingOption as ShippingOption
from chalicelib.logistics.shipping import offered
from chalicelib.logistics.tables import AWAITED, CONSUMED, Hold, Location, OfferedShipping, Reservation, Shipment
from chalicelib.orders.events import OrderConfirmed
from chalicelib.payments import service as payments


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
    """One shipment per parcel of a confirmed order. Those that are planned already, or called off: nothing."""
    order_id = event.aggregate_id
    reservations, shipments = tables.of_order(order_id)
    known = {parcels.number(shipment) for shipment in shipments}
    to_come = [r for r in reservations if r.state == AWAITED and not r.confirmed]
    try:
        if to_come:
            dynamo.transaction([_confirm(reservation) for reservation in to_come])
        for parcel, held in parcels.by_parcel(reservations).items():
            if parcel not in known:
                _plan(event, parcel, held)
    except _Overtaken:
        plan(event)


def _confirm(reservation: Reservation) -> Action:
    """From now on what comes in for the order goes into a parcel by itself."""
    return dynamo.update(reservation, [Reservation.confirmed.set(True)], reserving.unchanged(reservation), _Overtaken())


def _plan(event: OrderConfirmed, parcel: int, held: list[Reservation]) -> None:
    shipment = parcels.new(event.aggregate_id, parcel, held[0].location, parcels.contents(held))
    shipment.on_delivery = payments.is_paid_on_delivery(event.payment_method) or None
    actions = [
        dynamo.insert(shipment, _Overtaken()),
        *(dynamo.check(reservation, reserving.unchanged(reservation), _Overtaken()) for reservation in held),
        parcels.announce(parcels.event(ShipmentPlanned, shipment)),
    ]
    dynamo.transaction(actions)


def delivered(order_id: str) -> set[str]:
    """The SKUs of which an order's customer has pieces."""
    _, shipments = tables.of_order(order_id)
    return {sku for shipment in shipments if shipment.state == states.DELIVERED for sku in shipment.lines}


def arrivals(order_id: str) -> list[tuple[datetime, dict[str, int]]]:
    """The parcels that an order's customer has: when each was delivered, and its pieces by SKU."""
    _, shipments = tables.of_order(order_id)
    arrived = [shipment for shipment in shipments if shipment.state == states.DELIVERED]
    return [(datetime.fromisoformat(item.history[states.DELIVERED]), item.lines) for item in arrived]


def sent(order_id: str) -> dict[str, int]:
    """The pieces by SKU of an order that have left the house."""
    pieces: Counter[str] = Counter()
    for reservation in tables.of_order(order_id)[0]:
        if reservation.state == CONSUMED:
            pieces[reservation.sku] += int(reservation.quantity)
    return dict(pieces)


def hold(order_id: str, reason: str) -> list[Action]:
    """Write actions after which nothing of the order is packed or dispatched: 409 `order_on_hold`. Again is fine."""
    return [dynamo.put(Hold(**tables.hold_key(order_id), order_id=order_id, reason=reason))]


def let_go(order_id: str) -> list[Action]:
    """Write actions that end a hold. Where there is none, nothing changes."""
    return [dynamo.delete(Hold(**tables.hold_key(order_id)))]


def pack(shipment_id: str, by: Staff) -> Shipment:
    """The parcel is packed."""
    shipment = find(shipment_id)
    if shipment.state == states.PACKED:
        return shipment
    states.check_move(shipment.state, states.PACKED)
    parcels.move(shipment, states.PACKED)
    actions = [parcels.not_on_hold(shipment.order_id), audit.entry(by, "shipment.packed", shipment_id)]
    told = parcels.event(ShipmentPacked, shipment, by=by.id, on_delivery=bool(shipment.on_delivery))
    return _commit(shipment, actions, told)


def dispatch(shipment_id: str, carrier: str, tracking_number: str, by: Staff) -> Shipment:
    """The carrier has taken the parcel: its pieces leave the stock. 409 unless the order's payment is secured."""
    shipment, mine = parcels.with_reservations(shipment_id)
    if shipment.state == states.DISPATCHED and shipment.tracking_number == tracking_number:
        return shipment
    states.check_move(shipment.state, states.DISPATCHED)
    secured = payments.secured(shipment.order_id)
    shipment.carrier, shipment.tracking_number = carrier, tracking_number
    parcels.move(shipment, states.DISPATCHED)
    entry = audit.entry(by, "shipment.dispatched", shipment_id, carrier=carrier, tracking_number=tracking_number)
    leaving = [
        *reserving.consume(mine, parcels.changed_meanwhile()),
        *secured,
        parcels.not_on_hold(shipment.order_id),
        entry,
    ]
    return _commit(shipment, leaving, parcels.event(ShipmentDispatched, shipment, by=by.id))


def deliver(shipment_id: str, by: Staff) -> Shipment:
    """The customer has the parcel."""
    shipment = find(shipment_id)
    if shipment.state == states.DELIVERED:
        return shipment
    states.check_move(shipment.state, states.DELIVERED)
    parcels.move(shipment, states.DELIVERED)
    entry = audit.entry(by, "shipment.delivered", shipment_id)
    return _commit(shipment, [entry], parcels.event(ShipmentDelivered, shipment, by=by.id))


def _commit(shipment: Shipment, actions: list[Action], event: ShipmentEvent) -> Shipment:
    """Save a shipment that was moved. Somebody who did the very same a moment before did it for both."""
    before = Shipment.version == int(shipment.version) - 1
    try:
        dynamo.transaction(
            [dynamo.put(shipment, before, parcels.changed_meanwhile()), *actions, parcels.announce(event)]
        )
    except ShopError:
        now = find(shipment.id)
        if (now.state, now.tracking_number) == (shipment.state, shipment.tracking_number):
            return now
        raise
    return shipment
