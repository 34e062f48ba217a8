"""What of an order can be sent back, and what that is worth: pieces that arrived, not too long ago, each once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from chalicelib.core.errors import ShopError, invalid
from chalicelib.core.money import Money, zero
from chalicelib.orders.pricing import shares
from chalicelib.orders.pricing.pricing import PricedLine


class Claim(msgspec.Struct, frozen=True):
    """Pieces by an order's lines that a return has, and when it was asked for."""

    at: datetime
    pieces: Mapping[str, int]


class Parcel(msgspec.Struct, frozen=True):
    """Pieces by SKU that came into the customer's hands together, of bundles their components."""

    at: datetime
    pieces: Mapping[str, int]


def check_request(
    lines: Sequence[PricedLine],
    wanted: Sequence[tuple[str, int]],
    parcels: Sequence[Parcel],
    claims: Sequence[Claim],
    days: int,
    now: datetime,
) -> None:
    """Raise what speaks against sending (SKU, pieces) back `days` calendar days after their delivery at the latest.

    422 for what is no line of the order or digital; 409 `not_delivered`, `return_window_over` or
    `too_many_returned`, which says how many pieces are `returnable`. Each names the line in `/lines`.
    """
    hand = _InHand(parcels, days)
    known = {line.sku: line for line in lines}
    left = {line.sku: line.quantity for line in lines}
    for claim in sorted(claims, key=lambda claim: claim.at):
        for sku, pieces in claim.pieces.items():
            left[sku] = left.get(sku, 0) - pieces
            hand.take_all(known[sku].parts if sku in known else {}, pieces, claim.at)
    for place, (sku, pieces) in enumerate(wanted):
        pointer = f"/lines/{place}"
        line = known.get(sku)
        if line is None:
            raise invalid(f"{pointer}/sku", "There is no such line in this order.")
        if not line.parts:
            detail = "What is digital can not be sent back."
            raise ShopError("not_returnable", 422, detail, pointer=f"{pointer}/sku")
        in_time, ever = (min(left[sku], count) for count in hand.whole(line.parts, now))
        if pieces > in_time:
            raise _refusal(pointer, pieces, in_time, ever, left[sku])
        left[sku] -= pieces
        hand.take_all(line.parts, pieces, now)


def _refusal(pointer: str, pieces: int, in_time: int, ever: int, left: int) -> ShopError:
    if not in_time and pieces <= ever:
        detail = "The time in which this could be sent back is over."
        return ShopError("return_window_over", 409, detail, pointer=f"{pointer}/sku")
    if not ever and pieces <= left:
        return ShopError("not_delivered", 409, "This was not delivered yet.", pointer=f"{pointer}/sku")
    detail = f"Of this {in_time} pieces can be sent back."
    more = {"returnable": in_time}
    return ShopError("too_many_returned", 409, detail, pointer=f"{pointer}/quantity", extra=dict(more))


class _InHand:
    """The pieces that the customer has, by the parcels in which they came.

    A piece is like any other of its SKU: what was asked for is taken to be from the oldest parcel from which it could
    be sent back then. So nobody is refused what they can have, and no piece is sent back for a newer one's sake.
    """

    def __init__(self, parcels: Sequence[Parcel], days: int) -> None:
        self._parcels = sorted(((parcel.at, dict(parcel.pieces)) for parcel in parcels), key=lambda parcel: parcel[0])
        self._window = timedelta(days=days)

    def take_all(self, parts: Mapping[str, int], pieces: int, when: datetime) -> None:
        for sku, count in parts.items():
            missing = self._take(self._open(when), sku, pieces * count)
            # The window may have been longer then.
            self._take([left for _, left in self._parcels], sku, missing)

    def whole(self, parts: Mapping[str, int], now: datetime) -> tuple[int, int]:
        """How many pieces made of `parts` are there: those that can be sent back now, and all."""
        everything = [left for _, left in self._parcels]
        return _whole(parts, self._open(now)), _whole(parts, everything)

    def _open(self, when: datetime) -> list[dict[str, int]]:
        return [left for at, left in self._parcels if at <= when and when.date() <= (at + self._window).date()]

    @staticmethod
    def _take(parcels: list[dict[str, int]], sku: str, pieces: int) -> int:
        for left in parcels:
            taken = min(pieces, left.get(sku, 0))
            left[sku] = left.get(sku, 0) - taken
            pieces -= taken
        return pieces


def _whole(parts: Mapping[str, int], parcels: Sequence[Mapping[str, int]]) -> int:
    return min(sum(left.get(sku, 0) for left in parcels) // count for sku, count in parts.items())


def check_received(announced: Mapping[str, int], came: Sequence[tuple[str, int]]) -> None:
    """422 unless all (SKU, pieces) that came were announced. There may be fewer."""
    left = dict(announced)
    for place, (sku, pieces) in enumerate(came):
        if sku not in left:
            raise invalid(f"/lines/{place}/sku", "This was not announced.")
        if pieces > left[sku]:
            raise invalid(f"/lines/{place}/quantity", f"Of this {left[sku]} more pieces were announced.")
        left[sku] -= pieces


def value(lines: Sequence[PricedLine], before: Mapping[str, int], came: Mapping[str, int], currency: str) -> Money:
    """What was paid for the pieces that came, after those that came `before` in other returns of the order."""
    parts = (shares.value(line, before.get(line.sku, 0), came[line.sku]) for line in lines if line.sku in came)
    return sum(parts, start=zero(currency))


def to_refund(value: Money, shipping: Money | None, fee: Money | None, amount: Money | None) -> Money:
    """What the customer gets for goods of this `value`: with what was paid for `shipping`, less a `fee`; or just the
    `amount`. 422 for a fee that is higher, or a field that does not fit the others."""
    for name, given in (("fee", fee), ("amount", amount)):
        if given and given.currency != value.currency:
            raise invalid(f"/{name}/currency", f"This order was paid in {value.currency}.")
    if amount is not None:
        if fee is not None or shipping is not None:
            raise invalid("/amount", "Say an amount, or how it comes about.")
        return amount
    full = value + shipping if shipping else value
    if fee is not None and fee.amount > full.amount:
        raise invalid("/fee", f"This is more than the {full.amount} that would be given back.")
    return Money(full.amount - (fee.amount if fee else 0), full.currency)
