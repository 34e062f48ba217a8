"""On what terms SKUs are sold. Staff put them, the cart shows them, checkout enforces them by the server's clock.

They are read once a minute, so a change is seen everywhere within one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from chalicelib.core import audit, cache, clock, dynamo
from chalicelib.core.dynamo import Item, Key
from chalicelib.core.errors import ShopError, invalid, not_found
from chalicelib.core.staff import Staff
from chalicelib.logistics import awaiting, stock
from chalicelib.logistics.awaiting import Oversold
from chalicelib.orders.pricing import pricing
from chalicelib.orders.pricing.pricing import Offer, PricedLine
from chalicelib.orders.sale import sale_tables as tables
from chalicelib.orders.sale.sale_tables import NONE, KeptTerms
from chalicelib.orders.sale.sale_tables import SaleTerms as SaleTerms


def put(sku: str, terms: SaleTerms, by: Staff) -> SaleTerms:
    """Sell a SKU on these terms. The same again changes nothing."""
    if terms.starts_at and terms.ends_at and terms.ends_at <= terms.starts_at:
        raise invalid("/ends_at", "This is not after starts_at.")
    if terms.oversell != NONE and not terms.oversell_most:
        raise invalid("/oversell_most", "Say how many pieces may be awaited.")
    if terms.oversell != NONE and terms.promised_at is None:
        raise invalid("/promised_at", "Say for when the pieces are promised.")
    if tables.kept(sku) != terms:
        entry = audit.entry(by, "sale_terms.put", sku, oversell=terms.oversell)
        dynamo.transaction([dynamo.put(KeptTerms(**tables.terms_key(sku), terms=terms)), entry])
    cache.forget()
    return terms


def current() -> dict[str, SaleTerms]:
    """By SKU, as everybody will see them within a minute at the latest."""
    return tables.all_terms()


def find(sku: str) -> SaleTerms:
    """The terms of a SKU as they are kept; 404 if it has none."""
    if (terms := tables.kept(sku)) is None:
        raise not_found("SKU with terms of its own")
    return terms


def delete(sku: str, by: Staff) -> None:
    """Sell a SKU on the terms of all others: at any time, to anybody, what is there."""
    find(sku)
    kept = KeptTerms(**tables.terms_key(sku))
    gone = dynamo.delete(kept, KeptTerms.pk.exists(), not_found("SKU with terms of its own"))
    dynamo.transaction([gone, audit.entry(by, "sale_terms.deleted", sku)])
    cache.forget()


def refs(skus: Iterable[str]) -> list[Key]:
    """What has to be read of these SKUs besides their offers and levels; nothing of most."""
    return awaiting.backlogs(sku for sku in skus if sku in _most())


def oversold(found: Mapping[Key, Item]) -> dict[str, Oversold]:
    """How many more pieces may be sold than there are, of the SKUs for which that is so."""
    return awaiting.oversold(_most(), found)


def _most() -> dict[str, int]:
    return {sku: terms.oversell_most for sku, terms in tables.all_terms().items() if terms.oversell != NONE}


def at_once(found: Mapping[Key, Item]) -> dict[str, int]:
    """Pieces by SKU that a new order would get off the shelf."""
    return stock.at_once(stock.available(found), oversold(found))


def to_be_had(found: Mapping[Key, Item]) -> dict[str, int]:
    """Pieces by SKU that can be ordered: off the shelf, or to wait for."""
    there = at_once(found)
    more = {sku: terms.room for sku, terms in oversold(found).items()}
    return {sku: there.get(sku, 0) + more.get(sku, 0) for sku in there | more}


def on_terms(offer: Offer, there: Mapping[str, int]) -> Offer:
    """The offer, and whether it holds at this moment, and for when what is not `there` yet is promised."""
    every = tables.all_terms()
    closed = next((state for sku in _made_of(offer.sku, offer.parts) if (state := _closed(every.get(sku)))), None)
    promised = [every[sku].promised_at for sku in offer.parts if sku in every and every[sku].oversell != NONE]
    dates = [date for date in promised if date is not None]
    if offer.sku not in every and not dates and closed is None:
        return offer
    return msgspec.structs.replace(
        offer,
        closed=closed,
        at_once=min((there.get(sku, 0) // pieces for sku, pieces in offer.parts.items()), default=None),
        promised_at=clock.stamp(max(dates)) if dates else None,
    )


def _made_of(sku: str, parts: Mapping[str, int]) -> list[str]:
    """What has to be on sale for a line to be: it, and what it is made of. No set is sold before its pieces are."""
    return list(dict.fromkeys([sku, *parts]))


def _closed(terms: SaleTerms | None) -> str | None:
    if terms is None:
        return None
    now = clock.now()
    if terms.starts_at and now < terms.starts_at:
        return pricing.NOT_YET
    return pricing.OVER if terms.ends_at and now >= terms.ends_at else None


def check(lines: Sequence[PricedLine]) -> None:
    """409 `not_on_sale`, saying from when to when, if a line can not be bought at this moment."""
    for line in lines:
        if line.status in (pricing.NOT_YET, pricing.OVER):
            every = tables.all_terms()
            sku = next((sku for sku in _made_of(line.sku, line.parts) if _closed(every.get(sku))), line.sku)
            terms = every.get(sku, SaleTerms())
            when = {"starts_at": _stamp(terms.starts_at), "ends_at": _stamp(terms.ends_at)}
            detail = f"{line.title} is not sold yet." if line.status == pricing.NOT_YET else f"{line.title} was sold."
            raise ShopError("not_on_sale", 409, detail, extra={"sku": sku, **when})


def _stamp(moment: datetime | None) -> str | None:
    return clock.stamp(moment) if moment else None
