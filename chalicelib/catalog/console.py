"""The catalogue's functions that an operator invokes from the console or the command line.

Each is invoked by itself and rarely, and loads what it needs then.
"""

from typing import Any

import msgspec
from chalice.app import Blueprint

from chalicelib.core import jobs

console = Blueprint(__name__)


@console.lambda_function()
def catalog_import_file(event: dict[str, Any], context: Any) -> Any:
    """Import a product file that lies in the media bucket: {"key": "imports/products.csv"}.

    With "dry_run": true it is only checked.
    """
    from chalicelib.catalog.files import imports, transfer_schemas
    from chalicelib.catalog.files.transfer_tables import ImportJob

    left = context.get_remaining_time_in_millis() / 1000
    done: list[ImportJob] = []

    def work(run: jobs.Run) -> None:
        done.append(imports.run_console(run, str(event["key"]), event.get("dry_run") is True, jobs.deadline(left)))

    # The function does not outlive its lease.
    outcome = jobs.run("catalog_import_file", work, int(left) + 1)
    return {**outcome, **msgspec.to_builtins(transfer_schemas.import_job(done[0]))} if done else outcome


@console.lambda_function()
def catalog_reindex(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Rebuild the search index from the table: {}. Invoked again, one that stopped early goes on."""
    from chalicelib.catalog.search import reindexing

    out_of_time = jobs.deadline(context.get_remaining_time_in_millis() / 1000)
    return jobs.run("catalog_reindex", lambda run: reindexing.reindex(run, out_of_time), reindexing.LEASE)


@console.lambda_function()
def catalog_check_index_now(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Compare the search index with the table and repair it, as every night: {}."""
    from chalicelib.catalog.search import index_check

    out_of_time = jobs.deadline(context.get_remaining_time_in_millis() / 1000)
    return jobs.run("catalog_check_index", lambda run: index_check.check(run, out_of_time), index_check.LEASE)


@console.lambda_function()
def catalog_feeds(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Make Google's product feed and the sitemaps: {}. If the answer is "paused", ask again, and it goes on.

    The clock asks several times each night (infra/resources.yaml): once for today's, then for what is left of them.
    """
    from chalicelib.catalog.feeds import feed_making, feeds, listings

    where = listings.storefront()
    if where is None:
        return {"outcome": "not_configured", "detail": feeds.NOT_CONFIGURED}
    left = context.get_remaining_time_in_millis() / 1000
    by_clock = event.get("detail-type") == "Scheduled Event"

    def work(run: jobs.Run) -> None:
        feed_making.make(run, where, jobs.deadline(left), once_a_day=by_clock)

    return jobs.run("catalog_feeds", work, int(left) + 1)
