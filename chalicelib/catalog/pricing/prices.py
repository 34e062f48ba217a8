"""Prices: the shop's price lists, kept by staff, and what they make of a product's prices for somebody now.

Lists are read once a minute, but their times are compared with the clock whenever somebody asks for a price. If they
can not be read, there is no price and what needs one fails.
"""

from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from chalicelib.catalog.pricing import price_lists as rules
from chalicelib.catalog.pricing import price_tables as tables
from chalicelib.catalog.pricing.price_lists import PriceList, PriceListDraft, TierPrice
from chalicelib.catalog.pricing.price_lists import Terms as Terms
from chalicelib.catalog.pricing.price_tables import KeptPriceList
from chalicelib.catalog.product import ProductDraft
from chalicelib.catalog.tables import Product, Variant
from chalicelib.core import audit, cache, clock, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy, invalid, not_found
from chalicelib.core.money import Money
from chalicelib.core.settings import settings
from chalicelib.core.staff import Staff

# All of them are read whole, by every function that knows a price.
_MOST_LISTS = 500
_ATTEMPTS = 5
NO_GROUPS: frozenset[str] = frozenset()


class _Changed(Exception):
    """The list was changed between reading and writing."""


def terms(currency: str, groups: AbstractSet[str] = NO_GROUPS) -> Terms:
    """The terms of somebody in these customer groups now; without groups the public's."""
    return rules.terms(tables.price_lists().values(), groups, currency, clock.now())


def currencies(groups: AbstractSet[str] = NO_GROUPS) -> list[str]:
    """The currencies in which somebody in these groups can buy now, the shop's own first."""
    return rules.currencies(tables.price_lists().values(), groups, settings.currency, clock.now())


def currency(wanted: str | None, pointer: str, groups: AbstractSet[str] = NO_GROUPS) -> str:
    """The currency `wanted`, without a wish the shop's; 422 at `pointer` for one in which nothing is sold to them."""
    if wanted is None or wanted == settings.currency:
        return settings.currency
    if wanted not in currencies(groups):
        raise ShopError("unknown_currency", 422, f"This shop does not sell in {wanted}.", pointer=pointer)
    return wanted


def tiers(variant: Variant, on: Terms) -> dict[int, Money]:
    """What one piece of a variant costs on these terms, by the least number of pieces to buy for it."""
    return rules.tiers(variant.price, variant.prices, on)


def sourced_tiers(variant: Variant, on: Terms) -> dict[int, TierPrice]:
    """The same, and which price list each comes from."""
    return rules.sourced_tiers(variant.price, variant.prices, on)


def price_from(product: Product, on: Terms) -> Money | None:
    """What a product's cheapest variant costs on these terms; None if none is sold so."""
    return rules.price_from(product.price_from, product.list_prices_from, on)


def public_prices(product: Product) -> dict[str, int]:
    """What everybody pays now for a product's cheapest variant, in minor units by currency."""
    return rules.public_prices(product.price_from, product.list_prices_from, tables.price_lists(), clock.now())


def check(draft: ProductDraft) -> None:
    """422 for a price in another currency than the list's that it names. A list that is not there yet may be any."""
    for number, variant in enumerate(draft.variants):
        for place, price in enumerate(variant.prices):
            known = tables.price_lists().get(price.list)
            if known and known.currency != price.price.currency:
                detail = f"The price list {price.list!r} is in {known.currency}."
                raise invalid(f"/variants/{number}/prices/{place}/price/currency", detail)


def kept_lists() -> list[PriceList]:
    """All price lists by id, as they are this moment."""
    return [kept.content for kept in tables.kept_price_lists() if not kept.deleted]


def find_list(list_id: str) -> PriceList:
    """A price list as it is this moment; 404 if there is none."""
    return _find(list_id).content


def put_list(list_id: str, draft: PriceListDraft, by: Staff) -> PriceList:
    """Create or change a price list, which keeps its currency. The same again changes nothing."""
    wanted = PriceList(list_id, draft.name, draft.currency or settings.currency, *msgspec.structs.astuple(draft)[2:])
    rules.check(wanted)
    entry = audit.entry(
        by, "price_list.put", list_id, name=wanted.name, currency=wanted.currency, public=not wanted.groups
    )
    for _ in range(_ATTEMPTS):
        kept = tables.price_list(list_id)
        if kept is not None and not kept.deleted and kept.content == wanted:
            return wanted
        try:
            dynamo.transaction([_put(kept, wanted), entry])
        except _Changed:
            continue
        cache.forget()
        return wanted
    raise busy()


def delete_list(list_id: str, by: Staff) -> None:
    """Let a price list count for nobody any more; prices that name it stay with their products, and say nothing."""
    kept = _find(list_id)
    entry = audit.entry(by, "price_list.deleted", list_id, name=kept.content.name)
    changed = ShopError("price_list_changed", 409, "The price list was changed meanwhile. Look at it again.")
    dynamo.transaction([_change(kept, [KeptPriceList.deleted.set(True)], changed), entry])
    cache.forget()


def _find(list_id: str) -> KeptPriceList:
    kept = tables.price_list(list_id)
    if kept is None or kept.deleted:
        raise not_found("price list")
    return kept


def _put(kept: KeptPriceList | None, wanted: PriceList) -> Action:
    if kept is None:
        if len(tables.kept_price_lists()) >= _MOST_LISTS:
            raise ShopError("too_many_price_lists", 422, f"A shop has at most {_MOST_LISTS} price lists.")
        now = clock.stamp(clock.now())
        return dynamo.insert(
            KeptPriceList(**tables.price_list_key(wanted.id), content=wanted, version=1, changed_at=now), _Changed()
        )
    if kept.content.currency != wanted.currency and not kept.deleted:
        raise invalid("/currency", f"This list is in {kept.content.currency}. Make another one for other prices.")
    return _change(kept, [KeptPriceList.content.set(wanted), KeptPriceList.deleted.set(False)], _Changed())


def _change(kept: KeptPriceList, changes: list[Any], otherwise: Exception) -> Action:
    """Of what is kept `told` is left alone: it is written by a job, which may be at it."""
    changes += [
        KeptPriceList.version.set(int(kept.version) + 1),
        KeptPriceList.changed_at.set(clock.stamp(clock.now())),
    ]
    return dynamo.update(kept, changes, KeptPriceList.version == int(kept.version), otherwise)
