"""What customers and staff send and see of returns."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.money import Money
from chalicelib.core.paging import Page
from chalicelib.orders.cart.carts import MOST_PIECES
from chalicelib.orders.returns.return_tables import ReceivedLine
from chalicelib.orders.returns.return_view_schemas import Condition
from chalicelib.orders.returns.return_view_schemas import ReturnView as ReturnView
from chalicelib.orders.returns.return_view_schemas import view as view
from chalicelib.orders.returns.returns import MOST_PHOTOS, Wanted

# An order has at most 40 lines; of one of them pieces may come back for different reasons.
MOST_LINES = 80

Sku = Annotated[str, Meta(min_length=1, max_length=100)]
Pieces = Annotated[int, Meta(ge=1, le=MOST_PIECES)]
Reason = Literal[
    "damaged", "defective", "wrong_item", "not_as_described", "does_not_fit", "changed_mind", "late", "other"
]
OpenStatus = Literal["requested", "approved", "received"]
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


class Returns(msgspec.Struct, frozen=True):
    data: list[ReturnView]
    next_cursor: str | None


def wanted(body: NewReturn) -> list[Wanted]:
    return [Wanted(line.sku, line.quantity, line.reason, line.comment, line.photos) for line in body.lines]


def received(body: Receive) -> list[ReceivedLine]:
    return [ReceivedLine(line.sku, line.quantity, line.condition, line.location) for line in body.lines]
