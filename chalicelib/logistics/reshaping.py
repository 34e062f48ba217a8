"""What goes into an order's parcels changes after it was placed: less, more, or the same in more of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.core import audit, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy, invalid, pointer_part
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.staff import Staff
from chalicelib.logistics import parcels, reserving, states, stock, tables
from chalicelib.logistics.events import ShipmentPlanned
from chalicelib.logistics.routing import Pick
from chalicelib.logistics.stock import Place
from chalicelib.logistics.tables import AWAITED, HELD, LogisticsItem, Reservation, Shipment

_ATTEMPTS = 8


def shorten(order_id: str, pieces: Mapping[str, int], otherwise: Exception) -> list[Action]:
    """Write actions that take `pieces` by SKU out of an order's parcels and put them back on the shelf.

    What is only awaited goes first, what is packed last. 409 `already_dispatched` if too few are still in the house.
    A piece is like any other of its SKU: where a bundle and its component are both in the order, what has left stands
    for whichever of them stays. Committing raises `otherwise` if anything moved meanwhile.
    """
    reservations, shipments = tables.of_order(order_id)
    known = {parcels.number(shipment): shipment for shipment in shipments}
    takes = [each for sku, wanted in pieces.items() for each in _take(sku, wanted, reservations, known)]
    taken: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for reservation, quantity in takes:
        if reservation.state == HELD:
            taken[int(reservation.parcel)][reservation.sku] -= quantity
    actions = reserving.take_back(takes, otherwise)
    for parcel, less in taken.items():
        if parcel in known:
            actions += parcels.refill(known[parcel], dict(less), otherwise)
        else:
            actions.append(parcels.not_planned_yet(order_id, parcel, otherwise))
    return actions


def _take(
    sku: str, wanted: int, reservations: Iterable[Reservation], known: Mapping[int, Shipment]
) -> list[tuple[Reservation, int]]:
    """Which reservations give how many of `wanted` pieces back: what is only awaited, then the youngest parcel, and
    what is packed last."""

    def turn(reservation: Reservation) -> tuple[bool, bool, int, int]:
        shipment = known.get(int(reservation.parcel))
        packed = shipment is not None and shipment.state == states.PACKED
        return (reservation.state == HELD, packed, -int(reservation.parcel), int(reservation.shard))

    here = sorted((r for r in reservations if r.sku == sku and r.state in (HELD, AWAITED)), key=turn)
    left, found = wanted, list[tuple[Reservation, int]]()
    for reservation in here:
        if left:
            quantity = min(left, int(reservation.quantity))
            found.append((reservation, quantity))
            left -= quantity
    if left:
        detail = f"Of {sku} only {wanted - left} pieces of this order are still in the house."
        raise ShopError("already_dispatched", 409, detail, extra={"sku": sku, "available": wanted - left})
    return found


@dataclass(frozen=True)
class Parcels:
    """What an order has in the warehouse."""

    order_id: str
    reservations: list[Reservation]
    shipments: list[Shipment]


def extend(
    order_id: str,
    pieces: Mapping[str, int],
    free: Mapping[Place, int],
    otherwise: Exception,
    *,
    apart: bool = False,
) -> list[Action]:
    """Write actions that reserve more `pieces` by SKU for a confirmed order, at the places that are `free`.

    They go into a parcel that is still planned at their location, else, or `apart`, into one of their own. Raises 409
    `out_of_stock`; committing raises `otherwise` if there have become too few, or if anything moved meanwhile.
    """
    reservations, shipments = tables.of_order(order_id)
    return put_in(
        Parcels(order_id, reservations, shipments), stock.picks(order_id, pieces, free), otherwise, apart=apart
    )


def put_in(order: Parcels, picks: list[Pick], otherwise: Exception, *, apart: bool = False) -> list[Action]:
    """Write actions that reserve what was picked for a confirmed order, in its parcels or in new ones."""
    open_at = {s.location: s for s in reversed(order.shipments) if s.state == states.PLANNED and not apart}
    locations = sorted({pick.location for pick in picks})
    number = 0
    if set(locations) - open_at.keys():
        number = parcels.next_number(order.reservations, order.shipments)
    actions: list[Action] = []
    for location in locations:
        mine = [pick for pick in picks if pick.location == location]
        if location in open_at:
            actions += _into(open_at[location], mine, order.reservations, otherwise)
            continue
        actions += _parcel_of(order.order_id, number, mine, otherwise)
        number += 1
    return actions


def _into(
    shipment: Shipment, picks: list[Pick], reservations: Iterable[Reservation], otherwise: Exception
) -> list[Action]:
    parcel = parcels.number(shipment)
    there = {(r.sku, int(r.shard)): r for r in reservations if int(r.parcel) == parcel and r.state == HELD}
    actions: list[Action] = []
    for pick in picks:
        if (pick.sku, pick.shard) in there:
            actions += reserving.add(there[pick.sku, pick.shard], pick.quantity, otherwise)
        else:
            actions += reserving.set_aside(shipment.order_id, pick, parcel, otherwise)
    return [*actions, *parcels.refill(shipment, _contents(picks), otherwise)]


def _parcel_of(order_id: str, parcel: int, picks: list[Pick], otherwise: Exception) -> list[Action]:
    actions = [action for pick in picks for action in reserving.set_aside(order_id, pick, parcel, otherwise)]
    shipment = parcels.new(order_id, parcel, picks[0].location, _contents(picks))
    told = parcels.announce(parcels.event(ShipmentPlanned, shipment))
    return [*actions, dynamo.insert(shipment, otherwise), told]


def _contents(picks: list[Pick]) -> dict[str, int]:
    lines: Counter[str] = Counter()
    for pick in picks:
        lines[pick.sku] += pick.quantity
    return dict(lines)


class _Overtaken(Exception):
    """The parcel moved between reading and writing: look again."""


def split(shipment_id: str, lines: Mapping[str, int], once: Once, by: Staff) -> Shipment:
    """Move some pieces of a planned parcel into one of their own, which is returned. The same request again returns it.

    409 `wrong_state` once it is packed; 422 if the pieces are not in it, or if nothing would be left.
    """
    try:
        return _split(shipment_id, lines, once, by)
    except (AlreadyDone, ShopError):
        if (made := once.made(LogisticsItem)) is None:
            raise
        return parcels.find(made)


def _split(shipment_id: str, lines: Mapping[str, int], once: Once, by: Staff) -> Shipment:
    for _ in range(_ATTEMPTS):
        shipment = parcels.find(shipment_id)
        _check_split(shipment, lines)
        reservations, shipments = tables.of_order(shipment.order_id)
        parcel = parcels.next_number(reservations, shipments)
        other = parcels.new(shipment.order_id, parcel, shipment.location, dict(lines))
        mine = [r for r in reservations if int(r.parcel) == parcels.number(shipment)]
        moves = [(r, n) for sku, wanted in lines.items() for r, n in _take(sku, wanted, mine, {})]
        actions = [
            *once.claim(LogisticsItem, other.id),
            *(action for r, n in moves for action in reserving.move_to(parcel, r, n, _Overtaken())),
            *parcels.refill(shipment, {sku: -n for sku, n in lines.items()}, _Overtaken()),
            dynamo.insert(other, _Overtaken()),
            parcels.announce(parcels.event(ShipmentPlanned, other)),
            audit.entry(by, "shipment.split", shipment_id, into=other.id, pieces=sum(lines.values())),
        ]
        try:
            dynamo.transaction(actions)
        except _Overtaken:
            continue
        return other
    raise busy()


def _check_split(shipment: Shipment, lines: Mapping[str, int]) -> None:
    if shipment.state != states.PLANNED:
        raise ShopError("wrong_state", 409, f"A shipment that is {shipment.state} can not be split.")
    for sku, pieces in lines.items():
        if pieces > shipment.lines.get(sku, 0):
            there = shipment.lines.get(sku, 0)
            raise invalid(f"/lines/{pointer_part(sku)}", f"There are {there} pieces of {sku!r} in this parcel.")
    if sum(lines.values()) >= sum(shipment.lines.values()):
        raise invalid("/lines", "Nothing would be left in the parcel.")
