"""The shop's chain as SQS carries it: what a consumer fails at, or dies of, comes again; nothing else is forgiven."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

from fate import Killed
from inprocess import CONTEXT, Shop, consumers_of
from strict_stripe import StripeServer

from infra.local.client import Json

Arrange = Callable[[list[Json]], list[Json]]


class Chain:
    """`arrange` says which of Stripe's webhooks come, and in which order."""

    def __init__(self, shop: Shop, bank: StripeServer, travel: Callable[[timedelta], None], arrange: Arrange = list):
        self.shop, self.bank, self.travel, self.arrange = shop, bank, travel, arrange
        self.notices: list[str] = []
        self.done: set[tuple[str, int]] = set()

    def run(self) -> None:
        """Until nothing moves any more but what fails."""
        while self._webhooks() or self._notices() or self._events():
            pass

    def calm_down(self, rounds: int = 3) -> None:
        """The trouble is over: whoever sweeps comes by, and what failed comes again."""
        for _ in range(rounds):
            self.run()
            self.travel(timedelta(minutes=15))
            self.sweep()
        self.run()

    def sweep(self) -> None:
        from chalicelib.core.jobs import JobsFailed

        with contextlib.suppress(JobsFailed, Killed):
            self.shop.sweep()

    def _webhooks(self) -> bool:
        events, self.bank.webhooks = self.bank.webhooks, self.bank.webhooks[:0]
        self.bank.told = self.bank.webhooks.append
        for event in self.arrange(events):
            try:
                status = self.shop.webhook(event)
            except Killed:
                status = 502
            assert status in (200, 500, 502, 503), status
            if status != 200:
                self.bank.webhooks.append(event)
        self.notices += self.shop.waiting_webhooks()
        return bool(events) and not self.bank.webhooks

    def _notices(self) -> bool:
        from chalicelib.payments.consumers import payments_webhooks

        waiting, self.notices = self.notices, []
        for body in waiting:
            record = {"messageId": "m", "body": body, "receiptHandle": "r"}
            try:
                failed = payments_webhooks({"Records": [record]}, CONTEXT)["batchItemFailures"]
            except Killed:
                failed = [record]
            if failed:
                self.notices.append(body)
        return len(self.notices) < len(waiting)

    def _events(self) -> bool:
        moved = False
        for event in self.shop.events():
            for consumer in consumers_of(event):
                if (event["id"], id(consumer)) in self.done:
                    continue
                try:
                    failed = self.shop.consume(consumer, self.shop.envelope(event))
                except Killed:
                    continue
                if not failed:
                    self.done.add((event["id"], id(consumer)))
                    moved = True
        return moved
