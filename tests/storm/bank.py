"""Stripe in the storm: its API in the weather, and its webhooks, which come late, twice, in any order or not at all."""

import threading

import stripe
from strict_balance import Balance
from strict_stripe import Json, StripeServer, signed

from tests.storm.aws import Aws
from tests.storm.quarrels import Quarrels
from tests.storm.scheduler import Clock, Crash
from tests.storm.stage import Door

# Stripe tries a webhook again for days; what the storm loses it loses for good.
_TRIES = 6


class Bank:
    """`secret` is what webhooks are signed with. `lost` is how many of them never arrive, of all."""

    def __init__(self, aws: Aws, secret: str) -> None:
        self.aws, self.secret = aws, secret
        self.scheduler, self.weather, self.dice = aws.scheduler, aws.weather, aws.dice
        self.server = StripeServer(Clock(self.scheduler).time)
        self.server.before = self._before
        self.server.working = self._working
        self.server.after = self._after
        self.server.told = self._told
        self.server.refund_status = self._refund_status
        self.balance = Balance(self.server)
        self.strikes = threading.local()
        self.lost = self.dice.choice([0, 0.05, 0.5])
        self.slow_refunds = self.dice.choice([0, 0.5])
        self.bad_refunds = self.dice.choice([0, 0, 0.3])
        self.on_the_way = 0
        self.quarrels = Quarrels(self)

    def _before(self, call: str, again: object) -> None:
        self.scheduler.pause(self.weather.latency(self.dice))
        strike = self.weather.strike(self.dice)
        self.scheduler.note(f"stripe {call}{f' <- {strike}' if strike else ''}")
        if strike == "crash before":
            raise Crash
        if strike in ("throttled", "lost before"):
            raise self._unanswered()
        if strike == "late" and callable(again):
            self.scheduler.at(self.dice.uniform(0.1, 30), again)
            raise self._unanswered()
        self.strikes.now = strike

    def _working(self, call: str) -> None:
        self.scheduler.pause(self.weather.latency(self.dice))

    def _after(self, call: str) -> None:
        strike = self.strikes.now
        if strike == "crash after":
            raise Crash
        if strike in ("lost after", "twice"):
            raise self._unanswered()

    def _unanswered(self) -> stripe.APIConnectionError:
        self.scheduler.pause(self.dice.uniform(0.5, 5))
        return stripe.APIConnectionError("no answer", should_retry=True)

    def _refund_status(self) -> str:
        if self.weather.over or self.dice.random() >= self.slow_refunds:
            return "succeeded"
        refund_id = f"re_{len(self.server.refunds) + 1:06d}"
        status = "failed" if self.dice.random() < self.bad_refunds else "succeeded"
        self.scheduler.at(self.dice.uniform(1, 3000), lambda: self.server.settle_refund(refund_id, status))
        return "pending"

    def _told(self, event: Json) -> None:
        if event["type"] == "payment_intent.succeeded":
            self.quarrels.perhaps(event["data"]["object"])
        if not self.weather.over and self.dice.random() < self.lost:
            self.scheduler.note(f"webhook {event['type']} is lost")
            return
        copies = 2 if not self.weather.over and self.dice.random() < self.weather.duplicates else 1
        for _ in range(copies):
            far = self.dice.random() < 0.2 and not self.weather.over
            after = self.dice.uniform(5, 1200) if far else self.dice.uniform(0.05, 2)
            self.on_the_way += 1
            self.scheduler.spawn(f"webhook-{event['id']}", lambda: self._deliver(event), after)

    def _deliver(self, event: Json) -> None:
        try:
            for _ in range(_TRIES):
                body, signature = signed(event, self.secret, self.scheduler.moment.timestamp())
                calm = self.weather.over
                try:
                    status = Door().send("POST", "/webhooks/stripe", body, **{"Stripe-Signature": signature})[0]
                except Crash:
                    status = 502
                self.scheduler.note(f"webhook {event['type']} -> {status}")
                if status == 200:
                    return
                if status < 500 or calm:
                    self.server.wrong.append(f"a webhook {event['type']} was answered with {status}")
                self.scheduler.pause(self.dice.uniform(10, 300))
        finally:
            self.on_the_way -= 1
