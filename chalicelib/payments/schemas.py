"""What payments' clients see."""

from datetime import datetime

import msgspec

from chalicelib.core.money import Money
from chalicelib.payments.tables import Attempt


class PaymentView(msgspec.Struct, frozen=True):
    """A payment attempt and how far it is."""

    id: str
    order_id: str
    method: str
    status: str
    amount: Money
    captured: Money
    created_at: datetime


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
        created_at=datetime.fromisoformat(attempt.created_at),
    )
