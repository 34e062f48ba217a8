"""What every new order begins with, whoever places it."""

from chalicelib.core import clock
from chalicelib.orders import states, tables
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.finding import numbering
from chalicelib.orders.pricing import pricing
from chalicelib.orders.tables import OrderHeader


def header(
    priced: PricedCart,
    payment_method: str,
    *,
    order_id: str,
    token_hash: str | None,
    customer_id: str | None,
    cart_id: str | None,
) -> OrderHeader:
    """The header of an order of what was priced. It waits for its payment until somebody says otherwise."""
    placed_at = clock.stamp(clock.now())
    return OrderHeader(
        **tables.header_key(order_id),
        **tables.listing(order_id, placed_at),
        status_key=tables.status_key(states.PENDING_PAYMENT, order_id, placed_at),
        id=order_id,
        number=numbering.new_number(),
        state=states.PENDING_PAYMENT,
        version=1,
        token_hash=token_hash,
        customer_id=customer_id,
        cart_id=cart_id,
        total=priced.totals.total,
        payment_method=payment_method,
        quantity=sum(line.quantity for line in priced.lines),
        to_send=sum(pricing.to_send(priced.lines).values()),
        payments={},
        shipments={},
        placed_at=placed_at,
    )
