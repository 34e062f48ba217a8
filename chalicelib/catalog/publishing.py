"""Products that are shown and hidden by the clock."""

from datetime import timedelta

from chalicelib.catalog import products, tables
from chalicelib.core import clock, jobs
from chalicelib.core.jobs import Run

# At most as many products of each of the index's partitions a run; the next run follows in a minute.
_MOST = 200
_LATER = timedelta(minutes=5)


def turn_all(run: Run) -> None:
    """Every product whose time has come; JobsFailed if one of them could not be turned."""
    waiting = list(tables.waiting(clock.now(), _MOST))
    jobs.each(run, waiting, products.turn, lambda product_id: tables.put_off(product_id, clock.now() + _LATER))
