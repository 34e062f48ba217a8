"""Invoices and credit notes of an order: numbered without a gap, written once, made into files.

An order is invoiced when its first parcel leaves the house, or, where nothing is sent, when it is completed. From then
on each change of what it costs is a document of the difference. As long as the shop did not say who sells there are
none.
"""

import hashlib
from collections import Counter
from contextlib import suppress
from datetime import datetime

import msgspec

from chalicelib.core import audit, clock, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, busy
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.staff import Staff
from chalicelib.core.visitor import Visitor
from chalicelib.orders import service, states
from chalicelib.orders.events import InvoiceRequested
from chalicelib.orders.invoices import invoice_content, invoice_lines, invoice_store, invoice_tables
from chalicelib.orders.invoices.invoice_content import Buyer, Content, Kind, Line, Seller
from chalicelib.orders.invoices.invoice_tables import Document, Series
from chalicelib.orders.returns import return_tables
from chalicelib.orders.service import Order
from chalicelib.orders.tables import OrdersItem, OrderSnapshot
from chalicelib.payments import service as payments

_ATTEMPTS = 12
_SENT = frozenset({"dispatched", "in_transit", "delivered"})


class _Taken(Exception):
    """Somebody else took the number, or wrote the order's next document."""


def follow(order_id: str, *, sent: bool = False) -> None:
    """Write whatever documents an order needs now, and the files of those that have none. `sent`: a parcel of it has
    left, whether the order knows it already or not.

    However often and in whatever order this is asked for, an order has the same documents in the end.
    """
    seller = invoice_tables.kept_seller()
    if seller is None:
        return
    for document in _brought_up_to_date(order_id, seller, sent):
        if document.sha256 is None:
            _file(document)


def follow_completed(order_id: str) -> None:
    """Likewise once an order is completed, which changes nothing of what is documented already."""
    known = invoice_tables.documents_of(order_id)
    if not known or any(document.sha256 is None for document in known):
        follow(order_id)


def of_order(order: Order) -> list[Document]:
    """The documents of an order, the first one first."""
    return invoice_tables.documents_of(order.header.id)


def of_visitor(order_id: str, visitor: Visitor) -> list[Document]:
    """The documents of one's order; 404 for anybody else's."""
    return of_order(service.of_visitor(order_id, visitor))


def of_any(order_id: str) -> list[Document]:
    return of_order(service.find(order_id))


def issued_in(month: datetime, limit: int, after: str | None) -> tuple[list[Document], str | None]:
    """A page of a month's documents, newest first, and where the next page goes on."""
    return invoice_tables.issued_in(month, limit, after)


def request(order_id: str, once: Once, by: Staff) -> None:
    """Have an order's documents brought up to date soon: what was sent before the shop said who sells has none.

    The same request again asks for nothing more. 409 `no_seller` as long as nobody said it.
    """
    header = service.find(order_id).header
    if once.made(OrdersItem) is not None:
        return
    if invoice_tables.kept_seller() is None:
        raise ShopError("no_seller", 409, "Say first who sells: PUT /admin/seller.")
    asked = service.record(order_id, service.event(InvoiceRequested, header), {}, by)
    entry = audit.entry(by, "invoice.requested", order_id)
    with suppress(AlreadyDone):
        dynamo.transaction([*once.claim(OrdersItem, order_id), *asked, entry])


def pdf_url(document: Document) -> str | None:
    """A link to the PDF for five minutes; None as long as there is none, a moment after the document was written."""
    if document.sha256 is None:
        return None
    return invoice_store.url(_name(document, "pdf"), f"{document.number}.pdf")


def data_url(document: Document) -> str | None:
    """A link to the same as JSON."""
    if document.sha256 is None:
        return None
    return invoice_store.url(_name(document, "json"), f"{document.number}.json")


def _brought_up_to_date(order_id: str, seller: Seller, sent: bool) -> list[Document]:
    for _ in range(_ATTEMPTS):
        known = invoice_tables.documents_of(order_id)
        order = service.find(order_id)
        if not known and not _is_due(order, sent):
            return []
        lines = _missing(order, known)
        if not lines:
            return known
        document, actions = _next(order, known, lines, seller)
        try:
            dynamo.transaction(actions)
        except _Taken:
            continue
        return [*known, document]
    raise busy()


def _is_due(order: Order, sent: bool) -> bool:
    header = order.header
    if header.state in states.OFF:
        return False
    if not int(header.to_send):
        return header.state == states.COMPLETED
    return sent or any(mark.state in _SENT for mark in header.shipments.values())


def _missing(order: Order, known: list[Document]) -> list[Line]:
    """What of an order's price is not documented; of one that is off there is nothing to pay."""
    lines: list[Line] = []
    if order.header.state not in states.OFF:
        lines = invoice_lines.lines_of(order.snapshot.lines, order.snapshot.shipping)
    attempts, refunds = payments.of_order(order.header.id)
    given_back = invoice_content.given_back(
        invoice_content.amount_of(lines),
        sum(attempt.captured.amount for attempt in attempts),
        sum(int(attempt.refunded) + int(attempt.absorbed) for attempt in attempts),
    )
    done = {refund.id for refund in refunds if refund.state == "succeeded"}
    now = invoice_content.costs(lines, _returned(order, done), given_back)
    return invoice_content.difference(now, [line for document in known for line in document.content.lines])


def _returned(order: Order, refunded: set[str]) -> Counter[str]:
    """Pieces by SKU that came back and were paid back, or for by another order."""
    pieces: Counter[str] = Counter()
    for item in order.returns:
        if item.refund_id in refunded or item.exchange_order:
            pieces.update(return_tables.came(item))
    return pieces


def _next(order: Order, known: list[Document], lines: list[Line], seller: Seller) -> tuple[Document, list[Action]]:
    """The order's next document, and the actions that write it: with the number, or not at all."""
    now = clock.stamp(clock.now())
    kind, year, ordinal = invoice_content.kind_of(lines), int(now[:4]), len(known) + 1
    last = invoice_tables.last_of(kind, year)
    prefix = seller.invoice_prefix if kind == invoice_content.INVOICE else seller.credit_note_prefix
    number = invoice_content.number(prefix, year, last + 1)
    document = Document(
        **invoice_tables.document_key(order.header.id, ordinal),
        **invoice_tables.listing(now, number),
        id=invoice_tables.document_id(order.header.id, ordinal),
        order_id=order.header.id,
        number=number,
        issued_at=now,
        content=_content(order, known, lines, seller, kind, number, now),
    )
    series = Series(**invoice_tables.series_key(kind, year), last=last + 1)
    unmoved = Series.last == last if last else Series.pk.does_not_exist()
    return document, [dynamo.put(series, unmoved, _Taken()), dynamo.insert(document, _Taken())]


def _content(
    order: Order, known: list[Document], lines: list[Line], seller: Seller, kind: Kind, number: str, now: str
) -> Content:
    header, snapshot = order.header, order.snapshot
    buyer = _buyer(snapshot)
    country = buyer.address.country if buyer.address else None
    return Content(
        kind=kind,
        number=number,
        issued_on=now[:10],
        order_id=header.id,
        order_number=header.number or header.id,
        ordered_on=header.placed_at[:10],
        currency=header.total.currency,
        language=invoice_content.language(country, snapshot.locale, seller.language),
        seller=seller,
        buyer=buyer,
        lines=lines,
        taxes=invoice_content.taxes_of(lines),
        total=invoice_content.amount_of(lines),
        corrects=[document.number for document in known],
    )


def _buyer(snapshot: OrderSnapshot) -> Buyer:
    billing = snapshot.billing
    if billing is None:
        return Buyer(snapshot.email, snapshot.address)
    return Buyer(snapshot.email, billing.address or snapshot.address, billing.company or None, billing.vat_id or None)


def _file(document: Document) -> None:
    """Put the files of a document where they stay, and write down what the PDF's bytes are.

    If this dies in between, whoever comes next finds the same files, or makes them.
    """
    from chalicelib.orders.invoices import invoice_pdf  # no other function needs to print

    invoice_store.put_once(_name(document, "json"), msgspec.json.encode(document.content), "application/json")
    pdf = invoice_store.put_once(_name(document, "pdf"), invoice_pdf.render(document.content), "application/pdf")
    digest = hashlib.sha256(pdf).hexdigest()
    dynamo.write(dynamo.update(document, [Document.sha256.set(digest)]))


def _name(document: Document, kind: str) -> str:
    return f"{document.order_id}/{document.number}.{kind}"
