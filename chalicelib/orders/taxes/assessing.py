"""What a tax engine is asked and what it answers: plain structs, so that the shop's own table of rates or a service
such as Stripe Tax can stand behind them."""

from datetime import date
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from chalicelib.orders.pricing.pricing import Tax

STANDARD_CLASS = "standard"

Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166-1 alpha-2 code")]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where goods go, as far as taxes are concerned. What is not known is empty."""

    country: Country
    region: Annotated[str, Meta(max_length=200)] = ""
    postal_code: Annotated[str, Meta(max_length=20)] = ""


class Taxable(msgspec.Struct, frozen=True):
    """What is paid for one line or for shipping after all discounts, in minor units."""

    tax_class: str
    amount: int


class Sale(msgspec.Struct, frozen=True):
    """What is sold on `day`. `goods` are in the order of their SKUs, so that who orders what first does not matter.

    Without `to` nobody knows yet where it goes. `vat_id` is the id of a business that buys, checked for its form, with
    its country's prefix. `shipping` has no tax class of its own: how it is taxed is the engine's to say.
    """

    currency: str
    day: date
    goods: tuple[Taxable, ...]
    shipping: int | None = None
    to: Place | None = None
    vat_id: str | None = None


class Assessed(msgspec.Struct, frozen=True):
    """The taxes of one taxable. `relief`, in minor units, is tax that its price contains and that is not due: it is
    taken off."""

    taxes: tuple[Tax, ...] = ()
    relief: int = 0


class Assessment(msgspec.Struct, frozen=True):
    """One answer for each of the sale's goods, in their order, and one for its shipping."""

    goods: tuple[Assessed, ...]
    shipping: Assessed = Assessed()


class TaxProvider(Protocol):
    """Says which taxes a sale bears. The same sale has the same answer: carts are priced often, and what was agreed to
    has to be found again at checkout."""

    def assess(self, sale: Sale, /) -> Assessment: ...


class TaxTerms(msgspec.Struct, frozen=True):
    """How one cart is taxed: by whom, on which day, where it goes, and which business buys."""

    provider: TaxProvider
    day: date
    to: Place | None = None
    vat_id: str | None = None


class Untaxed(msgspec.Struct, frozen=True):
    """The engine of a shop that takes no tax."""

    def assess(self, sale: Sale, /) -> Assessment:
        return Assessment(tuple(Assessed() for _ in sale.goods))
