"""Money that people move: transfers and paid invoices that arrive at the bank, and refunds that staff transfer back.

No provider tells of these. Staff do, once for each, and from then on all goes as with any other payment.
"""

from chalicelib.core import audit, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, invalid
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.payments import balance, methods, refund_progress, refunds, service, states, tables
from chalicelib.payments.events import PaymentCaptured
from chalicelib.payments.tables import Attempt, PaymentsItem, Refund

_BY_TRANSFER = ("in_advance", "on_terms")
_TOO_MUCH = "More was paid than the order costs."


def receive(payment_id: str, amount: Money, reference: str, once: Once, by: Staff) -> Attempt:
    """So much has arrived for an order that is paid by bank transfer or invoice: its payment, captured.

    Less than it is over: another payment waits for the rest. More, or for an order that is off or paid already: the
    surplus is to be transferred back, a refund says so. 409 `wrong_method` for any other method, `payment_changed` if
    the payment moved meanwhile; 422 for another currency.
    """
    if (made := once.made(PaymentsItem)) is not None:
        return service.find(made)
    attempts, known = tables.of_order(service.find(payment_id).order_id)
    wanted = next(attempt for attempt in attempts if attempt.id == payment_id)
    if methods.METHODS[wanted.method].timing not in _BY_TRANSFER:
        raise ShopError("wrong_method", 409, f"What is paid by {wanted.method} is not recorded by hand.")
    if amount.currency != wanted.amount.currency:
        raise invalid("/amount/currency", f"The order is paid in {wanted.amount.currency}.")
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
    actions: list[Action] = []
    if states.is_open(wanted.state) and not wanted.closing:
        received, due_now = wanted, wanted.amount.amount
        before = Attempt.version == int(wanted.version)
        received.state, received.captured, received.version = states.CAPTURED, amount, int(wanted.version) + 1
        received.reference = reference or None
        tables.look_after_by_hand(received, None)
        if (missing := due_now - amount.amount) > 0:
            rest, make = service.following_attempt(attempts, missing, method_id=wanted.method)
            rest.payable_by, rest.overdue = wanted.payable_by, wanted.overdue
            actions.append(make)
        received.to_capture = due_now if amount.amount > due_now else None
        actions.append(dynamo.put(received, before, changed))
    else:
        received, _ = service.following_attempt(attempts, amount.amount, method_id=wanted.method)
        received.state, received.captured, received.to_capture = states.CAPTURED, amount, 0
        received.reference = reference or None
        actions.append(dynamo.insert(received, changed))
    told = service.announce(service.event(PaymentCaptured, received))
    return received, [*actions, *service.taken(received, amount.amount), told]


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
