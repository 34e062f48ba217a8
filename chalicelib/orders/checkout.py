"""Checkout: a cart becomes an order in one transaction, or nothing happens at all."""

from collections.abc import Sequence

import msgspec

from chalicelib.core import clock, due, dynamo, ids, log
from chalicelib.core.dynamo import Action, Item, Key
from chalicelib.core.errors import ShopError, busy
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.money import Money
from chalicelib.core.visitor import Visitor
from chalicelib.logistics import stock
from chalicelib.orders import claims, placing, policy, progress, service, states, tables
from chalicelib.orders.cart import cart_changes, cart_tables, carts, offers
from chalicelib.orders.cart.cart_tables import Cart
from chalicelib.orders.cart.carts import CartChanged
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.events import OrderEvent, OrderHeld, OrderPlaced
from chalicelib.orders.finding import numbering
from chalicelib.orders.handling import holds
from chalicelib.orders.limits import cod_terms, hoarding, per_customer
from chalicelib.orders.pricing import pricing
from chalicelib.orders.promotions import coupons
from chalicelib.orders.sale import sale_terms
from chalicelib.orders.service import Order
from chalicelib.orders.tables import OrderHeader, OrdersItem, OrderSnapshot
from chalicelib.payments import offering, opening, saved_methods, settlement, tendering
from chalicelib.payments import service as payments
from chalicelib.payments.offering import Asking
from chalicelib.payments.settlement import Session
from chalicelib.payments.tendering import Paying
from chalicelib.users import groups

_ATTEMPTS = 5


class Wish(msgspec.Struct, frozen=True):
    """What the customer agreed to: this version of the cart, at this total. `network`: where they asked from;
    `locale`: the language that they read. Codes of `gift_cards` and `store_credit` pay first, and `payment_method` what
    is missing then, if anything is."""

    email: str
    payment_method: str | None
    cart_version: int
    expected_total: Money
    network: str | None = None
    locale: str | None = None
    gift_cards: tuple[str, ...] = ()
    store_credit: bool = False


class Placed(msgspec.Struct, frozen=True):
    """A placed order, how it is paid, and the secret that opens both, which a customer does not need."""

    order: Order
    session: Session
    order_token: str | None


def check_out(visitor: Visitor, cart_id: str | None, wish: Wish, once: Once) -> Placed:
    """Place the order that the customer saw. The same request again answers with the same order, whatever became of
    the cart meanwhile.

    Three requests: the cart; its prices and stock; the commit. Raises CartChanged if version or total differ, if a
    line is not sold, or if a price rose unseen; 409 `out_of_stock` if a line can not be reserved in full,
    `too_many_open_orders` if too much is reserved already, neither paid for nor sent; errors of tendering.paying if
    there is not the credit that was named. Then nothing was written: no line and no piece is dropped silently.
    """
    try:
        return _check_out(visitor, cart_id, wish, once)
    except (AlreadyDone, CartChanged, ShopError):
        made = once.made(OrdersItem)
        if made is None:
            raise
        return _replay(visitor, made)


def _check_out(visitor: Visitor, cart_id: str | None, wish: Wish, once: Once) -> Placed:
    credit = tendering.read(wish.gift_cards, wish.store_credit, visitor.customer)
    method = tendering.method(credit) if wish.payment_method is None else offering.method(wish.payment_method)
    for _ in range(_ATTEMPTS):
        cart = carts.find(visitor, cart_id)
        if cart.order_id is not None:
            raise carts.closed(cart)
        who = coupons.identity(cart.customer_id, wish.email)
        may_hoard = not method.on_trust or cart.customer_id is None
        holders = hoarding.refs(_buyer(wish, method, cart.customer_id)) if may_hoard else []
        besides = [*offers.besides(cart, who), *holders, *tendering.refs(credit, cart.currency)]
        besides += saved_methods.refs(cart.customer_id) if method.has_provider else []
        found = offers.look(offers.skus(cart), cart.customer_id, *besides, consistent=True)
        priced = offers.priced(cart, found, who)
        _check_seen(priced, wish)
        paying = tendering.paying(method, credit, found, priced.totals.total)
        _check(priced, paying, groups.among(found))
        try:
            return _place(priced, wish, paying, found, visitor, once)
        except _MOVED as moved:
            log.write("conflict", codes=[type(moved).__name__])
            continue  # the next look says whether there is still enough
    raise busy()


class _CartMoved(Exception):
    """The cart was changed or checked out while it was being checked out."""


_MOVED = (
    stock.LevelMoved,
    coupons.UsedUp,
    _CartMoved,
    hoarding.HolderMoved,
    numbering.NumberTaken,
    tendering.CreditMoved,
)


def _replay(visitor: Visitor, order_id: str) -> Placed:
    token = _order_token(visitor, order_id)
    order = service.of_visitor(order_id, Visitor(visitor.customer, token))
    attempts, _ = payments.of_order(order_id)
    return Placed(order, settlement.open_session(opening.to_look_at(attempts)), token)


def _order_token(visitor: Visitor, order_id: str) -> str | None:
    """Whoever holds the cart's secret can be given the order's again; nobody else can, and it is stored nowhere.

    A customer needs none.
    """
    return ids.derive_secret(visitor.secret, f"order-token:{order_id}") if visitor.secret else None


def _check_seen(priced: PricedCart, wish: Wish) -> None:
    """The cart is what the customer saw."""
    cart = priced.cart
    if not cart.lines:
        raise ShopError("cart_empty", 409, "There is nothing in this cart.")
    if int(cart.version) != wish.cart_version or priced.totals.total != wish.expected_total:
        raise CartChanged(priced)
    if any(line.status == pricing.NOT_SOLD for line in priced.lines) or _unseen(priced):
        raise CartChanged(priced)
    sale_terms.check(priced.lines)


def _check(priced: PricedCart, paying: Paying, member_of: frozenset[str]) -> None:
    """It can be paid in this way, and sent."""
    cart, missing = priced.cart, paying.missing
    country = cart.address.country if priced.needs_shipping and cart.address else None
    if paying.method.timing != "credit":
        # Where credit pays all of it there is no amount that could be too small.
        amount = missing if missing.amount or not paying.tenders else None
        offering.check(paying.method, Asking(amount, missing.currency, country, member_of))
    if not priced.needs_shipping:
        if paying.method.paid_on_delivery:
            detail = "Nothing of this order is delivered at a door where it could be paid."
            raise ShopError("payment_method_unavailable", 422, detail, pointer="/payment_method")
        return
    if _on_trust(paying, cart.customer_id):
        cod_terms.check(missing, policy.current().guest_cod_limit)
    if cart.address is None:
        raise ShopError("shipping_address_required", 409, "Say first where the order goes: PUT shipping-address.")
    if priced.shipping is None:
        raise ShopError("shipping_option_required", 409, "Choose first how it is sent: PUT shipping-option.")


def _unseen(priced: PricedCart) -> bool:
    """Whether a price rose and nobody can tell that the customer knows: who agrees to another total than they saw last
    has looked since; where a fall or a discount makes up for the rise the total says nothing."""
    return cart_changes.worse(priced.changes) and offers.as_seen(priced.cart).totals.total == priced.totals.total


def _place(
    priced: PricedCart,
    wish: Wish,
    paying: Paying,
    found: dict[Key, Item],
    visitor: Visitor,
    once: Once,
) -> Placed:
    order_id = ids.new_id("ord")
    token = _order_token(visitor, order_id)
    header, snapshot = _order(order_id, priced, wish, paying.method, token)
    who = coupons.identity(header.customer_id, wish.email)
    redeeming = coupons.redeem(header, priced.redeemed, priced.promotions, found, who)
    attempts, make_attempts = opening.first_attempts(
        order_id,
        paying.tenders,
        header.total,
        paying.method.id,
        header.token_hash,
        header.customer_id,
        customer_ref=saved_methods.among(found),
    )
    progress.learn(header, attempts[: len(paying.tenders)])
    events = _events(header, paying)
    cart = priced.cart
    open_order: list[Action] = []
    if header.state == states.PENDING_PAYMENT or _on_trust(paying, header.customer_id):
        open_order = hoarding.hold(header, _buyer(wish, paying.method, header.customer_id), priced.lines, found)
    rationed = per_customer.take(header, wish.email, priced.lines)
    pieces, free = pricing.to_send(priced.lines), stock.available(found)
    actions: list[Action] = [
        *once.claim(OrdersItem, order_id),
        dynamo.update(
            cart, [Cart.order_id.set(order_id), *cart_tables.unwatched()], carts.unchanged(cart), _CartMoved()
        ),
        dynamo.insert(header),
        dynamo.insert(snapshot),
        *claims.listed(header),
        *numbering.listed(header, wish.email),
        *make_attempts,
        *stock.reserve(order_id, pieces, free, sale_terms.oversold(found)),
        *redeeming,
        *rationed,
        *open_order,
        *(holds.in_the_warehouse(header) if header.hold else []),
        *(action for event in events for action in service.record(order_id, event, _facts(event, header))),
    ]
    dynamo.transaction(actions)
    # From here on the order stands, whatever becomes of this function: the same request goes on here, and so does the
    # sweep of payments.
    timeline = [service.timeline_entry(order_id, event, _facts(event, header)) for event in events]
    return Placed(Order(header, snapshot, timeline), settlement.open_session(opening.to_look_at(attempts)), token)


def _order(
    order_id: str, priced: PricedCart, wish: Wish, method: payments.PaymentMethod, token: str | None
) -> tuple[OrderHeader, OrderSnapshot]:
    header = placing.header(
        priced,
        method.id,
        order_id=order_id,
        token_hash=ids.digest(token) if token else None,
        customer_id=priced.cart.customer_id,
        cart_id=priced.cart.id if priced.cart.customer_id is None else None,
    )
    snapshot = OrderSnapshot(
        **tables.snapshot_key(order_id, 1),
        email=wish.email,
        lines=priced.lines,
        totals=priced.totals,
        address=priced.cart.address if priced.needs_shipping else None,
        shipping=priced.shipping,
        billing=priced.cart.billing,
        locale=wish.locale,
    )
    return header, snapshot


def _buyer(wish: Wish, method: payments.PaymentMethod, customer_id: str | None) -> hoarding.Buyer:
    return hoarding.Buyer(wish.email, wish.network, customer_id, method.on_trust)


def _events(header: OrderHeader, paying: Paying) -> Sequence[OrderEvent]:
    """Placed, and where nothing has to be paid first, confirmed at once: `header` is moved on accordingly."""
    placed = service.event(OrderPlaced, header)
    if paying.missing.amount and not paying.on_trust:
        due.look_after(header, clock.now() + policy.pay_within(paying.method.id))
        return [placed]
    events = [placed, *service.confirmed(header)]
    if _on_trust(paying, header.customer_id) and cod_terms.needs_review(
        paying.missing, policy.current().guest_cod_review_from
    ):
        events.append(holds.begin(header, holds.COD_REVIEW, None))
    return events


def _on_trust(paying: Paying, customer_id: str | None) -> bool:
    """Whether goods are sent to somebody who has not paid for them and has no account."""
    return paying.on_trust and customer_id is None


def _facts(event: OrderEvent, header: OrderHeader) -> dict[str, str]:
    return {"reason": header.hold.reason} if isinstance(event, OrderHeld) and header.hold else {}
