"""The accounts of an order and what moves between them, in double entry: lines of a posting add up to zero.

Debits are positive, credits negative, all in minor units of the order's currency. What the customer owes stands on
`receivable`; when an order is closed nothing is left there. The other accounts say where it went: what the customer
bought (`sales`), what the shop took (`captured`) and gave back (`refunded`), what the provider kept (`fee`), what a
bank took back and has not returned (`dispute`), and what the shop owed its customers as credit and now owes less, or
more (`store_credit`: gift cards, store credit, the value of returned goods).
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from chalicelib.payments import methods

Account = Literal["receivable", "sales", "captured", "refunded", "fee", "dispute", "store_credit"]
Lines = dict[Account, int]


def sale(amount: int) -> Lines:
    """The customer owes so much more for the order; less, if it is negative."""
    return _move("sales", "receivable", amount)


def forgiven(amount: int) -> Lines:
    """So much of the price is not asked for any more: for returned goods, or out of goodwill."""
    return _move("receivable", "sales", amount)


def paid(method_id: str, amount: int) -> Lines:
    """The customer paid so much, in money or with credit."""
    return _move("receivable", "store_credit" if _is_credit(method_id) else "captured", amount)


def given_back(method_id: str, amount: int, *, to_order: bool = False) -> Lines:
    """So much went back the way it came, or pays for another order."""
    return _move("store_credit" if to_order or _is_credit(method_id) else "refunded", "receivable", amount)


def fee(amount: int) -> Lines:
    """The provider kept so much of what was captured."""
    return _move("captured", "fee", amount)


def disputed(amount: int) -> Lines:
    """The customer's bank took so much back; won, it returns, and `amount` is negative."""
    return _move("captured", "dispute", amount)


def given_back_by_bank(amount: int) -> Lines:
    """So much of what a bank kept the shop had to give back anyway."""
    return _move("dispute", "receivable", amount)


def reverse(lines: Mapping[Account, int]) -> Lines:
    return {account: -amount for account, amount in lines.items()}


def balances(postings: Iterable[Mapping[Account, int]]) -> Lines:
    """What stands on each account after all postings."""
    sums: Lines = {}
    for lines in postings:
        for account, amount in lines.items():
            sums[account] = sums.get(account, 0) + amount
    return sums


def _move(credit: Account, debit: Account, amount: int) -> Lines:
    return {debit: amount, credit: -amount} if amount else {}


def _is_credit(method_id: str) -> bool:
    return methods.METHODS[method_id].timing == "credit"
