"""Orders as staff see and handle them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.orders import schemas
from chalicelib.orders.finding.order_filter import Tag
from chalicelib.orders.handling.notes import Note
from chalicelib.orders.returns import return_view_schemas
from chalicelib.orders.service import Order
from chalicelib.orders.tables import Hold, OrderHeader


class AddNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"\S")]


class PutTags(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tags: Annotated[list[Tag], Meta(max_length=20)]


class HoldOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]


class ReleaseOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing has to be said."""


class NoteView(msgspec.Struct, frozen=True):
    """What staff wrote for each other. `by` is who, by the `sub` of their token."""

    id: str
    text: str
    by: str
    at: datetime


class HoldView(msgspec.Struct, frozen=True):
    """Why an order waits, since when, and who said so; null: the shop itself."""

    reason: str
    at: datetime
    by: str | None


class StaffTimelineView(schemas.TimelineView, frozen=True):
    """`by` is who of the staff did it; null: the customer, or the shop itself."""

    by: str | None


class StaffOrderSummary(schemas.OrderSummary, frozen=True):
    """An order in staff's list."""

    customer_id: str | None
    payment_method: str
    tags: list[str]
    hold: HoldView | None


class StaffOrders(msgspec.Struct, frozen=True):
    data: list[StaffOrderSummary]
    next_cursor: str | None


class StaffOrderView(schemas.OrderView, frozen=True):
    """An order with all that staff know of it."""

    timeline: Sequence[StaffTimelineView]
    customer_id: str | None
    tags: list[str]
    hold: HoldView | None
    notes: list[NoteView]


def summary(header: OrderHeader) -> StaffOrderSummary:
    return StaffOrderSummary(
        **msgspec.structs.asdict(schemas.summary(header)),
        customer_id=header.customer_id,
        payment_method=header.payment_method,
        tags=header.tags,
        hold=_hold(header.hold),
    )


def order(order: Order) -> StaffOrderView:
    header = order.header
    seen = msgspec.structs.asdict(schemas.order(order)) | {
        "timeline": [StaffTimelineView(e.name, datetime.fromisoformat(e.at), e.facts, by=e.by) for e in order.timeline],
        "returns": [return_view_schemas.view(item, for_staff=True) for item in order.returns],
    }
    return StaffOrderView(
        **seen,
        customer_id=header.customer_id,
        tags=header.tags,
        hold=_hold(header.hold),
        notes=[note(item) for item in order.notes],
    )


def note(item: Note) -> NoteView:
    return NoteView(item.id, item.text, item.by, datetime.fromisoformat(item.at))


def _hold(hold: Hold | None) -> HoldView | None:
    return HoldView(hold.reason, datetime.fromisoformat(hold.at), hold.by) if hold else None
