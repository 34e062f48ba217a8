"""What customers and staff send and see of returns."""

from datetime import datetime
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from chalicelib.core.money import Money
from chalicelib.core.paging import Page
from chalicelib.orders.cart.carts import MOST_PIECES
from chalicelib.orders.returns import return_tables, returns
from chalicelib.orders.returns.return_tables import ReceivedLine, Return
from chalicelib.orders.returns.returns import MOST_PHOTOS, Wanted

# An order has at most 40 lines; of one of them pieces may come back for different reasons.
MOST_LINES = 80

Sku = Annotated[str, Meta(min_length=1, max_length=100)]
Pieces = Annotated[int, Meta(ge=1, le=MOST_PIECES)]
Reason = Literal[
    "damaged", "defective", "wrong_item", "not_as_described", "does_not_fit", "changed_mind", "late", "other"
]
Status = Literal["requested", "approved", "rejected", "received", "refunded", "closed"]
OpenStatus = Literal["requested", "approved", "received"]
Condition = Literal["resellable", "damaged"]
LocationId = Annotated[str, Meta(min_length=1, max_length=60)]
PhotoIds = Annotated[tuple[Annotated[str, Meta(max_length=60)], ...], Meta(max_length=MOST_PHOTOS)]


class NewReturnLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`photos` are ids of photos that were sent by the order's review-photos and passed their check."""

    sku: Sku
    quantity: Pieces
    reason: Reason
    comment: Annotated[str, Meta(max_length=1000)] = ""
    photos: PhotoIds = ()


class NewReturn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lines: Annotated[tuple[NewReturnLine, ...], Meta(min_length=1, max_length=MOST_LINES)]


class Approve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the customer sends it: in words, or with the label at `label_url`."""

    instructions: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
    label_url: Annotated[str, Meta(pattern=r"^https://[^\s]+$(?!\n)", max_length=1000)] | None = None


class Reject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The customer reads the `reason`."""

    reason: Annotated[str, Meta(min_length=1, max_length=1000)]


class CameBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pieces that are `resellable` go onto the shelf at the location, those that are `damaged` are written off."""

    sku: Sku
    quantity: Pieces
    condition: Condition
    location: LocationId


class Receive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of the return came, perhaps less than was announced."""

    lines: Annotated[tuple[CameBack, ...], Meta(min_length=1, max_length=2 * MOST_LINES)]


class RefundReturn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without anything else what was paid for the pieces that came goes back. `fee` is kept of it, and with `shipping`
    what was paid for the order's shipping goes back too. `amount` is said instead of how it comes about."""

    fee: Money | None = None
    shipping: bool = False
    amount: Money | None = None


class Exchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer gets instead: pieces by SKU."""

    lines: Annotated[dict[Sku, Pieces], Meta(min_length=1, max_length=40)]


class CloseReturn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing has to be said."""


class ReturnPage(Page, frozen=True, forbid_unknown_fields=True):
    status: OpenStatus = "requested"


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


class Returns(msgspec.Struct, frozen=True):
    data: list[ReturnView]
    next_cursor: str | None


def wanted(body: NewReturn) -> list[Wanted]:
    return [Wanted(line.sku, line.quantity, line.reason, line.comment, line.photos) for line in body.lines]


def received(body: Receive) -> list[ReceivedLine]:
    return [ReceivedLine(line.sku, line.quantity, line.condition, line.location) for line in body.lines]


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
        ReturnPhotoView(photo.id, returns.url(photo.name) if for_staff else None, photo.width, photo.height)
        for photo in line.photos
    ]
    return ReturnLineView(line.sku, line.quantity, line.reason, line.comment, photos)
