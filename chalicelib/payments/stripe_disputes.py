"""Stripe's disputes, as docs.stripe.com/api/disputes has them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from chalicelib.core import ids
from chalicelib.payments import dispute_states as states
from chalicelib.payments import stripe_gateway
from chalicelib.payments.provider import ProviderDispute

# Of an appeal only what comes of it counts; one that is prevented takes no money (docs.stripe.com/disputes).
_STATES = {
    "warning_needs_response": states.INQUIRY,
    "warning_under_review": states.INQUIRY_UNDER_REVIEW,
    "warning_closed": states.CLOSED,
    "prevented": states.CLOSED,
    "needs_response": states.OPENED,
    "under_review": states.UNDER_REVIEW,
    "won": states.WON,
    "lost": states.LOST,
    "appeal_needs_response": states.LOST,
    "appeal_under_review": states.LOST,
}
# A dispute's own metadata says nothing of ours, its intent's does.
_WITH_INTENT: Any = {"expand": ["payment_intent"]}


def find_dispute(dispute_id: str) -> ProviderDispute:
    return _dispute(stripe_gateway.ask(lambda client: client.v1.disputes.retrieve(dispute_id, _WITH_INTENT)))


def recent_disputes(since: datetime) -> Iterable[ProviderDispute]:
    """Disputes that were opened since then, the newest first."""
    wanted: Any = {"created": {"gte": int(since.timestamp())}, "limit": 100, "expand": ["data.payment_intent"]}
    return stripe_gateway.ask(
        lambda client: [_dispute(found) for found in client.v1.disputes.list(wanted).auto_paging_iter()]
    )


def submit_evidence(dispute_id: str, evidence: dict[str, str]) -> ProviderDispute:
    """Answer a dispute; Stripe takes one answer, and gives it to the bank at once."""
    wanted: Any = {"evidence": evidence, "submit": True, **_WITH_INTENT}
    digest = ids.digest(msgspec.json.encode(evidence, order="sorted").decode())
    key: Any = {"idempotency_key": f"{dispute_id}/evidence/{digest}"}
    return _dispute(stripe_gateway.ask(lambda client: client.v1.disputes.update(dispute_id, wanted, key)))


def accept_dispute(dispute_id: str) -> ProviderDispute:
    """Close a dispute: it is lost."""
    key: Any = {"idempotency_key": f"{dispute_id}/close"}
    return _dispute(stripe_gateway.ask(lambda client: client.v1.disputes.close(dispute_id, _WITH_INTENT, key)))


def _dispute(found: Any) -> ProviderDispute:
    intent, moves = found.payment_intent, found.balance_transactions
    due = found.evidence_details.due_by
    fee = sum(move.fee for move in moves)
    return ProviderDispute(
        id=found.id,
        payment_id=getattr(intent.metadata, "payment_id", None) if intent else None,
        intent_id=intent.id if intent else None,
        state=_STATES[found.status],
        reason=found.reason,
        amount=stripe_gateway._from_stripe(found.amount, found.currency),
        evidence_due_at=datetime.fromtimestamp(due, UTC) if due else None,
        fee=stripe_gateway._from_stripe(fee, moves[0].currency) if moves else None,
    )
