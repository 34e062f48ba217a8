"""The payments that an order begins with: what is there already, as credit, and what is missing then."""

from collections.abc import Sequence

from chalicelib.core import dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import invalid
from chalicelib.core.money import Money
from chalicelib.payments import balance, credit, methods, service, states
from chalicelib.payments.events import PaymentCaptured
from chalicelib.payments.tables import Attempt
from chalicelib.payments.tenders import Tender


def first_attempts(
    order_id: str,
    tenders: Sequence[Tender],
    total: Money,
    method_id: str,
    token_hash: str | None,
    customer_id: str | None,
    customer_ref: str | None = None,
) -> tuple[list[Attempt], list[Action]]:
    """What an order of `total` begins with: an attempt for each of `tenders`, which has paid its part already, and one
    over what is missing by `method_id`; and the write actions for that, balances included.

    `customer_ref` is how the provider knows the customer, whose saved cards can then be used. 422 if the method can not
    take exactly what is missing. Committing raises credit.CreditMoved if a balance is gone.
    """
    owner = (token_hash, customer_id)
    if not tenders:
        attempt, made = service.first_attempt(order_id, method_id, total, *owner, customer_ref)
        return [attempt], made
    attempts = [_paid_already(order_id, number, tender, *owner) for number, tender in enumerate(tenders, 1)]
    attempts[0].owed, attempts[0].rest_by = total, method_id
    attempts[-1].customer_ref = customer_ref  # whose is the next one, too
    made = service.sold(attempts[0], total.amount)
    for paid in attempts:
        made += [
            dynamo.insert(paid, service.changed_meanwhile()),
            service.announce(service.event(PaymentCaptured, paid)),
            *service.taken(paid, paid.captured.amount),
            *credit.spent(paid),
        ]
    if missing := balance.outstanding(attempts):
        rest, make_rest = service.following_attempt(attempts, missing)
        return [*attempts, rest], [*made, make_rest]
    return attempts, made


def _paid_already(
    order_id: str, number: int, tender: Tender, token_hash: str | None, customer_id: str | None
) -> Attempt:
    attempt = service.new_attempt(order_id, number, tender.method, tender.amount, token_hash, customer_id)
    attempt.state, attempt.captured = states.CAPTURED, tender.amount
    attempt.from_order, attempt.tender_ref = tender.from_order, tender.ref
    return attempt


def first_attempts_from_goods(
    order_id: str,
    from_order: str,
    value: Money,
    total: Money,
    method_id: str,
    token_hash: str | None,
    customer_id: str | None,
) -> tuple[list[Attempt], list[Action]]:
    """What an exchange order begins with: the `value` of returned goods, which refunds.exchange takes from `from_order`
    in the same transaction, and what is missing to `total` by `method_id`, which was the old order's.

    422 if the value is more than the total.
    """
    if value.currency != total.currency or value.amount > total.amount:
        raise invalid("/amount", "Returned goods can not pay for more than the order costs.")
    tender = Tender(methods.EXCHANGE_CREDIT.id, value, from_order=from_order)
    return first_attempts(order_id, [tender], total, method_id, token_hash, customer_id)


def to_look_at(attempts: Sequence[Attempt]) -> Attempt:
    """Of those that an order begins with the one through which something is to be paid, if there is one."""
    return next((a for a in attempts if methods.METHODS[a.method].timing != "credit"), attempts[0])
