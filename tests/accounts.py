"""Whether an order's ledger says what its payments say, cent by cent."""

from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib.payments import balance, ledger, methods


def wrong(attempts: Sequence[Any], refunds: Sequence[Any], entries: Sequence[Any]) -> Iterator[str]:
    """What the ledger of one order says that its attempts and refunds do not, each in a sentence."""
    order_id = attempts[0].order_id
    for entry in entries:
        if sum(entry.lines.values()):
            yield f"{entry.id} of {order_id} does not add up: {entry.lines}"
    books = ledger.balances(entry.lines for entry in entries)
    credit = {attempt.id for attempt in attempts if methods.METHODS[attempt.method].timing == "credit"}
    gone = [refund for refund in refunds if refund.state == "succeeded"]
    to_credit = sum(r.amount.amount for r in gone if r.to_order or r.attempt_id in credit)
    paid_by_credit = sum(attempt.captured.amount for attempt in attempts if attempt.id in credit)
    captured = sum(attempt.captured.amount for attempt in attempts)
    refunded = sum(refund.amount.amount for refund in gone)
    absorbed = sum(int(attempt.absorbed) for attempt in attempts)
    told = {
        "dispute": books.get("dispute", 0),
        "captured + fee + dispute": sum(books.get(account, 0) for account in ("captured", "fee", "dispute")),
        "refunded": -books.get("refunded", 0),
        "store_credit": books.get("store_credit", 0),
        "receivable": books.get("receivable", 0),
    }
    known = {
        "dispute": sum(attempt.with_banks for attempt in attempts) - absorbed,
        "captured + fee + dispute": captured - paid_by_credit - absorbed,
        "refunded": refunded - to_credit,
        "store_credit": paid_by_credit - to_credit,
        "receivable": balance.owed(attempts) - captured + refunded + absorbed,
    }
    if told != known:
        yield f"the ledger of {order_id} says {told}, and its payments {known}"
    if -books.get("sales", 0) != (owed := balance.owed(attempts)):
        yield f"{order_id} costs {owed}, less what was forgiven, and its ledger says {-books.get('sales', 0)}"


def left(entries: Sequence[Any]) -> int:
    """What stands on an order's `receivable`, in minor units: nothing, once it is closed."""
    return ledger.balances(entry.lines for entry in entries).get("receivable", 0)
