"""What a cart costs: a pure function of its lines, what they are offered for, and the shipping that was chosen."""

from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.core.money import Money, zero

OK, NOT_SOLD, NOT_ENOUGH = "ok", "not_sold", "not_enough"


class Offer(msgspec.Struct, frozen=True):
    """What the shop asks for a piece of a SKU now: `price`, or where it depends on how many are bought what `tiers`
    have by the least number of pieces, each less than the one before.

    `available` are the pieces that can be reserved, None where nobody looked or nobody counts. `parts` is what has to
    be taken off the shelf for one piece, by SKU: itself, a bundle's components, nothing of what is digital.
    """

    sku: str
    product_id: str
    title: str
    option_values: list[str]
    image: str | None
    price: Money
    sold: bool
    available: int | None
    parts: dict[str, int] = {}
    tiers: dict[int, Money] = {}

    def at(self, quantity: int) -> "Offer":
        """The offer for so many pieces, of one price. It is not sold if there is none for so few."""
        if not self.tiers:
            return self
        reached = [pieces for pieces in self.tiers if pieces <= quantity]
        if not reached:
            return msgspec.structs.replace(self, sold=False, tiers={})
        return msgspec.structs.replace(self, price=self.tiers[max(reached)], tiers={})


class PricedLine(msgspec.Struct, frozen=True):
    """A line with its price. `status` says why it could not be bought so; what is not sold is not in the totals.

    `parts` is what has to be sent of one piece, by SKU: nothing of what is digital. `note` is the customer's.
    """

    sku: str
    product_id: str
    title: str
    option_values: list[str]
    image: str | None
    quantity: int
    unit_price: Money
    total: Money
    status: str
    parts: dict[str, int] = {}
    note: str = ""


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


def price_lines(
    wanted: Sequence[tuple[str, int]], offers: Mapping[str, Offer], free: Mapping[str, int] | None = None
) -> list[PricedLine]:
    """Each (SKU, quantity) at its present price, in the given order. Every SKU needs an offer.

    With the pieces that are `free` of each SKU, lines that share some - a bundle and its component - are looked at
    together, the first ones first.
    """
    left = None if free is None else dict(free)
    return [_price_line(offers[sku].at(quantity), quantity, left) for sku, quantity in wanted]


def _price_line(offer: Offer, quantity: int, left: dict[str, int] | None) -> PricedLine:
    return PricedLine(
        sku=offer.sku,
        product_id=offer.product_id,
        title=offer.title,
        option_values=offer.option_values,
        image=offer.image,
        quantity=quantity,
        unit_price=offer.price,
        total=offer.price.times(quantity),
        status=(OK if _enough(offer, quantity, left) else NOT_ENOUGH) if offer.sold else NOT_SOLD,
        parts=offer.parts,
    )


def _enough(offer: Offer, quantity: int, left: dict[str, int] | None) -> bool:
    """Whether there is enough for a line, which then has it: what is `left` gets less."""
    if offer.available is not None and offer.available < quantity:
        return False
    if left is None or not offer.sold:
        return True
    if any(left.get(sku, 0) < pieces * quantity for sku, pieces in offer.parts.items()):
        return False
    for sku, pieces in offer.parts.items():
        left[sku] -= pieces * quantity
    return True


def to_send(lines: Sequence[PricedLine]) -> dict[str, int]:
    """The pieces that have to be taken off the shelf and sent, by SKU."""
    pieces: dict[str, int] = {}
    for line in lines:
        if line.status != NOT_SOLD:
            for sku, count in line.parts.items():
                pieces[sku] = pieces.get(sku, 0) + count * line.quantity
    return pieces


def goods(lines: Sequence[PricedLine], currency: str) -> Money:
    """What the lines that are sold cost together."""
    return sum((line.total for line in lines if line.status != NOT_SOLD), start=zero(currency))


def totals(lines: Sequence[PricedLine], shipping: Money | None, currency: str) -> Totals:
    items = goods(lines, currency)
    shipping = shipping or zero(currency)
    return Totals(items, shipping, items + shipping)
