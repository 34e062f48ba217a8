"""What was begun at the provider and not finished is looked after until it is."""

from datetime import timedelta

from chalicelib.core import clock, jobs
from chalicelib.core.jobs import Run
from chalicelib.payments import disputes, refund_progress, settlement, tables

# Of each of the index's partitions: so a run ends within its function's time while the provider answers.
_MOST = 50
_LATER = timedelta(minutes=30)


def look_after_all(run: Run) -> None:
    """Attempts, refunds and disputes whose time has come, and disputes that nobody told of; JobsFailed if one of them
    could not be helped."""
    waiting = list(tables.waiting(clock.now(), _MOST))
    jobs.each(run, waiting, _look_after, lambda item_id: tables.put_off(item_id, clock.now() + _LATER))
    jobs.each(run, disputes.unheard_of(), _hear_of, lambda provider_id: None)


def _look_after(item_id: str) -> str:
    _LOOKS[item_id[:4]](item_id)
    return "looked_after"


def _hear_of(provider_id: str) -> str:
    disputes.look(provider_id)
    return "heard_of"


_LOOKS = {"pay_": settlement.look_after, "ref_": refund_progress.look_after, "dsp_": disputes.look_after}
