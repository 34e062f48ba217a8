"""An order's lines as its documents have them."""

from collections.abc import Sequence

from chalicelib.core.money import Money
from chalicelib.orders.invoices.invoice_content import ITEM, SHIPPING, Line, TaxPart
from chalicelib.orders.pricing.pricing import NOT_SOLD, Discount, PricedLine, Shipping, Tax


def lines_of(lines: Sequence[PricedLine], shipping: Shipping | None) -> list[Line]:
    """What the lines and the shipping of an order cost. Shipping that costs nothing to begin with is no line."""
    found = [_line(line) for line in lines if line.status != NOT_SOLD]
    if shipping is not None and shipping.price.amount:
        found.append(_shipping(shipping))
    return found


def _line(line: PricedLine) -> Line:
    return Line(
        kind=ITEM,
        sku=line.sku,
        title=line.title,
        options=line.option_values,
        quantity=line.quantity,
        unit_price=line.unit_price.amount,
        total=line.total.amount,
        to_pay=line.to_pay.amount,
        discount=_off(line.discounts),
        relief=_relief(line.tax_relief),
        taxes=_taxes(line.taxes),
    )


def _shipping(shipping: Shipping) -> Line:
    return Line(
        kind=SHIPPING,
        sku="",
        title=shipping.name,
        quantity=1,
        unit_price=shipping.price.amount,
        total=shipping.price.amount,
        to_pay=shipping.to_pay.amount,
        discount=_off(shipping.discounts),
        relief=_relief(shipping.tax_relief),
        taxes=_taxes(shipping.taxes),
    )


def _off(discounts: Sequence[Discount]) -> int:
    return sum(discount.amount.amount for discount in discounts)


def _relief(amount: Money | None) -> int:
    return amount.amount if amount else 0


def _taxes(taxes: Sequence[Tax]) -> list[TaxPart]:
    return [TaxPart(tax.name, tax.rate, tax.included, tax.kind, tax.base.amount, tax.amount.amount) for tax in taxes]
