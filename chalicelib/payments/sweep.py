"""What was begun at the provider and not finished is looked after until it is."""

from datetime import timedelta

from chalicelib.core import clock, jobs
from chalicelib.core.jobs import Run
from chalicelib.payments import refunds, settlement, tables

# Of each of the index's partitions: so a run ends within its function's time while the provider answers.
_MOST = 50
_LATER = timedelta(minutes=30)


def look_after_all(run: Run) -> None:
    """Attempts and refunds whose time has come; JobsFailed if one of them could not be helped."""
    waiting = list(tables.waiting(clock.now(), _MOST))
    jobs.each(run, waiting, _look_after, lambda item_id: tables.put_off(item_id, clock.now() + _LATER))


def _look_after(item_id: str) -> str:
    if item_id.startswith("ref_"):
        refunds.look_after(item_id)
    else:
        settlement.look_after(item_id)
    return "looked_after"
