"""Bugs as they are made in real shops, to be planted by a test: a storm that does not find them is no storm."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from chalicelib.core import dynamo, outbox
from chalicelib.core.settings import settings
from chalicelib.logistics import reserving, tables
from chalicelib.logistics.reserving import Place
from chalicelib.logistics.tables import StockLevel
from chalicelib.orders import service
from chalicelib.orders.invoices import invoices
from chalicelib.orders.returns import return_tables, returns
from chalicelib.orders.returns.return_tables import Return
from chalicelib.orders.tables import OrderHeader
from chalicelib.payments import balance, credit, intents
from chalicelib.payments import service as payments
from chalicelib.payments import states as payment_states
from chalicelib.payments.events import PaymentEvent
from chalicelib.payments.tables import Attempt


def _take(place: Place, quantity: int, otherwise: Exception) -> dynamo.Action:
    changes = [
        StockLevel.available.set(StockLevel.available - quantity),
        StockLevel.reserved.set(StockLevel.reserved + quantity),
    ]
    return dynamo.update(StockLevel(**tables.level_key(*place)), changes)


def _relay(records: Iterable[outbox.Record]) -> int:
    for r in records:
        entry = {"EventBusName": settings.event_bus, "Source": r.source, "DetailType": r.name, "Detail": r.detail}
        outbox._bus().put_events(Entries=[entry])
    return 0


def _always(header: OrderHeader) -> Any:
    return OrderHeader.pk.exists()


@contextmanager
def stock_without_condition() -> Iterator[None]:
    """Reserving trusts what it read: whoever comes a moment later buys the same piece."""
    with patch.object(reserving, "_take", _take):
        yield


@contextmanager
def orders_without_version() -> Iterator[None]:
    """What an event says of an order is written over whatever was written meanwhile."""
    with patch.object(service, "unmoved", _always):
        yield


def _commit(attempt: Attempt, event: PaymentEvent | None = None) -> Attempt:
    actions = [dynamo.put(attempt)]
    dynamo.transaction([*actions, payments.announce(event)] if event else actions)
    return attempt


@contextmanager
def payments_without_version() -> Iterator[None]:
    """What a webhook brings to light is written over whatever was written meanwhile."""
    with patch.object(intents, "commit", _commit):
        yield


@contextmanager
def deaf_relay() -> Iterator[None]:
    """PutEvents said 200, so all is well."""
    with patch.object(outbox, "relay", _relay):
        yield


def _careless_move(item: Return, state: str) -> Any:
    item.state = state
    item.version = int(item.version) + 1
    return_tables.list_if_open(item)
    return Return.pk.exists()


@contextmanager
def returns_without_version() -> Iterator[None]:
    """Two of the staff do the same about a return, and both are done."""
    with patch.object(returns, "move", _careless_move):
        yield


_next_document = invoices._next


def _number_first(*arguments: Any) -> Any:
    document, (numbered, *others) = _next_document(*arguments)
    dynamo.write(numbered)
    return document, others


@contextmanager
def numbers_before_documents() -> Iterator[None]:
    """An invoice takes its number, and then it is written, if nothing comes in between."""
    with patch.object(invoices, "_next", _number_first):
        yield


@contextmanager
def balances_without_condition() -> Iterator[None]:
    """What was read of a gift card is believed: whoever comes a moment later spends the same money."""
    update = dynamo.update

    def careless(item: Any, changes: Any, when: Any = None, otherwise: Any = None) -> dynamo.Action:
        return update(item, changes, None if isinstance(otherwise, credit.CreditMoved) else when, otherwise)

    with patch.object(credit.dynamo, "update", careless):
        yield


def _kept(attempt: Attempt) -> int:
    return attempt.captured.amount - int(attempt.refunding) if attempt.state == payment_states.CAPTURED else 0


@contextmanager
def refunds_of_what_banks_have() -> Iterator[None]:
    """What was captured and not refunded can be refunded."""
    with patch.object(balance, "kept", _kept):
        yield


BUGS: Sequence[Any] = (
    refunds_of_what_banks_have,
    balances_without_condition,
    numbers_before_documents,
    returns_without_version,
    stock_without_condition,
    orders_without_version,
    payments_without_version,
    deaf_relay,
)
