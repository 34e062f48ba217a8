"""Checkout: a cart becomes an order in one transaction, or nothing happens at all."""

from collections.abc import Sequence

import msgspec

from chalicelib.core import clock, dynamo, ids, outbox
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.money import Money
from chalicelib.logistics import stock
from chalicelib.orders import carts, expiry, pricing, service, states, tables
from chalicelib.orders.carts import PricedCart
from chalicelib.orders.events import OrderConfirmed, OrderEvent, OrderPlaced
from chalicelib.orders.service import Order
from chalicelib.orders.tables import Cart, OrderHeader, OrdersItem, OrderSnapshot
from chalicelib.payments import service as payments
from chalicelib.payments import settlement
from chalicelib.payments.settlement import Session

_ATTEMPTS = 5


class Wish(msgspec.Struct, frozen=True):
    """What the customer agreed to: this version of the cart, at this total."""

    email: str
    payment_method: str
    cart_version: int
    expected_total: Money


class Placed(msgspec.Struct, frozen=True):
    """A placed order, how it is paid, and the secret that opens both."""

    order: Order
    session: Session
    order_token: str


class CartChanged(Exception):
    """The cart is not what the customer agreed to; `cart` is what it is now."""

    def __init__(self, cart: PricedCart) -> None:
        super().__init__(cart.cart.id)
        self.cart = cart


def check_out(cart_id: str, cart_token: str, wish: Wish, once: Once) -> Placed:
    """Place the order that the customer saw. The same request again answers with the same order.

    Three requests: the cart; its prices and stock; the commit. Raises CartChanged if version, price or total differ,
    409 `out_of_stock` if a line can not be reserved in full: then nothing was written.
    """
    method = payments.method(wish.payment_method)
    for _ in range(_ATTEMPTS):
        cart = carts.owned(tables.cart(cart_id), cart_token)
        if cart.order_id is not None:
            return _replay(cart, cart_token, once)
        found = dynamo.load(carts.offer_keys([line.sku for line in cart.lines]), consistent=True)
        priced = carts.price_with(cart, found)
        _check(priced, wish)
        try:
            return _place(priced, wish, method, stock.available(found), cart_token, once)
        except (stock.LevelMoved, _CartMoved):
            continue  # the next look says whether there is still enough
        except AlreadyDone:
            return _replay(carts.owned(tables.cart(cart_id), cart_token), cart_token, once)
    raise busy()


class _CartMoved(Exception):
    """The cart was changed or checked out while it was being checked out."""


def _replay(cart: Cart, cart_token: str, once: Once) -> Placed:
    made = once.made(OrdersItem)
    if made is None:
        raise carts.closed(cart)
    attempt = payments.find(ids.derived("pay", made, 1))
    return Placed(service.find(made), settlement.open_session(attempt), _order_token(cart_token, made))


def _order_token(cart_token: str, order_id: str) -> str:
    """Whoever holds the cart's secret can be given the order's again; nobody else can, and it is stored nowhere."""
    return ids.derive_secret(cart_token, f"order-token:{order_id}")


def _check(priced: PricedCart, wish: Wish) -> None:
    cart = priced.cart
    if not cart.lines:
        raise ShopError("cart_empty", 409, "There is nothing in this cart.")
    if int(cart.version) != wish.cart_version or priced.totals.total != wish.expected_total:
        raise CartChanged(priced)
    if any(line.status == pricing.NOT_SOLD for line in priced.lines):
        raise CartChanged(priced)
    if cart.address is None:
        raise ShopError("shipping_address_required", 409, "Say first where the order goes: PUT shipping-address.")
    if priced.shipping is None:
        raise ShopError("shipping_option_required", 409, "Choose first how it is sent: PUT shipping-option.")


def _place(
    priced: PricedCart,
    wish: Wish,
    method: payments.PaymentMethod,
    free: dict[tuple[str, str], int],
    cart_token: str,
    once: Once,
) -> Placed:
    order_id = ids.new_id("ord")
    token = _order_token(cart_token, order_id)
    wanted = {line.sku: line.quantity for line in priced.lines}
    header, snapshot = _order(order_id, priced, wish, ids.digest(token))
    attempt, make_attempt = payments.first_attempt(order_id, method.id, priced.totals.total, header.token_hash)
    events = _events(header, method)
    timeline = [service.timeline_entry(order_id, event, {}) for event in events]
    cart = priced.cart
    unchanged = (Cart.version == int(cart.version)) & Cart.order_id.does_not_exist()
    actions: list[Action] = [
        *once.claim(OrdersItem, order_id),
        dynamo.update(cart, [Cart.order_id.set(order_id)], unchanged, _CartMoved()),
        dynamo.insert(header),
        dynamo.insert(snapshot),
        make_attempt,
        *stock.reserve(order_id, wanted, free),
        *(dynamo.put(entry) for entry in timeline),
        *(dynamo.put_raw(OrdersItem, outbox.attributes(event)) for event in events),
    ]
    dynamo.transaction(actions)
    # From here on the order stands, whatever becomes of this function: the same request goes on here, and so does the
    # sweep of payments.
    return Placed(Order(header, snapshot, timeline), settlement.open_session(attempt), token)


def _order(order_id: str, priced: PricedCart, wish: Wish, token_hash: str) -> tuple[OrderHeader, OrderSnapshot]:
    placed_at = clock.stamp(clock.now())
    header = OrderHeader(
        **tables.header_key(order_id),
        **tables.listing(order_id, placed_at),
        id=order_id,
        state=states.PENDING_PAYMENT,
        version=1,
        token_hash=token_hash,
        total=priced.totals.total,
        payment_method=wish.payment_method,
        quantity=sum(line.quantity for line in priced.lines),
        payments={},
        shipments={},
        placed_at=placed_at,
    )
    snapshot = OrderSnapshot(
        **tables.snapshot_key(order_id),
        email=wish.email,
        lines=priced.lines,
        totals=priced.totals,
        address=priced.cart.address,
        shipping=priced.shipping,
    )
    return header, snapshot


def _events(header: OrderHeader, method: payments.PaymentMethod) -> Sequence[OrderEvent]:
    """Placed, and where nothing has to be paid first, confirmed at once: `header` is moved on accordingly."""
    placed = service.event(OrderPlaced, header)
    if not method.paid_on_delivery:
        tables.set_due(header, clock.now() + expiry.PAY_WITHIN)
        return [placed]
    states.check_move(header.state, states.CONFIRMED)
    header.state = states.CONFIRMED
    header.version = int(header.version) + 1
    return [placed, service.event(OrderConfirmed, header)]
