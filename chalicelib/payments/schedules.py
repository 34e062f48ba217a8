"""What payments do by the clock."""

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.core import jobs
from chalicelib.payments import sweep

schedules = Blueprint(__name__)


@schedules.schedule(Rate(5, unit=Rate.MINUTES), name="payments_sweep")
def payments_sweep(event: CloudWatchEvent) -> None:
    """Finish what stopped between our records and the provider."""
    jobs.run("payments_sweep", sweep.look_after_all, lease_seconds=300)
