"""What a bank kept for good and the shop had to give back anyway: it is given back, and nobody owes it any more.

A lost dispute is the shop's loss where the customer has the goods. Where the order was called off, or has come to cost
less, the bank has only given back what the shop would have had to.
"""

from chalicelib.core import dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import busy
from chalicelib.payments import balance, ledger, ledger_tables, tables
from chalicelib.payments.tables import Attempt

_ATTEMPTS = 8


class _Moved(Exception):
    """An attempt moved between reading and writing."""


def settle(attempt: Attempt) -> None:
    """The order came to cost less: settle what banks kept of it, if they did."""
    if attempt.lost:
        _absorb(attempt.order_id)


def _absorb(order_id: str) -> None:
    for _ in range(_ATTEMPTS):
        attempts = tables.attempts_of(order_id)
        keep = balance.needed(attempts)
        settling: list[Action] = []
        untouched: list[Attempt] = []
        for attempt in attempts:
            posting = absorbed(attempt, keep.get(attempt.id, 0))
            if not posting:
                untouched.append(attempt)
                continue
            attempt.version = int(attempt.version) + 1
            settling += [dynamo.put(attempt, Attempt.version == int(attempt.version) - 1, _Moved()), *posting]
        if not settling:
            return
        try:
            dynamo.transaction([*settling, *balance.unmoved(untouched, _Moved())])
        except _Moved:
            continue
        return
    raise busy()


def absorbed(attempt: Attempt, keep: int) -> list[Action]:
    """Count what a bank kept of an attempt as given back, as far as the shop may not `keep` it; the ledger entry."""
    too_much = attempt.captured.amount - int(attempt.refunding) - keep
    back = min(int(attempt.lost), max(int(attempt.absorbed), too_much))
    lines = ledger.given_back_by_bank(back - int(attempt.absorbed))
    attempt.absorbed = back
    return ledger_tables.post(attempt.order_id, "dispute_absorbed", attempt.id, attempt.amount.currency, lines)
