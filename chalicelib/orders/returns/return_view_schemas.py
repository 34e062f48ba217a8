"""What is seen of a return. Every order shows its own, so this loads nothing of how returns are made."""

from datetime import datetime
from typing import Literal, cast

import msgspec

from chalicelib.core.money import Money
from chalicelib.orders.returns import return_tables
from chalicelib.orders.returns.return_tables import Return

Status = Literal["requested", "approved", "rejected", "received", "refunded", "closed"]
Condition = Literal["resellable", "damaged"]


class ReturnPhotoView(msgspec.Struct, frozen=True):
    """`url` is for staff alone."""

    id: str
    url: str | None
    width: int
    height: int


class ReturnLineView(msgspec.Struct, frozen=True):
    sku: str
    quantity: int
    reason: str
    comment: str
    photos: list[ReturnPhotoView]


class ReceivedLineView(msgspec.Struct, frozen=True):
    sku: str
    quantity: int
    condition: Condition
    location: str


class ReturnView(msgspec.Struct, frozen=True):
    """A return. `received` is what of it came, `value` what was paid for that.

    It ends in a refund (`refund_id`, of `refunded`), in another order (`exchange_order_id`, with a refund of what that
    costs less) or in neither. `rejection` says why it was rejected.
    """

    id: str
    order_id: str
    status: Status
    requested_at: datetime
    lines: list[ReturnLineView]
    instructions: str | None
    label_url: str | None
    rejection: str | None
    received: list[ReceivedLineView]
    value: Money | None
    refund_id: str | None
    refunded: Money | None
    exchange_order_id: str | None


def view(item: Return, *, for_staff: bool = False) -> ReturnView:
    return ReturnView(
        id=item.id,
        order_id=item.order_id,
        status=cast(Status, item.state),
        requested_at=datetime.fromisoformat(item.requested_at),
        lines=[_line(line, for_staff) for line in item.lines],
        instructions=item.instructions,
        label_url=item.label_url,
        rejection=item.reason,
        received=[
            ReceivedLineView(line.sku, line.quantity, cast(Condition, line.condition), line.location)
            for line in item.received
        ],
        value=item.value,
        refund_id=item.refund_id,
        refunded=item.refunded,
        exchange_order_id=item.exchange_order,
    )


def _line(line: return_tables.ReturnLine, for_staff: bool) -> ReturnLineView:
    photos = [
        ReturnPhotoView(photo.id, _url(photo.name) if for_staff else None, photo.width, photo.height)
        for photo in line.photos
    ]
    return ReturnLineView(line.sku, line.quantity, line.reason, line.comment, photos)


def _url(name: str) -> str:
    from chalicelib.orders.returns import returns  # only staff look at photos

    return returns.url(name)
