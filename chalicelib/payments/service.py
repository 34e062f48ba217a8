"""Payment attempts: made at checkout, captured when the money is there, canceled with the order."""

from chalicelib.core import clock, dynamo, ids, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import not_found
from chalicelib.core.money import Money, zero
from chalicelib.core.visitor import Visitor
from chalicelib.orders.events import OrderCanceled, OrderCompleted
from chalicelib.payments import methods, states, tables
from chalicelib.payments.events import PaymentCaptured
from chalicelib.payments.methods import PaymentMethod as PaymentMethod
from chalicelib.payments.methods import method as method
from chalicelib.payments.tables import Attempt as Attempt
from chalicelib.payments.tables import PaymentsItem


def first_attempt(
    order_id: str, method: PaymentMethod, amount: Money, token_hash: str | None, customer_id: str | None
) -> tuple[Attempt, Action]:
    """The attempt that an order begins with, and the write action that checkout commits with the order."""
    attempt_id = ids.derived("pay", order_id, 1)
    attempt = Attempt(
        **tables.attempt_key(attempt_id),
        id=attempt_id,
        order_id=order_id,
        method=method.id,
        state=states.CREATED,
        version=1,
        amount=amount,
        captured=zero(amount.currency),
        token_hash=token_hash,
        customer_id=customer_id,
        created_at=clock.stamp(clock.now()),
    )
    return attempt, dynamo.insert(attempt)


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


def claim(order_id: str, customer_id: str, otherwise: Exception | None = None) -> list[Action]:
    """Write actions that hand an order's attempts over from a guest, whose token opens them no more, to a customer.

    `otherwise` is raised if an attempt moves meanwhile.
    """
    return [
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
        for attempt in tables.attempts_of(order_id)
    ]


def is_secured(order_id: str) -> bool:
    """Whether an order may be sent: its money is captured, or its method is one that is paid on delivery."""
    return any(
        attempt.state == states.CAPTURED
        or (states.is_open(attempt.state) and methods.METHODS[attempt.method].paid_on_delivery)
        for attempt in tables.attempts_of(order_id)
    )


def collect_on_delivery(event: OrderCompleted) -> None:
    """Everything was delivered, so what was to be paid at the door has been paid."""
    for attempt in tables.attempts_of(event.aggregate_id):
        if methods.METHODS[attempt.method].paid_on_delivery and states.may_move(attempt.state, states.CAPTURED):
            attempt.captured = attempt.amount
            captured = PaymentCaptured(
                aggregate_id=attempt.id,
                aggregate_version=int(attempt.version) + 1,
                order_id=attempt.order_id,
                captured=attempt.amount,
            )
            _move(attempt, states.CAPTURED, [dynamo.put_raw(PaymentsItem, outbox.attributes(captured))])


def cancel(event: OrderCanceled) -> None:
    """The order is off: nothing more is to be paid for it."""
    for attempt in tables.attempts_of(event.aggregate_id):
        if states.may_move(attempt.state, states.CANCELED):
            _move(attempt, states.CANCELED, [])


def _move(attempt: Attempt, state: str, actions: list[Action]) -> None:
    """Commit the move; if the attempt moved meanwhile, the condition fails and the event is delivered again."""
    before = Attempt.version == int(attempt.version)
    attempt.state = state
    attempt.version = int(attempt.version) + 1
    dynamo.transaction([dynamo.put(attempt, before), *actions])
