"""What staff say and see of disputes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.errors import invalid
from chalicelib.core.money import Money
from chalicelib.core.paging import Page
from chalicelib.payments import dispute_states as states
from chalicelib.payments.dispute_tables import Dispute

_Text = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=r"\S")] | None
_Line = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")] | None


class DisputesQuery(Page, frozen=True):
    """`state`: those that are not decided yet. `order_id`: all of an order's, whatever their state."""

    state: Literal["open"] = "open"
    order_id: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the payment was right, in the provider's own terms (docs.stripe.com/disputes/categories says which of these
    help against what). Several carriers or numbers are separated by commas."""

    product_description: _Text = None
    uncategorized_text: _Text = None
    refund_policy_disclosure: _Text = None
    refund_refusal_explanation: _Text = None
    customer_name: _Line = None
    shipping_carrier: _Line = None
    shipping_tracking_number: _Line = None
    shipping_date: _Line = None


class AcceptDispute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing has to be said."""


class DisputeView(msgspec.Struct, frozen=True):
    """A dispute of a payment. An `inquiry` (`inquiry_under_review`, `closed`) takes no money; what is `opened`,
    `under_review` or `lost` the customer's bank has; of what is `won` the shop has it back. `reason` is the provider's
    word. `fee` is what the provider takes for it. `needs_answer`: the shop may answer until `evidence_due_at`."""

    id: str
    order_id: str
    payment_id: str
    provider_id: str
    status: str
    reason: str
    amount: Money
    fee: Money | None
    needs_answer: bool
    evidence_due_at: datetime | None
    opened_at: datetime


class Disputes(msgspec.Struct, frozen=True):
    data: list[DisputeView]
    next_cursor: str | None


def fields(evidence: Evidence) -> dict[str, str]:
    """What was said; 422 if nothing was."""
    said = {name: text for name, text in msgspec.structs.asdict(evidence).items() if text is not None}
    if not said:
        raise invalid("", "Say at least one thing.")
    return said


def dispute(item: Dispute) -> DisputeView:
    return DisputeView(
        id=item.id,
        order_id=item.order_id,
        payment_id=item.attempt_id,
        provider_id=item.provider_id,
        status=item.state,
        reason=item.reason,
        amount=item.amount,
        fee=item.fee,
        needs_answer=states.needs_answer(item.state),
        evidence_due_at=datetime.fromisoformat(item.evidence_due_at) if item.evidence_due_at else None,
        opened_at=datetime.fromisoformat(item.opened_at),
    )


def page(items: Iterable[Dispute], next_cursor: str | None) -> Disputes:
    return Disputes([dispute(item) for item in items], next_cursor)
