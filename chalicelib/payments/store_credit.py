"""Store credit: what the shop owes a customer, by currency. Staff give it, and may take back what is left."""

from chalicelib.core import audit, dynamo, ids
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, invalid
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.staff import Staff
from chalicelib.payments import credit
from chalicelib.payments import credit_tables as tables
from chalicelib.payments.credit_tables import CreditEntry as CreditEntry
from chalicelib.payments.credit_tables import StoreCredit as StoreCredit
from chalicelib.payments.tables import PaymentsItem


def change(customer_id: str, amount: int, currency: str, reason: str, once: Once, by: Staff) -> None:
    """Give a customer so many minor units, or take them back. The same request again changes nothing.

    409 `not_enough_credit` if there is less to take back.
    """
    if once.made(PaymentsItem):
        return
    if not amount:
        raise invalid("/amount/amount", "Say how much.")
    entry_id = ids.new_id("crd")
    account = StoreCredit(**tables.account_key(customer_id, currency))
    what = credit.ISSUE if amount > 0 else credit.ADJUST
    actions = [
        *once.claim(PaymentsItem, entry_id),
        _given(account, customer_id, amount, currency) if amount > 0 else _taken_back(account, -amount, currency),
        credit.entry(account.pk, what, amount, currency, reason=reason, by=by, entry_id=entry_id),
        audit.entry(by, "store_credit.changed", customer_id, amount=amount, currency=currency),
    ]
    try:
        dynamo.transaction(actions)
    except AlreadyDone:
        once.made(PaymentsItem)  # it may have been another request under the same key


def _given(account: StoreCredit, customer_id: str, amount: int, currency: str) -> Action:
    whose = [
        StoreCredit.kind.set(StoreCredit),
        StoreCredit.customer_id.set(customer_id),
        StoreCredit.currency.set(currency),
    ]
    return dynamo.change(account, [*whose, *credit.changes(account, amount)])


def _taken_back(account: StoreCredit, amount: int, currency: str) -> Action:
    detail = f"This customer has less than {amount} {currency} (in minor units) left."
    too_little = ShopError("not_enough_credit", 409, detail, pointer="/amount/amount")
    return dynamo.update(account, credit.changes(account, -amount), StoreCredit.balance >= amount, too_little)


def of_customer(customer_id: str) -> list[StoreCredit]:
    """What a customer has, by currency."""
    return tables.accounts(customer_id)


def journal(customer_id: str, limit: int, after: str | None) -> tuple[list[CreditEntry], str | None]:
    """A page of a customer's movements in all currencies, newest first, and where the next page goes on."""
    return tables.journal(tables.account_key(customer_id, "")["pk"], limit, after)
