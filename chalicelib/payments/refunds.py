"""Money that goes back, decided: which of it, the way it came, in one transaction. refund_progress.py sees it there."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from chalicelib.core import clock, due, dynamo, ids
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy, not_found
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.payments import (
    balance,
    credit,
    ledger,
    ledger_tables,
    losses,
    methods,
    provider,
    service,
    tables,
)
from chalicelib.payments.events import PaymentEvent, RefundRequested, RefundSucceeded
from chalicelib.payments.tables import Attempt, Refund

REQUESTED, PENDING, SUCCEEDED, FAILED = "requested", "pending", "succeeded", "failed"
_ATTEMPTS = 8
# When the sweep looks at a refund that was not carried out.
_CARRIED_OUT_WITHIN = timedelta(minutes=10)
_DISPUTED = "It was disputed, and is to be given back."
# What was paid with credit goes back after what was paid in money; the value of returned goods has the longest way.
_LAST = {methods.STORE_CREDIT.id: 1, methods.GIFT_CARD.id: 2, methods.EXCHANGE_CREDIT.id: 3}


class Purpose(NamedTuple):
    """Why money goes back, and who of the staff wants it. With `to_order` it pays for that order; `lines` are pieces of
    the order's lines, by SKU, that it is for."""

    reason: str
    by: Staff | None = None
    to_order: str | None = None
    lines: Mapping[str, int] | None = None


def request(
    paid: tuple[list[Attempt], list[Refund]], amount: Money | None, purpose: Purpose
) -> tuple[list[Refund], list[Action]]:
    """Give back `amount` of what was captured of the order that was `paid` so (service.of_order), None: all of it. The
    refunds, one for each way in which it was paid, and the write actions that ask for them.

    Less is owed then: what was given back nobody has to pay again. 409 `nothing_to_refund` if no money is there, or all
    of it is on its way back, `payment_disputed` if the customer's bank has it, `refund_too_large` if there is less.
    Committing raises 409 `payment_changed` if a payment changed meanwhile: so two requests at once do not give back
    more than there is, and nothing goes back that a bank is just taking.
    """
    attempts, known = paid
    return _give(attempts, len(known), amount, purpose)


def exchange(
    order_id: str, value: Money, to_order_id: str, rest: Money, by: Staff
) -> tuple[Refund | None, list[Action]]:
    """Write actions by which the `value` of returned goods pays for an exchange order, whose first attempt is
    made by opening.first_attempts_from_goods in the same transaction, and the `rest` of it goes back to the customer:
    the refund of that, if there is any. Errors as in `request`.

    If that order is called off, or costs less, the money goes back the way it came.
    """
    attempts, known = tables.of_order(order_id)
    moved, actions = _give(attempts, len(known), value, Purpose("Exchanged.", by, to_order_id))
    if not rest.amount:
        return None, actions
    made, asking = _give(attempts, len(known) + len(moved), rest, Purpose("Exchanged for less.", by))
    return made[0], balance.written_once([*actions, *asking])


def surplus(
    attempts: list[Attempt], keep: dict[str, int], known: int, reason: str, otherwise: Exception
) -> list[Action]:
    """Write actions that ask for what was captured beyond what the shop may `keep` of attempts, by their ids."""
    actions: list[Action] = []
    for attempt in attempts:
        if (back := balance.kept(attempt) - keep.get(attempt.id, 0)) > 0:
            known += 1
            actions += _request(attempt, known, back, Purpose(reason), otherwise)[1]
    return actions


def give_all_back(attempt: Attempt, reason: str) -> None:
    """Ask for what is left of one attempt, if something is. What a bank refused before is for a person to ask again."""
    _give_back(attempt, balance.kept, reason)


def give_surplus_back(attempt: Attempt, reason: str) -> None:
    """Ask for what was captured beyond what was to be taken, likewise."""
    _give_back(attempt, balance.surplus, reason)


def settled(
    writes: Sequence[Action],
    attempt: Attempt,
    attempts: Sequence[Attempt],
    known: Sequence[Refund],
    otherwise: Exception,
    less_than: int | None = None,
) -> list[Action]:
    """Write actions that end with an attempt of which a bank had money, those that write it up to now among them: what
    is too much of what is there goes back, if it is `less_than` that, and what the bank kept counts as given back."""
    keep = balance.needed(attempts).get(attempt.id, 0)
    actions = losses.absorbed(attempt, attempt.captured.amount)  # an appeal undoes what a loss had settled
    back = balance.kept(attempt) - keep
    if not is_refused(attempt, known) and (less_than is None or back < less_than):
        actions += surplus([attempt], {attempt.id: keep}, len(known), _DISPUTED, otherwise)
    actions += [*losses.absorbed(attempt, keep), dynamo.put(attempt)]
    others = [other for other in attempts if other is not attempt]
    return [*balance.written_once([*writes, *actions]), *balance.unmoved(others, otherwise)]


def is_refused(attempt: Attempt, known: Sequence[Refund]) -> bool:
    """Whether a bank would not give an attempt's money back; while it is disputed, nobody could."""
    mine = [refund for refund in known if refund.attempt_id == attempt.id and refund.state == FAILED]
    return any(refund.code != provider.CHARGE_DISPUTED for refund in mine)


def _give_back(attempt: Attempt, amount: Callable[[Attempt], int], reason: str) -> None:
    for _ in range(_ATTEMPTS):
        known = tables.of_order(attempt.order_id)[1]
        if is_refused(attempt, known) or not amount(attempt):
            return
        _, actions = _request(attempt, len(known) + 1, amount(attempt), Purpose(reason), service.changed_meanwhile())
        try:
            dynamo.transaction(actions)
        except ShopError as error:
            if error.code != service.changed_meanwhile().code:
                raise
            attempt = service.find(attempt.id)
        else:
            return
    raise busy()


def _give(
    attempts: list[Attempt], known: int, amount: Money | None, purpose: Purpose
) -> tuple[list[Refund], list[Action]]:
    """Take `amount` out of the attempts: what was paid in money before what was paid with credit, the older first."""
    left = sum(map(balance.kept, attempts))
    wanted = balance.money(attempts, left) if amount is None else amount
    if not left and any(attempt.with_banks for attempt in attempts):
        raise ShopError("payment_disputed", 409, "The customer's bank took this order's money back.")
    if not left or not wanted.amount:
        raise ShopError("nothing_to_refund", 409, "No money of this order is left to give back.")
    if wanted.amount > left or wanted.currency != attempts[0].amount.currency:
        there = balance.money(attempts, left)
        detail = f"Of this order's money {left} {there.currency} (in minor units) are left to give back."
        raise ShopError("refund_too_large", 409, detail, pointer="/amount", extra={"left": there})
    made: list[Refund] = []
    actions: list[Action] = []
    missing, changed = wanted.amount, service.changed_meanwhile()
    owed = balance.owed(attempts)
    # What goes back beyond what was paid too much is not owed any more.
    too_much = max(0, left - balance.owed(attempts))
    for attempt in sorted(attempts, key=lambda attempt: _LAST.get(attempt.method, 0)):
        if part := min(missing, balance.kept(attempt)):
            attempt.forgiven = int(attempt.forgiven) + max(0, part - too_much)
            refund, asking = _request(attempt, known + len(made) + 1, part, purpose, changed)
            purpose = purpose._replace(lines=None)  # what it is for stands in the first one
            made.append(refund)
            actions += asking
            missing -= part
            too_much = max(0, too_much - part)
    first = attempts[0]
    if all(refund.attempt_id != first.id for refund in made):
        # What is owed is what the order costs, which the first one knows: it may not change meanwhile.
        first.version = int(first.version) + 1
        actions.append(dynamo.put(first, Attempt.version == int(first.version) - 1, changed))
    lines = ledger.forgiven(owed - balance.owed(attempts))
    allowance = ledger_tables.post(first.order_id, "allowance", made[0].id, first.amount.currency, lines)
    return made, [*actions, *allowance]


def find(refund_id: str) -> Refund:
    """A refund; 404 if there is none with this id."""
    refund = tables.refund(refund_id) if ids.is_id("ref", refund_id) else None
    if refund is None:
        raise not_found("refund")
    return refund


def _request(
    attempt: Attempt,
    number: int,
    amount: int,
    purpose: Purpose,
    otherwise: Exception,
) -> tuple[Refund, list[Action]]:
    now, by, to_order = clock.now(), purpose.by, purpose.to_order
    refund_id = ids.derived("ref", attempt.order_id, number)
    refund = Refund(
        **tables.refund_key(refund_id),
        id=refund_id,
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        state=REQUESTED,
        amount=Money(amount, attempt.amount.currency),
        reason=purpose.reason,
        created_at=clock.stamp(now),
        to_order=to_order,
        lines=dict(purpose.lines) if purpose.lines else None,
    )
    unmoved = Attempt.version == int(attempt.version)
    attempt.version = int(attempt.version) + 1
    attempt.refunding = int(attempt.refunding) + amount
    due.look_after(attempt, None)
    facts = {"refund_id": refund_id, "amount": refund.amount, "by": by.id if by else None}
    further: list[Action] = []
    event: PaymentEvent
    if to_order or attempt.from_order or attempt.tender_ref or methods.METHODS[attempt.method].paid_on_delivery:
        # Cash was taken by hand and is given back by hand: who asks for this refund has done so. What stays in the
        # shop, or never came into it by itself, has no way to go.
        refund.state = SUCCEEDED
        attempt.refunded = int(attempt.refunded) + amount
        event = service.event(RefundSucceeded, attempt, **facts)
        further = [*service.returned(attempt, refund), *credit.returned(attempt, refund, by)]
        if attempt.from_order and not to_order:
            further += _undo_transfer(attempt.from_order, attempt.order_id, amount, purpose.reason, otherwise)
    else:
        service.check_chargeable(attempt.method, refund.amount)
        if methods.METHODS[attempt.method].has_provider:
            due.look_after(refund, now + _CARRIED_OUT_WITHIN)
        else:
            tables.look_after_by_hand(refund, now)
        event = service.event(RefundRequested, attempt, **facts)
    put = [dynamo.put(attempt, unmoved, otherwise), dynamo.insert(refund, otherwise), service.announce(event)]
    return refund, [*put, *further]


def _undo_transfer(from_order: str, to_order: str, amount: int, reason: str, otherwise: Exception) -> list[Action]:
    """Write actions that give back to the customer what one order had paid for another and is not needed there."""
    attempts, known = tables.of_order(from_order)
    by_id = {attempt.id: attempt for attempt in attempts}
    actions: list[Action] = []
    number = len(known)
    for moved in known:
        part = min(amount, moved.amount.amount) if (moved.to_order, moved.state) == (to_order, SUCCEEDED) else 0
        if not part:
            continue
        amount -= part
        attempt = by_id[moved.attempt_id]
        attempt.refunding, attempt.refunded = int(attempt.refunding) - part, int(attempt.refunded) - part
        moved.amount = Money(moved.amount.amount - part, moved.amount.currency)
        if not moved.amount.amount:
            moved.state, moved.code = FAILED, "not_needed"
        number += 1
        # The attempt's version, which _request checks, guards the refund too.
        actions += [
            dynamo.put(moved),
            *service.came_back(attempt, moved, part),
            # What a bank has is refused, and settled when the bank has decided.
            *_request(attempt, number, min(part, balance.kept(attempt)) or part, Purpose(reason), otherwise)[1],
        ]
    return actions
