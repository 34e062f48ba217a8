"""What staff do about returns."""

from chalicelib.core.idempotency import Once
from chalicelib.core.paging import decode_cursor, encode_cursor, foreign_cursor
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.orders.returns import exchanges, receiving, repaying, return_schemas, returns

routes = StaffRoutes(__name__)


@routes.get("/admin/returns", permission=Permission.ORDERS_READ)
def list_returns(query: return_schemas.ReturnPage) -> return_schemas.Returns:
    """The returns that are `requested`, `approved` or `received`, the oldest first."""
    try:
        items, after = returns.waiting(query.status, query.limit, decode_cursor(query.cursor))
    except ValueError:
        raise foreign_cursor() from None
    return return_schemas.Returns([return_schemas.view(item, for_staff=True) for item in items], encode_cursor(after))


@routes.get("/admin/returns/{return_id}", permission=Permission.ORDERS_READ)
def show_any_return(return_id: str) -> return_schemas.ReturnView:
    """A return, with its photos."""
    return return_schemas.view(returns.find(return_id), for_staff=True)


@routes.post("/admin/returns/{return_id}/approve", permission=Permission.ORDERS_WRITE)
def approve_return(return_id: str, body: return_schemas.Approve, staff: Staff) -> return_schemas.ReturnView:
    """Let the customer send it, and say how. Approving it again changes nothing."""
    item = returns.approve(return_id, body.instructions, body.label_url, staff)
    return return_schemas.view(item, for_staff=True)


@routes.post("/admin/returns/{return_id}/reject", permission=Permission.ORDERS_WRITE)
def reject_return(return_id: str, body: return_schemas.Reject, staff: Staff) -> return_schemas.ReturnView:
    """Refuse it, and say why. Rejecting it again changes nothing."""
    return return_schemas.view(returns.reject(return_id, body.reason, staff), for_staff=True)


@routes.post("/admin/returns/{return_id}/receive", permission=Permission.STOCK_WRITE)
def receive_return(return_id: str, body: return_schemas.Receive, staff: Staff) -> return_schemas.ReturnView:
    """It came: say what of it, in which condition and where it is now. The same again changes nothing."""
    return return_schemas.view(receiving.receive(return_id, return_schemas.received(body), staff), for_staff=True)


@routes.post("/admin/returns/{return_id}/refund", permission=Permission.REFUNDS_WRITE)
def refund_return(
    return_id: str, body: return_schemas.RefundReturn, once: Once, staff: Staff
) -> return_schemas.ReturnView:
    """Give back what was paid for what came, less a fee, with the shipping, or another amount."""
    wish = repaying.Wish(body.fee, body.shipping, body.amount)
    return return_schemas.view(repaying.refund(return_id, wish, once, staff), for_staff=True)


@routes.post("/admin/returns/{return_id}/exchange", permission=Permission.ORDERS_WRITE)
def exchange_return(
    return_id: str, body: return_schemas.Exchange, once: Once, staff: Staff
) -> return_schemas.ReturnView:
    """Send something else instead, at today's prices: a new order that what came pays for. What is missing is for the
    customer to pay, what is left goes back."""
    return return_schemas.view(exchanges.exchange(return_id, body.lines, once, staff), for_staff=True)


@routes.post("/admin/returns/{return_id}/close", permission=Permission.ORDERS_WRITE)
def close_return(return_id: str, body: return_schemas.CloseReturn, staff: Staff) -> return_schemas.ReturnView:
    """It never came, or nothing is to be paid back. Closing it again changes nothing."""
    return return_schemas.view(returns.close(return_id, staff), for_staff=True)
