"""Staff's view of orders."""

from chalicelib.core.idempotency import Once
from chalicelib.core.paging import Page, decode_cursor, encode_cursor, foreign_cursor
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.orders import paying, policy, schemas, service
from chalicelib.orders.invoices import invoice_schemas, invoices, sellers
from chalicelib.orders.invoices.invoice_content import Seller
from chalicelib.orders.tables import OrderPolicy

routes = StaffRoutes(__name__)


@routes.get("/admin/orders", permission=Permission.ORDERS_READ)
def list_orders(query: Page) -> schemas.Orders:
    """The orders of the last twelve months, newest first."""
    try:
        headers, after = service.newest(query.limit, decode_cursor(query.cursor))
    except ValueError:
        raise foreign_cursor() from None
    return schemas.Orders([schemas.summary(header) for header in headers], encode_cursor(after))


@routes.get("/admin/orders/{order_id}", permission=Permission.ORDERS_READ)
def show_any_order(order_id: str) -> schemas.OrderView:
    """An order with its timeline."""
    return schemas.order(service.find(order_id))


@routes.post("/admin/orders/{order_id}/cancel", permission=Permission.ORDERS_WRITE)
def cancel_any_order(order_id: str, body: schemas.Cancel, staff: Staff) -> schemas.OrderView:
    """Call an order off while nothing is on its way. Canceling it again changes nothing."""
    return schemas.order(service.cancel(order_id, body.reason, staff))


@routes.get("/admin/orders/{order_id}/shipments", permission=Permission.SHIPMENTS_READ)
def list_any_shipments(order_id: str) -> schemas.ShipmentSummaries:
    """The parcels of an order."""
    return schemas.ShipmentSummaries(schemas.shipments(service.find(order_id).header), None)


@routes.post("/admin/orders/{order_id}/refunds", status=201, permission=Permission.REFUNDS_WRITE)
def refund_order(order_id: str, body: schemas.Refund, once: Once, staff: Staff) -> schemas.RefundView:
    """Give all of an order's money back, once everything was sent. Before that, cancel it: that gives it back too."""
    return schemas.refund(paying.refund(order_id, body.reason, once, staff))


@routes.get("/admin/orders/{order_id}/refunds", permission=Permission.ORDERS_READ)
def list_refunds(order_id: str) -> schemas.Refunds:
    """What of an order's money went back, or is on its way."""
    return schemas.Refunds([schemas.refund(item) for item in paying.refunds_of(order_id)], None)


@routes.get("/admin/order-policy", permission=Permission.SETTINGS_READ)
def show_order_policy() -> OrderPolicy:
    """What the shop decided for all orders."""
    return policy.current()


@routes.put("/admin/order-policy", permission=Permission.SETTINGS_WRITE)
def put_order_policy(body: OrderPolicy, staff: Staff) -> OrderPolicy:
    """Decide it anew, as a whole. What is left out is as it comes."""
    return policy.put(body, staff)


@routes.get("/admin/seller", permission=Permission.SETTINGS_READ)
def show_seller() -> Seller:
    """Who sells, as invoices say it."""
    return sellers.find()


@routes.put("/admin/seller", permission=Permission.SETTINGS_WRITE)
def put_seller(body: Seller, staff: Staff) -> Seller:
    """Say who sells. From then on what is sent is invoiced; the prefixes of numbers stay as they are."""
    return sellers.put(body, staff)


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
