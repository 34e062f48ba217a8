"""What was begun at the provider and not finished is looked after until it is."""

import traceback

from chalicelib.core import clock, log
from chalicelib.core.jobs import Run
from chalicelib.payments import refunds, settlement, tables

# A run ends within its function's time; what is left over comes with the next one.
_MOST = 50


def look_after_all(run: Run) -> None:
    """Attempts and refunds whose time has come, each on its own: one that fails takes no other with it."""
    for item_id in tables.due(clock.now(), _MOST):
        try:
            if item_id.startswith("ref_"):
                refunds.look_after(item_id)
            else:
                settlement.look_after(item_id)
        except Exception:
            log.write("error", job="payments_sweep", item=item_id, traceback=traceback.format_exc())
            run.count(failed=1)
        else:
            run.count(looked_after=1)
