"""What staff want to see of all orders."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Status = Literal["pending_payment", "confirmed", "completed", "expired", "canceled"]
PaymentStatus = Literal[
    "unpaid",
    "partially_authorized",
    "authorized",
    "partially_paid",
    "paid",
    "partially_refunded",
    "refunded",
    "disputed",
]
FulfillmentStatus = Literal["unfulfilled", "partially_dispatched", "dispatched", "delivered"]
Tag = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$(?!\n)")]


class OrderFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What has to be true of an order; what is null may be anything. `days`: placed within so many days.

    It names no customer and no address: filters are kept and shared.
    """

    status: Status | None = None
    payment_status: PaymentStatus | None = None
    fulfillment_status: FulfillmentStatus | None = None
    payment_method: Annotated[str, Meta(min_length=1, max_length=60)] | None = None
    tag: Tag | None = None
    on_hold: bool | None = None
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None

    def over(self, other: "OrderFilter") -> "OrderFilter":
        """This filter, and what it leaves open as the other one has it."""
        said = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        return msgspec.structs.replace(other, **said)


class Standing(msgspec.Struct, frozen=True):
    """How an order stands."""

    status: str
    payment_status: str
    fulfillment_status: str
    payment_method: str
    tags: frozenset[str]
    on_hold: bool


def fits(order: Standing, wanted: OrderFilter) -> bool:
    """Whether an order is what is looked for; when it was placed is looked at elsewhere."""
    asked = (
        (wanted.status, order.status),
        (wanted.payment_status, order.payment_status),
        (wanted.fulfillment_status, order.fulfillment_status),
        (wanted.payment_method, order.payment_method),
        (wanted.on_hold, order.on_hold),
    )
    if any(wish is not None and wish != is_so for wish, is_so in asked):
        return False
    return wanted.tag is None or wanted.tag in order.tags
