"""What a part of an order's line is worth, so that all parts together are worth exactly the line.

A line's discounts, taxes and what is paid for it were worked out for all of its pieces; few of them divide evenly.
"""

from collections.abc import Sequence

import msgspec

from chalicelib.core.money import Money, allocate
from chalicelib.orders.pricing.pricing import PricedLine, Tax, discounted


def value(line: PricedLine, pieces_before: int, pieces: int) -> Money:
    """What was paid for `pieces` of a line of which `pieces_before` went back before these.

    Whatever the steps, their values add up to `to_pay` when all pieces are back: each is the difference of two
    cumulative shares that are rounded down.
    """
    paid, quantity = line.to_pay.amount, line.quantity
    return Money(paid * (pieces_before + pieces) // quantity - paid * pieces_before // quantity, line.to_pay.currency)


def part_of(line: PricedLine, pieces_left: int) -> PricedLine:
    """The line with fewer pieces, at least one, as if it had been ordered so with its share of discounts and taxes.

    What the pieces that are gone cost is split among the discounts, the tax relief and what is left, by the largest
    remainder. So no part is less than nothing, and the steps of any sequence of these add up to the line.
    """
    gone = line.quantity - pieces_left
    before = discounted(line).amount
    relief = line.tax_relief.amount if line.tax_relief else 0
    amounts = [*(discount.amount.amount for discount in line.discounts), relief, before - relief]
    cost = line.unit_price.amount * gone
    less = allocate(cost, amounts) if cost else [0] * len(amounts)
    *taken_off, relief_gone, net_gone = less
    # A discount of which no part is left stays, with nothing: the line has it still.
    discounts = [
        msgspec.structs.replace(discount, amount=_less(discount.amount, part))
        for discount, part in zip(line.discounts, taken_off, strict=True)
    ]
    after = before - relief_gone - net_gone
    taxes = _taxes(line, pieces_left, before, after, relief - relief_gone)
    added = sum(tax.amount.amount for tax in taxes if not tax.included)
    return msgspec.structs.replace(
        line,
        quantity=pieces_left,
        total=line.unit_price.times(pieces_left),
        discounts=discounts,
        taxes=taxes,
        tax_relief=_less(line.tax_relief, relief_gone) if line.tax_relief else None,
        to_pay=Money(after - (relief - relief_gone) + added, line.to_pay.currency),
    )


def together(line: PricedLine, more: PricedLine) -> PricedLine:
    """A line with more pieces of the same, which were priced by themselves at the same unit price."""
    currency = line.to_pay.currency
    relief = (line.tax_relief or Money(0, currency)) + (more.tax_relief or Money(0, currency))
    return msgspec.structs.replace(
        line,
        quantity=line.quantity + more.quantity,
        total=line.total + more.total,
        discounts=[*line.discounts, *more.discounts],
        taxes=_merged([*line.taxes, *more.taxes]),
        tax_relief=relief if line.tax_relief or more.tax_relief else None,
        to_pay=line.to_pay + more.to_pay,
    )


def _less(amount: Money, part: int) -> Money:
    return Money(amount.amount - part, amount.currency)


def _taxes(line: PricedLine, pieces_left: int, before: int, after: int, relief: int) -> list[Tax]:
    """The taxes of the part. Where a tax's base and its amount made up the price they do so in the part as well."""
    amounts = [tax.amount.amount * pieces_left // line.quantity for tax in line.taxes]
    inside = sum(tax.amount.amount for tax in line.taxes if tax.included)
    inside_after = sum(amount for tax, amount in zip(line.taxes, amounts, strict=True) if tax.included)
    relief_before = line.tax_relief.amount if line.tax_relief else 0
    tracked = {before - inside - relief_before: after - inside_after - relief, before: after}
    return [
        msgspec.structs.replace(
            tax,
            base=Money(tracked.get(tax.base.amount, tax.base.amount * pieces_left // line.quantity), tax.base.currency),
            amount=Money(amount, tax.amount.currency),
        )
        for tax, amount in zip(line.taxes, amounts, strict=True)
    ]


def _merged(taxes: Sequence[Tax]) -> list[Tax]:
    """Taxes of one name and rate added up."""
    merged: dict[tuple[object, ...], Tax] = {}
    for tax in taxes:
        key = (tax.name, tax.rate, tax.included, tax.kind)
        known = merged.get(key)
        merged[key] = (
            msgspec.structs.replace(known, base=known.base + tax.base, amount=known.amount + tax.amount)
            if known
            else tax
        )
    return list(merged.values())
