"""What a cart costs: a pure function of its lines, what they are offered for, and the shipping that was chosen."""

from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.core.money import Money, zero

OK, NOT_SOLD, NOT_ENOUGH = "ok", "not_sold", "not_enough"


class Offer(msgspec.Struct, frozen=True):
    """What the shop asks for a SKU now. `available` are the pieces that can be reserved, None where nobody looked."""

    sku: str
    product_id: str
    title: str
    option_values: list[str]
    image: str | None
    price: Money
    sold: bool
    available: int | None


class PricedLine(msgspec.Struct, frozen=True):
    """A line with its price. `status` says why it could not be bought so; what is not sold is not in the totals."""

    sku: str
    product_id: str
    title: str
    option_values: list[str]
    image: str | None
    quantity: int
    unit_price: Money
    total: Money
    status: str


class Shipping(msgspec.Struct, frozen=True):
    """How an order is sent, at the price that it pays. Days are working days from dispatch to delivery."""

    id: str
    name: str
    price: Money
    days_min: int
    days_max: int


class Totals(msgspec.Struct, frozen=True):
    """`total` = `items` + `shipping`."""

    items: Money
    shipping: Money
    total: Money


def price_lines(wanted: Sequence[tuple[str, int]], offers: Mapping[str, Offer]) -> list[PricedLine]:
    """Each (SKU, quantity) at its present price, in the given order. Every SKU needs an offer."""
    return [_price_line(offers[sku], quantity) for sku, quantity in wanted]


def _price_line(offer: Offer, quantity: int) -> PricedLine:
    enough = offer.available is None or offer.available >= quantity
    return PricedLine(
        sku=offer.sku,
        product_id=offer.product_id,
        title=offer.title,
        option_values=offer.option_values,
        image=offer.image,
        quantity=quantity,
        unit_price=offer.price,
        total=offer.price.times(quantity),
        status=(OK if enough else NOT_ENOUGH) if offer.sold else NOT_SOLD,
    )


def goods(lines: Sequence[PricedLine], currency: str) -> Money:
    """What the lines that are sold cost together."""
    return sum((line.total for line in lines if line.status != NOT_SOLD), start=zero(currency))


def totals(lines: Sequence[PricedLine], shipping: Money | None, currency: str) -> Totals:
    items = goods(lines, currency)
    shipping = shipping or zero(currency)
    return Totals(items, shipping, items + shipping)
