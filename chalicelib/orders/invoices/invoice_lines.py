"""An order's lines as its documents have them."""

from collections.abc import Sequence

from chalicelib.orders.invoices.invoice_content import ITEM, SHIPPING, Line
from chalicelib.orders.pricing.pricing import NOT_SOLD, PricedLine, Shipping


def lines_of(lines: Sequence[PricedLine], shipping: Shipping | None) -> list[Line]:
    """What the lines and the shipping of an order cost. Shipping that costs nothing is no line."""
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
        to_pay=line.total.amount,
    )


def _shipping(shipping: Shipping) -> Line:
    price = shipping.price.amount
    return Line(SHIPPING, "", shipping.name, 1, price, price, price)
