"""An order's ledger, for whoever wants to look into it."""

from collections.abc import Sequence

from chalicelib.core import ids
from chalicelib.core.errors import not_found
from chalicelib.payments import ledger_tables
from chalicelib.payments.ledger_tables import LedgerEntry as LedgerEntry


def of_order(order_id: str) -> Sequence[LedgerEntry]:
    """The entries of an order, the oldest first; 404 if nothing was ever written down of one with this id."""
    entries = ledger_tables.entries(order_id) if ids.is_id("ord", order_id) else []
    if not entries:
        raise not_found("ledger")
    return entries
