"""What logistics do by the clock."""

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.core import jobs
from chalicelib.logistics import allocating

schedules = Blueprint(__name__)


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="logistics_allocate")
def logistics_allocate(event: CloudWatchEvent) -> None:
    """Give what came in to the orders that wait for it."""
    out_of_time = jobs.deadline(event.context.get_remaining_time_in_millis() / 1000)
    jobs.run("logistics_allocate", lambda run: allocating.allocate_all(run, out_of_time), lease_seconds=300)
