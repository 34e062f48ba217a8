"""Ledger entries, in the payments table: LEDGER#<order id> / <entry id>, in the order of their making.

Entries are inserted and never changed. One that the provider's books should also have is in the index `by_due` under
`UNRECONCILED` until it was found there.
"""

from datetime import datetime

from pynamodb.attributes import UnicodeAttribute

from chalicelib.core import clock, due, dynamo, ids
from chalicelib.core.dynamo import Action, JsonAttribute, PrimaryKey
from chalicelib.payments.ledger import Lines
from chalicelib.payments.tables import PaymentsItem

UNRECONCILED = "UNRECONCILED"


class LedgerEntry(PaymentsItem, discriminator="ledger_entry"):
    """`what` happened, to which payment, refund or dispute (`ref`), and the signed minor units on each account.

    A fee's `ref` is the line of the provider's books that names it.
    """

    id = UnicodeAttribute()
    order_id = UnicodeAttribute()
    what = UnicodeAttribute()
    ref = UnicodeAttribute()
    currency = UnicodeAttribute()
    lines = JsonAttribute(Lines)
    at = UnicodeAttribute()


def entry_key(order_id: str, entry_id: str) -> PrimaryKey:
    return {"pk": f"LEDGER#{order_id}", "sk": entry_id}


def entries(order_id: str) -> list[LedgerEntry]:
    """An order's entries, the oldest first."""
    return dynamo.collection(LedgerEntry, f"LEDGER#{order_id}", consistent=True)


def post(
    order_id: str,
    what: str,
    ref: str,
    currency: str,
    lines: Lines,
    *,
    entry_id: str | None = None,
    reconcile_from: datetime | None = None,
    otherwise: Exception | None = None,
) -> list[Action]:
    """The write action of an entry; none if nothing moves.

    It belongs into the transaction that moves the money here. With an `entry_id` of the caller's it can be made once
    only: committing it again raises `otherwise`. `reconcile_from`: the provider's books should have it, and somebody
    looks for it there from then on.
    """
    if not any(lines.values()):
        return []
    entry_id = entry_id or ids.new_id("led")
    entry = LedgerEntry(
        **entry_key(order_id, entry_id),
        id=entry_id,
        order_id=order_id,
        what=what,
        ref=ref,
        currency=currency,
        lines=lines,
        at=clock.stamp(clock.now()),
    )
    if reconcile_from is not None:
        due.look_after(entry, reconcile_from, UNRECONCILED, f"{order_id}/{entry_id}")
    return [dynamo.insert(entry, otherwise)]


def settle(order_id: str, entry_id: str, otherwise: Exception | None = None) -> list[Action]:
    """The write action by which nobody looks for an entry in the provider's books any more. Committing it raises
    `otherwise`, if there is one, where nobody does already."""
    entry = LedgerEntry(**entry_key(order_id, entry_id))
    settled = [LedgerEntry.due_key.remove(), LedgerEntry.due_at.remove()]
    return [dynamo.update(entry, settled, LedgerEntry.due_key.exists() if otherwise else None, otherwise)]
