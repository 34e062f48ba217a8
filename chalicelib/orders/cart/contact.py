"""Where a guest can be written to about what they have left in their cart."""

from chalicelib.core.visitor import Visitor
from chalicelib.orders.cart import carts
from chalicelib.orders.cart.cart_tables import Cart
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.pricing.pricing import Offer


def set_contact(visitor: Visitor, cart_id: str, email: str | None) -> PricedCart:
    """Keep an e-mail address with the cart, for as long as the cart is kept; None takes it away."""

    def keep(cart: Cart, found: dict[str, Offer]) -> None:
        cart.contact = email

    return carts.change(visitor, cart_id, keep)
