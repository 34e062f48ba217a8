"""One order of three lines from checkout to doorstep: every function that runs, and what it calls."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from inprocess import CONTEXT, Shop, consumers_of
from strict_stripe import StripeServer

from bench.counting import Calls, counted
from bench.figures import Figure, Section

LINES = (("MUG", 1), ("BOWL", 1), ("PLATE", 1))


_ABOUT = (
    "One order of 3 lines, one parcel, from checkout to delivered. Each event in a queue is an invocation of its own, "
    "although a batch may hold several; new events of one table are one invocation of the relay, although a stream's "
    "shards may part them. There are no mails yet."
)


class Journey:
    """An order under way. Each entry of `steps` is one invocation: which function, why, and its calls."""

    def __init__(self, shop: Shop, bank: StripeServer) -> None:
        self.shop, self.bank = shop, bank
        self.steps: list[tuple[str, str, Calls]] = []
        self.events: list[str] = []
        shop.hear(bank)

    @contextmanager
    def invocation(self, function: str, why: str) -> Iterator[None]:
        with counted() as calls:
            yield
        self.steps.append((function, why, calls))

    def do(self, function: str, why: str, call: Callable[[], Any]) -> Any:
        with self.invocation(function, why):
            answer = call()
        self.carry_on()
        return answer

    def carry_on(self) -> None:
        """Relay what is new and hear what Stripe has to say, until there is nothing more."""
        self._relay_all()
        while self.bank.webhooks:
            event = self.bank.webhooks.pop(0)
            with self.invocation("payments API", f"webhook {event['type']}"):
                self.shop.webhook(event)
            for body in self.shop.waiting_webhooks():
                self._work_off(body)
            self._relay_all()

    def _work_off(self, body: str) -> None:
        from chalicelib.payments.consumers import payments_webhooks

        record = {"messageId": "1", "body": body, "receiptHandle": "r"}
        with self.invocation("payments_webhooks", f"notice {json.loads(body)['type']}"):
            payments_webhooks({"Records": [record]}, CONTEXT)

    def _relay_all(self) -> None:
        """What is new in each outbox, a batch per table, to the bus and the queues, until nothing is new."""
        while new := [event for event in self.shop.events() if event["id"] not in self.shop.delivered]:
            self.shop.delivered |= {event["id"] for event in new}
            for images in self._outboxes({event["id"] for event in new}):
                self._relay(images)
            for event in new:
                self.events.append(event["name"])
                for consumer in consumers_of(event):
                    function = consumer.func.__name__
                    message = {"detail-type": event["name"], "detail": event["detail"]}
                    with self.invocation(function, event["name"]):
                        failures = self.shop.consume(consumer, message)
                    if failures:
                        raise RuntimeError(f"{function} failed on {event['name']}")

    def _outboxes(self, ids: set[str]) -> Iterator[list[dict[str, Any]]]:
        from chalicelib.core.settings import settings

        for table in settings.tables.values():
            items = self.shop.dynamodb.scan(TableName=table)["Items"]
            if images := [item for item in items if item["sk"]["S"] in ids]:
                yield images

    def _relay(self, images: list[dict[str, Any]]) -> None:
        from chalicelib.admin.consumers import admin_relay

        with self.invocation("admin_relay", " ".join(image["name"]["S"] for image in images)):
            admin_relay({"Records": [_record(image) for image in images]}, CONTEXT)


def measure(shop: Shop, bank: StripeServer, method: str, counts_capacity: str) -> Section:
    """`counts_capacity` is empty, or why write units can not be counted here."""
    cart = shop.ready_cart(*LINES)
    wish = cart.wish(payment_method=method)
    journey = Journey(shop, bank)
    bank.calls.clear()
    placed = journey.do("orders API", "checkout", lambda: cart.post("/checkout", wish))
    order = shop.order_of(placed)
    if method == "card":
        bank.pay(placed["payment"]["client_secret"])
        journey.carry_on()
    for parcel in order.get()["shipments"]:
        for verb, body in (
            ("pack", {}),
            ("dispatch", {"tracking_number": "JISHI1NL", "carrier": "postnl"}),
            ("deliver", {}),
        ):
            path = f"/admin/shipments/{parcel['id']}/{verb}"
            journey.do("logistics API", verb, partial(shop.staff.post, path, body))
    now = order.get()
    if (now["status"], now["payment_status"]) != ("completed", "paid"):
        raise RuntimeError(f"the order is {now['status']} and {now['payment_status']}")
    calls = sum(len(step.names) for _, _, step in journey.steps)
    writes = sum(step.write_units for _, _, step in journey.steps)
    reads = sum(step.read_units for _, _, step in journey.steps)
    figures = [
        Figure("AWS calls", calls, 45, "calls"),
        Figure("write units", None if counts_capacity else round(writes, 1), 100, "units", counts_capacity),
        Figure("read units", None if counts_capacity else round(reads, 1), None, "units", counts_capacity),
        Figure("function invocations", len(journey.steps), 20, "invocations"),
        Figure("events", len(journey.events), 8, "events", " ".join(journey.events)),
        Figure("calls of the payment provider", len(bank.calls), None, "calls", ", ".join(bank.calls)),
    ]
    rows = [["function", "because of", "calls", "write units", "read units"]]
    for function, why, step in journey.steps:
        units = ["-", "-"] if counts_capacity else [f"{step.write_units:g}", f"{step.read_units:g}"]
        rows.append([function, why, str(step), *units])
    return Section(f"One order, {method.replace('_', ' ')}", _ABOUT, figures, rows)


def _record(image: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventID": image["sk"]["S"],
        "eventName": "INSERT",
        "eventSourceARN": "arn:aws:dynamodb:region:account:table/x/stream/y",
        "awsRegion": "region",
        "dynamodb": {
            "NewImage": json.loads(json.dumps(image)),
            "Keys": {},
            "SequenceNumber": "1",
            "StreamViewType": "NEW_IMAGE",
            "ApproximateCreationDateTime": 0,
            "SizeBytes": 1,
        },
    }
