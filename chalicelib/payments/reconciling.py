"""What a line of the provider's books means beside what the shop has written down of the same thing."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from chalicelib.core.money import Money
from chalicelib.payments import states
from chalicelib.payments.provider import ListedIntent, Movement


class Entry(msgspec.Struct, frozen=True):
    """A ledger entry of what went through the provider; `waits`: nobody has found it in the provider's books yet."""

    id: str
    what: str
    ref: str
    amount: Money
    waits: bool = True


class Ours(msgspec.Struct, frozen=True):
    """What the shop knows of what a line is about: the state of the payment and of the refund, None if there is no such
    thing here, the payment's intent, None if it has not heard of one, and the entries of its order."""

    payment: str | None = None
    intent_id: str | None = None
    amount: Money | None = None
    refund: str | None = None
    entries: Sequence[Entry] = ()


class Verdict(StrEnum):
    """`found`: both have it, and the same. `nothing`: it is none of the ledger's business. The others are findings."""

    FOUND = "found"
    NOTHING = "nothing"
    CAPTURED_NOT_HERE = "captured_not_here"
    AUTHORIZED_NOT_HERE = "authorized_not_here"
    REFUND_NOT_HERE = "refund_not_here"
    DEAD_BUT_CAPTURED = "dead_but_captured"
    DEAD_BUT_AUTHORIZED = "dead_but_authorized"
    PAYMENT_WITHOUT_ORDER = "payment_without_order"
    SECOND_INTENT = "second_intent"
    AMOUNT_DIFFERS = "amount_differs"
    REFUND_NOT_OURS = "refund_not_ours"
    DISPUTE = "dispute"
    UNKNOWN_MOVEMENT = "unknown_movement"


V = Verdict
_REFUNDS = ("refund", "refund_failed")


def counterpart(movement: Movement, entries: Sequence[Entry]) -> Entry | None:
    """The entry about the same thing, whatever its amount."""
    ref = movement.payment_id if movement.kind == "capture" else movement.refund_id
    return next((e for e in entries if (e.what, e.ref) == (movement.kind, ref)), None)


def of_movement(movement: Movement, ours: Ours) -> Verdict:
    if movement.kind in _REFUNDS:
        return _of_refund(movement, ours)
    if movement.payment_id is None or movement.kind in ("fee", "released"):
        return V.NOTHING
    if movement.kind == "capture":
        return _of_capture(movement, ours)
    if ours.payment is None:
        return V.NOTHING
    return V.DISPUTE if movement.kind in ("dispute", "dispute_won") else V.UNKNOWN_MOVEMENT


def _of_capture(movement: Movement, ours: Ours) -> Verdict:
    if ours.payment is None:
        return V.PAYMENT_WITHOUT_ORDER
    if ours.intent_id not in (None, movement.intent_id):
        return V.SECOND_INTENT
    if counterpart(movement, ours.entries) is None:
        return V.DEAD_BUT_CAPTURED if states.is_dead(ours.payment) else V.CAPTURED_NOT_HERE
    return _beside(movement, ours)


def _of_refund(movement: Movement, ours: Ours) -> Verdict:
    if movement.refund_id is None or ours.refund is None:
        if ours.payment is not None:
            return V.REFUND_NOT_OURS
        return V.NOTHING if movement.refund_id is None else V.PAYMENT_WITHOUT_ORDER
    if counterpart(movement, ours.entries) is not None:
        return _beside(movement, ours)
    # What failed before it had gone stands in the provider's books twice, there and back, and in ours not at all.
    never_gone = not any((e.what, e.ref) == ("refund", movement.refund_id) for e in ours.entries)
    came_to_nothing = movement.kind == "refund_failed" and ours.refund == "failed" and never_gone
    return V.NOTHING if came_to_nothing else V.REFUND_NOT_HERE


def _beside(movement: Movement, ours: Ours) -> Verdict:
    entry = counterpart(movement, ours.entries)
    return V.FOUND if entry is not None and entry.amount == movement.amount else V.AMOUNT_DIFFERS


def of_intent(intent: ListedIntent, ours: Ours) -> Verdict:
    """Only where money is promised or taken: the rest is the customer's business yet."""
    if intent.payment_id is None or intent.state not in (states.AUTHORIZED, states.CAPTURED):
        return V.NOTHING
    if ours.payment is None:
        return V.PAYMENT_WITHOUT_ORDER
    if ours.intent_id not in (None, intent.id):
        return V.SECOND_INTENT
    if intent.amount != ours.amount:
        return V.AMOUNT_DIFFERS
    return _beside_payment(intent.state, ours.payment)


def _beside_payment(there: str, here: str) -> Verdict:
    if here in (there, states.CAPTURED):  # it moved on since the list was made
        return V.FOUND
    if there == states.AUTHORIZED:
        return V.DEAD_BUT_AUTHORIZED if states.is_dead(here) else V.AUTHORIZED_NOT_HERE
    return V.DEAD_BUT_CAPTURED if states.is_dead(here) else V.CAPTURED_NOT_HERE
