"""Bringing products to the shelves where they belong, after a category has moved or a collection got another rule.

Each event leads to a walk over the products it concerns, twice. A process may know the settings of a minute ago and
save a product by them after the first walk has passed it; the second walk begins when nobody knows them any more. What
is done always follows from the present settings, and a product is written under the condition that it is the one that
was looked at, so a walk that is late, repeated or beside another one does no harm.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import msgspec

from chalicelib.catalog import product_writes, service, tables
from chalicelib.catalog.events import CategoryChanged, CollectionChanged
from chalicelib.catalog.sorting import collections, shelving
from chalicelib.catalog.sorting import taxonomy_tables as taxonomy
from chalicelib.catalog.tables import Product
from chalicelib.core import cache, clock, dynamo, events, jobs, sqs
from chalicelib.core.errors import busy
from chalicelib.core.settings import settings

JOB = "catalog_arrange"
# How long after a change a product may still be saved by the settings before it: those are kept for a minute, and who
# has read them may be at it for some seconds more, with another process in its way.
_KNOWN_BEFORE = timedelta(minutes=3)
_PAGE = 100
_ATTEMPTS = 5
_WAIT_FOR_ANOTHER = 30
Changed = CategoryChanged | CollectionChanged


class _Moved(Exception):
    """The product was changed between reading and writing."""


def follow(event: Changed, out_of_time: Callable[[], bool], lease_seconds: int) -> None:
    """Walk over the products that `event` concerns, from where an earlier walk for it stopped; what is left over when
    time runs out, and the second walk, are queued again. One at a time works; another one is queued again too."""
    outcome = jobs.run(JOB, partial(_walk, event, out_of_time), lease_seconds)
    if outcome["outcome"] == jobs.RUNNING_ELSEWHERE:
        _again(event, _WAIT_FOR_ANOTHER)


def _walk(event: Changed, out_of_time: Callable[[], bool], run: jobs.Run) -> None:
    cache.forget()  # so the settings are those of the event, or later ones
    walk = taxonomy.walk(event.id, clock.now())
    shelf = _concerned(event)
    while not walk.done:
        if walk.round == 2 and (wait := event.at + _KNOWN_BEFORE - clock.now()) > timedelta():
            _again(event, int(wait.total_seconds()) + 1)
            return
        if out_of_time():
            _again(event, 0)
            return
        products, walk.after = service.shelf(shelf, _PAGE, walk.after)
        for product in products:
            run.count(**{_arrange(product, event): 1})
        if walk.after is None:
            walk.round, walk.done = 2, walk.round == 2
        dynamo.write(dynamo.put(walk))


def _concerned(event: Changed) -> str:
    """The shelf on which all stand that may have to move."""
    if isinstance(event, CategoryChanged):
        return event.aggregate_id
    one = collections.present().get(event.aggregate_id)
    return tables.PUBLISHED if one is not None and one.rule is not None else collections.shelf(event.aggregate_id)


def _arrange(product: Product, event: Changed) -> str:
    """Put a product where it belongs. Returns what became of it."""
    found: Product | None = product
    for _ in range(_ATTEMPTS):
        if found is None or not found.published or _stands_right(found, event):
            return "unchanged"
        new = Product.from_raw_data(found.serialize())
        new.version = int(found.version) + 1
        shelving.arrange(new)
        try:
            product_writes.commit(product_writes.of(found, new, _Moved()))
        except _Moved:
            found = tables.product_by_id(product.id)
            continue
        return "arranged"
    raise busy()


def _stands_right(product: Product, event: Changed) -> bool:
    """Whether a product stands where it belongs, and search was told the names of its categories."""
    told = not isinstance(event, CategoryChanged) or int(product.tree_version) >= event.aggregate_version
    return told and product.shelves == shelving.shelves_of(product)


def _again(event: Changed, delay_seconds: int) -> None:
    message = {"detail-type": event.name(), "detail": msgspec.Raw(events.encode(event).encode())}
    sqs.send(settings.arrange_queue_url, msgspec.json.encode(message).decode(), delay_seconds)
