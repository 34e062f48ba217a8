"""What came in goes to the orders that wait for it, the oldest first, and then into a parcel."""

from collections.abc import Callable

from chalicelib.core import dynamo, log
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError
from chalicelib.core.jobs import Paused, Run
from chalicelib.logistics import awaiting, parcels, reserving, reshaping, stock, tables
from chalicelib.logistics.routing import Pick
from chalicelib.logistics.tables import AWAITED, Awaiting, Reservation

_ATTEMPTS = 5


class _Moved(Exception):
    """The order or the stock moved between reading and writing: look again."""


def allocate_all(run: Run, out_of_time: Callable[[], bool]) -> None:
    """Every SKU that orders wait for, in turn; a run that had no time for all of them goes on behind the last."""
    for sku in sorted(tables.backlogged()):
        if run.resume is not None and sku <= run.resume:
            continue
        if out_of_time():
            raise Paused
        if sum(stock.free_of(sku).values()):
            _allocate(sku, run)
            run.reached(sku)


def _allocate(sku: str, run: Run) -> None:
    """Give what is free of a SKU to the orders that wait for it, until there is none left."""
    for entry in tables.awaiting(sku):
        try:
            more = _help(entry, run)
        except ShopError as error:  # it holds up no other order; the next run looks at it again
            log.write("error", job=run.name, item=f"{entry.order_id} {sku}", detail=str(error))
            run.count(failed=1)
            continue
        if not more:
            return


def _help(entry: Awaiting, run: Run) -> bool:
    """Whether there may be something left for the next one after an order was given what there is for it."""
    for _ in range(_ATTEMPTS):
        free = stock.free_of(entry.sku)
        there = sum(free.values())
        if there <= 0:
            return False
        reservations, shipments = tables.of_order(entry.order_id)
        waiting = [r for r in reservations if r.sku == entry.sku and r.state == AWAITED]
        if not waiting:  # it was called off, or helped, a moment ago
            return True
        given = min(there, int(waiting[0].quantity))
        picks = stock.picks(entry.order_id, {entry.sku: given}, free)
        try:
            dynamo.transaction(_allocated(waiting[0], given, picks, reservations, shipments))
        except _Moved:
            continue
        run.count(pieces=given, orders=1)
        return True
    return True  # it moves too much; the next run looks at it again


def _allocated(
    waiting: Reservation,
    given: int,
    picks: list[Pick],
    reservations: list[Reservation],
    shipments: list[tables.Shipment],
) -> list[Action]:
    actions = [
        reserving.less(waiting, given, _Moved()),
        *awaiting.strike([(waiting, given)]),
        parcels.not_called_off(waiting.order_id, _Moved()),
    ]
    if waiting.confirmed:
        order = reshaping.Parcels(waiting.order_id, reservations, shipments)
        return [*actions, *reshaping.put_in(order, picks, _Moved())]
    # Planning is still to come, and plans a parcel of their own: it may be looking at the others just now.
    number = parcels.next_number(reservations, shipments)
    for parcel, location in enumerate(sorted({pick.location for pick in picks}), number):
        mine = [pick for pick in picks if pick.location == location]
        actions += [a for pick in mine for a in reserving.set_aside(waiting.order_id, pick, parcel, _Moved())]
    return actions
