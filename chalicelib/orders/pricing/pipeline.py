"""How a price comes about, step by step: unit prices -> promotions -> shipping -> tax -> rounding -> totals.

Each step takes lines and shipping and returns them with what it adds; none looks into another. Unit prices are in the
lines that come in (`pricing.price_lines`). Rounding is the tax engine's: nothing else has fractions of a minor unit.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from chalicelib.core.money import Money
from chalicelib.orders.pricing import pricing, promotions
from chalicelib.orders.pricing.pricing import NOT_SOLD, PricedLine, Shipping, Totals
from chalicelib.orders.pricing.promotion import Promotion
from chalicelib.orders.pricing.promotions import Shopper
from chalicelib.orders.taxes.assessing import Assessed, Sale, Taxable, TaxTerms

Paid = TypeVar("Paid", PricedLine, Shipping)


class Priced(msgspec.Struct, frozen=True):
    """What a cart costs. Lines are in the order in which they came. Of promotions and coupons it says what
    `promotions.Discounted` does."""

    lines: list[PricedLine]
    shipping: Shipping | None
    totals: Totals
    applied: tuple[str, ...] = ()
    redeemed: tuple[str, ...] = ()
    refused: dict[str, str] = {}


def price(
    lines: Sequence[PricedLine],
    shipping: Shipping | None,
    tax: TaxTerms,
    currency: str,
    active: Iterable[Promotion] = (),
    shopper: Shopper | None = None,
) -> Priced:
    """Take lines at their unit prices and the chosen shipping through all steps.

    What is not sold comes out as it came in: it is neither discounted nor taxed, and nothing is paid for it.
    """
    if shopper is None:
        return _finished(lines, shipping, tax, currency)
    found = promotions.apply(lines, shipping, active, shopper)
    priced = _finished(found.lines, found.shipping, tax, currency)
    return msgspec.structs.replace(priced, applied=found.applied, redeemed=found.redeemed, refused=found.refused)


def _finished(lines: Sequence[PricedLine], shipping: Shipping | None, tax: TaxTerms, currency: str) -> Priced:
    lines, shipping = _taxed(lines, shipping, tax, currency)
    return Priced(lines, shipping, pricing.totals(lines, shipping, currency))


def _taxed(
    lines: Sequence[PricedLine], shipping: Shipping | None, terms: TaxTerms, currency: str
) -> tuple[list[PricedLine], Shipping | None]:
    """The lines and the shipping with their taxes, and so with what is paid for them."""
    # A price in another currency would be taxed as if it were in this one; adding it up refuses it.
    pricing.goods(lines, currency)
    order = sorted((n for n, line in enumerate(lines) if line.status != NOT_SOLD), key=lambda n: lines[n].sku)
    sale = Sale(
        currency=currency,
        day=terms.day,
        goods=tuple(Taxable(lines[n].tax_class, pricing.discounted(lines[n]).amount) for n in order),
        shipping=pricing.discounted(shipping).amount if shipping else None,
        to=terms.to,
        vat_id=terms.vat_id,
    )
    found = terms.provider.assess(sale)
    taxed = list(lines)
    for n, assessed in zip(order, found.goods, strict=True):
        taxed[n] = _with_tax(lines[n], assessed)
    return taxed, _with_tax(shipping, found.shipping) if shipping else None


def _with_tax(paid: Paid, assessed: Assessed) -> Paid:
    left = pricing.discounted(paid)
    added = sum(tax.amount.amount for tax in assessed.taxes if not tax.included)
    return msgspec.structs.replace(
        paid,
        taxes=list(assessed.taxes),
        tax_relief=Money(assessed.relief, left.currency),
        to_pay=Money(left.amount + added - assessed.relief, left.currency),
    )
