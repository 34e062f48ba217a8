"""Invoices and credit notes in the orders table.

| what            | pk                      | sk             | index `by_month`                         |
|-----------------|-------------------------|----------------|------------------------------------------|
| seller          | SETTINGS                | SELLER         |                                          |
| series          | SERIES#<kind>#<year>    | SERIES         |                                          |
| document        | DOCUMENTS#<order id>    | <3 digits>     | DOCUMENTS#<year-month> / <time>#<number> |

An order's documents are counted. A document and the number of its series are written in one transaction, so a number
that was given out is on a document and none is left out. The files in the bucket are made from the document later.
"""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey
from chalicelib.orders.invoices.invoice_content import Content, Kind, Seller
from chalicelib.orders.tables import Listing, OrdersItem


class KeptSeller(OrdersItem, discriminator="seller"):
    """The prefixes stand beside the rest, so that a condition can see them."""

    seller = JsonAttribute(Seller)
    invoice_prefix = UnicodeAttribute()
    credit_note_prefix = UnicodeAttribute()


class Series(OrdersItem, discriminator="series"):
    """`last` is the number that was given out last."""

    last = NumberAttribute()


class Document(OrdersItem, discriminator="document"):
    """An invoice or a credit note. It never changes but for `sha256`, which its PDF has once that is in the bucket."""

    id = UnicodeAttribute()
    order_id = UnicodeAttribute()
    number = UnicodeAttribute()
    issued_at = UnicodeAttribute()
    content = JsonAttribute(Content)
    sha256 = UnicodeAttribute(null=True)


def seller_key() -> PrimaryKey:
    return {"pk": "SETTINGS", "sk": "SELLER"}


def series_key(kind: Kind, year: int) -> PrimaryKey:
    return {"pk": f"SERIES#{kind}#{year}", "sk": "SERIES"}


def document_key(order_id: str, ordinal: int) -> PrimaryKey:
    return {"pk": f"DOCUMENTS#{order_id}", "sk": f"{ordinal:03d}"}


def document_id(order_id: str, ordinal: int) -> str:
    return ids.derived("inv", order_id, ordinal)


def listing(issued_at: str, number: str) -> Listing:
    return {"month_key": f"DOCUMENTS#{issued_at[:7]}", "placed_key": f"{issued_at}#{number}"}


def kept_seller() -> Seller | None:
    kept = dynamo.get(KeptSeller, **seller_key())
    return kept.seller if kept else None


def last_of(kind: Kind, year: int) -> int:
    """The number that was given out last; 0 if none was."""
    series = dynamo.get(Series, **series_key(kind, year))
    return int(series.last) if series else 0


def documents_of(order_id: str) -> list[Document]:
    """All documents of an order, the first one first."""
    return list(Document.query(f"DOCUMENTS#{order_id}", consistent_read=True))


def issued_in(month: datetime, limit: int, after: str | None) -> tuple[list[Document], str | None]:
    """The next `limit` documents of a month, newest first, behind the index sort key `after`; and where it goes on."""
    condition = OrdersItem.placed_key < after if after else None
    entries = list(
        OrdersItem.by_month.query(f"DOCUMENTS#{month:%Y-%m}", condition, scan_index_forward=False, limit=limit + 1)
    )
    page = entries[:limit]
    keys: list[dynamo.Key] = [(Document, entry.pk, entry.sk) for entry in page]
    found = dynamo.load(keys)
    documents = [item for item in (found.get(key) for key in keys) if isinstance(item, Document)]
    return documents, str(page[-1].placed_key) if len(entries) > limit else None
