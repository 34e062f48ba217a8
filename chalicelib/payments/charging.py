"""An order comes to cost more or less than what it was placed at, and its payments follow."""

from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.core import clock, due, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.money import Money
from chalicelib.payments import balance, methods, refunds, service, states, tables
from chalicelib.payments.events import PaymentAdjusted
from chalicelib.payments.tables import Attempt

_REASON = "The order costs less than was paid."


class Charged(NamedTuple):
    """An order's attempts as they will be, the write actions for that, and whether money goes back by them."""

    attempts: list[Attempt]
    actions: list[Action]
    gives_back: bool


def charge_anew(order_id: str, total: Money, otherwise: Exception) -> Charged:
    """Let an order's payments follow it: it costs `total` from now on.

    Less: cash at the door becomes less, of a card less is captured later, and what was captured already goes back; the
    newest payment becomes less first. More: cash at the door becomes more; the difference to what a card promised is
    for the customer to pay, by service.next_attempt. 422 if the method can not take exactly what is left to take.
    Committing raises `otherwise` if a payment moved meanwhile.
    """
    attempts, known = tables.of_order(order_id)
    others = balance.no_other(attempts, otherwise)
    versions = {attempt.id: int(attempt.version) for attempt in attempts}
    before = {attempt.id: _facts(attempt) for attempt in attempts}
    owed_before = balance.owed(attempts)
    attempts[0].owed = total
    left = balance.owed(attempts)
    keep: dict[str, int] = {}
    for attempt in _as_they_pay(attempts):
        left -= _settle(attempt, left, keep)
    actions = [*(_more(attempts, left) or [others]), *service.sold(attempts[0], balance.owed(attempts) - owed_before)]
    giving_back = refunds.surplus(attempts, keep, len(known), _REASON, otherwise)
    actions += giving_back
    for attempt in attempts:
        unmoved = Attempt.version == versions[attempt.id]
        if int(attempt.version) != versions[attempt.id]:
            continue  # it is written with its refund
        if attempt is not attempts[0] and before[attempt.id] == _facts(attempt):
            actions.append(dynamo.check(attempt, unmoved, otherwise))
            continue
        attempt.version = versions[attempt.id] + 1
        actions.append(dynamo.put(attempt, unmoved, otherwise))
        if attempt.authorized != before[attempt.id][0]:
            actions.append(service.announce(service.event(PaymentAdjusted, attempt)))
    return Charged(attempts, actions, bool(giving_back))


def _facts(attempt: Attempt) -> tuple[Money, Money, bool]:
    return attempt.authorized, attempt.take, bool(attempt.closing)


def _as_they_pay(attempts: list[Attempt]) -> Iterator[Attempt]:
    """What is there before what is promised before what is hoped for; of the same, the older before the newer."""
    live = [attempt for attempt in attempts if not states.is_dead(attempt.state)]
    yield from (a for a in live if a.state == states.CAPTURED)
    yield from (a for a in live if a.state == states.AUTHORIZED and not a.closing)
    yield from (a for a in live if states.is_unpaid(a.state) and not a.closing)


def _settle(attempt: Attempt, left: int, keep: dict[str, int]) -> int:
    """Let an attempt pay for as much as it can of what is `left`; returns how much that is."""
    if attempt.state == states.CAPTURED:
        keep[attempt.id] = min(left, balance.paid(attempt))
        attempt.to_capture = None  # what was captured too much goes back here
        return keep[attempt.id]
    part = min(left, attempt.amount.amount)
    if not methods.METHODS[attempt.method].has_provider:
        attempt.amount = Money(part, attempt.amount.currency)
        return part
    service.check_chargeable(attempt.method, Money(part, attempt.amount.currency))
    attempt.to_capture = part if part < attempt.amount.amount else None
    if not part:
        # Nothing is to be paid through it: what its customer's bank promised is let go.
        attempt.closing = True
        due.look_after(attempt, clock.now())
    return part


def _more(attempts: list[Attempt], left: int) -> list[Action]:
    """Where the rest is paid at the door, it just becomes more, through the attempt that is there or through a new one;
    elsewhere the customer has to do something for it. The write action of the new one.
    """
    method = balance.method(attempts)
    if not left:
        return []
    if not methods.METHODS[method].on_trust:
        service.check_chargeable(method, balance.money(attempts, left))
        # No other parcel may ask for the difference.
        attempts[0].packed = balance.is_packed(attempts)
        return []
    for attempt in attempts:
        if attempt.method == method and states.is_open(attempt.state) and not attempt.closing:
            attempt.amount = Money(attempt.amount.amount + left, attempt.amount.currency)
            return []
    return [service.following_attempt(attempts, left)[1]]
