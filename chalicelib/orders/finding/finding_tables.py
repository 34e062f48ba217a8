"""By what orders are found, beside the indexes of their headers.

| what                | pk                  | sk                  |
|---------------------|---------------------|---------------------|
| order of a number   | NUMBER#<number>     | ORDER               |
| orders of an e-mail | EMAIL#<sha256>      | ORDER#<time>#<id>   |

Every list is in the order of `<time>#<id>`, the position of an order, so that one cursor fits them all.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from pynamodb.attributes import UnicodeAttribute

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import PrimaryKey
from chalicelib.orders import tables
from chalicelib.orders.tables import LIST_SPREAD, OrderHeader, OrdersItem


class OrderNumber(OrdersItem, discriminator="order_number"):
    """That a number is taken, and by which order."""

    order_id = UnicodeAttribute()


class EmailsOrder(OrdersItem, discriminator="emails_order"):
    """An entry in the list of orders of an e-mail address, of which only the hash is kept here."""

    order_id = UnicodeAttribute()


def number_key(number: str) -> PrimaryKey:
    return {"pk": f"NUMBER#{number}", "sk": "ORDER"}


def emails_order_key(email: str, placed_at: str, order_id: str) -> PrimaryKey:
    return {"pk": email_list(email), "sk": f"ORDER#{placed_at}#{order_id}"}


def email_list(email: str) -> str:
    return f"EMAIL#{ids.digest(email.strip().lower())}"


def customer_list(customer_id: str) -> str:
    return f"CUSTOMER#{customer_id}"


def order_of_number(number: str) -> str | None:
    found = dynamo.get(OrderNumber, **number_key(number))
    return found.order_id if found else None


def on_list(pk: str, before: str, count: int) -> list[str]:
    """The next `count` positions before another one, newest first, of a list under one partition key: one Query."""
    found = OrdersItem.query(pk, OrdersItem.sk < f"ORDER#{before}", scan_index_forward=False, limit=count)
    return [str(entry.sk).partition("#")[2] for entry in found]


def placed_in(month: datetime, before: str, count: int) -> list[str]:
    """The same of the orders that were placed in a month: a Query for each of the spread."""
    names = [f"ORDERS#{month:%Y-%m}#{spread}" for spread in range(LIST_SPREAD)]
    pages = [
        OrdersItem.by_month.query(name, OrdersItem.placed_key < before, scan_index_forward=False, limit=count)
        for name in names
    ]
    return _merged(pages, count)


def in_state(state: str, month: datetime, before: str, count: int) -> list[str]:
    """The same of the orders in a state, of those that are over only the ones that were placed in a month."""
    names = [f"{tables.status_list(state, f'{month:%Y-%m}')}#{spread}" for spread in range(LIST_SPREAD)]
    pages = [
        OrdersItem.by_status.query(name, OrdersItem.placed_key < before, scan_index_forward=False, limit=count)
        for name in names
    ]
    return _merged(pages, count)


def headers_of(order_ids: list[str]) -> dict[str, OrderHeader]:
    """The headers of orders, a BatchGet for every hundred."""
    keys: list[dynamo.Key] = [(OrderHeader, f"ORDER#{order_id}", "ORDER") for order_id in order_ids]
    return {item.id: item for item in dynamo.load(keys).values() if isinstance(item, OrderHeader)}


def _merged(pages: Sequence[Iterable[OrderHeader]], count: int) -> list[str]:
    return [str(e.placed_key) for e in dynamo.merged_page(pages, lambda entry: str(entry.placed_key), count)]
