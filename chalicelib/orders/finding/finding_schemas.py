"""What staff send and see who look for orders."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.paging import Page
from chalicelib.orders.finding.order_filter import FulfillmentStatus, OrderFilter, PaymentStatus, Status, Tag
from chalicelib.orders.finding.order_lists import Wanted
from chalicelib.orders.finding.saved_filters import SavedFilter

FilterId = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[a-z0-9][a-z0-9-]*$(?!\n)")]
Moment = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(min_length=1, max_length=254)]


class OrdersQuery(Page, frozen=True, forbid_unknown_fields=True):
    """What staff look for. All that is said has to be true of an order; `filter` is a saved filter's id, and what is
    said beside it goes before what it says. `number` alone finds one order."""

    number: Text | None = None
    status: Status | None = None
    payment_status: PaymentStatus | None = None
    fulfillment_status: FulfillmentStatus | None = None
    payment_method: Text | None = None
    since: Moment | None = msgspec.field(default=None, name="from")
    until: Moment | None = None
    customer: Text | None = None
    email: Text | None = None
    tag: Tag | None = None
    on_hold: bool | None = None
    filter: FilterId | None = None


class PutFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
    filter: OrderFilter


class SavedFilterView(msgspec.Struct, frozen=True):
    id: str
    name: str
    filter: OrderFilter


class SavedFilters(msgspec.Struct, frozen=True):
    data: list[SavedFilterView]
    next_cursor: str | None


def wanted(query: OrdersQuery) -> Wanted:
    return Wanted(
        filter=OrderFilter(
            status=query.status,
            payment_status=query.payment_status,
            fulfillment_status=query.fulfillment_status,
            payment_method=query.payment_method,
            tag=query.tag,
            on_hold=query.on_hold,
        ),
        since=query.since,
        until=query.until,
        customer=query.customer,
        email=query.email,
    )


def saved_filter(item: SavedFilter) -> SavedFilterView:
    return SavedFilterView(item.id, item.name, item.filter)
