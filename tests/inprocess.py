"""The in-process shop of tests/modules: moto's tables made from the template, and the hands that carry its events."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import quote

import boto3
import yaml
from environment import API_KEY
from environment import WEBHOOK_SECRET as SECRET
from gateway import CONTEXT as CONTEXT
from gateway import ISSUERS as ISSUERS
from gateway import OWNER as OWNER
from gateway import Gateway as Gateway
from machine import ROOT as ROOT
from patterns import matches
from strict_stripe import StripeServer, signed

from infra.local.client import Json
from infra.local.demo.play import ADDRESS as ADDRESS
from infra.local.seed import UNCAPPED as UNCAPPED


class Shop:
    """The shop's clients, its tables, and the hands that carry events from the outboxes to the consumers."""

    def __init__(self, client: Callable[[str], Any] = boto3.client) -> None:
        self.guest = Gateway()
        self.staff = Gateway(OWNER)
        self.client = client
        self.dynamodb = client("dynamodb")
        self.delivered: set[str] = set()

    def create_tables(self) -> None:
        """The tables of infra/resources.yaml, the bucket and the queues."""
        from chalicelib.core.settings import settings

        resources = declared()
        for module, name in settings.tables.items():
            properties = resources[f"{module.capitalize()}Table"]["Properties"]
            wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
            self.dynamodb.create_table(TableName=name, **{key: properties[key] for key in wanted if key in properties})
        self.create_places()

    def create_places(self) -> None:
        """The bucket, the queues, and the secret with Stripe's keys."""
        from chalicelib.core.settings import settings

        self.client("s3").create_bucket(
            Bucket=settings.media_bucket, CreateBucketConfiguration={"LocationConstraint": settings.region}
        )
        for queue in ("arrange", "imports", "reconcile", "webhooks"):
            self.client("sqs").create_queue(QueueName=queue)
        keys = {"api_key": API_KEY, "webhook_secrets": [SECRET]}
        self.client("secretsmanager").create_secret(Name=settings.stripe_secret_id, SecretString=json.dumps(keys))

    def open(self) -> None:
        self.staff.put("/admin/locations/ams", {"name": "Amsterdam", "country": "NL", "priority": 1})
        self.staff.put("/admin/locations/sha", {"name": "Shanghai", "country": "CN", "priority": 2})
        free = {"amount": 10_000, "currency": "EUR"}
        for option, cents in (("standard", 495), ("express", 1295)):
            body = {"name": option, "price": eur(cents), "days_min": 1, "days_max": 5}
            self.staff.put(
                f"/admin/shipping-options/{option}", body | ({"free_from": free} if option == "standard" else {})
            )

    def product(self, handle: str = "mug", stock: dict[str, int] | None = None, **fields: Any) -> Json:
        """A published product with one variant whose SKU is the handle in capitals."""
        variant = {"sku": handle.upper(), "price": eur(1290), "stock": {"ams": 10} if stock is None else stock}
        body = {"handle": handle, "title": handle.capitalize(), "status": "published", "variants": [variant], **fields}
        return self.staff.post("/admin/products", body)

    def price_list(self, name: str, **fields: Any) -> Json:
        return self.staff.put(f"/admin/price-lists/{name}", {"name": name.capitalize(), **fields})

    def member(self, name: str, *groups: str) -> Gateway:
        """A customer in these groups, and no others."""
        self.staff.put(f"/admin/users/sub-of-{name}/groups", {"groups": groups})
        return self.customer(name)

    def cart(self, *lines: tuple[str, int]) -> "Cart":
        made = self.guest.post("/carts")
        cart = Cart(self.guest.with_headers(**{"Cart-Token": made["cart_token"]}), f"/carts/{made['id']}")
        for sku, quantity in lines:
            cart.post("/items", {"sku": sku, "quantity": quantity})
        return cart

    def ready_cart(self, *lines: tuple[str, int]) -> "Cart":
        """A cart with address and shipping, ready to be checked out."""
        cart = self.cart(*(lines or [("MUG", 1)]))
        cart.put("/shipping-address", ADDRESS)
        cart.put("/shipping-option", {"id": "standard"})
        return cart

    def order(self, *lines: tuple[str, int]) -> "Order":
        """A placed order."""
        return self.order_of(self.ready_cart(*lines).check_out())

    def order_of(self, placed: Json) -> "Order":
        api = self.guest.with_headers(**{"Order-Token": placed["order_token"]})
        return Order(api, f"/orders/{placed['order']['id']}", placed)

    def customer(self, name: str = "ann") -> Gateway:
        """The API as a customer sees it who is logged in."""
        email = f"{name}@jishi.example"
        return Gateway({"sub": f"sub-of-{name}", "token_use": "id", "email": email, "iss": ISSUERS["customers"]})

    def cart_of(self, customer: Gateway, *lines: tuple[str, int]) -> "Cart":
        """A customer's cart with these lines, address and shipping, ready to be checked out."""
        customer.post("/me/cart")
        cart = Cart(customer, "/me/cart")
        for sku, quantity in lines:
            cart.post("/items", {"sku": sku, "quantity": quantity})
        cart.put("/shipping-address", ADDRESS)
        cart.put("/shipping-option", {"id": "standard"})
        return cart

    def stock(self, sku: str) -> Json:
        return self.staff.get(f"/admin/stock/{quote(sku, safe='')}")

    def events(self) -> list[Json]:
        """All events in the outboxes, in the order of their making: name and detail."""
        from chalicelib.core.settings import settings

        outbox: Json = {
            "FilterExpression": "begins_with(pk, :of)",
            "ExpressionAttributeValues": {":of": {"S": "OUTBOX#"}},
        }
        scans = [self.dynamodb.scan(TableName=table, **outbox) for table in settings.tables.values()]
        items = [item for scan in scans for item in scan["Items"]]
        items.sort(key=lambda item: item["sk"]["S"])
        return [{"name": i["name"]["S"], "id": i["sk"]["S"], "detail": json.loads(i["detail"]["S"])} for i in items]

    def names(self) -> list[str]:
        return [event["name"] for event in self.events()]

    def deliver(self, arrange: Callable[[list[Json]], list[Json]] = list) -> None:
        """Hand every event that was not handed on yet to its consumers, and what that causes, until nothing is left."""
        while new := [event for event in self.events() if event["id"] not in self.delivered]:
            self.delivered |= {event["id"] for event in new}
            for event in arrange(new):
                self.tell(event)

    def tell(self, event: Json) -> None:
        """Hand one event to each of its consumers; a consumer that fails fails the test."""
        for consumer in consumers_of(event):
            assert not self.consume(consumer, self.envelope(event))

    def webhook(self, event: Json) -> int:
        """Stripe sends an event; returns the status of the answer."""
        body, signature = signed(event, SECRET, time.time())
        return self.guest.send("POST", "/webhooks/stripe", body, **{"Stripe-Signature": signature})[0]

    def waiting_webhooks(self) -> list[str]:
        """Take what waits in the webhooks' queue."""
        from chalicelib.core.settings import settings

        sqs, bodies = self.client("sqs"), []
        while taken := sqs.receive_message(QueueUrl=settings.webhook_queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in taken:
                bodies.append(message["Body"])
                sqs.delete_message(QueueUrl=settings.webhook_queue_url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def work_off_webhooks(self) -> int:
        """Let the consumer work on what Stripe sent; returns how many notices it could not use."""
        from chalicelib.payments.consumers import payments_webhooks

        bodies = self.waiting_webhooks()
        records = [{"messageId": str(n), "body": body, "receiptHandle": "r"} for n, body in enumerate(bodies)]
        return len(payments_webhooks({"Records": records}, CONTEXT)["batchItemFailures"])

    def hear(self, bank: StripeServer) -> None:
        """Deliver all that Stripe has to say and all that follows from it, until nothing is left."""
        while True:
            self.deliver()
            if not bank.webhooks:
                return
            self.hear_only(bank)

    def hear_only(self, bank: StripeServer) -> None:
        """Deliver what Stripe has to say, and nothing yet of what follows from it."""
        for event in bank.webhooks:
            assert self.webhook(event) == 200
        bank.webhooks.clear()
        assert self.work_off_webhooks() == 0

    def expire(self) -> None:
        """The clock says that orders are to be let go."""
        from chalicelib.core import jobs
        from chalicelib.orders import expiry

        jobs.run("orders_expire", expiry.expire_all, 300)

    def tell_of_abandoned_carts(self) -> Json:
        """The clock says that somebody is to be reminded."""
        from chalicelib.core import jobs
        from chalicelib.orders.cart import abandoned

        return jobs.run("orders_abandoned_carts", abandoned.tell_all, 300)

    def publish(self) -> Json:
        """The clock says that products are to be shown or hidden."""
        from chalicelib.catalog import publishing
        from chalicelib.core import jobs

        return jobs.run("catalog_publish", publishing.turn_all, 300)

    def turn_prices(self) -> Json:
        """The clock says that search is to be told of price lists that began or ended."""
        from chalicelib.catalog.pricing import price_turns
        from chalicelib.core import jobs

        return jobs.run("catalog_turn_prices", price_turns.turn_all, 300)

    def sweep(self) -> Json:
        """The clock says that payments are to be looked after."""
        from chalicelib.core import jobs
        from chalicelib.payments import sweep

        return jobs.run("payments_sweep", sweep.look_after_all, 300)

    def reconcile(self, since: Any = None) -> Json:
        """The clock says that the provider's books are to be compared with ours."""
        from chalicelib.payments import reconciliation_runs

        return reconciliation_runs.run(lambda: False, 900, since)

    def allocate(self) -> Json:
        """The clock says that what came in goes to those who wait for it."""
        from chalicelib.core import jobs
        from chalicelib.logistics import allocating

        return jobs.run("logistics_allocate", lambda run: allocating.allocate_all(run, lambda: False), 300)

    def envelope(self, event: Json) -> Json:
        return {"detail-type": event["name"], "detail": event["detail"]}

    def consume(self, consumer: Callable[..., Any], message: Json) -> list[Json]:
        """Give a queue consumer one message; returns the batch item failures."""
        record = {"messageId": str(uuid.uuid4()), "body": json.dumps(message), "receiptHandle": "r"}
        failures: list[Json] = consumer({"Records": [record]}, CONTEXT)["batchItemFailures"]
        return failures


@contextmanager
def opened() -> Iterator[Shop]:
    """An empty shop in this process: two locations, two ways to send things, nothing to sell, and no caps on orders."""
    from moto import mock_aws
    from moto_at_hand import bring

    from chalicelib.core import cache as shops
    from chalicelib.core import dynamo
    from chalicelib.payments import keyring

    shops.forget()
    keyring.forget()
    with mock_aws():
        shop = Shop(_client)
        bring(shop.dynamodb)
        bring(dynamo._connection.client)
        if not _opened:
            shop.create_tables()
            shop.open()
            shop.staff.put("/admin/order-policy", UNCAPPED)
            _opened.update(deepcopy(_tables()))
        else:  # the same once more would take longer than most tests
            shop.create_places()
            _tables().update(deepcopy(_opened))
        yield shop
    shops.forget()
    keyring.forget()


# The tables of an opened shop, by their names.
_opened: dict[str, Any] = {}


def _tables() -> dict[str, Any]:
    """Those that moto has now."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    from chalicelib.core.settings import settings

    tables: dict[str, Any] = dynamodb_backends[DEFAULT_ACCOUNT_ID][settings.region].tables
    return tables


@cache
def _client(service: str) -> Any:
    """A client of moto's; making one reads megabytes of descriptions."""
    return boto3.client(service)


@cache
def declared() -> Json:
    """The resources of the template; reading it takes longer than most tests."""
    return dict(yaml.safe_load((ROOT / "infra" / "resources.yaml").read_text())["Resources"])


def consumers_of(event: Json) -> list[Callable[..., Any]]:
    """Whom the bus hands an event to."""
    from chalicelib.catalog import consumers as catalog
    from chalicelib.logistics import consumers as logistics
    from chalicelib.orders import consumers as orders
    from chalicelib.payments import consumers as payments

    rooms = [logistics, orders, payments, catalog]
    return [
        getattr(room, queue)
        for room in rooms
        for queue in room.consumers.handled
        if queue != "catalog_search" and matches(room.consumers.pattern(queue), event["name"], event["detail"])
    ]


def staff_operations() -> list[Any]:
    """What each route of staff promises."""
    from chalicelib.core import rooms
    from chalicelib.core.settings import MODULES

    found = [room for module in MODULES for room in rooms.existing(module, rooms.STAFFS)]
    return [operation for room in found for operation in import_module(room).routes.operations]


class Part:
    """The API below one path."""

    def __init__(self, api: Gateway, path: str) -> None:
        self.api, self.path = api, path

    def get(self, below: str = "") -> Json:
        return self.api.get(self.path + below)

    def post(self, below: str, body: Json | None = None, *, key: str | None = None) -> Json:
        return self.api.post(self.path + below, body or {}, key=key)

    def put(self, below: str, body: Json) -> Json:
        return self.api.put(self.path + below, body)

    def patch(self, below: str, body: Json) -> Json:
        return self.api.call("PATCH", self.path + below, body)

    def delete(self, below: str) -> Json:
        return self.api.call("DELETE", self.path + below)


class Cart(Part):
    def wish(self, **changed: Any) -> Json:
        cart = self.get()
        return {
            "email": "guest@jishi.example",
            "payment_method": "cash_on_delivery",
            "cart_version": cart["version"],
            "expected_total": cart["totals"]["total"],
            **changed,
        }

    def check_out(self, *, key: str | None = None, **changed: Any) -> Json:
        return self.post("/checkout", self.wish(**changed), key=key)


class Order(Part):
    def __init__(self, api: Gateway, path: str, placed: Json) -> None:
        super().__init__(api, path)
        self.placed = placed
        self.id = placed["order"]["id"]

    def names(self) -> list[str]:
        return [entry["name"] for entry in self.get()["timeline"]]


class Buyer(Order):
    """A guest who pays by card."""

    @property
    def payment_id(self) -> str:
        return str(self.placed["payment"]["id"])

    @property
    def secret(self) -> str:
        return str(self.placed["payment"]["client_secret"])

    def payment(self) -> dict[str, Any]:
        return self.api.get(f"/payments/{self.payment_id}")

    def parcel(self) -> str:
        return str(self.get("/shipments")["data"][0]["id"])


def eur(cents: int) -> Json:
    return {"amount": cents, "currency": "EUR"}


def usd(cents: int) -> Json:
    return {"amount": cents, "currency": "USD"}


def list_price(name: str, price: Json, pieces: int = 1) -> Json:
    return {"list": name, "price": price, "min_quantity": pieces}
