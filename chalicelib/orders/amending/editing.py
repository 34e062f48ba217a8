"""Staff change a confirmed order: other quantities, further lines, another address; and see before what it costs."""

from collections.abc import Mapping

import msgspec

from chalicelib.core import audit
from chalicelib.core.dynamo import Action, Item, Key
from chalicelib.core.errors import ShopError, invalid, pointer_part
from chalicelib.core.idempotency import Once
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.logistics import service as logistics
from chalicelib.logistics import stock
from chalicelib.orders import address as addresses
from chalicelib.orders import service, states
from chalicelib.orders.address import Address
from chalicelib.orders.amending import amendments, revisions
from chalicelib.orders.amending.amendments import Draft
from chalicelib.orders.cart import carts, offers
from chalicelib.orders.pricing import pipeline, pricing
from chalicelib.orders.pricing.pricing import PricedLine
from chalicelib.orders.returns import return_tables
from chalicelib.orders.service import Moved, Order
from chalicelib.orders.taxes import tax_settings
from chalicelib.orders.taxes.assessing import TaxTerms


class Wish(msgspec.Struct, frozen=True):
    """What staff want: `put` lines to so many pieces, 0 takes one out; `add` SKUs; send it to `address`.

    `expected_total` is what they saw it would come to.
    """

    put: Mapping[str, int]
    add: Mapping[str, int]
    address: Address | None
    reason: str
    expected_total: Money | None


class Edited(msgspec.Struct, frozen=True):
    """What an order cost, and what it is and costs after the change."""

    before: Money
    draft: Draft
    order: Order | None


def preview(order_id: str, wish: Wish, by: Staff) -> Edited:
    """What an edit would come to. Nothing is written; what would be refused is refused."""
    order = service.find(order_id)
    _check_state(order)
    before = order.header.total
    to, _ = _change(order, wish, by)
    return Edited(before, to, None)


def edit(order_id: str, wish: Wish, once: Once, by: Staff) -> Edited:
    """Change a confirmed order. More pieces of a line cost what its pieces cost, new lines what they cost now; the
    difference is for the customer to pay, or goes back.

    409 `total_changed` if it comes to another total than expected, `out_of_stock`, `already_dispatched`; 422 for what
    can not be. The same request again changes nothing.
    """
    done: list[tuple[Money, Draft]] = []

    def change(order: Order) -> list[Action]:
        _check_state(order)
        before = order.header.total
        to, actions = _change(order, wish, by)
        if wish.expected_total not in (None, to.totals.total):
            more = {"total": to.totals.total}
            raise ShopError(
                "total_changed", 409, "It comes to another total now.", pointer="/expected_total", extra={**more}
            )
        done[:] = [(before, to)]
        return actions

    order = amendments.apply(order_id, once, change)
    if not done:  # it was done by the same request before
        now = order.snapshot
        done.append((order.header.total, Draft(now.lines, now.shipping, now.totals, now.address)))
    return Edited(*done[0], order)


def _check_state(order: Order) -> None:
    if order.header.state != states.CONFIRMED:
        raise ShopError("wrong_state", 409, f"An order that is {order.header.state} can not be edited.")


def _change(order: Order, wish: Wish, by: Staff) -> tuple[Draft, list[Action]]:
    """What the order becomes, and the write actions for it; none if it is that already."""
    old, order_id = order.snapshot, order.header.id
    if wish.address is not None and (wish.put or wish.add):
        raise invalid("/address", "Change the address by itself.")
    if wish.address is not None:
        return _move_to(order, wish.address, wish.reason, by)
    found = _look(order, wish)
    lines = _lines(order, wish, found)
    to = amendments.draft(order, lines)
    if lines == old.lines:
        return to, []
    gone, further = revisions.stock_change(old.lines, lines)
    less = logistics.shorten(order_id, gone, Moved()) if gone else []
    # A transaction writes to a parcel once: what comes in goes into one of its own where something goes out.
    more = logistics.extend(order_id, further, stock.available(found), Moved(), apart=bool(gone)) if further else []
    entry = audit.entry(by, "order.edited", order_id, before=order.header.total.amount, after=to.totals.total.amount)
    return to, [*amendments.revised(order, to, {"reason": wish.reason}, by), *less, *more, entry]


def _look(order: Order, wish: Wish) -> dict[Key, Item]:
    """Offers and stock of what is to be added, and stock of what there shall be more of."""
    known = {line.sku: line for line in order.snapshot.lines}
    parts = [part for sku in wish.put if sku in known for part in known[sku].parts]
    skus = list(dict.fromkeys([*wish.add, *parts]))
    return offers.look(skus, order.header.customer_id, consistent=True) if skus else {}


def _lines(order: Order, wish: Wish, found: dict[Key, Item]) -> list[PricedLine]:
    old = order.snapshot.lines
    known = {line.sku: line for line in old}
    for sku in wish.put:
        if sku not in known:
            raise invalid(f"/set/{pointer_part(sku)}", "This is not in the order. Add it.")
    for sku in wish.add:
        if sku in known:
            raise invalid(f"/add/{pointer_part(sku)}", "This is in the order. Set how many there shall be.")
    change = {sku: pieces - known[sku].quantity for sku, pieces in wish.put.items()}
    fewer = {sku: -by for sku, by in change.items() if by < 0}
    lines = revisions.less(old, fewer, return_tables.claimed(order.returns))
    grown = [_unpriced(known[sku], by) for sku, by in change.items() if by > 0]
    lines = revisions.more(lines, _taxed(order, [*grown, *_added(order, wish, found)]))
    if not lines:
        raise invalid("/set", "Nothing would be left. Cancel the order.")
    if len(lines) > carts.MOST_LINES:
        raise invalid("/add", f"An order has at most {carts.MOST_LINES} lines.")
    if pricing.to_send(lines) and order.snapshot.shipping is None:
        raise invalid("/add", "Nothing of this order is sent, so nobody knows how and where to.")
    return lines


def _unpriced(line: PricedLine, pieces: int) -> PricedLine:
    """More pieces of a line, at its own unit price, before tax. Promotions were for what was ordered then."""
    total = line.unit_price.times(pieces)
    return msgspec.structs.replace(
        line, quantity=pieces, total=total, to_pay=total, discounts=[], taxes=[], tax_relief=None
    )


def _added(order: Order, wish: Wish, found: dict[Key, Item]) -> list[PricedLine]:
    if not wish.add:
        return []
    # Nobody's cart: what is offered depends on the currency, and on the groups that were found with the stock.
    nobodys = carts.empty("", "", order.header.total.currency)
    lines = pricing.price_lines(list(wish.add.items()), offers.among(list(wish.add), found, nobodys))
    revisions.check_sold(lines)
    return [msgspec.structs.replace(line, status=pricing.OK) for line in lines]


def _taxed(order: Order, lines: list[PricedLine]) -> list[PricedLine]:
    """Lines with the taxes of a sale of today that goes where the order goes."""
    if not lines:
        return []
    return pipeline.price(lines, None, _terms(order, order.snapshot.address), order.header.total.currency).lines


def _terms(order: Order, address: Address | None) -> TaxTerms:
    billing = order.snapshot.billing
    return tax_settings.terms(address or (billing.address if billing else None), (billing and billing.vat_id) or None)


def _move_to(order: Order, address: Address, reason: str, by: Staff) -> tuple[Draft, list[Action]]:
    """Send an order of which nothing is on its way to another address, if that costs the same.

    Another country, or a place where other taxes are due, would be another sale: 422.
    """
    old = order.snapshot
    if old.address is None:
        raise invalid("/address", "Nothing of this order is sent.")
    addresses.check(address)
    to = amendments.draft(order, old.lines, address)
    if address == old.address:
        return to, []
    if address.country != old.address.country or _assessed(order, address) != _assessed(order, old.address):
        detail = "There the order would cost something else. Cancel it, and let it be ordered anew."
        raise ShopError("address_changes_price", 422, detail, pointer="/address")
    entry = audit.entry(by, "order.edited", order.header.id, address=True)
    here = logistics.nothing_sent(order.header.id, Moved())
    return to, [*amendments.revised(order, to, {"reason": reason}, by), *here, entry]


def _assessed(order: Order, address: Address) -> pipeline.Priced:
    """The order's goods and shipping as they would be taxed today at an address."""
    bare = [
        msgspec.structs.replace(line, taxes=[], tax_relief=None, to_pay=pricing.discounted(line))
        for line in order.snapshot.lines
    ]
    return pipeline.price(bare, order.snapshot.shipping, _terms(order, address), order.header.total.currency)
