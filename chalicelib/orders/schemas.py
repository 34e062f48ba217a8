"""What the clients of carts and orders send and see."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.errors import ShopError
from chalicelib.core.money import Currency, Money
from chalicelib.orders import paying, service
from chalicelib.orders.address import Address
from chalicelib.orders.billing import Billing
from chalicelib.orders.cart.cart_changes import Change
from chalicelib.orders.cart.carts import MOST_PIECES
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.paying import Session
from chalicelib.orders.pricing import pricing
from chalicelib.orders.pricing.pricing import PricedLine, Shipping, Totals
from chalicelib.orders.promotions.coupons import CouponState
from chalicelib.orders.returns import return_schemas
from chalicelib.orders.returns.return_schemas import ReturnView
from chalicelib.orders.service import Order
from chalicelib.orders.tables import OrderHeader

Sku = Annotated[str, Meta(min_length=1, max_length=100)]
# Enough to catch a typing error; whether somebody reads it only a mail can say.
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$(?!\n)", max_length=254)]
# A BCP 47 language tag.
Locale = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)", max_length=35)]


class NewCart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing has to be said to get a cart. Without `currency` it is the shop's."""

    currency: Currency | None = None


class AddItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sku: Sku
    quantity: Annotated[int, Meta(ge=1, le=MOST_PIECES)] = 1


class ChangeLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays. A `quantity` of 0 takes the line out, an empty `note` takes the note away."""

    quantity: Annotated[int, Meta(ge=0, le=MOST_PIECES)] | UnsetType = UNSET
    note: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version of the cart that the customer looked at."""

    cart_version: Annotated[int, Meta(ge=1, le=10**9)]


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """null takes the address away."""

    email: Email | None


class ChooseShipping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=1, max_length=100)]


class EnterCoupon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code in any case, with any spaces."""

    code: Annotated[str, Meta(min_length=1, max_length=100)]


class CheckOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`cart_version` and `expected_total` are those of the cart that the customer saw and agreed to.

    Without `email` the order is written to the address of the customer's account; a guest has to say one. `locale` is
    the language that the customer reads; without it they are written to in their country's.
    """

    payment_method: Annotated[str, Meta(max_length=60)]
    cart_version: Annotated[int, Meta(ge=1, le=10**9)]
    expected_total: Money
    email: Email | None = None
    locale: Locale | None = None


class OpenCart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`cart_id` is a guest's cart, opened by its Cart-Token, that shall be merged into the customer's.

    `currency` is that of a cart in which there is nothing yet; without it the guest's cart's, or the shop's.
    """

    cart_id: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    currency: Currency | None = None


class ClaimOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order_id: Annotated[str, Meta(min_length=1, max_length=100)]


class Cancel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=500)] = ""


class CartView(msgspec.Struct, frozen=True):
    """A cart. A line is `ok`, `not_enough` (fewer in stock than wanted), `not_yet` or `over` (not sold at this moment)
    or `not_sold` (left out of the totals).

    What is `saved` for later is in no total. `changes` is what became of the lines since the customer last looked,
    or said so (POST seen); it is looked for when the cart is shown, not by what changes it.

    Where `needs_shipping` is false there is nothing to send: neither address nor shipping option has to be given.
    """

    id: str
    version: int
    currency: str
    lines: list[PricedLine]
    needs_shipping: bool
    shipping_address: Address | None
    shipping_option: Shipping | None
    billing: Billing | None
    totals: Totals
    saved: list[PricedLine]
    changes: list[Change]
    coupons: list[CouponState]
    contact: Email | None


class NewCartView(CartView, frozen=True):
    """`cart_token` opens the cart: send it as Cart-Token. It is shown only here."""

    cart_token: str


class ShippingChoices(msgspec.Struct, frozen=True):
    data: list[Shipping]
    next_cursor: str | None


class TimelineView(msgspec.Struct, frozen=True):
    name: str
    at: datetime
    facts: dict[str, str]


class ShipmentSummary(msgspec.Struct, frozen=True):
    id: str
    status: str
    quantity: int
    location: str
    carrier: str | None
    tracking_number: str | None


class ShipmentSummaries(msgspec.Struct, frozen=True):
    data: list[ShipmentSummary]
    next_cursor: str | None


class OrderSummary(msgspec.Struct, frozen=True):
    """An order in a list. `number` is what people call it."""

    id: str
    number: str | None
    status: str
    payment_status: str
    fulfillment_status: str
    total: Money
    quantity: int
    placed_at: datetime


class Orders(msgspec.Struct, frozen=True):
    data: list[OrderSummary]
    next_cursor: str | None


class OrderView(OrderSummary, frozen=True):
    """An order as it was placed and as it stands. The timeline is in the order of time. `promised_at`: for when all of
    it is, where some of it was not there yet. `exchange_of` is the return that pays for it."""

    version: int
    email: str
    payment_method: str
    lines: list[PricedLine]
    shipping_address: Address | None
    shipping_option: Shipping | None
    billing: Billing | None
    totals: Totals
    promised_at: str | None
    shipments: list[ShipmentSummary]
    timeline: Sequence[TimelineView]
    returns: Sequence[ReturnView]
    exchange_of: str | None


class PaymentSummary(msgspec.Struct, frozen=True):
    """How an order is paid. With `client_secret` the customer's browser pays at the provider; it is null if nothing
    has to be paid there, or if the provider did not answer: then POST to the order's payments asks again."""

    id: str
    method: str
    status: str
    amount: Money
    client_secret: str | None


class Refund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without `amount` all that is left goes back."""

    amount: Money | None = None
    reason: Annotated[str, Meta(max_length=500)] = ""


class RefundView(msgspec.Struct, frozen=True):
    """Money on its way back: `requested`, perhaps `pending` at the provider, then `succeeded` or `failed`."""

    id: str
    order_id: str
    payment_id: str
    status: str
    amount: Money
    reason: str
    created_at: datetime


class Refunds(msgspec.Struct, frozen=True):
    data: list[RefundView]
    next_cursor: str | None


class PlacedView(msgspec.Struct, frozen=True):
    """A placed order. `order_token` opens it and its payment: send it as Order-Token. It is shown only here.

    A customer gets none: their own token opens it.
    """

    order: OrderView
    payment: PaymentSummary
    order_token: str | None


def cart(priced: PricedCart) -> CartView:
    return CartView(
        id=priced.cart.id,
        version=int(priced.cart.version),
        currency=priced.cart.currency,
        lines=priced.lines,
        needs_shipping=priced.needs_shipping,
        shipping_address=priced.cart.address,
        shipping_option=priced.shipping,
        billing=priced.cart.billing,
        totals=priced.totals,
        saved=priced.saved,
        changes=priced.changes,
        coupons=priced.coupons,
        contact=priced.cart.contact,
    )


def cart_changed(priced: PricedCart) -> ShopError:
    """409 with the cart as it is now."""
    detail = "The cart is not what was agreed to. Look at it again."
    return ShopError("cart_changed", 409, detail, extra={"cart": cart(priced)})


def new_cart(priced: PricedCart, token: str) -> NewCartView:
    return NewCartView(**msgspec.structs.asdict(cart(priced)), cart_token=token)


def summary(header: OrderHeader) -> OrderSummary:
    return OrderSummary(
        id=header.id,
        number=header.number,
        status=header.state,
        payment_status=service.payment_status(header),
        fulfillment_status=service.fulfillment_status(header),
        total=header.total,
        quantity=int(header.quantity),
        placed_at=datetime.fromisoformat(header.placed_at),
    )


def order(order: Order) -> OrderView:
    header, snapshot = order.header, order.snapshot
    return OrderView(
        **msgspec.structs.asdict(summary(header)),
        version=int(header.version),
        email=snapshot.email,
        payment_method=header.payment_method,
        lines=snapshot.lines,
        shipping_address=snapshot.address,
        shipping_option=snapshot.shipping,
        billing=snapshot.billing,
        totals=snapshot.totals,
        promised_at=pricing.promised_at(snapshot.lines),
        shipments=shipments(header),
        timeline=[
            TimelineView(e.name, datetime.fromisoformat(e.at), e.facts)
            for e in order.timeline
            if e.name not in service.INTERNAL
        ],
        returns=[return_schemas.view(item) for item in order.returns],
        exchange_of=header.exchange_of,
    )


def shipments(header: OrderHeader) -> list[ShipmentSummary]:
    return [
        ShipmentSummary(key, mark.state, mark.quantity, mark.location, mark.carrier, mark.tracking_number)
        for key, mark in sorted(header.shipments.items())
    ]


def payment(session: Session) -> PaymentSummary:
    attempt = session.attempt
    return PaymentSummary(attempt.id, attempt.method, attempt.state, attempt.amount, session.client_secret)


def refund(item: paying.Refund) -> RefundView:
    return RefundView(
        id=item.id,
        order_id=item.order_id,
        payment_id=item.attempt_id,
        status=item.state,
        amount=item.amount,
        reason=item.reason,
        created_at=datetime.fromisoformat(item.created_at),
    )
