"""Payment attempts: made with the order, shown, and asked whether the order may be sent."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

from chalicelib.core import clock, due, dynamo, ids, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, not_found
from chalicelib.core.money import Money, zero
from chalicelib.core.visitor import Visitor
from chalicelib.payments import balance, ledger, ledger_tables, methods, offering, providers, states, tables
from chalicelib.payments.events import PaymentEvent
from chalicelib.payments.methods import PaymentMethod as PaymentMethod
from chalicelib.payments.tables import Attempt as Attempt
from chalicelib.payments.tables import PaymentsItem
from chalicelib.payments.tables import Refund as Refund

# Whoever's cards were refused that often will not pay with the next one either.
_MOST_ATTEMPTS = 20
# A session at the provider is opened within seconds of the order; after this time the sweep does it.
_OPENED_WITHIN = timedelta(minutes=2)

P = TypeVar("P", bound=PaymentEvent)


def is_paid_on_delivery(method_id: str) -> bool:
    """Whether the money comes with the delivery."""
    return methods.METHODS[method_id].paid_on_delivery


def is_on_trust(method_id: str) -> bool:
    """Whether the order is confirmed and sent before it is paid."""
    return methods.METHODS[method_id].on_trust


def usual_wait(method_id: str) -> timedelta:
    """How long to wait for the money by this method, unless the shop decided otherwise."""
    return methods.METHODS[method_id].pay_within


def ask_every(method_id: str) -> timedelta:
    """How often to ask how a payment stands that is on its way for longer than the usual wait."""
    return methods.METHODS[method_id].ask_every


def waited_for() -> list[str]:
    """Ids of the methods that make an order wait for its money, whether the shop has a provider for them or not."""
    return [method.id for method in methods.CHOICE if not method.on_trust]


def first_attempt(
    order_id: str,
    method_id: str,
    amount: Money,
    token_hash: str | None,
    customer_id: str | None,
    customer_ref: str | None = None,
) -> tuple[Attempt, list[Action]]:
    """The attempt that an order begins with, and the write actions that checkout commits with the order.

    `customer_ref` is how the provider knows the customer, whose saved cards can then be used. 422 if this method can
    not take exactly this amount.
    """
    attempt, make = _attempt_of(order_id, 1, method_id, amount, token_hash, customer_id, customer_ref=customer_ref)
    return attempt, [make, *sold(attempt, amount.amount)]


def next_attempt(order_id: str, method_id: str | None = None) -> tuple[Attempt, list[Action]]:
    """The attempt through which an order can be paid now, and the write actions that make it if it is a new one.

    A new one is over what no other attempt is there for, by the method with `method_id` or, None, by that by which the
    order's rest is paid. One that waits and is by another method has to be abandoned first (settlement.abandon).
    409 `too_many_payments` after twenty. Committing raises 409 `payment_changed` if another one was made, or one moved,
    meanwhile.
    """
    attempts = tables.attempts_of(order_id)
    if waiting := [a for a in attempts if states.is_unpaid(a.state) and not a.closing]:
        return waiting[-1], []
    missing = balance.outstanding(attempts)
    if not missing:
        live = [a for a in attempts if not states.is_dead(a.state) and not a.closing]
        return (live or attempts)[-1], []
    if len(attempts) >= _MOST_ATTEMPTS:
        raise ShopError("too_many_payments", 409, "Too many payments of this order have failed.")
    attempt, make = following_attempt(attempts, missing, method_id)
    if method_id in (None, balance.method(attempts)):
        return attempt, [make, *balance.unmoved(attempts, changed_meanwhile())]
    # What comes to be missing later is paid in the same way.
    _, *others = balance.unmoved(attempts, changed_meanwhile())
    return attempt, [make, _rest_by(attempts[0], method_id), *others]


def waiting(order_id: str) -> Attempt | None:
    """The attempt that waits for the customer, or for the bank, if one does."""
    waiting = [a for a in tables.attempts_of(order_id) if states.is_unpaid(a.state) and not a.closing]
    return waiting[-1] if waiting else None


def _rest_by(first: Attempt, method_id: str | None) -> Action:
    before = Attempt.version == int(first.version)
    first.rest_by, first.version = method_id, int(first.version) + 1
    return dynamo.put(first, before, changed_meanwhile())


def following_attempt(attempts: Sequence[Attempt], amount: int, method_id: str | None = None) -> tuple[Attempt, Action]:
    """One more attempt of an order, over `amount` minor units, by the method by which its rest is paid if nobody says
    another one; 422 if it can not take exactly this amount.
    """
    last = attempts[-1]
    owner = (last.token_hash, last.customer_id)
    packed = any(attempt.packed for attempt in attempts)
    method_id = method_id or offering.of_the_rest(balance.method(attempts))
    wanted = balance.money(attempts, amount)
    return _attempt_of(
        last.order_id, len(attempts) + 1, method_id, wanted, *owner, packed=packed, customer_ref=last.customer_ref
    )


def check_chargeable(method_id: str, amount: Money) -> None:
    """422 if this method can not take, or give back, exactly this amount."""
    if methods.METHODS[method_id].has_provider and not providers.of(method_id).can_charge(amount):
        detail = f"The payment provider does not take such small parts of {amount.currency}."
        raise ShopError("payment_method_unavailable", 422, detail, pointer="/payment_method")


def _attempt_of(
    order_id: str,
    number: int,
    method_id: str,
    amount: Money,
    token_hash: str | None,
    customer_id: str | None,
    packed: bool = False,
    customer_ref: str | None = None,
) -> tuple[Attempt, Action]:
    check_chargeable(method_id, amount)
    attempt = new_attempt(order_id, number, method_id, amount, token_hash, customer_id)
    # Nothing to pay is paid.
    attempt.state, attempt.packed = states.CREATED if amount.amount else states.CAPTURED, packed
    attempt.customer_ref = customer_ref
    if states.is_open(attempt.state) and methods.METHODS[method_id].has_provider:
        due.look_after(attempt, clock.now() + _OPENED_WITHIN)
    return attempt, dynamo.insert(attempt, changed_meanwhile())


def new_attempt(
    order_id: str, number: int, method_id: str, amount: Money, token_hash: str | None, customer_id: str | None
) -> Attempt:
    """Attempt `number` of an order, not written yet."""
    attempt_id = ids.derived("pay", order_id, number)
    return Attempt(
        **tables.attempt_key(attempt_id),
        id=attempt_id,
        order_id=order_id,
        method=method_id,
        state=states.CREATED,
        version=1,
        amount=amount,
        captured=zero(amount.currency),
        token_hash=token_hash,
        customer_id=customer_id,
        created_at=clock.stamp(clock.now()),
    )


def find(attempt_id: str) -> Attempt:
    """An attempt; 404 if there is none with this id."""
    attempt = tables.attempt(attempt_id) if ids.is_id("pay", attempt_id) else None
    if attempt is None:
        raise not_found("payment")
    return attempt


def of_visitor(attempt_id: str, visitor: Visitor) -> Attempt:
    """An attempt, for the order's customer or the guest who holds its token; 404 for everyone else."""
    attempt = find(attempt_id)
    if not visitor.opens(attempt.customer_id, attempt.token_hash):
        raise not_found("payment")
    return attempt


def of_order(order_id: str) -> tuple[list[Attempt], list[Refund]]:
    """An order's attempts in the order of their making, and its refunds."""
    return tables.of_order(order_id)


def forgiven(attempts: Sequence[Attempt]) -> int:
    """What of an order's price was given back for returned goods or out of goodwill, in minor units."""
    return balance.forgiven(attempts)


def covered(attempts: Sequence[Attempt]) -> int:
    """What of an order's total nobody has to pay any more, in minor units."""
    return sum(attempt.covers.amount for attempt in attempts)


def claim(order_id: str, customer_id: str, otherwise: Exception) -> list[Action]:
    """Write actions that hand an order's attempts over from a guest, whose token opens them no more, to a customer.

    `otherwise` is raised if an attempt moves meanwhile, or another one is made, which the guest's token would open.
    """
    attempts = tables.attempts_of(order_id)
    handed_over = [
        dynamo.update(
            attempt,
            [
                Attempt.customer_id.set(customer_id),
                Attempt.token_hash.remove(),
                Attempt.version.set(int(attempt.version) + 1),
            ],
            Attempt.version == int(attempt.version),
            otherwise,
        )
        for attempt in attempts
    ]
    return [*handed_over, balance.no_other(attempts, otherwise)]


def secured(order_id: str) -> list[Action]:
    """Conditions to commit with the dispatch of a parcel: the order's money is there, or comes with the delivery.

    409 `payment_not_secured` if it is not; committing raises the same if that changed meanwhile.
    """
    attempts = tables.attempts_of(order_id)
    if not balance.is_secured(attempts):
        raise not_secured()
    return balance.unmoved(attempts, not_secured())


def not_secured() -> ShopError:
    return ShopError("payment_not_secured", 409, "The order's payment is not secured, so nothing is sent.")


def changed_meanwhile() -> ShopError:
    return ShopError("payment_changed", 409, "The order's payment was changed meanwhile. Look at it again.")


def event(kind: type[P], attempt: Attempt, **facts: Any) -> P:
    """An event about the attempt in its present version."""
    currency = attempt.amount.currency
    return kind(
        aggregate_id=attempt.id,
        aggregate_version=int(attempt.version),
        order_id=attempt.order_id,
        authorized=attempt.authorized,
        captured=attempt.captured,
        refunded=Money(int(attempt.refunded), currency),
        covers=attempt.covers,
        disputed=Money(attempt.with_banks, currency),
        **facts,
    )


def sold(first: Attempt, amount: int) -> list[Action]:
    """The ledger entry of an order that costs so many minor units, or so many more."""
    return _posted(first, "sale", ledger.sale(amount), first)


def taken(attempt: Attempt, amount: int) -> list[Action]:
    """The ledger entry of so many minor units that were paid."""
    return _posted(attempt, "capture", ledger.paid(attempt.method, amount), attempt)


def returned(attempt: Attempt, refund: Refund) -> list[Action]:
    """The ledger entry of a refund that has gone."""
    lines = ledger.given_back(attempt.method, refund.amount.amount, to_order=refund.to_order is not None)
    return _posted(attempt, "refund", lines, refund)


def came_back(attempt: Attempt, refund: Refund, amount: int) -> list[Action]:
    """The ledger entry of so many minor units of a refund that had gone, and did not."""
    lines = ledger.given_back(attempt.method, amount, to_order=refund.to_order is not None)
    return _posted(attempt, "refund_failed", ledger.reverse(lines), refund)


def _posted(attempt: Attempt, what: str, lines: ledger.Lines, about: Attempt | Refund) -> list[Action]:
    """What went through the provider is to be found in its books, too."""
    by_provider = methods.METHODS[attempt.method].has_provider and about.provider_id and "sales" not in lines
    since = clock.now() if by_provider else None
    return ledger_tables.post(attempt.order_id, what, about.id, attempt.amount.currency, lines, reconcile_from=since)


def announce(event: PaymentEvent) -> Action:
    return dynamo.put_raw(PaymentsItem, outbox.attributes(event))
