"""Customers' orders: listed for them when they are placed, and taken over from a guest."""

from chalicelib.core import dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import busy, not_found
from chalicelib.core.visitor import Visitor
from chalicelib.orders import service, tables
from chalicelib.orders.cart import carts
from chalicelib.orders.service import Order
from chalicelib.orders.tables import CustomersOrder, OrderHeader
from chalicelib.payments import service as payments

_ATTEMPTS = 5


def listed(header: OrderHeader) -> list[Action]:
    """The write action that puts an order into its customer's list; a guest has none."""
    if header.customer_id is None:
        return []
    key = tables.customers_order_key(header.customer_id, header.placed_at, header.id)
    return [dynamo.put(CustomersOrder(**key, order_id=header.id))]


def claim(order_id: str, order_token: str, customer_id: str) -> Order:
    """Make a guest's order the customer's who holds its token; the token opens neither order nor payments any more,
    and the cart's secret not the cart that it came from.

    Claiming it again changes nothing. 404 if the token is wrong or somebody else has claimed the order.
    """
    for _ in range(_ATTEMPTS):
        order = service.find(order_id)
        header = order.header
        if header.customer_id == customer_id:
            return order
        if not Visitor(secret=order_token).opens(header.customer_id, header.token_hash):
            raise not_found("order")
        before = service.unmoved(header)
        header.customer_id, header.token_hash = customer_id, None
        header.version = int(header.version) + 1
        handed_over = [
            *payments.claim(order_id, customer_id, service.Moved()),
            *carts.lock(header.cart_id, service.Moved()),
        ]
        try:
            dynamo.transaction([dynamo.put(header, before, service.Moved()), *listed(header), *handed_over])
        except service.Moved:
            continue
        return order
    raise busy()
