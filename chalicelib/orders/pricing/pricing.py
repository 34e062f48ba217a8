"""What a cart costs: a pure function of its lines, what they are offered for, and the shipping that was chosen."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from chalicelib.core.money import Money, zero

OK, NOT_SOLD, NOT_ENOUGH = "ok", "not_sold", "not_enough"
# Sold, but not at this moment.
NOT_YET, OVER = "not_yet", "over"


class PriceSource(msgspec.Struct, frozen=True):
    """Where a unit price comes from: the price list with the id `price_list`, null: the variant's own price. It is the
    price of a piece for whoever buys at least `from_pieces`."""

    price_list: str | None
    from_pieces: int


class Tier(msgspec.Struct, frozen=True):
    """A unit price, and the id of the price list that says so; None: it is the variant's own."""

    price: Money
    price_list: str | None


class Offer(msgspec.Struct, frozen=True):
    """What the shop asks for a piece of a SKU now: `price`, or where it depends on how many are bought what `tiers`
    have by the least number of pieces, each less than the one before. `source` says where `price` comes from.

    `tax_class` says how it is taxed. `shelves` are what promotions know it by: the ids of its categories, from the top
    down, and of its collections, those with a "+" before them.

    `available` are the pieces that can be reserved, None where nobody looked or nobody counts. `parts` is what has to
    be taken off the shelf for one piece, by SKU: itself, a bundle's components, nothing of what is digital.

    `closed` says why it is not sold at this moment. Of what can be ordered before it is there, more than the pieces
    that are there `at_once` are `promised_at` a time.
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
    tiers: dict[int, Tier] = {}
    tax_class: str = "standard"
    shelves: tuple[str, ...] = ()
    closed: str | None = None
    at_once: int | None = None
    promised_at: str | None = None
    source: PriceSource | None = None

    def at(self, quantity: int) -> "Offer":
        """The offer for so many pieces, of one price. It is not sold if there is none for so few."""
        if not self.tiers:
            return self
        reached = [pieces for pieces in self.tiers if pieces <= quantity]
        if not reached:
            return msgspec.structs.replace(self, sold=False, tiers={})
        pieces = max(reached)
        tier = self.tiers[pieces]
        return msgspec.structs.replace(self, price=tier.price, source=PriceSource(tier.price_list, pieces), tiers={})


class Discount(msgspec.Struct, frozen=True):
    """What the promotion with the id `promotion` takes off a line or off shipping."""

    promotion: str
    name: str
    amount: Money


class Tax(msgspec.Struct, frozen=True):
    """A tax of `rate` percent on the net amount `base`. It is `included` in the price or comes on top of it.

    `kind` is `standard`, or why the rate is zero: `export`, or `reverse_charge`, where the buyer owes the tax.
    """

    name: str
    rate: Decimal
    base: Money
    amount: Money
    included: bool
    kind: str = "standard"


class PricedLine(msgspec.Struct, frozen=True):
    """A line with its price. `status` says why it could not be bought so; what is not sold is not in the totals.

    `total` is `unit_price` x `quantity`. `to_pay` is what the customer pays for the line: `total` less discounts, plus
    the taxes that are not included, less `tax_relief`, which is tax in the price that is not due where the goods go.

    `parts` is what has to be sent of one piece, by SKU: nothing of what is digital. `tax_class` and `shelves` are the
    offer's, `note` the customer's. Not all of it is there before `promised_at`, if that is said. `price_source` is null
    where nobody wrote down where `unit_price` comes from.
    """

    sku: str
    product_id: str
    title: str
    option_values: list[str]
    image: str | None
    quantity: int
    unit_price: Money
    total: Money
    to_pay: Money
    status: str
    parts: dict[str, int] = {}
    discounts: list[Discount] = []
    taxes: list[Tax] = []
    tax_relief: Money | None = None
    tax_class: str = "standard"
    shelves: tuple[str, ...] = ()
    note: str = ""
    promised_at: str | None = None
    price_source: PriceSource | None = None


class Shipping(msgspec.Struct, frozen=True):
    """How an order is sent, at the price that it pays. Days are working days from dispatch to delivery.

    `price` is the price before discounts; `to_pay` comes about as a line's does.
    """

    id: str
    name: str
    price: Money
    to_pay: Money
    days_min: int
    days_max: int
    discounts: list[Discount] = []
    taxes: list[Tax] = []
    tax_relief: Money | None = None


class Step(msgspec.Struct, frozen=True):
    """What one step of pricing does to the total, in minor units: less than nothing where it takes off.

    `kind` is `items`, `discount`, `shipping`, `tax` or `tax_relief`. An `included` step is part of the others; all that
    are not add up to the total.
    """

    kind: str
    name: str
    amount: int
    included: bool = False


class Totals(msgspec.Struct, frozen=True):
    """What the lines and the shipping cost together, and how that comes about.

    `items` and `shipping` are before discounts, `discount` is of both; `tax` is all tax, included in prices or not.
    """

    items: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    steps: list[Step]


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
    total = offer.price.times(quantity)
    return PricedLine(
        sku=offer.sku,
        product_id=offer.product_id,
        title=offer.title,
        option_values=offer.option_values,
        image=offer.image,
        quantity=quantity,
        unit_price=offer.price,
        total=total,
        to_pay=total if offer.sold else zero(total.currency),
        status=_status(offer, quantity, left),
        parts=offer.parts,
        tax_class=offer.tax_class,
        shelves=offer.shelves,
        promised_at=offer.promised_at if offer.at_once is not None and quantity > offer.at_once else None,
        price_source=offer.source,
    )


def _status(offer: Offer, quantity: int, left: dict[str, int] | None) -> str:
    if not offer.sold:
        return NOT_SOLD
    return offer.closed or (OK if _enough(offer, quantity, left) else NOT_ENOUGH)


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


def promised_at(lines: Sequence[PricedLine]) -> str | None:
    """For when all of an order is promised, where some of it was not there yet."""
    return max((line.promised_at for line in lines if line.promised_at), default=None)


def goods(lines: Sequence[PricedLine], currency: str) -> Money:
    """What the lines that are sold cost together."""
    return sum((line.total for line in lines if line.status != NOT_SOLD), start=zero(currency))


def discounted(paid: PricedLine | Shipping) -> Money:
    """What is left of a line's or of shipping's price after its discounts, before tax is added or taken off."""
    full = paid.total if isinstance(paid, PricedLine) else paid.price
    return Money(full.amount - sum(discount.amount.amount for discount in paid.discounts), full.currency)


def totals(lines: Sequence[PricedLine], shipping: Shipping | None, currency: str) -> Totals:
    """All of it together. The order of the lines makes no difference."""
    items, sent = goods(lines, currency), shipping.price if shipping else zero(currency)
    sold = sorted((line for line in lines if line.status != NOT_SOLD), key=lambda line: line.sku)
    paid: list[PricedLine | Shipping] = [*sold, *([shipping] if shipping else [])]
    return Totals(
        items=items,
        discount=_sum((discount.amount for each in paid for discount in each.discounts), currency),
        shipping=sent,
        tax=_sum((tax.amount for each in paid for tax in each.taxes), currency),
        total=_sum((each.to_pay for each in paid), currency),
        steps=[Step("items", "Items", items.amount), *_steps(paid)],
    )


def _sum(amounts: Iterator[Money], currency: str) -> Money:
    return sum(amounts, start=zero(currency))


def _steps(paid: Sequence[PricedLine | Shipping]) -> list[Step]:
    """What follows the items, each promotion and each tax once."""
    discounts: dict[tuple[str, str], int] = {}
    taxes: dict[tuple[str, bool], int] = {}
    relief: dict[str, int] = {}
    for each in paid:
        for discount in each.discounts:
            key = (discount.promotion, discount.name)
            discounts[key] = discounts.get(key, 0) + discount.amount.amount
        for tax in each.taxes:
            named = (_tax_name(tax), tax.included)
            taxes[named] = taxes.get(named, 0) + tax.amount.amount
        if each.tax_relief and each.tax_relief.amount:
            why = each.taxes[0].name if each.taxes else "Tax relief"
            relief[why] = relief.get(why, 0) + each.tax_relief.amount
    return [
        *(Step("discount", name, -amount) for (_, name), amount in discounts.items()),
        *(Step("shipping", each.name, each.price.amount) for each in paid if isinstance(each, Shipping)),
        *(Step("tax_relief", why, -amount) for why, amount in relief.items()),
        *(Step("tax", name, amount, included) for (name, included), amount in taxes.items()),
    ]


def _tax_name(tax: Tax) -> str:
    return f"{tax.name} {tax.rate:f}%" if tax.kind == "standard" else tax.name
