"""What payments' clients see."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.errors import invalid
from chalicelib.core.money import Amount, Currency, Money
from chalicelib.payments.methods import Asking, PaymentMethod
from chalicelib.payments.tables import Attempt


class PaymentView(msgspec.Struct, frozen=True):
    """A payment attempt and how far it is. `decline` is why the last card was declined, if one was. An invoice is to be
    paid until the day `payable_by`."""

    id: str
    order_id: str
    method: str
    status: str
    amount: Money
    captured: Money
    refunded: Money
    decline: str | None
    payable_by: date | None
    overdue: bool
    created_at: datetime


class Received(msgspec.Struct, frozen=True):
    received: bool


class MethodsWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`amount` is an order's total, in minor units of the currency; `country` is where it goes, by ISO 3166."""

    currency: Currency | None = None
    amount: Amount | None = None
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None


class PaymentMethodView(msgspec.Struct, frozen=True):
    """`timing` is when the money comes: `by_provider`, as soon as the customer has paid there; `in_advance`, sent by
    the customer; `on_delivery`; `on_terms`, some days after it."""

    id: str
    name: str
    timing: str


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
        payable_by=date.fromisoformat(attempt.payable_by) if attempt.payable_by else None,
        overdue=bool(attempt.overdue),
        created_at=datetime.fromisoformat(attempt.created_at),
    )


def asking(wanted: MethodsWanted) -> Asking:
    """As a guest asks; 422 if the amount is of no currency."""
    if wanted.amount is not None and wanted.currency is None:
        raise invalid("/currency", "Say in which currency the amount is.")
    amount = None if wanted.amount is None or wanted.currency is None else Money(wanted.amount, wanted.currency)
    return Asking(amount, wanted.currency, wanted.country, frozenset())


def offered(methods: Iterable[PaymentMethod]) -> PaymentMethods:
    return PaymentMethods([PaymentMethodView(method.id, method.name, method.timing) for method in methods], None)
