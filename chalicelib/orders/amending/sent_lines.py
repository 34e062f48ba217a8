"""What of an order's lines has left the house, where a bundle and its components may be lines of one order.

A piece is like any other of its SKU. So what has left can stand for several lines, and may for the cheapest of them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from chalicelib.orders.pricing import shares
from chalicelib.orders.pricing.pricing import PricedLine


def worth(lines: Sequence[PricedLine], sent: Mapping[str, int]) -> int:
    """What has to be paid for lines of which the pieces `sent`, by the SKUs of the shelf, have left, in minor units.

    A bundle that has left in part has to be paid as a whole. It is the least of two tries, not of all that there are:
    the lines whose pieces cost least come first, with all their units, or with those first that have left as a whole.
    """
    cheapest = sorted((line for line in lines if line.parts), key=_price_of_a_piece)
    nothing = {line.sku: 0 for line in cheapest}
    whole, left = dict(nothing), Counter(sent)
    for line in cheapest:
        whole[line.sku] = _take_whole(line, left)
    return min(_with_begun(cheapest, nothing, Counter(sent)), _with_begun(cheapest, whole, left))


def _with_begun(lines: Sequence[PricedLine], gone: Mapping[str, int], left: Counter[str]) -> int:
    units = {line.sku: gone[line.sku] + _take_begun(line, line.quantity - gone[line.sku], left) for line in lines}
    return sum(shares.value(line, 0, units[line.sku]).amount for line in lines)


def _price_of_a_piece(line: PricedLine) -> float:
    return line.to_pay.amount / (line.quantity * sum(line.parts.values()))


def _take_whole(line: PricedLine, left: Counter[str]) -> int:
    units = min(line.quantity, *(left[sku] // count for sku, count in line.parts.items()))
    left.subtract({sku: count * units for sku, count in line.parts.items()})
    return units


def _take_begun(line: PricedLine, room: int, left: Counter[str]) -> int:
    """Units of which some pieces have left and others not."""
    units = min(room, max(-(-left[sku] // count) for sku, count in line.parts.items()))
    left.subtract({sku: min(left[sku], count * units) for sku, count in line.parts.items()})
    return units
