"""Public price lists that begin and end: their products are announced, since nobody has touched them.

What is asked for a price is right by itself, whatever the time. Search is not: its documents hold the public prices of
the moment at which they were made.
"""

from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from chalicelib.catalog import product_writes, service
from chalicelib.catalog.events import ProductUpdated
from chalicelib.catalog.pricing import price_tables as tables
from chalicelib.catalog.pricing.price_tables import KeptPriceList
from chalicelib.catalog.tables import Product, Standing, standing_key
from chalicelib.core import cache, clock, dynamo, jobs
from chalicelib.core.dynamo import Action
from chalicelib.core.jobs import Run

# Whoever makes a document may know the lists as they were before staff changed them, for as long as they are kept.
_SETTLED = timedelta(seconds=cache.SECONDS + 30)
# Two writes for each product, in one transaction.
_BATCH = 48


class _Place(msgspec.Struct, frozen=True):
    """Which list's products are being told that it is public in `currency` now, behind which entry of their shelf."""

    list: str
    currency: str | None
    after: str


def turn_all(run: Run) -> None:
    """Tell the products of every list that has become public, or is not any more; JobsFailed if some could not be."""
    now = clock.now()
    waiting = {kept.content.id: kept for kept in tables.kept_price_lists() if _waits(kept, now)}
    jobs.each(run, waiting, lambda list_id: _turn(run, waiting[list_id], now), lambda list_id: None)


def _waits(kept: KeptPriceList, now: datetime) -> bool:
    settled = datetime.fromisoformat(kept.changed_at) + _SETTLED <= now
    return settled and (bool(kept.deleted) or kept.told != _public_in(kept, now))


def _public_in(kept: KeptPriceList, now: datetime) -> str | None:
    """The currency in which everybody pays the list's prices at `now`; None if not everybody does."""
    public = not kept.deleted and not kept.content.groups and kept.content.is_valid(now)
    return kept.content.currency if public else None


def _turn(run: Run, kept: KeptPriceList, now: datetime) -> str:
    currency = _public_in(kept, now)
    if currency != kept.told:
        _tell(run, kept.content.id, currency)
        told = KeptPriceList.told.set(currency) if currency else KeptPriceList.told.remove()
        dynamo.write(dynamo.update(kept, [told]))
    if not kept.deleted:
        return "begun" if currency else "ended"
    with suppress(dynamo.ConditionFailed):  # staff have made it again meanwhile
        dynamo.write(dynamo.delete(kept, KeptPriceList.version == int(kept.version)))
    return "deleted"


def _tell(run: Run, list_id: str, currency: str | None) -> None:
    """Announce every product whose price may be another one now; a run that stopped goes on with its batch."""
    after = _reached(run.resume, list_id, currency)
    while True:
        products, after = service.shelf(f"${list_id}", _BATCH, after)
        if products:
            dynamo.transaction([action for product in products for action in _announce(product)])
        run.count(products=len(products))
        if after is None:
            return
        run.reached(msgspec.json.encode(_Place(list_id, currency, after)).decode())


def _reached(resume: str | None, list_id: str, currency: str | None) -> str | None:
    place = msgspec.json.decode(resume, type=_Place) if resume else None
    return place.after if place and (place.list, place.currency) == (list_id, currency) else None


def _announce(product: Product) -> list[Action]:
    """The document that is made now is another one than any before: it has a version of its own."""
    standing = Standing(**standing_key(product.id))
    raised = dynamo.update(standing, [Standing.version.set(Standing.version + 1)])
    return [raised, product_writes.announce(ProductUpdated, product)]
