"""Stripe's books: its balance transactions and PaymentIntents, for whoever compares them with the ledger.

Sorted by reporting category (docs.stripe.com/reports/reporting-categories), since a type such as `adjustment` is many
things. What moved is told in the currency of the customer's, from the charge or the refund: the balance transaction's
own amount is in the one in which Stripe settles. stripe_gateway.py is the other half of this gateway.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from chalicelib.core.money import Money
from chalicelib.payments import stripe_gateway
from chalicelib.payments.provider import ListedIntent, Movement, MovementKind, Refused

_KINDS: dict[str, MovementKind] = {
    "charge": "capture",
    # Of a charge of which less was captured than authorized there are two lines: all of it, and back what was let go.
    "partial_capture_reversal": "released",
    "refund": "refund",
    "refund_failure": "refund_failed",
    "dispute": "dispute",
    "dispute_reversal": "dispute_won",
    "fee": "fee",
    "network_cost": "fee",
}
_PAGE = 100


def movements(since: datetime, until: datetime) -> Iterator[Movement]:
    """What moved the balance in that time, the newest first."""
    return _movements(_listed("balance_transactions", {**_between(since, until), "expand": ["data.source"]}))


def intents(since: datetime, until: datetime) -> Iterator[ListedIntent]:
    """The PaymentIntents that were made in that time, the newest first."""
    return map(_intent, _listed("payment_intents", _between(since, until)))


def intent(intent_id: str) -> ListedIntent:
    return _intent(_ask(lambda v1: v1.payment_intents.retrieve(intent_id)))


def movements_of(intent_id: str) -> Iterator[Movement]:
    """What moved because of one PaymentIntent and its refunds, however long ago."""
    charge = _ask(lambda v1: v1.payment_intents.retrieve(intent_id)).latest_charge
    sources = [_id_of(charge)] if charge else []
    sources += [refund.id for refund in _listed("refunds", {"payment_intent": intent_id})] if charge else []
    for source in sources:
        yield from _movements(_listed("balance_transactions", {"source": source, "expand": ["data.source"]}))


def _between(since: datetime, until: datetime) -> dict[str, Any]:
    return {"created": {"gte": int(since.timestamp()), "lte": int(until.timestamp()) - 1}}


def _listed(what: str, wanted: dict[str, Any]) -> Iterator[Any]:
    """Everything in a list of Stripe's, which asks for a page at a time."""
    last: dict[str, Any] = {}
    while True:
        page = _page(what, {**wanted, "limit": _PAGE, **last})
        yield from page.data
        if not page.has_more or not page.data:
            return
        last = {"starting_after": page.data[-1].id}


def _page(what: str, wanted: dict[str, Any]) -> Any:
    return _ask(lambda v1: getattr(v1, what).list(wanted))


def _ask(question: Callable[[Any], Any]) -> Any:
    return stripe_gateway.ask(lambda client: question(client.v1))


def _intent(found: Any) -> ListedIntent:
    return ListedIntent(
        id=found.id,
        state=stripe_gateway._STATES[found.status],
        amount=stripe_gateway._from_stripe(found.amount, found.currency),
        created=stripe_gateway._time(found.created),
        payment_id=getattr(found.metadata, "payment_id", None),
    )


def _movements(found: Iterable[Any]) -> Iterator[Movement]:
    known: dict[str, str | None] = {}
    return (_movement(each, known) for each in found)


def _movement(found: Any, known: dict[str, str | None]) -> Movement:
    """`known` are our ids of intents' payments: a charge has a copy of its intent's metadata, a refund or a dispute has
    none, and neither has a charge of the local stack's Stripe."""
    source = None if isinstance(found.source, str) else found.source
    kind = _KINDS.get(found.reporting_category, "other")
    intent_id = _id_of(getattr(source, "payment_intent", None))
    names = getattr(source, "metadata", None)
    refund_id = getattr(names, "refund_id", None) if kind in ("refund", "refund_failed") else None
    payment_id = getattr(names, "payment_id", None)
    if intent_id and not payment_id and not refund_id:
        if intent_id not in known:
            known[intent_id] = _payment_of(intent_id)
        payment_id = known[intent_id]
    return Movement(
        id=found.id,
        kind=kind,
        amount=_moved(found, source, kind),
        fee=stripe_gateway._from_stripe(found.fee, found.currency),
        created=stripe_gateway._time(found.created),
        payment_id=payment_id,
        refund_id=refund_id,
        intent_id=intent_id,
        dispute_id=_id_of(source) if kind in ("dispute", "dispute_won") else None,
    )


def _moved(found: Any, source: Any, kind: str) -> Money:
    amount, currency = getattr(source, "amount", None), getattr(source, "currency", None)
    if kind == "capture":
        amount = getattr(source, "amount_captured", amount)
    if amount is None or currency is None:
        amount, currency = abs(found.amount), found.currency
    return stripe_gateway._from_stripe(amount, currency)


def _payment_of(intent_id: str) -> str | None:
    try:
        return intent(intent_id).payment_id
    except Refused:
        return None


def _id_of(thing: Any) -> str | None:
    """The id of what Stripe names by its id, or shows as a whole."""
    return thing if isinstance(thing, str) or thing is None else str(thing.id)
