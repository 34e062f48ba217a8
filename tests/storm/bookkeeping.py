"""The reconciliation in the storm: a few times in its middle, and once when everything is over."""

import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from tests.storm.aws import Function, failed
from tests.storm.shop import Town

_TIMES = 3
# The function's own time; its clock is the only one that the storm leaves as it is.
_CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000, aws_request_id="storm")
_TICK: dict[str, Any] = {
    **dict.fromkeys(("version", "account", "region", "detail-type", "source", "time", "id"), "storm"),
    "detail": {},
    "resources": [],
}


def plan(town: Town, function: Function, dice: random.Random, until: float) -> None:
    """Let the books be compared while everything is under way."""
    for _ in range(dice.randint(0, _TIMES)):
        town.scheduler.spawn("payments_reconcile", lambda: compare(town, function) and None, dice.uniform(10, until))


def compare(town: Town, function: Function) -> bool:
    """Whether the run came to its end with nothing left open."""
    return not failed(town.aws.invoke("payments_reconcile", lambda event, _: function(event, _CONTEXT), _TICK))


def close(town: Town, function: Function) -> bool:
    """The last run, when the lease of one that died is over."""
    town.scheduler.pause(1000)
    return compare(town, function)


def sound(shop: Any, town: Town) -> Iterator[str]:
    """After the last run both books say the same, and what the provider kept stands in the ledger to the cent."""
    for finding in shop.items["finding"]:
        if finding.state == "open":
            yield f"{finding.what} of {finding.payment_id or finding.intent_id} is open ({finding.seen_in})"
    entries = shop.items["ledger_entry"]
    for entry in entries:
        if entry.due_key is not None:
            yield f"{entry.what} of {entry.ref} was not found in the provider's books"
    fees = sum(entry.lines.get("fee", 0) for entry in entries)
    if fees != town.bank.balance.fees:
        yield f"the provider kept {town.bank.balance.fees}, and the ledger says {fees}"
