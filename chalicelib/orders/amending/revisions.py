"""What the lines of an order are after a change, and what that does to its stock."""

from collections.abc import Mapping, Sequence

from chalicelib.core.errors import ShopError, invalid, pointer_part
from chalicelib.orders.pricing import pricing, shares
from chalicelib.orders.pricing.pricing import PricedLine


def less(lines: Sequence[PricedLine], pieces: Mapping[str, int], sent_back: Mapping[str, int]) -> list[PricedLine]:
    """The lines without so many pieces by SKU; a line without pieces is gone. 422 names the SKU in `/lines`.

    409 `already_dispatched` for those that are `sent_back`: their money goes back with the return.
    """
    known = {line.sku: line for line in lines}
    for sku, gone in pieces.items():
        there = known[sku].quantity if sku in known else 0
        if gone > there:
            raise invalid(f"/lines/{pointer_part(sku)}", f"There are {there} pieces of this in the order.")
        here = max(0, there - sent_back.get(sku, 0))
        if gone > here:
            detail = f"The other pieces of {sku} are in a return; {here} can be taken out."
            raise ShopError("already_dispatched", 409, detail, extra={"sku": sku, "available": here})
    left = {line.sku: line.quantity - pieces.get(line.sku, 0) for line in lines}
    return [
        line if left[line.sku] == line.quantity else shares.part_of(line, left[line.sku])
        for line in lines
        if left[line.sku]
    ]


def more(lines: Sequence[PricedLine], others: Sequence[PricedLine]) -> list[PricedLine]:
    """The lines with more pieces of some of them and with new ones at their end."""
    known = {line.sku for line in lines}
    further = {line.sku: line for line in others}
    grown = [shares.together(line, further[line.sku]) if line.sku in further else line for line in lines]
    return [*grown, *(line for line in others if line.sku not in known)]


def stock_change(before: Sequence[PricedLine], after: Sequence[PricedLine]) -> tuple[dict[str, int], dict[str, int]]:
    """The pieces that have to be sent no more, and those that have to be sent besides, by the SKUs of the shelf."""
    was, now = pricing.to_send(before), pricing.to_send(after)
    change = {sku: now.get(sku, 0) - was.get(sku, 0) for sku in sorted(was | now)}
    return {sku: -by for sku, by in change.items() if by < 0}, {sku: by for sku, by in change.items() if by > 0}


def check_sold(lines: Sequence[PricedLine]) -> None:
    """Raise what speaks against adding these lines: 422 for what is not sold."""
    for line in lines:
        if line.status == pricing.NOT_SOLD:
            raise invalid(f"/add/{pointer_part(line.sku)}", "This is not sold, or not in the order's currency.")


def nothing_at_the_door() -> ShopError:
    detail = "Nothing would be left to deliver at a door where the order could be paid. Cancel it as a whole."
    return ShopError("payment_method_unavailable", 409, detail)
