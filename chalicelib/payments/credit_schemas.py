"""Gift cards and store credit as clients send and see them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.money import Currency, Money
from chalicelib.core.paging import Page, decode_cursor, encode_cursor, foreign_cursor
from chalicelib.payments import credit_tables, gift_cards, gift_code
from chalicelib.payments.credit_tables import CreditEntry, GiftCard, StoreCredit

_LARGEST = 10**15


class GiftCardCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code in any case, with any spaces and hyphens."""

    code: Annotated[str, Meta(min_length=1, max_length=100)]


class GiftCardBalance(msgspec.Struct, frozen=True):
    """What is left. Nothing can be paid with a card that has `expired`: that is, after the day `expires_on`."""

    id: str
    balance: Money
    expires_on: date | None
    expired: bool


class NewGiftCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A card can be spent up to and with the day `expires_on`, by UTC; without it for ever. The `note` is for staff."""

    amount: Money
    expires_on: date | None = None
    note: Annotated[str, Meta(max_length=500)] | None = None


class GiftCardView(msgspec.Struct, frozen=True):
    """A card as staff see it: of its code only the last four characters. What an order gives back comes back to its
    `balance`, also where it has `expired` or is `disabled`."""

    id: str
    last_four: str
    initial: Money
    balance: Money
    expires_on: date | None
    expired: bool
    disabled: bool
    note: str | None
    created_at: datetime


class IssuedGiftCard(GiftCardView, frozen=True):
    """`code` is the money. It is shown only here."""

    code: str


class MovementView(msgspec.Struct, frozen=True):
    """What moved a balance (`issue`, `spend`, `return`, `adjust`) by `amount` minor units, negative where it became
    less. `ref` is the payment that was made, or the refund; `by` who of the staff did it."""

    id: str
    what: str
    amount: int
    currency: str
    at: datetime
    ref: str | None
    reason: str | None
    by: str | None


class GiftCardPage(GiftCardView, frozen=True):
    """A card with its movements, newest first."""

    data: list[MovementView]
    next_cursor: str | None


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Minor units that are given, or if it is negative taken back."""

    amount: Annotated[int, Meta(ge=-_LARGEST, le=_LARGEST)]
    currency: Currency


class ChangeStoreCredit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    amount: Difference
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class StoreCreditPage(msgspec.Struct, frozen=True):
    """A customer's store credit by currency, and its movements in all of them, newest first."""

    user_id: str
    balances: list[Money]
    data: list[MovementView]
    next_cursor: str | None


class MyMovement(msgspec.Struct, frozen=True):
    """What moved the balance (`issue`, `spend`, `return`, `adjust`), negative where it became less. `ref` is the
    payment that was made, or the refund."""

    what: str
    amount: int
    currency: str
    at: datetime
    ref: str | None


class MyStoreCredit(msgspec.Struct, frozen=True):
    """The customer's store credit by currency, and its movements in all of them, newest first."""

    balances: list[Money]
    data: list[MyMovement]
    next_cursor: str | None


def position(query: Page) -> str | None:
    """Behind what a page of a journal begins; 422 for a cursor of another list."""
    after = decode_cursor(query.cursor)
    if not credit_tables.is_position(after):
        raise foreign_cursor()
    return after


def balance(card: GiftCard) -> GiftCardBalance:
    view = gift_card(card)
    return GiftCardBalance(view.id, view.balance, view.expires_on, view.expired)


def gift_card(card: GiftCard) -> GiftCardView:
    return GiftCardView(
        id=card.id,
        last_four=card.last_four,
        initial=Money(int(card.initial), card.currency),
        balance=Money(int(card.balance), card.currency),
        expires_on=date.fromisoformat(card.expires_on) if card.expires_on else None,
        expired=gift_cards.has_expired(card),
        disabled=bool(card.disabled),
        note=card.note,
        created_at=datetime.fromisoformat(card.created_at),
    )


def issued(card: GiftCard, code: str) -> IssuedGiftCard:
    return IssuedGiftCard(**msgspec.structs.asdict(gift_card(card)), code=gift_code.shown(code))


def gift_card_page(card: GiftCard, entries: Iterable[CreditEntry], after: str | None) -> GiftCardPage:
    facts = msgspec.structs.asdict(gift_card(card))
    return GiftCardPage(**facts, data=[_movement(entry) for entry in entries], next_cursor=encode_cursor(after))


def store_credit_page(
    user_id: str, accounts: Sequence[StoreCredit], entries: Iterable[CreditEntry], after: str | None
) -> StoreCreditPage:
    movements = [_movement(entry) for entry in entries]
    return StoreCreditPage(user_id, _balances(accounts), movements, encode_cursor(after))


def my_store_credit(
    accounts: Sequence[StoreCredit], entries: Iterable[CreditEntry], after: str | None
) -> MyStoreCredit:
    """Why staff gave something is between them."""
    seen = [_movement(entry) for entry in entries]
    mine = [MyMovement(one.what, one.amount, one.currency, one.at, one.ref) for one in seen]
    return MyStoreCredit(_balances(accounts), mine, encode_cursor(after))


def _balances(accounts: Sequence[StoreCredit]) -> list[Money]:
    return [Money(int(account.balance), account.currency) for account in accounts]


def _movement(entry: CreditEntry) -> MovementView:
    return MovementView(
        id=entry.id,
        what=entry.what,
        amount=int(entry.amount),
        currency=entry.currency,
        at=datetime.fromisoformat(entry.at),
        ref=entry.ref,
        reason=entry.reason,
        by=entry.by,
    )
