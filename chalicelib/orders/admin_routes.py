"""Staff's view of orders."""

from chalicelib.core.idempotency import Once
from chalicelib.core.paging import Page, decode_cursor, encode_cursor, foreign_cursor
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.orders import paying, policy, schemas, service
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
    """Give an order's money back, once everything was sent. Before that, cancel it or lines of it: that gives it back
    too. What was paid in several ways goes back in several refunds; the answer is the first of them."""
    return schemas.refund(paying.refund(order_id, body.amount, body.reason, once, staff))


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
