"""What staff see of the reconciliation, and of what providers told that the shop does not understand."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.money import Money
from chalicelib.payments.reconciliation_tables import Asked, Finding
from chalicelib.payments.webhook_tables import KeptWebhook


class WebhookView(msgspec.Struct, frozen=True):
    """An event that the shop could do nothing with. `why` is `unknown_type`, `nothing_of_ours`, or `not_here`: it names
    a payment or a refund as the shop does, and there is none. `object_id` is what it is about, at the provider."""

    id: str
    type: str
    why: str
    created_at: datetime
    api_version: str | None
    object_id: str | None
    object_type: str | None
    payment_id: str | None
    refund_id: str | None


class Webhooks(msgspec.Struct, frozen=True):
    data: list[WebhookView]
    next_cursor: str | None


class FindingView(msgspec.Struct, frozen=True):
    """Where the provider's books and ours differ: `what` it is.

    `status` is `open`; `repaired`, by the shop itself; `closed`, by a member of staff (`closed_by`) or because it no
    longer holds; or `noted`, where there is nothing to do. `ours` and `theirs` are the amounts here and there, as far
    as there are any; `intent_id` is the payment's at the provider, `seen_in` what shows it: a line of the provider's
    books, an intent, or an entry of our ledger.
    """

    id: str
    what: str
    status: str
    order_id: str | None
    payment_id: str | None
    refund_id: str | None
    intent_id: str | None
    seen_in: str
    ours: Money | None
    theirs: Money | None
    detail: str | None
    found_at: datetime
    seen_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    reason: str | None


class Findings(msgspec.Struct, frozen=True):
    data: list[FindingView]
    next_cursor: str | None


class StartReconciliation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`days`: how far to look back at least. Otherwise two days further than where the last run ended."""

    days: Annotated[int, Meta(ge=1, le=180)] | None = None


class ReconciliationView(msgspec.Struct, frozen=True):
    """A run that was asked for: `queued` or `done`. What it did is in the runs of the job `payments_reconcile`."""

    id: str
    status: str


class CloseFinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


def webhook(kept: KeptWebhook) -> WebhookView:
    return WebhookView(
        id=kept.id,
        type=kept.type,
        why=kept.why,
        created_at=datetime.fromisoformat(kept.created_at),
        api_version=kept.api_version,
        object_id=kept.object_id,
        object_type=kept.object_type,
        payment_id=kept.payment_id,
        refund_id=kept.refund_id,
    )


def webhooks(kept: Iterable[KeptWebhook], next_cursor: str | None) -> Webhooks:
    return Webhooks([webhook(each) for each in kept], next_cursor)


def finding(found: Finding) -> FindingView:
    return FindingView(
        id=found.id,
        what=found.what,
        status=found.state,
        order_id=found.order_id,
        payment_id=found.payment_id,
        refund_id=found.refund_id,
        intent_id=found.intent_id,
        seen_in=found.seen_in,
        ours=found.ours,
        theirs=found.theirs,
        detail=found.detail,
        found_at=datetime.fromisoformat(found.found_at),
        seen_at=datetime.fromisoformat(found.seen_at),
        closed_at=datetime.fromisoformat(found.closed_at) if found.closed_at else None,
        closed_by=found.closed_by,
        reason=found.reason,
    )


def findings(found: Iterable[Finding], next_cursor: str | None) -> Findings:
    return Findings([finding(each) for each in found], next_cursor)


def asked(run: Asked) -> ReconciliationView:
    return ReconciliationView(run.id, run.state)
