"""What the clients of carts and orders send and see."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.money import Money
from chalicelib.orders import paying, service
from chalicelib.orders.address import Address
from chalicelib.orders.billing import Billing
from chalicelib.orders.paying import Session
from chalicelib.orders.pricing import pricing
from chalicelib.orders.pricing.pricing import PricedLine, Shipping, Totals
from chalicelib.orders.returns import return_view_schemas
from chalicelib.orders.returns.return_view_schemas import ReturnView
from chalicelib.orders.service import Order
from chalicelib.orders.tables import OrderHeader


class ClaimOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order_id: Annotated[str, Meta(min_length=1, max_length=100)]


class Cancel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=500)] = ""


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


class Pay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which way; as before if nothing is said."""

    payment_method: Annotated[str, Meta(max_length=60)] | None = None


class PaymentSummary(msgspec.Struct, frozen=True):
    """How an order is paid. With `client_secret` the customer's browser pays at the provider; it is null if nothing
    has to be paid there, or if the provider did not answer: then POST to the order's payments asks again. `action_url`
    is where the customer has to go on, to a bank's page or a QR code, if there is such a page."""

    id: str
    method: str
    status: str
    amount: Money
    client_secret: str | None
    action_url: str | None


class Refund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An `amount`, or what was paid for pieces of `lines`, by SKU; with neither all that is left goes back."""

    amount: Money | None = None
    lines: Annotated[dict[str, Annotated[int, Meta(ge=1, le=10_000)]], Meta(min_length=1, max_length=100)] | None = None
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
        returns=[return_view_schemas.view(item) for item in order.returns],
        exchange_of=header.exchange_of,
    )


def shipments(header: OrderHeader) -> list[ShipmentSummary]:
    return [
        ShipmentSummary(key, mark.state, mark.quantity, mark.location, mark.carrier, mark.tracking_number)
        for key, mark in sorted(header.shipments.items())
    ]


def payment(session: Session) -> PaymentSummary:
    attempt = session.attempt
    return PaymentSummary(
        attempt.id, attempt.method, attempt.state, attempt.amount, session.client_secret, session.action_url
    )


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
