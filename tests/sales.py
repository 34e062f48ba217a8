"""Random carts, promotions, tax settings and places, and what always holds for what they cost."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.core.money import Money
from chalicelib.orders.pricing.pipeline import Priced
from chalicelib.orders.pricing.pricing import NOT_SOLD, Discount, Offer, PricedLine, Shipping, price_lines
from chalicelib.orders.pricing.promotion import (
    AmountOff,
    BuyXGetY,
    CheapestFree,
    Effect,
    FixedPrice,
    FreeShipping,
    PercentOff,
    Promotion,
)
from chalicelib.orders.pricing.promotions import Shopper
from chalicelib.orders.taxes.assessing import Place, TaxTerms
from chalicelib.orders.taxes.tax_zones import PostalRange, TaxClass, TaxRate, TaxSettings, Zone
from chalicelib.orders.taxes.taxes import TaxTable

TODAY = date(2026, 5, 1)
SHOPPER = Shopper(frozenset(), first_order=False, now=datetime(2026, 5, 1, tzinfo=UTC))
CURRENCIES = ("EUR", "JPY", "KWD")
CLASSES = ("standard", "books", "food")
SKUS = ("BOWL", "CUP", "POT", "TEA", "TRAY")

percents = st.sampled_from(("0", "5", "7", "7.7", "9.975", "19", "20", "25", "33.3333", "100"))
places = st.sampled_from(
    (
        Place("DE"),
        Place("DE", postal_code="27498"),
        Place("FR"),
        Place("NL"),
        Place("CH"),
        Place("CA", "BC"),
        Place("CA"),
    )
)
vat_ids = st.sampled_from((None, "DE136695976", "NL004495445B01"))


@st.composite
def rates(draw: Any) -> tuple[TaxRate, ...]:
    names = draw(st.lists(st.sampled_from(("GST", "PST", "VAT")), max_size=3, unique=True))
    classes = ("standard", *draw(st.sets(st.sampled_from(CLASSES[1:]))))
    return tuple(TaxRate(name, draw(percents), tax_class) for tax_class in classes for name in names)


@st.composite
def tax_settings(draw: Any, **fixed: Any) -> TaxSettings:
    """A German shop that may sell with or without tax, to countries with and without rates of their own."""
    zones = (
        Zone("de", "Germany", "DE", rates=draw(rates())),
        Zone("helgoland", "Helgoland", "DE", postal_codes=(PostalRange("27498"),), export=True),
        Zone("nl", "Netherlands", "NL", rates=draw(rates())),
        Zone("bc", "British Columbia", "CA", "BC", rates=draw(rates())),
    )
    fields = {
        "home": Place("DE"),
        "union": ("DE", "FR", "NL"),
        "classes": tuple(TaxClass(each, each) for each in CLASSES[1:]),
        "zones": draw(st.sampled_from((zones, zones, zones, ()))),
        "prices_include_tax": draw(st.booleans()),
        "rounding": draw(st.sampled_from(("line", "order"))),
        "shipping_class": draw(st.sampled_from((None, *CLASSES))),
    }
    return TaxSettings(**{**fields, **fixed})


@st.composite
def terms(draw: Any, **fixed: Any) -> TaxTerms:
    return TaxTerms(TaxTable(draw(tax_settings(**fixed))), TODAY, draw(st.none() | places), draw(vat_ids))


@st.composite
def offered(draw: Any, currency: str) -> dict[str, Offer]:
    """An offer of each SKU. Small prices show what rounding does, equal ones who of several gets the rest, large ones
    what a float would do."""
    price = st.just(3) | st.integers(0, 30) | st.integers(0, 10**11)
    return {
        sku: Offer(
            sku,
            f"prd_{sku}",
            sku.title(),
            [],
            None,
            Money(draw(price), currency),
            sold=draw(st.sampled_from((True, True, True, False))),
            available=None,
            tax_class=draw(st.sampled_from(CLASSES)),
        )
        for sku in SKUS
    }


wanted = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 12)), max_size=5, unique_by=lambda line: line[0])


@st.composite
def lines(draw: Any, currency: str) -> list[PricedLine]:
    """Lines at their unit prices, some of them discounted."""
    found = price_lines(draw(wanted), draw(offered(currency)))
    return [replace(line, discounts=draw(discounts(line.total))) if line.status != NOT_SOLD else line for line in found]


@st.composite
def discounts(draw: Any, price: Money) -> list[Discount]:
    """What promotions may take off a price: nothing, a part or all of it, by one promotion or two."""
    off = draw(st.sampled_from((0, 0, price.amount, price.amount // 3)))
    parts = (off - off // 2, off // 2) if draw(st.booleans()) else (off,)
    return [Discount(f"prm_{n}", f"Sale {n}", Money(part, price.currency)) for n, part in enumerate(parts) if part]


def effects(currency: str) -> st.SearchStrategy[Effect]:
    off = st.decimals(Decimal("0.01"), 100, places=2)
    of = st.sampled_from(("lines", "order"))
    amounts = st.integers(0, 500).map(lambda amount: (Money(amount, currency),))
    return st.one_of(
        st.builds(PercentOff, off, of),
        st.builds(AmountOff, amounts, of),
        st.builds(FixedPrice, amounts),
        st.builds(BuyXGetY, st.integers(1, 3), st.integers(1, 3), off),
        st.builds(CheapestFree, st.integers(2, 4)),
        st.just(FreeShipping()),
    )


@st.composite
def promotions(draw: Any, currency: str) -> list[Promotion]:
    return [
        Promotion(
            id=f"p{n}",
            name=f"Sale {n}",
            effect=draw(effects(currency)),
            stackable=draw(st.booleans()),
            exclusive=draw(st.sampled_from((False, False, True))),
        )
        for n in range(draw(st.integers(0, 3)))
    ]


def sent(amount: int, currency: str) -> Shipping:
    price = Money(amount, currency)
    return Shipping("post", "Post", price, price, 1, 3)


@st.composite
def shipping(draw: Any, currency: str) -> Shipping | None:
    amount = draw(st.none() | st.integers(0, 20) | st.integers(0, 5_000))
    return (
        None if amount is None else replace(sent(amount, currency), discounts=draw(discounts(Money(amount, currency))))
    )


def holds(priced: Priced) -> None:
    """Parts add up, the steps explain the total, nothing is negative, what is not sold costs nothing."""
    totals = priced.totals
    paid = [line for line in priced.lines if line.status != NOT_SOLD]
    parts = [*paid, *([priced.shipping] if priced.shipping else [])]
    amounts = {
        name: [getattr(part, name).amount for part in parts if getattr(part, name) is not None]
        for name in ("to_pay", "tax_relief")
    }
    assert totals.total.amount == sum(amounts["to_pay"])
    assert totals.total.amount == sum(step.amount for step in totals.steps if not step.included)
    assert totals.items.amount == sum(line.unit_price.amount * line.quantity for line in paid)
    assert totals.tax.amount == sum(tax.amount.amount for part in parts for tax in part.taxes)
    assert totals.discount.amount == sum(off.amount.amount for part in parts for off in part.discounts)
    assert min(amounts["to_pay"], default=0) >= 0
    assert all(tax.amount.amount >= 0 and tax.base.amount >= 0 for part in parts for tax in part.taxes)
    added = sum(tax.amount.amount for part in parts for tax in part.taxes if not tax.included)
    bare = totals.items.amount - totals.discount.amount + totals.shipping.amount
    assert totals.total.amount == bare + added - sum(amounts["tax_relief"])
    for line in priced.lines:
        if line.status == NOT_SOLD:
            assert (line.to_pay.amount, line.taxes, line.discounts) == (0, [], [])
