"""What the catalogue does by the clock."""

from chalice.app import Blueprint, CloudWatchEvent, Cron, Rate

from chalicelib.catalog import publishing
from chalicelib.catalog.pricing import price_turns
from chalicelib.core import jobs

schedules = Blueprint(__name__)


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="catalog_publish")
def catalog_publish(event: CloudWatchEvent) -> None:
    """Show and hide what was planned for now."""
    jobs.run("catalog_publish", publishing.turn_all, lease_seconds=300)


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="catalog_turn_prices")
def catalog_turn_prices(event: CloudWatchEvent) -> None:
    """Tell search of price lists that began or ended."""
    jobs.run("catalog_turn_prices", price_turns.turn_all, lease_seconds=300)


@schedules.schedule(Cron(30, 2, "*", "*", "?", "*"), name="catalog_check_index")
def catalog_check_index(event: CloudWatchEvent) -> None:
    """Compare the search index with the table and repair it. What there was no time for the next run goes on with."""
    from chalicelib.catalog.search import index_check  # what works every minute needs nothing of search

    out_of_time = jobs.deadline(event.context.get_remaining_time_in_millis() / 1000)
    jobs.run("catalog_check_index", lambda run: index_check.check(run, out_of_time), index_check.LEASE)
