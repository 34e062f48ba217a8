"""Staff's view of orders."""

from chalicelib.core.idempotency import Once
from chalicelib.core.paging import decode_cursor, encode_cursor
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.orders import refunding, schemas, service
from chalicelib.orders.amending import amendment_schemas, amendments, editing
from chalicelib.orders.finding import finding_schemas, order_lists, order_numbers, saved_filters
from chalicelib.orders.handling import handling_schemas, holds, notes
from chalicelib.orders.invoices import invoice_schemas, invoices
from chalicelib.orders.refunding import Wish

routes = StaffRoutes(__name__)


@routes.get("/admin/orders", permission=Permission.ORDERS_READ)
def list_orders(query: finding_schemas.OrdersQuery) -> handling_schemas.StaffOrders:
    """Orders, newest first: those of the last twelve months, or what is asked for. A page may hold less than `limit`,
    even nothing, and still have a `next_cursor`: it ends where enough was looked at."""
    if query.number is not None:
        number = order_numbers.read(query.number, "/query/number")
        headers, after = order_lists.of_number(number), None
    else:
        place = decode_cursor(query.cursor)
        headers, after = order_lists.page(finding_schemas.wanted(query), query.filter, query.limit, place)
    return handling_schemas.StaffOrders([handling_schemas.summary(header) for header in headers], encode_cursor(after))


@routes.get("/admin/orders/{order_id}", permission=Permission.ORDERS_READ)
def show_any_order(order_id: str) -> handling_schemas.StaffOrderView:
    """An order with its timeline, and with what staff wrote for each other."""
    return handling_schemas.order(service.find(order_id))


@routes.post("/admin/orders/{order_id}/cancel", permission=Permission.ORDERS_WRITE)
def cancel_any_order(order_id: str, body: schemas.Cancel, staff: Staff) -> handling_schemas.StaffOrderView:
    """Call an order off while nothing is on its way. Canceling it again changes nothing."""
    return handling_schemas.order(service.cancel(order_id, body.reason, staff))


@routes.post("/admin/orders/{order_id}/cancel-lines", permission=Permission.ORDERS_WRITE)
def cancel_any_order_lines(
    order_id: str, body: amendment_schemas.CancelLines, once: Once, staff: Staff
) -> handling_schemas.StaffOrderView:
    """Take pieces out of an order while they are not on their way. Where nothing is left it is canceled."""
    return handling_schemas.order(amendments.cancel_lines(order_id, body.lines, body.reason, once, staff))


@routes.post("/admin/orders/{order_id}/edit", permission=Permission.ORDERS_WRITE)
def edit_order(
    order_id: str, body: amendment_schemas.EditOrder, once: Once, staff: Staff
) -> amendment_schemas.EditedOrder:
    """Change a confirmed order. What it costs more the customer pays by its payments; what it costs less goes back."""
    wish = amendment_schemas.wish(body)
    if body.dry_run:
        return amendment_schemas.edited(editing.preview(order_id, wish, staff))
    return amendment_schemas.edited(editing.edit(order_id, wish, once, staff))


@routes.get("/admin/orders/{order_id}/shipments", permission=Permission.SHIPMENTS_READ)
def list_any_shipments(order_id: str) -> schemas.ShipmentSummaries:
    """The parcels of an order."""
    return schemas.ShipmentSummaries(schemas.shipments(service.find(order_id).header), None)


@routes.post("/admin/orders/{order_id}/refunds", status=201, permission=Permission.REFUNDS_WRITE)
def refund_order(order_id: str, body: schemas.Refund, once: Once, staff: Staff) -> schemas.RefundView:
    """Give an order's money back, once everything was sent. Before that, cancel it or lines of it: that gives it back
    too. What was paid in several ways goes back in several refunds; the answer is the first of them.

    409 `refund_too_large`, `line_refunded` and `payment_disputed` say what is left, or who has it."""
    return schemas.refund(refunding.refund(order_id, Wish(body.amount, body.lines, body.reason), once, staff))


@routes.get("/admin/orders/{order_id}/refunds", permission=Permission.ORDERS_READ)
def list_refunds(order_id: str) -> schemas.Refunds:
    """What of an order's money went back, or is on its way."""
    return schemas.Refunds([schemas.refund(item) for item in refunding.of_order(order_id)], None)


@routes.get("/admin/invoices", permission=Permission.ORDERS_READ)
def list_all_invoices(query: invoice_schemas.InvoiceQuery) -> invoice_schemas.InvoiceSummaries:
    """The invoices and credit notes of a month, newest first."""
    found, after = invoices.issued_in(invoice_schemas.month_of(query), query.limit, decode_cursor(query.cursor))
    return invoice_schemas.InvoiceSummaries([invoice_schemas.summary(item) for item in found], encode_cursor(after))


@routes.get("/admin/orders/{order_id}/invoices", permission=Permission.ORDERS_READ)
def list_any_invoices(order_id: str) -> invoice_schemas.Invoices:
    """The invoices and credit notes of an order."""
    return invoice_schemas.documents(invoices.of_any(order_id))


@routes.post("/admin/orders/{order_id}/invoices", status=202, permission=Permission.ORDERS_WRITE)
def request_invoices(order_id: str, once: Once, staff: Staff) -> invoice_schemas.Requested:
    """Have an order's invoices brought up to date: one that was sent before the shop said who sells has none."""
    invoices.request(order_id, once, staff)
    return invoice_schemas.Requested(order_id)


@routes.post("/admin/orders/{order_id}/notes", status=201, permission=Permission.ORDERS_WRITE)
def add_note(order_id: str, body: handling_schemas.AddNote, once: Once, staff: Staff) -> handling_schemas.NoteView:
    """Write something to an order that only staff see."""
    return handling_schemas.note(notes.add(order_id, body.text, once, staff))


@routes.put("/admin/orders/{order_id}/tags", permission=Permission.ORDERS_WRITE)
def put_tags(order_id: str, body: handling_schemas.PutTags, staff: Staff) -> handling_schemas.StaffOrderView:
    """Let an order have exactly these tags, which its customer does not see."""
    return handling_schemas.order(notes.tag(order_id, body.tags, staff))


@routes.post("/admin/orders/{order_id}/hold", permission=Permission.ORDERS_WRITE)
def hold_order(order_id: str, body: handling_schemas.HoldOrder, staff: Staff) -> handling_schemas.StaffOrderView:
    """Let an order wait: it is neither packed nor sent. Holding what is on hold changes nothing."""
    return handling_schemas.order(holds.hold(order_id, body.reason, staff))


@routes.post("/admin/orders/{order_id}/release", permission=Permission.ORDERS_WRITE)
def release_order(order_id: str, body: handling_schemas.ReleaseOrder, staff: Staff) -> handling_schemas.StaffOrderView:
    """Let an order that is on hold go on. Releasing any other changes nothing."""
    return handling_schemas.order(holds.release(order_id, staff))


@routes.get("/admin/order-filters", permission=Permission.ORDERS_READ)
def list_order_filters() -> finding_schemas.SavedFilters:
    """The filters that staff keep."""
    return finding_schemas.SavedFilters([finding_schemas.saved_filter(item) for item in saved_filters.listed()], None)


@routes.get("/admin/order-filters/{filter_id}", permission=Permission.ORDERS_READ)
def show_order_filter(filter_id: finding_schemas.FilterId) -> finding_schemas.SavedFilterView:
    """A filter that staff keep. `GET /admin/orders?filter=` uses it."""
    return finding_schemas.saved_filter(saved_filters.find(filter_id))


@routes.put("/admin/order-filters/{filter_id}", permission=Permission.ORDERS_WRITE)
def put_order_filter(
    filter_id: finding_schemas.FilterId, body: finding_schemas.PutFilter, staff: Staff
) -> finding_schemas.SavedFilterView:
    """Keep a filter for all staff, or change it."""
    return finding_schemas.saved_filter(saved_filters.put(filter_id, body.name, body.filter, staff))


@routes.delete("/admin/order-filters/{filter_id}", permission=Permission.ORDERS_WRITE)
def delete_order_filter(filter_id: finding_schemas.FilterId, staff: Staff) -> None:
    """Keep a filter no more."""
    saved_filters.delete(filter_id, staff)
