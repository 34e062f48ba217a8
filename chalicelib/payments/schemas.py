"""What payments' clients see."""

from datetime import datetime

import msgspec

from chalicelib.core.money import Money
from chalicelib.payments.tables import Attempt


class PaymentView(msgspec.Struct, frozen=True):
    """A payment attempt and how far it is. `decline` is why the last card was declined, if one was."""

    id: str
    order_id: str
    method: str
    status: str
    amount: Money
    captured: Money
    refunded: Money
    decline: str | None
    created_at: datetime


class Received(msgspec.Struct, frozen=True):
    received: bool


class PaymentMethodView(msgspec.Struct, frozen=True):
    id: str
    name: str


class PaymentMethods(msgspec.Struct, frozen=True):
    data: list[PaymentMethodView]
    next_cursor: str | None


def payment(attempt: Attempt) -> PaymentView:
    return PaymentView(
        id=attempt.id,
        order_id=attempt.order_id,
        method=attempt.method,
        status=attempt.state,
        amount=attempt.amount,
        captured=attempt.captured,
        refunded=Money(int(attempt.refunded), attempt.amount.currency),
        decline=attempt.decline,
        created_at=datetime.fromisoformat(attempt.created_at),
    )
