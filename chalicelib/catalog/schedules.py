"""What the catalogue does by the clock."""

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.catalog import publishing
from chalicelib.core import jobs

schedules = Blueprint(__name__)


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="catalog_publish")
def catalog_publish(event: CloudWatchEvent) -> None:
    """Show and hide what was planned for now."""
    jobs.run("catalog_publish", publishing.turn_all, lease_seconds=300)
