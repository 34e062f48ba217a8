"""What staff write to an order for each other: notes and tags."""

from collections.abc import Sequence

from chalicelib.core import audit, clock, dynamo, ids
from chalicelib.core.errors import ShopError, busy
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.staff import Staff
from chalicelib.orders import service
from chalicelib.orders.handling import handling_tables
from chalicelib.orders.handling.handling_tables import Note as Note
from chalicelib.orders.service import Moved, Order
from chalicelib.orders.tables import OrdersItem

# An order page is one Query; what it holds has to stay small.
MOST_NOTES = 200
_ATTEMPTS = 8


def add(order_id: str, text: str, once: Once, by: Staff) -> Note:
    """Write a note. The same request again is the same note. 409 `too_many_notes` after two hundred."""
    order = service.find(order_id)
    made = once.made(OrdersItem)
    if made is not None:
        return _find(order, made)
    if len(order.notes) >= MOST_NOTES:
        raise ShopError("too_many_notes", 409, f"An order has at most {MOST_NOTES} notes.")
    note_id = ids.new_id("not")
    note = Note(
        **handling_tables.note_key(order_id, note_id),
        id=note_id,
        text=text,
        by=by.id,
        at=clock.stamp(clock.now()),
    )
    entry = audit.entry(by, "order.noted", note_id, order=order_id)
    try:
        dynamo.transaction([*once.claim(OrdersItem, note_id), dynamo.insert(note), entry])
    except AlreadyDone:
        return _find(service.find(order_id), str(once.made(OrdersItem)))
    return note


def tag(order_id: str, tags: Sequence[str], by: Staff) -> Order:
    """Let an order have exactly these tags. The same again changes nothing."""
    wanted = sorted(set(tags))
    for _ in range(_ATTEMPTS):
        order = service.find(order_id)
        header = order.header
        if header.tags == wanted:
            return order
        before = service.unmoved(header)
        header.tags, header.version = wanted, int(header.version) + 1
        entry = audit.entry(by, "order.tagged", order_id)
        try:
            dynamo.transaction([dynamo.put(header, before, Moved()), entry])
        except Moved:
            continue
        return order
    raise busy()


def _find(order: Order, note_id: str) -> Note:
    return next(note for note in order.notes if note.id == note_id)
