"""What it means for a cart that somebody changed it. Carts need no more of how abandoned ones are told of."""

from datetime import timedelta

from chalicelib.core import clock, due
from chalicelib.orders import policy
from chalicelib.orders.cart import cart_tables
from chalicelib.orders.cart.cart_tables import Cart


def touched(cart: Cart) -> None:
    """Somebody changes the cart: its time begins anew with the next write of it."""
    now = clock.now()
    cart.touched_at = clock.stamp(now)
    wait = patience() if cart.lines and (cart.customer_id or cart.contact) else None
    if wait is None:
        due.look_after(cart, None)
    elif cart.due_key is None:
        cart_tables.watch(cart, now + wait)


def patience() -> timedelta | None:
    """For how long a cart may lie untouched; None: no cart is abandoned."""
    hours = policy.current().abandoned_after_hours
    return timedelta(hours=hours) if hours else None
