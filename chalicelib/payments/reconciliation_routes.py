"""The provider's books and ours: where they differ, and what it told that nobody understood."""

from chalicelib.core.idempotency import Once
from chalicelib.core.paging import Page, decode_cursor, encode_cursor
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.payments import (
    findings,
    reconciliation_runs,
    reconciliation_schemas,
    reconciliation_tables,
    webhook_tables,
)

routes = StaffRoutes(__name__)


@routes.get("/admin/webhooks", permission=Permission.PAYMENTS_READ)
def list_webhooks(query: Page) -> reconciliation_schemas.Webhooks:
    """What providers told in the last 180 days and the shop could do nothing with, newest first."""
    kept, after = webhook_tables.newest(query.limit, decode_cursor(query.cursor))
    return reconciliation_schemas.webhooks(kept, encode_cursor(after))


@routes.get("/admin/reconciliation", permission=Permission.PAYMENTS_READ)
def list_findings(query: Page) -> reconciliation_schemas.Findings:
    """Where the provider's books and ours differ: first what is open, then what was repaired or closed in the last
    twelve months, each newest first."""
    found, after = reconciliation_tables.newest(query.limit, decode_cursor(query.cursor))
    return reconciliation_schemas.findings(found, encode_cursor(after))


@routes.post("/admin/reconciliation", status=202, permission=Permission.PAYMENTS_WRITE)
def start_reconciliation(
    body: reconciliation_schemas.StartReconciliation, once: Once, staff: Staff
) -> reconciliation_schemas.ReconciliationView:
    """Compare the provider's books with ours now, and not only at night. It is queued; while another run is at work it
    waits."""
    return reconciliation_schemas.asked(reconciliation_runs.start(body.days, once, staff))


@routes.post("/admin/reconciliation/{finding_id}/close", permission=Permission.PAYMENTS_WRITE)
def close_finding(
    finding_id: str, body: reconciliation_schemas.CloseFinding, once: Once, staff: Staff
) -> reconciliation_schemas.FindingView:
    """Say how a finding was settled. It stays closed, also while the books still differ. 409 `finding_closed` if it is
    not open."""
    return reconciliation_schemas.finding(findings.close(finding_id, body.reason, once, staff))
