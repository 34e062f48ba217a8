"""Repairs that an operator invokes from the console or the command line."""

from datetime import datetime, timedelta
from typing import Any

from chalice.app import Blueprint

from chalicelib.admin import relay
from chalicelib.core import clock, jobs

console = Blueprint(__name__)


@console.lambda_function()
def admin_republish(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Send the events of a period again: {"since": RFC 3339 time, "until": time, now if absent} or {"minutes": 10}."""
    until = datetime.fromisoformat(event["until"]) if "until" in event else clock.now()
    minutes = timedelta(minutes=float(event.get("minutes", 0)))
    since = datetime.fromisoformat(event["since"]) if "since" in event else until - minutes
    return jobs.run("admin_republish", lambda run: relay.republish(run, since, until), 120)
