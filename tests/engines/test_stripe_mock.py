"""Whatever the shop asks Stripe for is a request that Stripe's own description of its API knows."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
import stripe
from inprocess import eur
from machine import free_port

from bench import stripe_mock
from bench.server import Missing
from chalicelib.core.money import Money
from chalicelib.payments import (
    dispute_schemas,
    methods,
    provider,
    stripe_books,
    stripe_customers,
    stripe_disputes,
    stripe_gateway,
)
from chalicelib.payments.provider import PaymentProvider, ProviderBooks, ProviderDisputes, Refused, Vault, Wish
from tests.engines.conftest import lacking

pytestmark = pytest.mark.engines
AT, LATER = datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
COSTS = Money(1785, "EUR")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    try:
        with stripe_mock.running(free_port(), free_port()) as address:
            yield address
    except Missing as missing:
        lacking(missing, "JISHI_REQUIRE_STRIPE_MOCK")


@pytest.fixture
def client(address: str, monkeypatch: pytest.MonkeyPatch) -> stripe.StripeClient:
    version: Any = {"stripe_version": stripe_gateway.API_VERSION, "max_network_retries": 0}
    client = stripe.StripeClient("sk_test_mock", base_addresses={"api": address}, **version)
    monkeypatch.setattr(stripe_gateway, "_client", lambda: client)
    return client


def wish(method: str, customer: str | None = None) -> Wish:
    return Wish("pay_1", "ord_1", COSTS, method, customer)


EVIDENCE = dispute_schemas.Evidence.__struct_fields__
ASKED: dict[str, Callable[[], Any]] = {
    "create": lambda: stripe_gateway.create(wish("card", "cus_1")),
    "find": lambda: stripe_gateway.find("pay_1", AT),
    "retrieve": lambda: stripe_gateway.retrieve("pi_1"),
    "capture": lambda: stripe_gateway.capture("pi_1", "pay_1", COSTS),
    "cancel": lambda: stripe_gateway.cancel("pi_1"),
    "refund": lambda: stripe_gateway.refund("ref_1", "pi_1", COSTS),
    "find_refund": lambda: stripe_gateway.find_refund("ref_1", "pi_1"),
    "register": lambda: stripe_customers.register("ann"),
    "begin_saving": lambda: stripe_customers.begin_saving("cus_1", "key-1"),
    "saved": lambda: stripe_customers.saved("cus_1"),
    "forget": lambda: stripe_customers.forget("pm_1"),
    "find_dispute": lambda: stripe_disputes.find_dispute("dp_1"),
    "recent_disputes": lambda: list(stripe_disputes.recent_disputes(AT)),
    "submit_evidence": lambda: stripe_disputes.submit_evidence("dp_1", dict.fromkeys(EVIDENCE, "as agreed")),
    "accept_dispute": lambda: stripe_disputes.accept_dispute("dp_1"),
    "movements": lambda: list(islice(stripe_books.movements(AT, LATER), 3)),
    "intents": lambda: list(islice(stripe_books.intents(AT, LATER), 3)),
    "movements_of": lambda: list(islice(stripe_books.movements_of("pi_1"), 3)),
    "intent": lambda: stripe_books.intent("pi_1"),
}
KINDS = (PaymentProvider, ProviderBooks, ProviderDisputes, Vault)
# What nobody is asked for.
KNOWN_HERE = {"is_configured", "can_charge"}


def test_nothing_that_a_provider_can_be_asked_is_left_out() -> None:
    asked = {name for kind in KINDS for name in vars(kind) if not name.startswith("_")}
    assert asked - KNOWN_HERE == ASKED.keys()


@pytest.mark.parametrize("name", ASKED)
def test_stripe_reads_what_it_is_asked(client: stripe.StripeClient, name: str) -> None:
    ASKED[name]()


@pytest.mark.parametrize("method", [method.id for method in methods.CHOICE if method.has_provider])
def test_stripe_knows_each_way_to_pay(client: stripe.StripeClient, method: str) -> None:
    assert isinstance(stripe_gateway.create(wish(method)), provider.Intent)


def test_a_parameter_that_stripe_does_not_have_is_refused(client: stripe.StripeClient) -> None:
    wanted: Any = {"amount": eur(1)["amount"], "currency": "eur", "cheques": "welcome"}
    with pytest.raises(Refused):
        stripe_gateway.ask(lambda client: client.v1.payment_intents.create(wanted))
