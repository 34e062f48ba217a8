"""What a customer puts aside: out of the cart and its totals, but not out of sight."""

from collections.abc import Sequence

import msgspec

from chalicelib.core.errors import ShopError, not_found
from chalicelib.core.idempotency import Once
from chalicelib.core.visitor import Visitor
from chalicelib.orders.cart import carts
from chalicelib.orders.cart.cart_tables import Cart, CartLine
from chalicelib.orders.cart.carts import MOST_PIECES
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.pricing.pricing import Offer

MOST_SAVED = 40


def save(visitor: Visitor, cart_id: str | None, sku: str, once: Once) -> PricedCart:
    """Put a line aside for later. Pieces of a SKU that is there already add up. 422 `saved_full` beyond 40 lines."""

    def put_aside(cart: Cart, found: dict[str, Offer]) -> None:
        line = carts.present_line(cart, sku)
        cart.saved = together(cart.saved, [line])
        check_room(cart, "/sku")
        carts.set_line(cart, msgspec.structs.replace(line, quantity=0))

    return carts.change_once(visitor, cart_id, put_aside, [], once)


def move_to_cart(visitor: Visitor, cart_id: str | None, sku: str, once: Once) -> PricedCart:
    """Put what was saved back into the cart, at its price of now. 409 `not_sold` if it is not for sale (any more)."""

    def put_back(cart: Cart, found: dict[str, Offer]) -> None:
        (line,) = together([line for line in cart.lines if line.sku == sku], [_saved(cart, sku)])
        offer = found[sku].at(line.quantity)
        if not offer.sold:
            raise ShopError("not_sold", 409, f"{sku!r} is not for sale in {cart.currency} now.")
        carts.set_line(cart, msgspec.structs.replace(line, seen=offer))
        cart.saved = [other for other in cart.saved if other.sku != sku]

    return carts.change_once(visitor, cart_id, put_back, [sku], once)


def forget(visitor: Visitor, cart_id: str | None, sku: str) -> PricedCart:
    """Take a line out of what is saved."""

    def drop(cart: Cart, found: dict[str, Offer]) -> None:
        gone = _saved(cart, sku)
        cart.saved = [line for line in cart.saved if line is not gone]

    return carts.change(visitor, cart_id, drop)


def together(mine: Sequence[CartLine], others: Sequence[CartLine]) -> list[CartLine]:
    """All lines; pieces of one SKU add up, to as many as a cart takes, and my note goes before the other."""
    lines = {line.sku: line for line in mine}
    for line in others:
        first = lines.setdefault(line.sku, msgspec.structs.replace(line, quantity=0))
        quantity = min(first.quantity + line.quantity, MOST_PIECES)
        lines[line.sku] = CartLine(line.sku, quantity, line.seen, first.note or line.note)
    return list(lines.values())


def check_room(cart: Cart, pointer: str) -> None:
    """422 if more is saved than a cart holds."""
    if len(cart.saved) > MOST_SAVED:
        raise ShopError("saved_full", 422, f"At most {MOST_SAVED} lines are saved for later.", pointer=pointer)


def _saved(cart: Cart, sku: str) -> CartLine:
    line = carts.line_of(cart.saved, sku)
    if line is None:
        raise not_found("saved line in this cart")
    return line
