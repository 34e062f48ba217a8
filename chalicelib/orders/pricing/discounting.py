"""How much one promotion takes off each line, of what is left of them. No line loses more than it has left."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from chalicelib.core import money
from chalicelib.orders.pricing.pricing import PricedLine
from chalicelib.orders.pricing.promotion import (
    AmountOff,
    BuyXGetY,
    CheapestFree,
    FixedPrice,
    PercentOff,
    Promotion,
    Selection,
    TieredByQuantity,
    TieredByTotal,
    of_currency,
)


class Row(msgspec.Struct, frozen=True):
    """A line that is sold, and what is left of its price in minor units."""

    line: PricedLine
    left: int


def off(promotion: Promotion, rows: Sequence[Row], currency: str) -> list[int]:
    """What `promotion` takes off each row, in minor units: of those that its conditions name, nothing of others.

    `rows` are sorted by SKU, which decides who gets the unit that can not be shared.
    """
    mine = [n for n, row in enumerate(rows) if names(promotion.conditions.lines, row.line)]
    effect = promotion.effect
    if isinstance(effect, BuyXGetY) and effect.gifts is not None:
        return _gifts(effect, effect.gifts, promotion.conditions.lines, rows)
    amounts = _OFF[type(effect)](effect, [rows[n] for n in mine], currency) if mine else []
    found = [0] * len(rows)
    for n, amount in zip(mine, amounts, strict=True):
        found[n] = min(amount, rows[n].left)
    return found


def names(selection: Selection, line: PricedLine) -> bool:
    return selection.has(line.sku, line.product_id, line.shelves)


def _percent_off(effect: PercentOff, rows: list[Row], currency: str) -> list[int]:
    if effect.of == "lines":
        return [_percent(row.left, effect.percent) for row in rows]
    return _shared(_percent(_left(rows), effect.percent), rows)


def _amount_off(effect: AmountOff, rows: list[Row], currency: str) -> list[int]:
    amount = of_currency(effect.amounts, currency) or 0
    return [amount] * len(rows) if effect.of == "lines" else _shared(amount, rows)


def _fixed_price(effect: FixedPrice, rows: list[Row], currency: str) -> list[int]:
    price = of_currency(effect.prices, currency) or 0
    return [max(0, row.left - price * row.line.quantity) for row in rows]


def _buy_x_get_y(effect: BuyXGetY, rows: list[Row], currency: str) -> list[int]:
    """Pieces of one SKU that make no whole group pay in full."""
    free = [row.line.quantity // (effect.buy + effect.get) * effect.get for row in rows]
    return [_pieces(row, count, effect.percent) for row, count in zip(rows, free, strict=True)]


def _cheapest_free(effect: CheapestFree, rows: list[Row], currency: str) -> list[int]:
    return _cheapest(rows, sum(row.line.quantity for row in rows) // effect.of, Decimal(100))


def _gifts(effect: BuyXGetY, gifts: Selection, bought: Selection, rows: Sequence[Row]) -> list[int]:
    given = [n for n, row in enumerate(rows) if names(gifts, row.line)]
    others = (row.line for n, row in enumerate(rows) if n not in given)
    count = sum(line.quantity for line in others if names(bought, line)) // effect.buy * effect.get
    found = [0] * len(rows)
    for n, amount in zip(given, _cheapest([rows[n] for n in given], count, effect.percent), strict=True):
        found[n] = amount
    return found


def _cheapest(rows: list[Row], count: int, percent: Decimal) -> list[int]:
    """`percent` of the `count` cheapest pieces, by their unit price."""
    found = [0] * len(rows)
    for n in sorted(range(len(rows)), key=lambda n: (rows[n].line.unit_price.amount, n)):
        pieces = min(count, rows[n].line.quantity)
        found[n] = _pieces(rows[n], pieces, percent)
        count -= pieces
    return found


def _by_quantity(effect: TieredByQuantity, rows: list[Row], currency: str) -> list[int]:
    pieces = sum(row.line.quantity for row in rows)
    reached = [tier for tier in effect.tiers if tier.at_least <= pieces]
    if not reached:
        return [0] * len(rows)
    percent = max(reached, key=lambda tier: tier.at_least).percent
    return [_percent(row.left, percent) for row in rows]


def _by_total(effect: TieredByTotal, rows: list[Row], currency: str) -> list[int]:
    total = sum(row.line.total.amount for row in rows)
    own = [tier for tier in effect.tiers if tier.at_least.currency == currency and tier.at_least.amount <= total]
    if not own:
        return [0] * len(rows)
    tier = max(own, key=lambda tier: tier.at_least.amount)
    amount = tier.amount.amount if tier.amount else _percent(_left(rows), tier.percent or Decimal(0))
    return _shared(amount, rows)


def _left(rows: Sequence[Row]) -> int:
    return sum(row.left for row in rows)


def _shared(amount: int, rows: list[Row]) -> list[int]:
    """`amount`, or what is left if that is less, on the rows in proportion to what is left of each."""
    whole = _left(rows)
    return money.allocate(min(amount, whole), [row.left for row in rows]) if whole else [0] * len(rows)


def _pieces(row: Row, count: int, percent: Decimal) -> int:
    """`percent` of what is left of so many pieces of a row."""
    return _percent(row.left * count // row.line.quantity, percent)


def _percent(amount: int, percent: Decimal) -> int:
    """Half a minor unit is rounded up: to the customer's advantage."""
    return (amount * int(percent * 100) + 5000) // 10_000


# What takes something off lines or the order, and how.
_OFF: dict[type, Callable[[Any, list[Row], str], list[int]]] = {
    PercentOff: _percent_off,
    AmountOff: _amount_off,
    FixedPrice: _fixed_price,
    BuyXGetY: _buy_x_get_y,
    CheapestFree: _cheapest_free,
    TieredByQuantity: _by_quantity,
    TieredByTotal: _by_total,
}
