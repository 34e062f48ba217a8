"""What became of a cart's line since its customer last looked: a pure function of the offers of then and of now."""

from collections.abc import Sequence

import msgspec

from chalicelib.core.money import Money
from chalicelib.orders.pricing.pricing import Offer

PRICE_UP, PRICE_DOWN = "price_up", "price_down"
FEWER_IN_STOCK, SOLD_OUT, BACK_IN_STOCK = "fewer_in_stock", "sold_out", "back_in_stock"
NOT_SOLD, SOLD_AGAIN = "not_sold", "sold_again"


class Change(msgspec.Struct, frozen=True):
    """Of a price `before` and `after` are what a piece cost and costs, of stock how many of the wanted pieces could
    and can be had. Whether a SKU is sold at all has neither."""

    sku: str
    kind: str
    before: Money | int | None = None
    after: Money | int | None = None


def changes(quantity: int, seen: Offer, now: Offer) -> list[Change]:
    """What a customer who wants so many pieces and saw them at `seen` has to be told of `now`; both for that quantity.

    Stock that comes and goes is told of only as far as it is wanted: with 2 wanted, 9 pieces fewer of 50 are nothing.
    """
    if not now.sold:
        return [Change(now.sku, NOT_SOLD)] if seen.sold else []
    again = [] if seen.sold else [Change(now.sku, SOLD_AGAIN)]
    return again + _price(seen, now) + _stock(quantity, seen, now)


def worse(found: Sequence[Change]) -> bool:
    """Whether somebody would pay more for a piece than they saw."""
    return any(change.kind == PRICE_UP for change in found)


def _price(seen: Offer, now: Offer) -> list[Change]:
    if now.price == seen.price:
        return []
    kind = PRICE_UP if now.price.amount > seen.price.amount else PRICE_DOWN
    return [Change(now.sku, kind, seen.price, now.price)]


def _stock(quantity: int, seen: Offer, now: Offer) -> list[Change]:
    before, after = _to_be_had(quantity, seen), _to_be_had(quantity, now)
    if after == before:
        return []
    kind = BACK_IN_STOCK if after > before else FEWER_IN_STOCK if after else SOLD_OUT
    return [Change(now.sku, kind, before, after)]


def _to_be_had(quantity: int, offer: Offer) -> int:
    return quantity if offer.available is None else min(quantity, offer.available)
