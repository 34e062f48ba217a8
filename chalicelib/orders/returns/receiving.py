"""What comes back is looked at: it goes onto the shelf again, or is written off."""

from collections import Counter
from collections.abc import Sequence

from chalicelib.core import audit, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.logistics import stock
from chalicelib.orders.events import ReturnReceived
from chalicelib.orders.returns import return_rules, return_states, return_tables, returns
from chalicelib.orders.returns.return_tables import DAMAGED, ReceivedLine, Return
from chalicelib.orders.service import Moved, Order

_ATTEMPTS = 8


def receive(return_id: str, came: Sequence[ReceivedLine], by: Staff) -> Return:
    """Pieces of a return came back: they are on the shelf, or written off, in the same transaction.

    What was announced and did not come can be sent back yet. The same again changes nothing.
    """
    for _ in range(_ATTEMPTS):
        order, item = returns.with_order(return_id)
        if item.state == return_states.RECEIVED and item.received == list(came):
            return item
        before = returns.move(item, return_states.RECEIVED)
        return_rules.check_received(return_tables.announced(item), [(line.sku, line.quantity) for line in came])
        item.received = list(came)
        item.value = _value(order, item)
        actions = [
            dynamo.put(item, before, Moved()),
            returns.one_at_a_time(order),
            *_put_away(item, by),
            *returns.told(ReturnReceived, item, return_tables.pieces(item), by),
            audit.entry(by, "return.received", return_id, pieces=sum(line.quantity for line in came)),
        ]
        try:
            dynamo.transaction(actions)
        except Moved:
            continue
        return item
    raise busy()


def _value(order: Order, item: Return) -> Money:
    """What was paid for what came. Each piece of a line has its own part of it, in the order in which they come."""
    before: Counter[str] = Counter()
    for other in order.returns:
        if other.id != item.id:
            before.update(return_tables.came(other))
    return return_rules.value(order.snapshot.lines, before, return_tables.came(item), order.header.total.currency)


def _put_away(item: Return, by: Staff) -> list[Action]:
    """A transaction writes to an item once: what comes to lie at one place is added up. Of a bundle components come."""
    parts = {line.sku: line.parts for line in item.lines}
    shelf: Counter[tuple[str, str]] = Counter()
    waste: Counter[tuple[str, str]] = Counter()
    for line in item.received:
        for sku, count in parts[line.sku].items():
            (waste if line.condition == DAMAGED else shelf)[sku, line.location] += count * line.quantity
    actions: list[Action] = []
    for pile, put in ((shelf, stock.restock), (waste, stock.write_off)):
        for (sku, location), pieces in pile.items():
            try:
                actions += put(sku, location, pieces, item.id, by)
            except ShopError as error:
                first = next(n for n, line in enumerate(item.received) if line.location == location)
                raise ShopError(error.code, error.status, error.detail, pointer=f"/lines/{first}/location") from None
    return actions
