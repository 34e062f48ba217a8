"""What staff say and see of payments."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.money import Money
from chalicelib.payments import ledger as accounts
from chalicelib.payments import schemas
from chalicelib.payments.ledger_tables import LedgerEntry
from chalicelib.payments.methods import MethodTerms, PaymentMethod
from chalicelib.payments.schemas import PaymentView
from chalicelib.payments.tables import Attempt, Refund


class MethodOnTerms(msgspec.Struct, frozen=True):
    """What a method can do, and on what terms this shop takes it. `authorizes`: money is first set aside, for
    `authorization_days` days, and taken when the goods are packed. `refundable_days`: for so long it can be given back;
    null: as long as there is money of it."""

    id: str
    name: str
    timing: str
    authorizes: bool
    authorization_days: float | None
    captures_less: bool
    refundable_days: float | None
    possible_currencies: list[str] | None
    possible_countries: list[str] | None
    terms: MethodTerms


class MethodsOnTerms(msgspec.Struct, frozen=True):
    data: list[MethodOnTerms]
    next_cursor: str | None


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    amount: Money
    reference: Annotated[str, Meta(max_length=140)] = ""


class StaffPayment(PaymentView, frozen=True):
    """A payment attempt as its customer sees it, and the `reference` under which staff found it on a statement."""

    reference: str | None


class StaffPayments(msgspec.Struct, frozen=True):
    data: list[StaffPayment]
    next_cursor: str | None


class HandRefund(msgspec.Struct, frozen=True):
    id: str
    order_id: str
    payment_id: str
    status: str
    amount: Money
    reason: str
    created_at: datetime


class HandRefunds(msgspec.Struct, frozen=True):
    data: list[HandRefund]
    next_cursor: str | None


class LedgerLine(msgspec.Struct, frozen=True):
    """`what` happened, to which payment, refund or dispute (`ref`); `lines` are minor units by account, debits
    positive, credits negative: they add up to zero."""

    id: str
    at: datetime
    what: str
    ref: str
    lines: dict[str, int]


class Ledger(msgspec.Struct, frozen=True):
    """Of a closed order nothing is left on `receivable`."""

    currency: str
    balances: dict[str, int]
    data: list[LedgerLine]
    next_cursor: str | None


def methods(every: Iterable[tuple[PaymentMethod, MethodTerms]]) -> MethodsOnTerms:
    return MethodsOnTerms([_method(method, terms) for method, terms in every], None)


def _method(method: PaymentMethod, terms: MethodTerms) -> MethodOnTerms:
    lives, refundable = method.authorization_lives, method.refundable_within
    return MethodOnTerms(
        id=method.id,
        name=method.name,
        timing=method.timing,
        authorizes=method.authorizes,
        authorization_days=lives.total_seconds() / 86_400 if lives else None,
        captures_less=method.captures_less,
        refundable_days=refundable.total_seconds() / 86_400 if refundable else None,
        possible_currencies=sorted(method.currencies) if method.currencies else None,
        possible_countries=sorted(method.countries) if method.countries else None,
        terms=terms,
    )


def payment(attempt: Attempt) -> StaffPayment:
    return StaffPayment(**msgspec.structs.asdict(schemas.payment(attempt)), reference=attempt.reference)


def payments(attempts: Iterable[Attempt]) -> StaffPayments:
    return StaffPayments([payment(attempt) for attempt in attempts], None)


def refund(item: Refund) -> HandRefund:
    return HandRefund(
        id=item.id,
        order_id=item.order_id,
        payment_id=item.attempt_id,
        status=item.state,
        amount=item.amount,
        reason=item.reason,
        created_at=datetime.fromisoformat(item.created_at),
    )


def refunds(items: Iterable[Refund]) -> HandRefunds:
    return HandRefunds([refund(item) for item in items], None)


def ledger(entries: Sequence[LedgerEntry]) -> Ledger:
    lines = [
        LedgerLine(entry.id, datetime.fromisoformat(entry.at), entry.what, entry.ref, _by_name(entry.lines))
        for entry in entries
    ]
    balances = accounts.balances(entry.lines for entry in entries)
    return Ledger(entries[0].currency, _by_name(balances), lines, None)


def _by_name(lines: accounts.Lines) -> dict[str, int]:
    return {str(account): amount for account, amount in lines.items()}
