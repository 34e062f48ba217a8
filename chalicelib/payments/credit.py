"""Balances that orders are paid from: gift cards, and the store credit of customers.

A balance moves under the condition that there is enough, in one transaction with what it pays for and with the entry
in its journal. So it is never negative, spent once, and what its journal adds up to.
"""

from typing import Any

from chalicelib.core import clock, dynamo, ids
from chalicelib.core.dynamo import Action, Condition
from chalicelib.core.staff import Staff
from chalicelib.payments import credit_tables as tables
from chalicelib.payments import methods
from chalicelib.payments.credit_tables import CreditEntry, GiftCard, StoreCredit
from chalicelib.payments.tables import Attempt, Refund

ISSUE, SPEND, RETURN, ADJUST = "issue", "spend", "return", "adjust"


class CreditMoved(Exception):
    """A balance was spent, or its card disabled, since it was read: look again."""


def spent(attempt: Attempt) -> list[Action]:
    """Write actions that take what an attempt has captured out of its gift card or store credit, if it has one.

    Committing raises CreditMoved if there is not so much any more.
    """
    account = _account(attempt)
    if account is None:
        return []
    amount = attempt.captured.amount
    enough: Condition = type(account).balance >= amount
    if isinstance(account, GiftCard):
        enough &= GiftCard.disabled == False  # noqa: E712 - a condition's expression
    written = entry(account.pk, SPEND, -amount, attempt.amount.currency, ref=attempt.id)
    return [dynamo.update(account, changes(account, -amount), enough, CreditMoved()), written]


def returned(attempt: Attempt, refund: Refund, by: Staff | None) -> list[Action]:
    """Write actions that give a refund back to the gift card or store credit that had paid, if one had, unless it
    pays for another order.

    A card that expired or was disabled since gets it all the same, and staff see it there.
    """
    account = _account(attempt)
    if account is None or refund.to_order is not None:
        return []
    amount = refund.amount.amount
    written = entry(account.pk, RETURN, amount, refund.amount.currency, ref=refund.id, by=by)
    return [dynamo.update(account, changes(account, amount)), written]


def _account(attempt: Attempt) -> GiftCard | StoreCredit | None:
    """Whose balance paid: of it only the key is known."""
    if attempt.tender_ref is None:
        return None
    if attempt.method == methods.GIFT_CARD.id:
        return GiftCard(**tables.card_key(attempt.tender_ref))
    return StoreCredit(**tables.account_key(attempt.tender_ref, attempt.amount.currency))


def changes(account: GiftCard | StoreCredit, amount: int) -> list[Any]:
    """What an update changes that moves a balance by so many minor units, and makes it where there was none."""
    table = type(account)
    return [table.balance.set((table.balance | 0) + amount), table.version.set((table.version | 0) + 1)]


def entry(
    pk: str,
    what: str,
    amount: int,
    currency: str,
    *,
    ref: str | None = None,
    reason: str | None = None,
    by: Staff | None = None,
    entry_id: str | None = None,
) -> Action:
    """The write action of an entry in the journal of the balance under `pk`."""
    entry_id = entry_id or ids.new_id("crd")
    return dynamo.insert(
        CreditEntry(
            **tables.entry_key(pk, entry_id),
            id=entry_id,
            what=what,
            amount=amount,
            currency=currency,
            at=clock.stamp(clock.now()),
            ref=ref,
            reason=reason or None,
            by=by.id if by else None,
        )
    )
