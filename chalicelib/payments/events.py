"""The events that payments publish. The aggregate of each is the payment attempt."""

from datetime import date, datetime
from typing import Literal

from chalicelib.core.events import Event
from chalicelib.core.money import Money


class PaymentEvent(Event, frozen=True, kw_only=True):
    """`authorized`, `captured` and `refunded` are this attempt's sums so far: what of a customer's bank's promise the
    shop takes or has taken, what it has taken, and what of that was given back. `covers` is what of the order's total
    need not be paid any more because of it. `disputed` is what the customer's bank took back and has not returned: it
    is being decided, or lost. `by` is who of the staff did it, by the `sub` of their token."""

    order_id: str
    authorized: Money
    captured: Money
    refunded: Money
    covers: Money | None = None
    disputed: Money | None = None
    by: str | None = None


class PaymentAuthorized(PaymentEvent, frozen=True, kw_only=True):
    """The money is set aside for the shop."""


class PaymentAdjusted(PaymentEvent, frozen=True, kw_only=True):
    """The order costs more or less than before, and so much of what is set aside will be taken."""


class PaymentCaptured(PaymentEvent, frozen=True, kw_only=True):
    """The shop has the money."""


class PaymentFailed(PaymentEvent, frozen=True, kw_only=True):
    """A try was declined, or an authorization lapsed; `code` says why. The customer may try again."""

    code: str


class PaymentOverdue(PaymentEvent, frozen=True, kw_only=True):
    """An invoice was to be paid by `payable_by`, and nothing has come."""

    payable_by: date


class RefundRequested(PaymentEvent, frozen=True, kw_only=True):
    """Somebody decided that `amount` goes back to the customer."""

    refund_id: str
    amount: Money


class RefundSucceeded(PaymentEvent, frozen=True, kw_only=True):
    """The customer gets `amount` back."""

    refund_id: str
    amount: Money


class RefundFailed(PaymentEvent, frozen=True, kw_only=True):
    """The money could not be given back; a person has to look at it. `code` says why."""

    refund_id: str
    amount: Money
    code: str


class DisputeOpened(PaymentEvent, frozen=True, kw_only=True):
    """The customer's bank took `amount` back, or now disputes another amount; `reason` is the provider's word for why.
    The shop may answer until `evidence_due_at`; null: nobody says."""

    dispute_id: str
    amount: Money
    reason: str
    evidence_due_at: datetime | None


class DisputeClosed(PaymentEvent, frozen=True, kw_only=True):
    """The dispute over `amount` is decided: `won`, so the shop has it back, or `lost`. Told again if an
    appeal turns it."""

    dispute_id: str
    amount: Money
    outcome: Literal["won", "lost"]
