"""Returns in the orders table.

| what   | pk         | sk           | index `by_due`                                    |
|--------|------------|--------------|---------------------------------------------------|
| return | ORDER#<id> | RETURN#<id>  | RETURNS#<state>#<spread> / <time>#<id>, if open   |

A return lies with its order, so that the order's page is one Query, and its id holds the order's, so it is found
without an index. In the index are those that somebody still has to do something about.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey
from chalicelib.core.money import Money
from chalicelib.orders.returns import return_states
from chalicelib.orders.tables import OrdersItem

RESELLABLE, DAMAGED = "resellable", "damaged"
_SPREAD = 4


class ReturnPhoto(msgspec.Struct, frozen=True):
    """`name` is the file's, from which its address is made; it is nobody's to know but staff's."""

    id: str
    name: str
    width: int
    height: int


class ReturnLine(msgspec.Struct, frozen=True):
    """Pieces of an order's line that the customer wants to send back, and why. `parts` is what each is made of, which
    stays so whatever becomes of the order's line."""

    sku: str
    quantity: int
    reason: str
    comment: str
    photos: list[ReturnPhoto]
    parts: dict[str, int]


class ReceivedLine(msgspec.Struct, frozen=True):
    """Pieces that came back, and where they are now: on the shelf if they are `resellable`, written off if not."""

    sku: str
    quantity: int
    condition: str
    location: str


class Return(OrdersItem, discriminator="return"):
    """Pieces of an order on their way back. `version` rises with each move.

    `reason` is why it was rejected. `value` is what was paid for the pieces that came back, `shipping_refunded`
    whether the order's shipping was given back with them. It ends in a refund, in an order that it was exchanged for
    with perhaps a refund of the rest, or in neither. `refunded` is how much was to go back.
    """

    id = UnicodeAttribute()
    order_id = UnicodeAttribute()
    state = UnicodeAttribute()
    version = NumberAttribute()
    requested_at = UnicodeAttribute()
    lines = JsonAttribute(list[ReturnLine])
    instructions = UnicodeAttribute(null=True)
    label_url = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    received = JsonAttribute(list[ReceivedLine], default=list)
    value = JsonAttribute(Money, null=True)
    shipping_refunded = BooleanAttribute(default=False)
    refund_id = UnicodeAttribute(null=True)
    refunded = JsonAttribute(Money, null=True)
    exchange_order = UnicodeAttribute(null=True)


def return_key(return_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{ids.parent_of('ord', return_id)}", "sk": f"RETURN#{return_id}"}


def list_if_open(item: Return) -> None:
    """Let staff find the return among those in its state, or no more; the next write of it says so."""
    waits = item.state in return_states.OPEN
    item.due_key = f"RETURNS#{item.state}#{zlib.crc32(item.id.encode()) % _SPREAD}" if waits else None
    item.due_at = f"{item.requested_at}#{item.id}" if waits else None


def find(return_id: str) -> Return | None:
    return dynamo.get(Return, **return_key(return_id))


def waiting(state: str, limit: int, after: str | None) -> tuple[list[Return], str | None]:
    """The next `limit` returns in an open state, the oldest first, behind the index position `after`; and where the
    next page goes on."""
    behind = OrdersItem.due_at > after if after else None
    entries = [
        entry
        for spread in range(_SPREAD)
        for entry in OrdersItem.by_due.query(f"RETURNS#{state}#{spread}", behind, limit=limit + 1)
    ]
    entries.sort(key=lambda entry: str(entry.due_at))
    page = entries[:limit]
    found = dynamo.load([(Return, entry.pk, entry.sk) for entry in page], consistent=True)
    items = [found.get((Return, entry.pk, entry.sk)) for entry in page]
    # The index may lag behind a return that has moved.
    moved_not = [item for item in items if isinstance(item, Return) and item.state == state]
    return moved_not, str(page[-1].due_at) if len(entries) > limit else None


def pieces(item: Return) -> dict[str, int]:
    """The pieces by SKU that a return has: those that were announced, and once it was received those that came."""
    return announced(item) if item.state in _ANNOUNCED else came(item)


_ANNOUNCED = (return_states.REQUESTED, return_states.APPROVED)


def claimed(items: Iterable[Return]) -> dict[str, int]:
    """The pieces by SKU that returns have together."""
    sums: Counter[str] = Counter()
    for item in items:
        sums.update(pieces(item))
    return dict(sums)


def announced(item: Return) -> dict[str, int]:
    """The pieces by SKU that the customer wanted to send."""
    return _summed(item.lines)


def came(item: Return) -> dict[str, int]:
    """The pieces by SKU that came back."""
    return _summed(item.received)


def _summed(lines: Sequence[ReturnLine] | Sequence[ReceivedLine]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.sku] = sums.get(line.sku, 0) + line.quantity
    return sums
