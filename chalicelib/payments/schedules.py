"""What payments do by the clock."""

from chalice.app import Blueprint, CloudWatchEvent, Cron, Rate

from chalicelib.core import jobs
from chalicelib.payments import sweep

schedules = Blueprint(__name__)


@schedules.schedule(Rate(5, unit=Rate.MINUTES), name="payments_sweep")
def payments_sweep(event: CloudWatchEvent) -> None:
    """Finish what stopped between our records and the provider."""
    jobs.run("payments_sweep", sweep.look_after_all, lease_seconds=300)


class FindingsOpen(Exception):
    """The provider's books and ours differ, and a person has to look at it: raised for the alarm."""


@schedules.schedule(Cron(15, 4, "*", "*", "?", "*"), name="payments_reconcile")
def payments_reconcile(event: CloudWatchEvent) -> None:
    """Compare what went through the provider with its books. What there was no time for is queued."""
    from chalicelib.payments import reconciliation_runs  # what works every few minutes needs nothing of it

    left = event.context.get_remaining_time_in_millis() / 1000
    # The function does not outlive its lease.
    outcome = reconciliation_runs.run(jobs.deadline(left), int(left) + 1)
    if outcome.get("open"):
        raise FindingsOpen(f"{outcome['open']} findings are open")
