"""Orders whose payment is not there. Checkout commits both at once, so this takes a hand, or a table that was brought
back to an earlier time without the other; payments can not see it, since they ask nothing of orders."""

from datetime import datetime, timedelta

from chalicelib.core import clock
from chalicelib.core.jobs import Run
from chalicelib.orders.finding import finding_tables
from chalicelib.payments import orphans

_LOOKS_BACK = timedelta(days=3)
_PAGE = 100


def look_all(run: Run) -> None:
    """At the orders of the last three days; what is found the reconciliation tells of."""
    oldest = clock.stamp(clock.now() - _LOOKS_BACK)
    month, before = clock.now(), "~"
    while f"{month:%Y-%m}" >= oldest[:7]:
        page = [place for place in finding_tables.placed_in(month, before, _PAGE) if place > oldest]
        placed = {order_id: datetime.fromisoformat(at) for at, _, order_id in (p.partition("#") for p in page)}
        run.count(compared=len(placed), without_payment=orphans.report(placed))
        if len(page) < _PAGE:
            month = month.replace(day=1) - timedelta(days=1)
        else:
            before = page[-1]
