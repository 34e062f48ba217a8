"""What the shop says to a dispute: evidence, or nothing."""

from datetime import datetime

from chalicelib.core import audit, clock
from chalicelib.core.errors import ShopError
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.staff import Staff
from chalicelib.payments import dispute_states as states
from chalicelib.payments import dispute_tables, disputes, provider, providers
from chalicelib.payments.disputes import Dispute
from chalicelib.payments.provider import ProviderDispute
from chalicelib.payments.tables import PaymentsItem


def listed(order_id: str | None, limit: int, after: str | None) -> tuple[list[Dispute], str | None]:
    """A page of the open disputes, what has to be answered first first; or all of an order's."""
    if order_id is not None:
        return dispute_tables.of_order(order_id), None
    return dispute_tables.open_disputes(limit, after)


def submit(dispute_id: str, evidence: dict[str, str], once: Once, by: Staff) -> Dispute:
    """Give the bank evidence, once and for all. It is passed on and not kept here: it may tell of the customer.

    409 `evidence_too_late` when the time for it is over, `dispute_not_open` if the dispute takes none (any more),
    `evidence_refused` if the provider does not take it; 503 if it does not answer.
    """
    if made := once.made(PaymentsItem):
        return disputes.find(made)
    dispute = disputes.find(dispute_id)
    _check(dispute)
    try:
        found = providers.DISPUTES.submit_evidence(dispute.provider_id, evidence)
    except provider.Unavailable:
        raise _no_answer() from None
    except provider.Refused as refused:
        _check(disputes.look(dispute.provider_id))
        detail = f"The payment provider does not take it: {refused.code}."
        raise ShopError("evidence_refused", 409, detail) from refused
    entry = audit.entry(by, "dispute.answered", dispute_id, fields=" ".join(sorted(evidence)))
    try:
        return disputes.follow(found, [*once.claim(PaymentsItem, dispute_id), entry])
    except AlreadyDone:
        return disputes.find(dispute_id)


def accept(dispute_id: str, by: Staff) -> Dispute:
    """Say nothing to it: the bank keeps the money. Accepting what is lost changes nothing.

    409 `dispute_not_open` for one that is not waiting for an answer, or takes no money: of that give the money back.
    """
    dispute = disputes.find(dispute_id)
    if dispute.state == states.LOST:
        return dispute
    if dispute.state != states.OPENED:
        raise _not_open(dispute)
    entry = audit.entry(by, "dispute.accepted", dispute_id)
    return disputes.follow(_accepted(dispute), [entry])


def _accepted(dispute: Dispute) -> ProviderDispute:
    try:
        return providers.DISPUTES.accept_dispute(dispute.provider_id)
    except provider.Unavailable:
        raise _no_answer() from None
    except provider.Refused as refused:
        # It was decided meanwhile, perhaps by this very request, whose answer was lost.
        present = providers.DISPUTES.find_dispute(dispute.provider_id)
        if present.state != states.LOST:
            raise _not_open(disputes.follow(present)) from refused
        return present


def _check(dispute: Dispute) -> None:
    if not states.needs_answer(dispute.state):
        raise _not_open(dispute)
    if dispute.evidence_due_at and datetime.fromisoformat(dispute.evidence_due_at) <= clock.now():
        detail = f"Evidence was due by {dispute.evidence_due_at}."
        raise ShopError("evidence_too_late", 409, detail, extra={"evidence_due_at": dispute.evidence_due_at})


def _not_open(dispute: Dispute) -> ShopError:
    return ShopError("dispute_not_open", 409, f"A dispute that is {dispute.state} does not wait for an answer.")


def _no_answer() -> ShopError:
    return ShopError("provider_unavailable", 503, "The payment provider does not answer. Nothing is lost; try again.")
