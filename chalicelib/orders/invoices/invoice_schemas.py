"""What clients see of invoices and credit notes."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core import clock
from chalicelib.core.money import Money
from chalicelib.core.paging import Page
from chalicelib.orders.invoices import invoices
from chalicelib.orders.invoices.invoice_content import Kind, TaxPart
from chalicelib.orders.invoices.invoice_tables import Document


class InvoiceView(msgspec.Struct, frozen=True):
    """An invoice, or a credit note: then `total` and `taxes` are what the customer gets back.

    `url` is its PDF, `data_url` the same as JSON; the links open for five minutes. Both are null for the moment that
    the files are being made. `sha256` is the PDF's.
    """

    id: str
    number: str
    kind: Kind
    order_id: str
    issued_at: datetime
    total: Money
    sha256: str | None
    url: str | None
    data_url: str | None


class Invoices(msgspec.Struct, frozen=True):
    data: list[InvoiceView]
    next_cursor: str | None


class InvoiceSummary(msgspec.Struct, frozen=True):
    """A document in a list of all orders'; the order's own list has the links."""

    id: str
    number: str
    kind: Kind
    order_id: str
    issued_at: datetime
    total: Money
    taxes: list[TaxPart]


class InvoiceSummaries(msgspec.Struct, frozen=True):
    data: list[InvoiceSummary]
    next_cursor: str | None


class InvoiceQuery(Page, frozen=True, forbid_unknown_fields=True):
    """`month` as 2026-01; without it this one, in UTC."""

    month: Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])$(?!\n)")] | None = None


class Requested(msgspec.Struct, frozen=True):
    """Documents are being written; the order's list will have them."""

    order_id: str


def month_of(query: InvoiceQuery) -> datetime:
    return datetime.strptime(query.month, "%Y-%m").replace(tzinfo=UTC) if query.month else clock.now()


def documents(found: list[Document]) -> Invoices:
    return Invoices([_document(item) for item in found], None)


def _document(item: Document) -> InvoiceView:
    return InvoiceView(
        id=item.id,
        number=item.number,
        kind=item.content.kind,
        order_id=item.order_id,
        issued_at=datetime.fromisoformat(item.issued_at),
        total=_total(item),
        sha256=item.sha256,
        url=invoices.pdf_url(item),
        data_url=invoices.data_url(item),
    )


def summary(item: Document) -> InvoiceSummary:
    return InvoiceSummary(
        id=item.id,
        number=item.number,
        kind=item.content.kind,
        order_id=item.order_id,
        issued_at=datetime.fromisoformat(item.issued_at),
        total=_total(item),
        taxes=item.content.taxes,
    )


def _total(item: Document) -> Money:
    return Money(abs(item.content.total), item.content.currency)
