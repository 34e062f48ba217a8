"""Money that people move: transfers and paid invoices that arrive at the bank, and refunds that staff transfer back.

No provider tells of these. Staff do, once for each, and from then on all goes as with any other payment.
"""

from pynamodb.expressions.condition import Condition

from chalicelib.core import audit, clock, due, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, invalid
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.payments import balance, methods, refund_progress, refunds, service, states, tables, terms
from chalicelib.payments.events import PaymentCaptured
from chalicelib.payments.tables import Attempt, PaymentsItem, Refund

_BY_TRANSFER = ("in_advance", "on_terms")
_TOO_MUCH = "More was paid than the order costs."


def receive(payment_id: str, amount: Money, reference: str, once: Once, by: Staff) -> Attempt:
    """So much has arrived for an order that is paid by bank transfer or invoice: the payment that holds it, captured.

    It is for what the order still owes, whichever of its payments was named: less than that, and another payment waits
    for the rest; more, or for an order that is off or paid already, and the surplus is to be transferred back, a refund
    says so. Whoever was asked to pay the same in another way need not any more. 409 `wrong_method` for any other
    method, `payment_changed` if a payment moved meanwhile; 422 for nothing, or another currency.
    """
    if (made := once.made(PaymentsItem)) is not None:
        return service.find(made)
    attempts, known = tables.of_order(service.find(payment_id).order_id)
    wanted = next(attempt for attempt in attempts if attempt.id == payment_id)
    if methods.METHODS[wanted.method].timing not in _BY_TRANSFER:
        raise ShopError("wrong_method", 409, f"What is paid by {wanted.method} is not recorded by hand.")
    if amount.currency != wanted.amount.currency:
        raise invalid("/amount/currency", f"The order is paid in {wanted.amount.currency}.")
    if not amount.amount:
        raise invalid("/amount/amount", "Nothing is no payment.")
    received, actions = _received(attempts, wanted, amount, reference)
    keep = {received.id: amount.amount if received.to_capture is None else int(received.to_capture)}
    back = refunds.surplus([received], keep, len(known), _TOO_MUCH, service.changed_meanwhile())
    entry = audit.entry(by, "payment.received", received.id, amount=amount.amount, currency=amount.currency)
    try:
        claim = once.claim(PaymentsItem, received.id)
        dynamo.transaction([*claim, *balance.written_once([*actions, *back]), entry])
    except AlreadyDone:
        return service.find(str(once.made(PaymentsItem)))
    return received


def _received(attempts: list[Attempt], wanted: Attempt, amount: Money, reference: str) -> tuple[Attempt, list[Action]]:
    """The attempt that holds what was received, and the write actions for that."""
    changed = service.changed_meanwhile()
    received = next((a for a in (wanted, *attempts) if _waits_for_transfer(a)), None)
    untouched = [attempt for attempt in attempts if attempt is not received]
    owed = max(0, balance.owed(attempts) - sum(map(_is_there, untouched)))
    before: Condition = Attempt.pk.does_not_exist()
    if received is None:
        received, _ = service.following_attempt(attempts, amount.amount, method_id=wanted.method)
    else:
        before = Attempt.version == int(received.version)
        received.version = int(received.version) + 1
    received.state, received.captured, received.reference = states.CAPTURED, amount, reference or None
    received.to_capture = owed if amount.amount > owed else None
    tables.look_after_by_hand(received, None)
    asked_no_more = [attempt for attempt in untouched if _is_asked(attempt)] if owed else []
    rest = _rest([*untouched, received], received, owed - amount.amount) if owed > amount.amount else []
    told = service.announce(service.event(PaymentCaptured, received))
    hold = dynamo.put(received, before, changed)
    return received, [hold, *map(_let_go, asked_no_more), *rest, *service.taken(received, amount.amount), told]


def _waits_for_transfer(attempt: Attempt) -> bool:
    by_transfer = methods.METHODS[attempt.method].timing in _BY_TRANSFER
    return by_transfer and states.is_open(attempt.state) and not attempt.closing


def _is_asked(attempt: Attempt) -> bool:
    """Whether a customer may still pay through it, and has not begun to."""
    return attempt.state in (states.CREATED, states.REQUIRES_ACTION) and not attempt.closing


def _is_there(attempt: Attempt) -> int:
    """What of an order's price is promised, on its way or there through an attempt."""
    return 0 if _is_asked(attempt) else balance.promise(attempt)


def _let_go(attempt: Attempt) -> Action:
    """Nobody is to pay through it any more; the sweep tells the provider at once."""
    before = Attempt.version == int(attempt.version)
    attempt.closing, attempt.version = True, int(attempt.version) + 1
    due.look_after(attempt, clock.now())
    return dynamo.put(attempt, before, service.changed_meanwhile())


def _rest(attempts: list[Attempt], received: Attempt, missing: int) -> list[Action]:
    rest, _ = service.following_attempt(attempts, missing, method_id=received.method)
    rest.payable_by, rest.overdue = received.payable_by, received.overdue
    terms.wait(rest)
    return [dynamo.insert(rest, service.changed_meanwhile())]


def pay_out(refund_id: str, once: Once, by: Staff) -> Refund:
    """Staff have transferred a refund's money: it has succeeded. Saying it again changes nothing.

    409 `wrong_method` for a refund that a provider carries out, `payment_changed` if it moved meanwhile.
    """
    refund = refunds.find(refund_id)
    attempt = service.find(refund.attempt_id)
    if methods.METHODS[attempt.method].timing not in _BY_TRANSFER:
        raise ShopError("wrong_method", 409, "This refund is not transferred by hand.")
    if refund.state != refunds.REQUESTED:
        return refund
    entry = audit.entry(by, "refund.paid_out", refund.id, amount=refund.amount.amount, currency=refund.amount.currency)
    try:
        dynamo.transaction(
            [*once.claim(PaymentsItem, refund.id), *refund_progress.went_by_hand(refund, attempt), entry]
        )
    except AlreadyDone:
        return refunds.find(refund_id)
    return refund


def to_pay_out() -> list[Refund]:
    """Refunds that wait for staff to transfer them, those that wait longest first; at most a hundred or so."""
    return [item for item in tables.by_hand() if isinstance(item, Refund)]


def overdue() -> list[Attempt]:
    """Invoices that should have been paid by now, the oldest first; likewise."""
    return [item for item in tables.by_hand() if isinstance(item, Attempt)]
