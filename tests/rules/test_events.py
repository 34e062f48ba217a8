import json
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

import chalicelib
from chalicelib.catalog.events import (
    CategoryChanged,
    CollectionChanged,
    ProductPublished,
    ProductUnpublished,
    ProductUpdated,
    ReviewPublished,
    ReviewUnpublished,
)
from chalicelib.core import clock, events, ids
from chalicelib.core.events import Event
from chalicelib.core.money import Money
from chalicelib.logistics.events import (
    ShipmentChanged,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentPacked,
    ShipmentPlanned,
    StockLeftBehind,
)
from chalicelib.orders.events import (
    CartAbandoned,
    InvoiceRequested,
    NothingToSend,
    OrderAmended,
    OrderCanceled,
    OrderCompleted,
    OrderConfirmed,
    OrderExpired,
    OrderHeld,
    OrderPlaced,
    OrderReleased,
    ReturnApproved,
    ReturnClosed,
    ReturnExchanged,
    ReturnReceived,
    ReturnRefunded,
    ReturnRejected,
    ReturnRequested,
)
from chalicelib.payments.events import (
    DisputeClosed,
    DisputeOpened,
    PaymentAdjusted,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentOverdue,
    RefundFailed,
    RefundRequested,
    RefundSucceeded,
)

GOLDEN = Path(__file__).parent / "golden"

AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
ORDER = "ord_01kdyhq2wgf3v8m6t4x9c7b5az"
REVIEW = {"product_id": "prd_01kdyhq2wg8c4w2b6n0v5j7tye", "stars": 4}
PRODUCT = {"handle": "龙井茶"}
OWED = {"total": Money(4475, "EUR"), "payment_method": "cash_on_delivery", "to_send": 3}
PARCEL = {"order_id": ORDER, "location": "main", "quantity": 3, "lines": {"tea-100g": 2, "cup": 1}}
PAYMENT = ids.derived("pay", ORDER, 1)
BACK = {"refund_id": ids.derived("ref", ORDER, 1), "amount": Money(4475, "EUR")}
DISPUTE = {"dispute_id": ids.derived("dsp", ORDER, 1), "amount": Money(4475, "EUR")}
COMEBACK = ids.derived("ret", ORDER, 1)
BACK_AGAIN = {"order_id": ORDER, "lines": {"tea-100g": 2}}
SENT = {**PARCEL, "carrier": "postnl", "tracking_number": "3SABCD012345678", "by": "owner-1"}


def sums(authorized: int, captured: int, refunded: int, disputed: int = 0) -> dict[str, object]:
    amounts = {"authorized": authorized, "captured": captured, "refunded": refunded, "covers": authorized - refunded}
    amounts["disputed"] = disputed
    return {"order_id": ORDER, **{name: Money(amount, "EUR") for name, amount in amounts.items()}}


def event(kind: type[Event], aggregate_id: str, version: int, **facts: object) -> Event:
    return kind(
        id="evt_01kdyhq2wgq5n3k7r9z1d4s8hx", at=AT, aggregate_id=aggregate_id, aggregate_version=version, **facts
    )


EVENTS = [
    event(ProductPublished, "prd_01kdyhq2wg8c4w2b6n0v5j7tye", 1, **PRODUCT),
    event(ProductUpdated, "prd_01kdyhq2wg8c4w2b6n0v5j7tye", 2, **PRODUCT),
    event(ProductUnpublished, "prd_01kdyhq2wg8c4w2b6n0v5j7tye", 3, **PRODUCT),
    event(CategoryChanged, "green-tea", 17),
    event(CollectionChanged, "夏", 2),
    event(OrderPlaced, ORDER, 1, **OWED),
    event(OrderConfirmed, ORDER, 2, **OWED),
    event(NothingToSend, ORDER, 3, **{**OWED, "to_send": 0}),
    event(OrderAmended, ORDER, 3, **OWED, revision=2),
    event(OrderCompleted, ORDER, 3, **OWED),
    event(OrderCanceled, ORDER, 3, **OWED),
    event(InvoiceRequested, ORDER, 4, **OWED),
    event(ShipmentPlanned, ids.derived("shp", ORDER, 1), 1, **PARCEL),
    event(ShipmentChanged, ids.derived("shp", ORDER, 1), 2, **PARCEL, state="planned"),
    event(ShipmentPacked, ids.derived("shp", ORDER, 1), 2, **PARCEL, on_delivery=True),
    event(ShipmentDispatched, ids.derived("shp", ORDER, 1), 3, **SENT),
    event(ShipmentDelivered, ids.derived("shp", ORDER, 1), 4, **SENT),
    event(StockLeftBehind, ORDER, 1),
    event(OrderExpired, ORDER, 2, **OWED),
    event(CartAbandoned, "crt_01kdyhq2wgf3v8m6t4x9c7b5az", 4, customer_id="sub-1", total=Money(4475, "EUR"), lines=2),
    event(OrderHeld, ORDER, 3, **OWED),
    event(OrderReleased, ORDER, 4, **OWED),
    event(PaymentAuthorized, PAYMENT, 3, **sums(4475, 0, 0)),
    event(PaymentAdjusted, PAYMENT, 4, **sums(3185, 0, 0)),
    event(PaymentCaptured, PAYMENT, 4, **sums(4475, 4475, 0)),
    event(PaymentFailed, PAYMENT, 3, **sums(0, 0, 0), code="card_declined"),
    event(PaymentOverdue, PAYMENT, 3, **sums(0, 0, 0), payable_by=AT.date()),
    event(RefundRequested, PAYMENT, 5, **sums(4475, 4475, 0), **BACK),
    event(RefundSucceeded, PAYMENT, 6, **sums(4475, 4475, 4475), **BACK),
    event(RefundFailed, PAYMENT, 6, **sums(4475, 4475, 0), **BACK, code="expired_or_canceled_card"),
    event(DisputeOpened, PAYMENT, 5, **sums(4475, 4475, 0, 4475), **DISPUTE, reason="fraudulent", evidence_due_at=AT),
    event(DisputeClosed, PAYMENT, 6, **sums(4475, 4475, 0), **DISPUTE, outcome="won"),
    event(ReviewPublished, "rev_01kdyhq2wgd5m3x7p9r2t6v8zc", 2, **REVIEW),
    event(ReviewUnpublished, "rev_01kdyhq2wgd5m3x7p9r2t6v8zc", 2, **REVIEW),
    event(ReturnRequested, COMEBACK, 1, **BACK_AGAIN),
    event(ReturnApproved, COMEBACK, 2, **BACK_AGAIN),
    event(ReturnRejected, COMEBACK, 2, **BACK_AGAIN),
    event(ReturnReceived, COMEBACK, 3, **BACK_AGAIN),
    event(ReturnRefunded, COMEBACK, 4, **BACK_AGAIN, refund_id=ids.derived("ref", ORDER, 1)),
    event(ReturnExchanged, COMEBACK, 4, **BACK_AGAIN, exchange_order_id="ord_01kdyhq2wgf3v8m6t4x9c7b5bz"),
    event(ReturnClosed, COMEBACK, 4, **BACK_AGAIN),
]
each_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name())


def golden(event: Event) -> bytes:
    return (GOLDEN / f"{event.name()}.json").read_bytes()


def published() -> set[type[Event]]:
    """The events of all modules: the classes at the ends of the tree."""
    for path in Path(chalicelib.__path__[0]).glob("*/events.py"):
        import_module(f"chalicelib.{path.parent.name}.events")
    found, ends = [Event], set()
    for kind in found:
        children = [child for child in kind.__subclasses__() if child.__module__.startswith("chalicelib.")]
        found += children
        ends |= set() if children else {kind}
    return ends


@each_event
def test_an_event_is_told_as_it_always_was(event):
    assert json.loads(events.encode(event)) == json.loads(golden(event))


@each_event
def test_an_event_that_was_told_is_understood(event):
    assert events.decode(golden(event), type(event)) == event


@each_event
def test_what_a_later_version_adds_is_ignored(event):
    later = json.dumps({**json.loads(golden(event)), "gift_note": {"text": "生日快乐"}}).encode()
    assert events.decode(later, type(event)) == event


@each_event
def test_an_event_that_lacks_a_fact_is_refused(event):
    told = json.loads(golden(event))
    facts = [field.name for field in msgspec.structs.fields(event) if field.required]
    for fact in facts:
        with pytest.raises(msgspec.ValidationError, match=fact):
            events.decode(json.dumps({name: told[name] for name in told if name != fact}).encode(), type(event))


@each_event
def test_an_event_says_which_module_it_comes_from(event):
    module = {
        "Car": "orders",
        "Cat": "catalog",
        "Col": "catalog",
        "Pro": "catalog",
        "Rev": "catalog",
        "Inv": "orders",
        "Ord": "orders",
        "Not": "orders",
        "Shi": "logistics",
        "Sto": "logistics",
        "Pay": "payments",
        "Ref": "payments",
        "Dis": "payments",
        "Ret": "orders",
    }[event.name()[:3]]
    assert events.source(event) == events.source(type(event)) == f"jishi.{module}"


def test_every_event_has_a_golden_file_and_every_golden_file_an_event():
    assert {kind.name() for kind in published()} == {path.stem for path in GOLDEN.iterdir()}


def test_every_event_is_checked_against_its_golden_file():
    assert {type(event) for event in EVENTS} == published()


def test_a_parcel_has_no_carrier_before_it_left():
    planned = next(event for event in EVENTS if isinstance(event, ShipmentPlanned))
    told = json.loads(golden(planned))
    del told["carrier"], told["tracking_number"]
    assert events.decode(json.dumps(told).encode(), ShipmentPlanned) == planned


def test_an_event_is_stamped_when_it_is_made():
    before = clock.now()
    one, other = (ProductUpdated(aggregate_id="prd_1", aggregate_version=1, handle="tea") for _ in range(2))
    assert before <= one.at <= other.at <= clock.now()
    assert ids.is_id("evt", one.id)
    assert one.id < other.id


def test_an_event_can_not_be_changed():
    with pytest.raises(AttributeError):
        EVENTS[0].handle = "coffee"
