"""Invoices with terms of payment: due some days after the first parcel was packed, and overdue after that."""

from datetime import datetime, timedelta

from chalicelib.core import clock, due
from chalicelib.payments import methods, offering, states, tables
from chalicelib.payments.tables import Attempt


def begin(attempt: Attempt) -> None:
    """The goods are packed, or nothing has to be: from now on the customer has the shop's net days to pay."""
    days = timedelta(days=offering.net_days(attempt.method))
    attempt.payable_by = (clock.now() + days).date().isoformat()


def may_begin(attempt: Attempt) -> bool:
    """Whether this is an invoice that waits for its goods to be packed."""
    waits = states.is_open(attempt.state) and not attempt.closing and attempt.payable_by is None
    return waits and methods.METHODS[attempt.method].timing == "on_terms"


def is_over(attempt: Attempt) -> bool:
    """Whether the day has passed until which an invoice was to be paid, and nobody was told of it yet."""
    return _is_waited_for(attempt) and not attempt.overdue and clock.now() >= _end(attempt)


def wait(attempt: Attempt) -> None:
    """Say when the sweep has to look at the attempt, or that staff have to."""
    if not _is_waited_for(attempt):
        due.look_after(attempt, None)
    elif attempt.overdue:
        tables.look_after_by_hand(attempt, _end(attempt))
    else:
        due.look_after(attempt, _end(attempt))


def _is_waited_for(attempt: Attempt) -> bool:
    return attempt.payable_by is not None and states.is_open(attempt.state) and not attempt.closing


def _end(attempt: Attempt) -> datetime:
    """The end of the last day, everywhere on earth (UTC-12)."""
    return datetime.fromisoformat(f"{attempt.payable_by}T00:00:00+00:00") + timedelta(days=1, hours=12)
