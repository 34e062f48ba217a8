"""A customer has looked at what changed in their cart: from then on it is what they have seen."""

from chalicelib.core import dynamo
from chalicelib.core.errors import busy
from chalicelib.core.visitor import Visitor
from chalicelib.orders.cart import carts, offers
from chalicelib.orders.cart.carts import CartChanged
from chalicelib.orders.cart.offers import PricedCart

_ATTEMPTS = 5


class _Moved(Exception):
    """The cart was written to while its customer looked."""


def seen(visitor: Visitor, cart_id: str | None, cart_version: int) -> PricedCart:
    """Let the offers of now be what the customer saw of this version of their cart; it becomes a new one.

    Where nothing changed nothing is written. Raises CartChanged if the cart is another version by now.
    """
    for _ in range(_ATTEMPTS):
        cart = carts.open_cart(visitor, cart_id)
        found = offers.look(
            offers.all_skus(cart), cart.customer_id, *offers.besides(cart, cart.customer_id), consistent=True
        )
        priced = offers.priced_with_saved(cart, found, cart.customer_id)
        if int(cart.version) != cart_version:
            raise CartChanged(priced)
        if not priced.changes:
            return priced
        before = carts.unchanged(cart)
        offers.see(cart, found)
        carts.touch(cart)
        try:
            dynamo.write(dynamo.put(cart, before, _Moved()))
        except _Moved:
            continue
        return offers.priced_with_saved(cart, found, cart.customer_id)
    raise busy()
