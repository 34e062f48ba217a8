"""The catalogue's functions that an operator invokes from the console or the command line."""

from typing import Any

import msgspec
from chalice.app import Blueprint

from chalicelib.catalog import imports, indexing, schemas

console = Blueprint(__name__)


@console.lambda_function()
def catalog_import_file(event: dict[str, Any], context: Any) -> Any:
    """Import a product file that lies in the media bucket: {"key": "imports/products.csv"}."""
    left = context.get_remaining_time_in_millis() / 1000
    job = imports.run_console(str(event["key"]), imports.deadline(left))
    return msgspec.to_builtins(schemas.import_job(job))


@console.lambda_function()
def catalog_reindex(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Rebuild the search index from the table: {}."""
    return {"products": indexing.reindex()}
