"""Carts that were left lying: told of once, if there is somebody who could be written to.

Such a cart is in the index from its first line on, and its place there does not move with every change: when its time
comes the job sees how long it really lay untouched, and looks again later if that is not long enough.
"""

from datetime import datetime, timedelta

from chalicelib.core import clock, dynamo, jobs, outbox
from chalicelib.core.jobs import Run
from chalicelib.orders.cart import cart_tables, touching
from chalicelib.orders.cart.cart_tables import Cart
from chalicelib.orders.events import CartAbandoned
from chalicelib.orders.pricing import pricing
from chalicelib.orders.tables import OrdersItem

# One that could not be told of is tried again after this time.
_LATER = timedelta(hours=1)
# Of each of the index's partitions.
_MOST = 250


class _Moved(Exception):
    """The cart was touched, or checked out, after all."""


def tell_all(run: Run) -> None:
    """Tell of every cart that lay untouched for so long; JobsFailed if one of them could not be helped."""
    later = clock.now() + _LATER
    owners = list(cart_tables.watched(clock.now(), _MOST))
    jobs.each(run, owners, tell, lambda owner: cart_tables.watch_later(owner, later))


def tell(owner: str) -> str:
    """Look at one cart: `abandoned`, `kept` if it was touched since, `passed_over` if there is nothing to tell."""
    cart = cart_tables.cart(owner)
    if cart is None or cart.due_key is None or cart.touched_at is None:
        return "passed_over"
    patience = touching.patience()
    if patience is not None:
        end = datetime.fromisoformat(cart.touched_at) + patience
        if end > clock.now():
            cart_tables.watch_later(owner, end)
            return "kept"
    news = [] if patience is None else [dynamo.put_raw(OrdersItem, outbox.attributes(_event(cart)))]
    still = (Cart.id == cart.id) & (Cart.version == int(cart.version)) & Cart.due_key.exists()
    try:
        dynamo.transaction([dynamo.update(cart, cart_tables.unwatched(), still, _Moved()), *news])
    except _Moved:
        return "passed_over"
    return "abandoned" if news else "passed_over"


def _event(cart: Cart) -> CartAbandoned:
    wanted = [(line.sku, line.quantity) for line in cart.lines]
    lines = pricing.price_lines(wanted, {line.sku: line.seen for line in cart.lines})
    return CartAbandoned(
        aggregate_id=cart.id,
        aggregate_version=int(cart.version),
        customer_id=cart.customer_id,
        total=pricing.goods(lines, cart.currency),
        lines=len(lines),
    )
