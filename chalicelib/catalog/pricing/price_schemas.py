"""What is shown of prices."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.catalog.pricing import prices
from chalicelib.catalog.pricing.own_prices import OwnTerms
from chalicelib.catalog.pricing.price_lists import PriceList
from chalicelib.catalog.product import Sku
from chalicelib.catalog.tables import Variant
from chalicelib.core.money import Currency, Money


class AskPrices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sku: Annotated[tuple[Sku, ...], Meta(max_length=100)] = ()
    product: Annotated[tuple[Annotated[str, Meta(max_length=100)], ...], Meta(max_length=100)] = ()
    currency: Currency | None = None


class Tier(msgspec.Struct, frozen=True):
    """What each piece costs of at least `min_quantity`."""

    min_quantity: int
    price: Money


class PriceLists(msgspec.Struct, frozen=True):
    data: list[PriceList]
    next_cursor: str | None


class SoldCurrency(msgspec.Struct, frozen=True):
    """A currency in which everybody can buy. `own`: prices are in it unless another one is asked for."""

    code: str
    own: bool


class Currencies(msgspec.Struct, frozen=True):
    data: list[SoldCurrency]
    next_cursor: str | None


class Prices(msgspec.Struct, frozen=True):
    """`price` is for one piece, null if one is not sold; from `tiers` on each piece costs less."""

    price: Money | None
    tiers: list[Tier]


class OwnVariantPrices(Prices, frozen=True):
    """What the customer pays; `public` is what everybody does."""

    sku: str
    product_id: str
    public: Prices


class OwnPriceFrom(msgspec.Struct, frozen=True):
    """What the customer pays for the cheapest variant; `public_price_from` is what everybody does."""

    id: str
    price_from: Money | None
    public_price_from: Money | None


class OwnPrices(msgspec.Struct, frozen=True):
    currency: str
    variants: list[OwnVariantPrices]
    products: list[OwnPriceFrom]


def own(found: OwnTerms) -> OwnPrices:
    return OwnPrices(
        currency=found.own.currency,
        variants=[_own_variant(item, found) for item in found.variants],
        products=[
            OwnPriceFrom(item.id, prices.price_from(item, found.own), prices.price_from(item, found.public))
            for item in found.products
        ],
    )


def _own_variant(item: Variant, found: OwnTerms) -> OwnVariantPrices:
    mine, everybodys = prices.tiers(item, found.own), prices.tiers(item, found.public)
    return OwnVariantPrices(
        price=mine.get(1),
        tiers=tiers(mine),
        sku=item.sku,
        product_id=item.product_id,
        public=Prices(everybodys.get(1), tiers(everybodys)),
    )


def tiers(found: Mapping[int, Money]) -> list[Tier]:
    """What is paid for more than one piece."""
    return [Tier(pieces, price) for pieces, price in found.items() if pieces > 1]


def currencies(codes: list[str]) -> Currencies:
    """`codes` with the shop's own first."""
    return Currencies([SoldCurrency(code, place == 0) for place, code in enumerate(codes)], None)
