"""The stage of a run: the shop's code on virtual time and virtual AWS, opened with the same goods every time."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.client
import msgspec
import stripe
from inprocess import ADDRESS, OWNER, Gateway, eur
from strict_stripe import StripeServer

from tests.storm.aws import Aws, Function
from tests.storm.dynamodb import DynamoDB
from tests.storm.scheduler import Clock, Scheduler
from tests.storm.tables import Table, tables_of
from tests.storm.weather import Weather

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = ROOT / "infra" / "resources.yaml"
GOODS = {"MUG": 1290, "BOWL": 2450, "PLATE": 990}
# What has no stock of its own: a bundle of two of the goods, and something that nobody sends.
SET, EBOOK = "SET", "EBOOK"
PLACES = ("ams", "sha")
# Ways to pay that a shop takes only if it says so.
WAYS = ("alipay", "sepa_debit", "bank_transfer")


class Door(Gateway):
    """The gateway, whose list of paths is worked out once: a storm asks it for hundreds of requests a second."""

    def _resource(self, routes: Any, path: str, method: str) -> tuple[str, dict[str, str]]:
        for resource, pattern in _patterns():
            if method in routes[resource] and (match := pattern.fullmatch(path)):
                return resource, match.groupdict()
        raise AssertionError(f"no route for {method} {path}")


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    from app import app

    paths = sorted(app.routes, key=lambda path: path.count("{"))
    return [(path, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))) for path in paths]


@contextmanager
def on_stage(scheduler: Scheduler, aws: Aws, bank: StripeServer | None = None) -> Iterator[None]:
    """While this lasts, the shop's code asks the stage for the time, for chance, for AWS and for Stripe."""
    from chalicelib.core import cache as caches
    from chalicelib.core import clock, dynamo, ids, log
    from chalicelib.orders.invoices import invoice_pdf
    from chalicelib.payments import keyring, stripe_gateway

    clients = cache(lambda key: bank.client(stripe_gateway.API_VERSION, key=key) if bank else None)

    watch = Clock(scheduler)

    def call(client: Any, operation: str, request: Any) -> Any:
        return aws.call(client.meta.service_model.service_name, operation, request)

    def write(what: str, **facts: Any) -> None:
        if what == "error":
            told = str(facts.get("traceback", "")).strip().splitlines()[-1:]
            scheduler.note(f"error {told}")
            if told and re.match(_BROKEN, told[0]):
                aws.errors.append(facts["traceback"])

    chance = SimpleNamespace(uniform=scheduler.random.uniform)
    played: list[tuple[Any, str, Any]] = [
        (botocore.client.BaseClient, "_make_api_call", call),
        (clock, "datetime", watch),
        (caches, "time", watch),
        (ids, "time", watch),
        (ids, "secrets", watch),
        (ids, "_last", 0),
        (dynamo, "sleep", scheduler.pause),
        (dynamo, "random", chance),
        (log, "write", write),
        # What is printed is a matter of the content alone; printing thousands of pages takes long.
        (invoice_pdf, "render", msgspec.json.encode),
        (keyring, "time", watch),
        (stripe_gateway, "_client_with", clients),
        (stripe._http_client, "time", watch),
        (stripe._http_client, "random", chance),
        (stripe._webhook, "time", watch),
    ]
    real = [(place, name, getattr(place, name)) for place, name, _ in played]
    caches.forget()
    keyring.forget()
    for place, name, stand_in in played:
        setattr(place, name, stand_in)
    try:
        yield
    finally:
        for place, name, value in real:
            setattr(place, name, value)
        caches.forget()
        keyring.forget()


# Errors that no weather excuses: the code itself is wrong.
_BROKEN = r"(AssertionError|AttributeError|IndexError|KeyError|NameError|TypeError|UnboundLocalError|ValueError)\b"


@cache
def _opened() -> dict[str, Table]:
    """The tables of a shop with two locations, two ways to send and three products of which nothing is in stock."""
    from chalicelib.core.settings import settings

    scheduler = Scheduler(0, datetime(2026, 3, 1, 8, 0, 0, tzinfo=UTC))
    calm = Weather({}, duplicates=0, slow=0, over=True)
    database = DynamoDB(tables_of(TEMPLATE, settings.tables), lambda: scheduler.now)
    aws = Aws(scheduler, calm, database)
    database.on_insert = lambda table, item: None
    staff = Door(OWNER)
    with on_stage(scheduler, aws):
        staff.put("/admin/seller", {"address": ADDRESS})
        for priority, place in enumerate(PLACES, 1):
            staff.put(f"/admin/locations/{place}", {"name": place, "country": "NL", "priority": priority})
        for option, cents in (("standard", 495), ("express", 1295)):
            body = {"name": option, "price": eur(cents), "days_min": 1, "days_max": 5}
            staff.put(f"/admin/shipping-options/{option}", body)
        for method in WAYS:
            staff.put(f"/admin/payment-methods/{method}", {})
        made = {sku: {"price": eur(cents)} for sku, cents in GOODS.items()}
        made[SET] = {"price": eur(2990), "components": {"MUG": 1, "BOWL": 2}}
        made[EBOOK] = {"price": eur(500), "digital": True}
        for sku, fields in made.items():
            variant = {"sku": sku, **fields}
            body = {"handle": sku.lower(), "title": sku.title(), "status": "published", "variants": [variant]}
            staff.call("POST", "/admin/products", body)
    assert not aws.errors, aws.errors
    return database.tables


def opened() -> dict[str, Table]:
    """A copy of the opened shop's tables; items are never changed in place."""
    return {
        name: Table(name, table.indexes, {pk: dict(items) for pk, items in table.partitions.items()})
        for name, table in _opened().items()
    }


@cache
def functions() -> dict[str, Function]:
    """The functions that take part, by the name under which they are deployed."""
    from chalicelib.admin.consumers import admin_relay
    from chalicelib.logistics.consumers import logistics_events
    from chalicelib.orders.consumers import orders_events, orders_invoices
    from chalicelib.orders.schedules import orders_expire
    from chalicelib.payments.consumers import payments_events, payments_reconcile_now, payments_webhooks
    from chalicelib.payments.schedules import payments_reconcile, payments_sweep

    return {
        "admin_relay": admin_relay,
        "logistics_events": logistics_events,
        "orders_events": orders_events,
        "orders_expire": orders_expire,
        "orders_invoices": orders_invoices,
        "payments_events": payments_events,
        "payments_reconcile": payments_reconcile,
        "payments_reconcile_now": payments_reconcile_now,
        "payments_sweep": payments_sweep,
        "payments_webhooks": payments_webhooks,
    }


def urls() -> dict[str, str]:
    """Which queue is meant by a URL that the shop's settings hold."""
    from chalicelib.core.settings import settings

    return {settings.webhook_queue_url: "payments_webhooks", settings.reconcile_queue_url: "payments_reconcile_now"}
