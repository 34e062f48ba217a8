"""Something else instead: a new order that the value of what came back pays for."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from chalicelib.core import audit, clock, due, dynamo, ids
from chalicelib.core.dynamo import Action, Item, Key
from chalicelib.core.errors import busy, invalid, pointer_part
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.money import Money, zero
from chalicelib.core.staff import Staff
from chalicelib.logistics import stock
from chalicelib.orders import claims, placing, service, tables
from chalicelib.orders.cart import cart_tables, offers
from chalicelib.orders.cart.cart_tables import Cart, CartLine
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.events import OrderEvent, OrderPlaced, ReturnExchanged
from chalicelib.orders.finding import numbering
from chalicelib.orders.pricing import pricing
from chalicelib.orders.pricing.pricing import NOT_SOLD, Shipping
from chalicelib.orders.returns import return_states, return_tables, returns
from chalicelib.orders.returns.return_tables import Return
from chalicelib.orders.sale import sale_terms
from chalicelib.orders.service import Moved, Order
from chalicelib.orders.tables import OrderHeader, OrdersItem, OrderSnapshot, PaymentMark
from chalicelib.payments import opening, refunds
from chalicelib.payments import service as payments

_ATTEMPTS = 8
# Staff make the order; its customer has to hear of it before they can pay what is missing.
_PAY_WITHIN = timedelta(days=7)


def exchange(return_id: str, lines: Mapping[str, int], once: Once, by: Staff) -> Return:
    """Close a received return by a new order of `lines`, pieces by SKU, at the prices of now and sent for nothing.

    What came back pays for it. What is missing is for the customer to pay as they paid the old order, what is left goes
    back. 409 `out_of_stock`, 422 for what is not sold. The same request again changes nothing.
    """
    for _ in range(_ATTEMPTS):
        made = once.made(OrdersItem)
        if made is not None:
            return returns.find(made)
        order, item = returns.with_order(return_id)
        try:
            dynamo.transaction([*once.claim(OrdersItem, return_id), *_exchange(order, item, lines, by)])
        except (Moved, AlreadyDone, stock.LevelMoved, numbering.NumberTaken):
            continue
        return item
    raise busy()


def _exchange(old: Order, item: Return, lines: Mapping[str, int], by: Staff) -> list[Action]:
    """Write actions that end the return, and place the order that it is exchanged for."""
    value = returns.value(item)
    before = returns.move(item, return_states.CLOSED)
    priced, found = _priced(old, lines)
    total = priced.totals.total
    credit = min(value, total, key=lambda money: money.amount)
    if not credit.amount:
        raise invalid("/lines", "There is no value to exchange. Refund or close the return, and order anew.")
    rest = Money(value.amount - credit.amount, total.currency)
    header, snapshot = _new_order(old, item, priced)
    events = _placed(header, credit)
    asked, transferring = refunds.exchange(old.header.id, credit, header.id, rest, by)
    owner = (header.token_hash, header.customer_id)
    _, make = opening.first_attempts_from_goods(header.id, old.header.id, credit, total, header.payment_method, *owner)
    item.exchange_order = header.id
    if asked is not None:
        item.refund_id, item.refunded = asked.id, rest
    return [
        dynamo.put(item, before, Moved()),
        returns.one_at_a_time(old),
        *transferring,
        *returns.told(ReturnExchanged, item, return_tables.came(item), by, exchange_order_id=header.id),
        audit.entry(by, "return.exchanged", item.id, exchange_order=header.id),
        dynamo.insert(header),
        dynamo.insert(snapshot),
        *claims.listed(header),
        *numbering.listed(header, snapshot.email),
        *make,
        *stock.reserve(header.id, pricing.to_send(priced.lines), stock.available(found), sale_terms.oversold(found)),
        *(action for event in events for action in service.record(header.id, event, {}, by)),
    ]


def _priced(old: Order, lines: Mapping[str, int]) -> tuple[PricedCart, dict[Key, Item]]:
    """What the shop asks the old order's customer for `lines` now, and what was found for that, the stock with it."""
    found = offers.look(sorted(lines), old.header.customer_id, consistent=True)
    cart = Cart(
        **cart_tables.cart_key(old.header.id),
        id=old.header.id,
        version=1,
        customer_id=old.header.customer_id,
        currency=old.header.total.currency,
        lines=[],
        saved=[],
        address=old.snapshot.address,
        billing=old.snapshot.billing,
    )
    offered = offers.among(sorted(lines), found, cart)
    cart.lines = [CartLine(sku, lines[sku], offered[sku].at(lines[sku])) for sku in sorted(lines)]
    priced = offers.priced_plainly(cart, found)
    for line in priced.lines:
        if line.status == NOT_SOLD:
            raise invalid(f"/lines/{pointer_part(line.sku)}", "This is not sold.")
    if priced.needs_shipping and cart.address is None:
        raise invalid("/lines", "Nothing of the old order was sent, so nobody knows where this goes.")
    return priced, found


def _new_order(old: Order, item: Return, priced: PricedCart) -> tuple[OrderHeader, OrderSnapshot]:
    """The customer's who has the old one, opened by the same secret; written and sent to the same addresses."""
    order_id = ids.new_id("ord")
    header = placing.header(
        priced,
        old.header.payment_method,
        order_id=order_id,
        token_hash=old.header.token_hash,
        customer_id=old.header.customer_id,
        cart_id=old.header.cart_id,
    )
    header.exchange_of = item.id
    facts = {
        **old.snapshot.attribute_values,
        **tables.snapshot_key(order_id, 1),
        "lines": priced.lines,
        "totals": priced.totals,
        "address": old.snapshot.address if priced.needs_shipping else None,
        "shipping": _for_nothing(old.snapshot.shipping) if priced.needs_shipping else None,
    }
    return header, OrderSnapshot(**facts)


def _for_nothing(shipping: Shipping | None) -> Shipping | None:
    if shipping is None:
        return None
    free = zero(shipping.price.currency)
    return msgspec.structs.replace(shipping, price=free, to_pay=free, discounts=[], taxes=[], tax_relief=None)


def _placed(header: OrderHeader, credit: Money) -> list[OrderEvent]:
    """Placed, and confirmed at once unless something has to be paid first: `header` is moved on accordingly."""
    header.payments = {ids.derived("pay", header.id, 1): PaymentMark(1, credit.amount, credit.amount, 0)}
    placed = service.event(OrderPlaced, header)
    missing = header.total.amount - credit.amount
    on_trust = payments.is_on_trust(header.payment_method)
    if missing and payments.is_paid_on_delivery(header.payment_method) and not int(header.to_send):
        raise invalid("/lines", "This costs more, and nothing of it is delivered at a door where it could be paid.")
    if missing and not on_trust:
        due.look_after(header, clock.now() + _PAY_WITHIN)
        return [placed]
    if missing:
        header.agreed = credit.amount
    return [placed, *service.confirmed(header)]
