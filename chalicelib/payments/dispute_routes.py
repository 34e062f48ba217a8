"""Disputes: what banks took back, by when to answer, and the answer."""

from chalicelib.core.idempotency import Once
from chalicelib.core.paging import decode_cursor, encode_cursor
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.payments import answering, dispute_schemas, disputes

routes = StaffRoutes(__name__)


@routes.get("/admin/disputes", permission=Permission.ORDERS_READ)
def list_disputes(query: dispute_schemas.DisputesQuery) -> dispute_schemas.Disputes:
    """Disputes that are not decided, what has to be answered first first; or all of an order."""
    found, after = answering.listed(query.order_id, query.limit, decode_cursor(query.cursor))
    return dispute_schemas.page(found, encode_cursor(after))


@routes.get("/admin/disputes/{dispute_id}", permission=Permission.ORDERS_READ)
def show_dispute(dispute_id: str) -> dispute_schemas.DisputeView:
    """A dispute, as it is known here."""
    return dispute_schemas.dispute(disputes.find(dispute_id))


@routes.post("/admin/disputes/{dispute_id}/evidence", permission=Permission.REFUNDS_WRITE)
def submit_evidence(
    dispute_id: str, body: dispute_schemas.Evidence, once: Once, staff: Staff
) -> dispute_schemas.DisputeView:
    """Answer a dispute, once and for all: the bank gets it at once, and the shop keeps none of it.

    409 `evidence_too_late` when the time for it is over, `dispute_not_open` if it takes no answer (any more).
    """
    evidence = dispute_schemas.fields(body)
    return dispute_schemas.dispute(answering.submit(dispute_id, evidence, once, staff))


@routes.post("/admin/disputes/{dispute_id}/accept", permission=Permission.REFUNDS_WRITE)
def accept_dispute(dispute_id: str, body: dispute_schemas.AcceptDispute, staff: Staff) -> dispute_schemas.DisputeView:
    """Let the bank keep the money: the dispute is lost, and can not be taken up again. Accepting it again changes
    nothing. 409 `dispute_not_open` if it does not wait for an answer, or is an inquiry, which takes no money."""
    return dispute_schemas.dispute(answering.accept(dispute_id, staff))
