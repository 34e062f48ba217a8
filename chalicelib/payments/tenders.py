"""What an order is paid with when it is placed, and how its total is shared among that."""

from collections.abc import Sequence

import msgspec

from chalicelib.core.money import Money


class Tender(msgspec.Struct, frozen=True):
    """A part of an order's total that is there already. `ref` names whose balance it is taken from: a gift card by its
    id, a customer. `from_order` is the order whose returned goods it is the value of."""

    method: str
    amount: Money
    ref: str | None = None
    from_order: str | None = None


def split(total: int, balances: Sequence[int]) -> tuple[list[int], int]:
    """How much each of `balances` pays of `total`, the earlier before the later, and what is missing then; all in minor
    units."""
    parts, missing = [], total
    for balance in balances:
        parts.append(min(missing, balance))
        missing -= parts[-1]
    return parts, missing
