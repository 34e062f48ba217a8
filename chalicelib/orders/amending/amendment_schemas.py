"""What is sent to change an order after it was placed, and what comes back."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.money import Money
from chalicelib.orders.address import Address
from chalicelib.orders.amending import editing
from chalicelib.orders.amending.editing import Edited, Wish
from chalicelib.orders.cart.carts import MOST_LINES, MOST_PIECES
from chalicelib.orders.handling import handling_schemas
from chalicelib.orders.pricing.pricing import PricedLine, Totals

Sku = Annotated[str, Meta(min_length=1, max_length=100)]
Pieces = Annotated[int, Meta(ge=1, le=MOST_PIECES)]
Quantity = Annotated[int, Meta(ge=0, le=MOST_PIECES)]
Reason = Annotated[str, Meta(max_length=500)]


class CancelLines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`lines` are the pieces that are not wanted any more, by SKU."""

    lines: Annotated[dict[Sku, Pieces], Meta(min_length=1, max_length=MOST_LINES)]
    reason: Reason = ""


class EditOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`set` says how many pieces of a line there shall be, 0 takes it out; `add` puts SKUs into the order, by SKU.

    With `dry_run` nothing is changed: the answer says what it would cost. `expected_total` is what it said before.
    """

    set: Annotated[dict[Sku, Quantity], Meta(max_length=MOST_LINES)] = {}
    add: Annotated[dict[Sku, Pieces], Meta(max_length=MOST_LINES)] = {}
    address: Address | None = None
    reason: Reason = ""
    dry_run: bool = False
    expected_total: Money | None = None


class EditedOrder(msgspec.Struct, frozen=True):
    """What the order cost, what it is and costs now or would cost, and which part of the difference the customer has to
    pay, or is not asked for any more. `order` is null in a dry run."""

    previous_total: Money
    total: Money
    to_pay: Money
    to_give_back: Money
    lines: list[PricedLine]
    totals: Totals
    order: handling_schemas.StaffOrderView | None


def wish(body: EditOrder) -> Wish:
    return editing.Wish(body.set, body.add, body.address, body.reason, body.expected_total)


def edited(result: Edited) -> EditedOrder:
    before, now = result.before, result.draft.totals.total
    return EditedOrder(
        previous_total=before,
        total=now,
        to_pay=Money(max(0, now.amount - before.amount), now.currency),
        to_give_back=Money(max(0, before.amount - now.amount), now.currency),
        lines=result.draft.lines,
        totals=result.draft.totals,
        order=handling_schemas.order(result.order) if result.order else None,
    )
