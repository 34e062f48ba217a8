"""Returns: what a customer wants to send back, and what staff say to it."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from chalicelib.catalog.media.media import url as url
from chalicelib.catalog.reviews import photos
from chalicelib.core import audit, clock, dynamo, ids
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy, invalid, not_found
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.core.visitor import Visitor
from chalicelib.logistics import service as logistics
from chalicelib.orders import policy, service
from chalicelib.orders.events import ReturnApproved, ReturnClosed, ReturnEvent, ReturnRejected, ReturnRequested
from chalicelib.orders.returns import return_rules, return_states, return_tables
from chalicelib.orders.returns.return_rules import Claim, Parcel
from chalicelib.orders.returns.return_tables import Return, ReturnLine, ReturnPhoto
from chalicelib.orders.service import Moved, Order
from chalicelib.orders.tables import OrderHeader, OrdersItem

R = TypeVar("R", bound=ReturnEvent)
_ATTEMPTS = 8
# Of one return; an order's photos are limited besides.
MOST_PHOTOS = 10
# Every one has a piece of its own, but those that were rejected stay on the order's page too.
_MOST_OF_AN_ORDER = 50


class Wanted(msgspec.Struct, frozen=True):
    """Pieces of a line that somebody wants to send back. `photos` are ids of photos that they sent of this order."""

    sku: str
    quantity: int
    reason: str
    comment: str
    photos: tuple[str, ...]


def request(order_id: str, buyer: Visitor, wanted: Sequence[Wanted], once: Once) -> Return:
    """Ask to send pieces of an order back. The same request again answers with the same return.

    Errors as in return_rules.check_request, and those of photos.
    """
    for _ in range(_ATTEMPTS):
        order = service.of_visitor(order_id, buyer)
        made = once.made(OrdersItem)
        if made is not None:
            return find(made)  # a twin may have made it since the order was read
        _check(order, wanted)
        try:
            return _request(order, wanted, once)
        except AlreadyDone:
            return find(str(once.made(OrdersItem)))
        except Moved:
            continue
    raise busy()


def of_order(order_id: str, buyer: Visitor) -> list[Return]:
    """The returns of one's order, in the order of their making."""
    return service.of_visitor(order_id, buyer).returns


def find_of(order_id: str, buyer: Visitor, return_id: str) -> Return:
    """One's return; 404 for any other."""
    return _among(service.of_visitor(order_id, buyer), return_id)


def find(return_id: str) -> Return:
    """A return; 404 if there is none with this id."""
    item = return_tables.find(return_id) if ids.is_id("ret", return_id) else None
    if item is None:
        raise not_found("return")
    return item


def with_order(return_id: str) -> tuple[Order, Return]:
    """A return and the order that it is of: one request. 404 if there is none with this id."""
    if not ids.is_id("ret", return_id):
        raise not_found("return")
    order = service.find(ids.parent_of("ord", return_id))
    return order, _among(order, return_id)


def waiting(state: str, limit: int, after: str | None) -> tuple[list[Return], str | None]:
    """A page of the returns in an open state, the oldest first, and where the next page goes on.

    `after` ends with a return's id; ValueError if it does not.
    """
    if after is not None and not ids.is_id("ret", after.partition("#")[2]):
        raise ValueError(after)
    return return_tables.waiting(state, limit, after)


def approve(return_id: str, instructions: str | None, label_url: str | None, by: Staff) -> Return:
    """The customer may send it. Approving it again changes nothing."""

    def decide(item: Return) -> None:
        item.instructions, item.label_url = instructions, label_url

    return _decide(return_id, return_states.APPROVED, decide, ReturnApproved, by)


def reject(return_id: str, reason: str, by: Staff) -> Return:
    """The customer keeps it, and is told why. Rejecting it again changes nothing."""

    def decide(item: Return) -> None:
        item.reason = reason

    return _decide(return_id, return_states.REJECTED, decide, ReturnRejected, by)


def close(return_id: str, by: Staff) -> Return:
    """Nothing more is done about it: it never came, or nothing is to be paid back. Pieces that did not come can be
    sent back yet. Closing it again changes nothing."""
    return _decide(return_id, return_states.CLOSED, lambda item: None, ReturnClosed, by)


def value(item: Return) -> Money:
    """What was paid for the pieces that came back; 409 if none did yet."""
    if item.value is None:
        raise ShopError("wrong_state", 409, f"A return that is {item.state} was not received.")
    return item.value


def move(item: Return, state: str) -> dynamo.Condition:
    """Move a return on, and the condition under which it may be written."""
    return_states.check_move(item.state, state)
    before = Return.version == int(item.version)
    item.state = state
    item.version = int(item.version) + 1
    return_tables.list_if_open(item)
    return before


def told(kind: type[R], item: Return, lines: dict[str, int], by: Staff | None = None, **facts: Any) -> list[Action]:
    """Write actions that announce an event about a return in its present version and put it on the order's timeline."""
    event = kind(
        aggregate_id=item.id, aggregate_version=int(item.version), order_id=item.order_id, lines=lines, **facts
    )
    return service.record(item.order_id, event, {"return_id": item.id, **facts}, by)


def one_at_a_time(order: Order) -> Action:
    """A write action that lets only one of an order's returns be asked for, received or paid back at once, and none
    while its lines change; raises Moved."""
    version = OrderHeader.version.set(int(order.header.version) + 1)
    return dynamo.update(order.header, [version], service.unmoved(order.header), Moved())


def changed() -> ShopError:
    return ShopError("return_changed", 409, "The return was changed meanwhile. Look at it again.")


def _among(order: Order, return_id: str) -> Return:
    for item in order.returns:
        if item.id == return_id:
            return item
    raise not_found("return")


def _check(order: Order, wanted: Sequence[Wanted]) -> None:
    if len(order.returns) >= _MOST_OF_AN_ORDER:
        raise ShopError("too_many_returns", 409, f"An order has at most {_MOST_OF_AN_ORDER} returns.")
    named = [photo_id for line in wanted for photo_id in line.photos]
    if len(named) > MOST_PHOTOS or len(set(named)) < len(named):
        raise invalid("/lines", f"At most {MOST_PHOTOS} photos are possible, each named once.")
    return_rules.check_request(
        order.snapshot.lines,
        [(line.sku, line.quantity) for line in wanted],
        [Parcel(at, pieces) for at, pieces in logistics.arrivals(order.header.id)],
        [
            Claim(datetime.fromisoformat(item.requested_at), return_tables.pieces(item), _parts(item))
            for item in order.returns
        ],
        policy.current().return_days,
        clock.now(),
    )


def _parts(item: Return) -> dict[str, int]:
    """What the pieces that a return has are made of, by SKU."""
    made_of = {line.sku: line.parts for line in item.lines}
    sums: Counter[str] = Counter()
    for sku, quantity in return_tables.pieces(item).items():
        sums.update({part: count * quantity for part, count in made_of[sku].items()})
    return dict(sums)


def _request(order: Order, wanted: Sequence[Wanted], once: Once) -> Return:
    order_id = order.header.id
    return_id = ids.derived("ret", order_id, len(order.returns) + 1)
    parts = {line.sku: line.parts for line in order.snapshot.lines}
    taken = [_taken(return_id, place, line, parts[line.sku]) for place, line in enumerate(wanted)]
    item = Return(
        **return_tables.return_key(return_id),
        id=return_id,
        order_id=order_id,
        state=return_states.REQUESTED,
        version=1,
        requested_at=clock.stamp(clock.now()),
        lines=[line for line, _ in taken],
        received=[],
    )
    return_tables.list_if_open(item)
    # Whoever asks for the same pieces at the same moment would make the same return: only one of them comes to exist.
    actions = [
        *once.claim(OrdersItem, return_id),
        dynamo.insert(item, Moved()),
        one_at_a_time(order),
        *(action for _, claims in taken for action in claims),
        *told(ReturnRequested, item, return_tables.announced(item)),
    ]
    dynamo.transaction(actions)
    return item


def _taken(return_id: str, place: int, line: Wanted, parts: dict[str, int]) -> tuple[ReturnLine, list[Action]]:
    """The line of a return, and the write actions that make its photos its own."""
    at = f"/lines/{place}/photos"
    found, claims = photos.claim(ids.parent_of("ord", return_id), return_id, line.photos, photos.gone(at), at)
    shown = [ReturnPhoto(photo.id, photo.name, photo.width, photo.height) for photo in found]
    return ReturnLine(line.sku, line.quantity, line.reason, line.comment, shown, parts), claims


def _decide(return_id: str, state: str, decide: Callable[[Return], None], kind: type[ReturnEvent], by: Staff) -> Return:
    item = find(return_id)
    if item.state == state:
        return item
    before = move(item, state)
    decide(item)
    entry = audit.entry(by, f"return.{state}", return_id)
    news = told(kind, item, return_tables.pieces(item) or return_tables.announced(item), by)
    dynamo.transaction([dynamo.put(item, before, changed()), *news, entry])
    return item
