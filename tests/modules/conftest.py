"""Who stands around the shop in one process that each test gets."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Buyer, Gateway, Shop
from strict_balance import Balance
from strict_disputes import Disputes
from strict_stripe import StripeServer

from chalicelib.core import dynamo


@pytest.fixture
def staff(shop: Shop) -> Gateway:
    return shop.staff


@pytest.fixture
def guest(shop: Shop) -> Gateway:
    return shop.guest


@pytest.fixture
def weather(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, list[Any]], list[str]]:
    """Let the next calls of an operation meet `storms` (errors, or functions called first); lists all calls made."""
    monkeypatch.setattr(dynamo, "sleep", lambda seconds: None)
    calm = dynamo._connection.dispatch

    def forecast(operation: str, storms: list[Any]) -> list[str]:
        calls: list[str] = []

        def dispatch(name: str, request: Any) -> Any:
            calls.append(name)
            if name == operation and storms:
                storm = storms.pop(0)
                if isinstance(storm, Exception):
                    raise storm
                storm()
            return calm(name, request)

        monkeypatch.setattr(dynamo._connection, "dispatch", dispatch)
        return calls

    return forecast


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let time pass at once."""
    from chalicelib.core import clock

    real, passed = clock.now, [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: real() + passed[0])

    def pass_by(time: timedelta) -> None:
        passed[0] += time

    return pass_by


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> StripeServer:
    """The Stripe that the shop talks to."""
    from chalicelib.core import clock
    from chalicelib.payments import stripe_gateway

    server = StripeServer(lambda: clock.now().timestamp())
    client = server.client(stripe_gateway.API_VERSION, retries=0)
    monkeypatch.setattr(stripe_gateway, "_client", lambda: client)
    return server


@pytest.fixture
def disputes(bank: StripeServer) -> Disputes:
    """What customers' banks take back at that Stripe."""
    return Disputes(bank)


@pytest.fixture
def balance(bank: StripeServer) -> Balance:
    """The books that Stripe keeps."""
    return Balance(bank)


@pytest.fixture
def buy(shop: Shop, bank: StripeServer) -> Callable[..., Buyer]:
    """Place an order of mugs, and of other `lines`, by card."""
    shop.product("mug", stock={"ams": 5})

    def place(quantity: int = 1, *lines: tuple[str, int]) -> Buyer:
        mugs = [("MUG", quantity)] if quantity else []
        placed = shop.ready_cart(*mugs, *lines).check_out(payment_method="card")
        order = shop.order_of(placed)
        return Buyer(order.api, order.path, placed)

    return place
