"""What an order's payments come to: what is owed, what is promised, what is there. All in minor units.

An order is paid through several attempts where one failed, where it came to cost more after it was paid, or where
returned goods pay for a part of it.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import Action
from chalicelib.core.money import Money
from chalicelib.payments import methods, states, tables
from chalicelib.payments.tables import Attempt


def owed(attempts: Sequence[Attempt]) -> int:
    """What the order costs now, less what was given back of it."""
    first = attempts[0]
    return max(0, (first.owed or first.amount).amount - forgiven(attempts))


def forgiven(attempts: Sequence[Attempt]) -> int:
    """What was given back of what the order costs: for returned goods, or out of goodwill."""
    return sum(int(attempt.forgiven) for attempt in attempts)


def kept(attempt: Attempt) -> int:
    """What was taken through an attempt, is there, and is not on its way back."""
    return max(0, _taken(attempt) - attempt.with_banks)


def paid(attempt: Attempt) -> int:
    """What the customer paid through an attempt and did not get back from the shop. What their bank took back counts:
    it is asked for by evidence, not by another payment."""
    return _taken(attempt) - int(attempt.absorbed)


def needed(attempts: Sequence[Attempt]) -> dict[str, int]:
    """What of that the order costs, by the ids of the attempts; the older pay before the newer."""
    left, need = owed(attempts), dict[str, int]()
    for attempt in attempts:
        if attempt.state == states.CAPTURED and not attempt.closing:
            need[attempt.id] = min(left, paid(attempt))
            left -= need[attempt.id]
    return need


def _taken(attempt: Attempt) -> int:
    return attempt.captured.amount - int(attempt.refunding) if attempt.state == states.CAPTURED else 0


def surplus(attempt: Attempt) -> int:
    """What was captured of an attempt though it had become less meanwhile."""
    return max(0, kept(attempt) - int(attempt.to_capture)) if attempt.to_capture is not None else 0


def promise(attempt: Attempt) -> int:
    """What is there, or is expected, through an attempt: also while the customer has not paid it yet."""
    if attempt.state == states.CAPTURED:
        return paid(attempt)
    return 0 if states.is_dead(attempt.state) or attempt.closing else attempt.take.amount


def outstanding(attempts: Sequence[Attempt]) -> int:
    """What no attempt is there for yet."""
    return max(0, owed(attempts) - sum(map(promise, attempts)))


def is_secured(attempts: Sequence[Attempt]) -> bool:
    """Whether the order stands, and its money is there or comes with the delivery or later.

    Nothing is sent while a bank has it and may keep it; what a bank has kept nobody waits for any more, and the order
    is on hold until staff have decided.
    """
    if attempts[0].off:
        return False
    there = (max(0, paid(a) - int(a.disputed)) if a.state == states.CAPTURED else _on_trust(a) for a in attempts)
    return sum(there) >= owed(attempts)


def _on_trust(attempt: Attempt) -> int:
    return promise(attempt) if methods.METHODS[attempt.method].on_trust else 0


def is_packed(attempts: Sequence[Attempt]) -> bool:
    """Whether the goods are known to be packed: it was written down, or money was taken because of it."""
    return any(a.packed or (a.provider_id and a.state == states.CAPTURED) for a in attempts)


def is_promised(attempts: Sequence[Attempt], enough: int) -> bool:
    """Whether banks have promised or paid `enough`, or one is just about to say."""
    sure = (states.AUTHORIZED, states.CAPTURED)
    if any(a.state == states.PROCESSING and not a.closing for a in attempts):
        return True
    return sum(promise(a) for a in attempts if a.state in sure) + forgiven(attempts) >= enough


def method(attempts: Sequence[Attempt]) -> str:
    """The id of the method by which what is missing is paid."""
    return str(attempts[0].rest_by or attempts[0].method)


def money(attempts: Sequence[Attempt], amount: int) -> Money:
    return Money(amount, attempts[0].amount.currency)


def unmoved(attempts: Sequence[Attempt], otherwise: Exception) -> list[Action]:
    """Conditions that no attempt has moved. The dead move no more, but the first one and the last one may be marked."""
    ends = {attempt.id for attempt in (*attempts[:1], *attempts[-1:])}
    return [
        dynamo.check(attempt, Attempt.version == int(attempt.version), otherwise)
        for attempt in attempts
        if attempt.id in ends or not states.is_dead(attempt.state)
    ]


def no_other(attempts: Sequence[Attempt], otherwise: Exception) -> Action:
    """The condition that no attempt was made after these."""
    following = ids.derived("pay", attempts[0].order_id, len(attempts) + 1)
    return dynamo.check(Attempt(**tables.attempt_key(following)), Attempt.pk.does_not_exist(), otherwise)


def written_once(actions: Sequence[Action]) -> list[Action]:
    """A transaction writes to an item once: what was written last, if the item is still as it was at first."""
    once: dict[tuple[str, str], Action] = {}
    for action in actions:
        item = action.request.get("Item") or action.request["Key"]
        key = (item["pk"]["S"], item["sk"]["S"])
        once[key] = replace(once[key], request={**once[key].request, "Item": item}) if key in once else action
    return list(once.values())
