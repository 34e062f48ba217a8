"""Whatever becomes of a request to the provider, an order is charged once or not at all, and everybody knows it.

Rows are what can go wrong, columns are what the shop asks the provider for; each cell is the whole life of an order
whose one step meets the trouble. Afterwards the trouble is over, and the order goes on to its end.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import accounts
import pytest
import stripe
from chain import Arrange, Chain
from fate import Fate, Killed
from inprocess import Buyer, Shop, opened
from strict_stripe import Refusal, StripeServer

from chalicelib.core.jobs import JobsFailed
from chalicelib.payments import ledger_tables, tables
from infra.local.client import Json, Refused

TOTAL = 1785
ALLOWED_ANSWERS = {409, 422, 503}


class Life:
    """One order's life. Its steps are asked for again until they are done, as clients and queues do."""

    def __init__(self, shop: Shop, bank: StripeServer, chain: Chain) -> None:
        self.shop, self.bank, self.chain = shop, bank, chain
        self.cart = shop.ready_cart(("MUG", 1))
        self.wish = self.cart.wish(payment_method="card")
        self.answers: list[Refused] = []
        self.order: Buyer | None = None
        self.secret = ""

    # --- what clients, staff and the clock do ------------------------------------------------------------------

    def check_out(self) -> None:
        placed = self.cart.post("/checkout", self.wish, key="the-key-of-this-checkout")
        order = self.shop.order_of(placed)
        self.order = Buyer(order.api, order.path, placed)
        self.ask_for_secret()

    def ask_for_secret(self) -> None:
        self.secret = str(self._order.post("/payments")["client_secret"])

    def pay(self) -> None:
        self.bank.pay(self.secret)
        self.chain.run()

    def pack(self) -> None:
        for parcel in self._order.get("/shipments")["data"]:
            if parcel["status"] == "planned":
                self.shop.staff.post(f"/admin/shipments/{parcel['id']}/pack")
        self.chain.run()

    def deliver(self) -> None:
        for parcel in self._order.get("/shipments")["data"]:
            for step, body in (("dispatch", {"tracking_number": "T"}), ("deliver", {})):
                self.shop.staff.post(f"/admin/shipments/{parcel['id']}/{step}", body)
        self.chain.run()

    def refund(self) -> None:
        body = {"reason": "broken"}
        self.shop.staff.post(f"/admin/orders/{self._order.id}/refunds", body, key="the-key-of-this-refund")
        self.chain.run()

    def cancel(self) -> None:
        self._order.post("/cancel", {"reason": "no"})
        self.chain.run()

    def expire(self) -> None:
        self.chain.travel(timedelta(minutes=31))
        self.shop.expire()
        self.chain.run()

    def look(self) -> None:
        """The client asks how its payments are."""
        for attempt in tables.attempts_of(self._order.id):
            self._order.api.post(f"/payments/{attempt.id}/refresh")
        self.chain.run()

    def switch(self) -> None:
        self.secret = str(self._order.post("/payments", {"payment_method": "alipay"})["client_secret"])

    def lapse_soon(self) -> None:
        self.chain.travel(timedelta(days=5, hours=19))
        self.chain.sweep()
        self.chain.run()

    @property
    def _order(self) -> Buyer:
        assert self.order is not None
        return self.order

    # --- what must be true --------------------------------------------------------------------------------------

    def sound(self, status: str, payment_status: str, charged: int) -> None:
        order = self._order
        seen = order.get()
        assert (seen["status"], seen["payment_status"]) == (status, payment_status)
        intents = self.bank.intents.values()
        assert sum(i["amount_received"] - self.bank.given_back(i["id"]) for i in intents) == charged
        attempts, refunds = tables.of_order(order.id)
        by_intent = {attempt.provider_id: attempt for attempt in attempts}
        for intent in intents:
            if intent["id"] in by_intent:
                assert by_intent[intent["id"]].captured.amount == intent["amount_received"]
            else:
                assert intent["amount_received"] == 0
        entries = ledger_tables.entries(order.id)
        assert list(accounts.wrong(attempts, refunds, entries)) == []
        assert accounts.left(entries) == 0
        names = self.shop.names()
        assert names.count("PaymentCaptured") <= 1
        assert names.count("RefundSucceeded") == len([r for r in refunds if r.state == "succeeded"])
        for answer in self.answers:
            assert answer.status in ALLOWED_ANSWERS, answer
            assert answer.problem["code"] not in ("", "internal_error"), answer


# What the shop asks the provider for: the steps of a life, that which meets the trouble, and how the life ends.
Act = Callable[[Life], None]
OPERATIONS: dict[str, tuple[list[Act], int, tuple[str, str, int]]] = {
    "open": ([Life.check_out, Life.pay, Life.pack, Life.deliver], 0, ("completed", "paid", TOTAL)),
    "authorize": ([Life.check_out, Life.pay, Life.pack, Life.deliver], 1, ("completed", "paid", TOTAL)),
    "capture": ([Life.check_out, Life.pay, Life.pack, Life.deliver], 2, ("completed", "paid", TOTAL)),
    "refund": ([Life.check_out, Life.pay, Life.pack, Life.deliver, Life.refund], 4, ("completed", "refunded", 0)),
    "void": ([Life.check_out, Life.pay, Life.cancel], 2, ("canceled", "unpaid", 0)),
    "expire": ([Life.check_out, Life.expire], 1, ("expired", "unpaid", 0)),
    "switch": (
        [Life.check_out, Life.switch, Life.pay, Life.pack, Life.deliver],
        1,
        ("completed", "paid", TOTAL),
    ),
    "give back": ([Life.check_out, Life.switch, Life.pay, Life.cancel], 3, ("canceled", "refunded", 0)),
    "lapse": ([Life.check_out, Life.pay, Life.lapse_soon, Life.pack, Life.deliver], 2, ("completed", "paid", TOTAL)),
}


def cut() -> stripe.APIConnectionError:
    return stripe.APIConnectionError("the connection was cut", should_retry=False)


def no_answer_before(bank: StripeServer) -> None:
    def before(call: str, again: Callable[[], None]) -> None:
        raise cut()

    bank.before = before


def late_effect(bank: StripeServer) -> None:
    """Nobody waits for the answer any more, and then the request is carried out."""

    def before(call: str, again: Callable[[], None]) -> None:
        again()
        raise cut()

    bank.before = before


def no_answer_after(bank: StripeServer) -> None:
    def after(call: str) -> None:
        raise cut()

    bank.after = after


def cut_in_the_middle(bank: StripeServer) -> None:
    def working(call: str) -> None:
        raise cut()

    bank.working = working


def answers_with(status: int, kind: str, code: str) -> Callable[[StripeServer], None]:
    def trouble(bank: StripeServer) -> None:
        def before(call: str, again: Callable[[], None]) -> None:
            raise Refusal(code, "Not now.", status, kind)

        bank.before = before

    return trouble


def clocks_differ(hours: int) -> Callable[[StripeServer], None]:
    def trouble(bank: StripeServer) -> None:
        right = bank.now
        bank.now = lambda: right() + hours * 3600

    return trouble


def broken_under_its_key(bank: StripeServer) -> None:
    """Stripe keeps an error of its own under the request's key, and says it again for a day."""

    def working(call: str) -> None:
        if call.startswith("POST"):
            raise Refusal("api_error", "Something is wrong here.", 500, "api_error")

    bank.working = working


TROUBLES: dict[str, Callable[[StripeServer], None]] = {
    "no answer, before the effect": no_answer_before,
    "no answer, after the effect": no_answer_after,
    "no answer, the effect comes later": late_effect,
    "cut in the middle": cut_in_the_middle,
    "the shop's clock is late": clocks_differ(3),
    "the shop's clock is early": clocks_differ(-3),
    "409": answers_with(409, "idempotency_error", "idempotency_key_in_use"),
    "429": answers_with(429, "invalid_request_error", "rate_limit"),
    "500, kept": broken_under_its_key,
    "500": answers_with(500, "api_error", "api_error"),
    "401": answers_with(401, "invalid_request_error", "api_key_expired"),
}


def twice(events: list[Json]) -> list[Json]:
    return [event for event in events for _ in range(2)]


def backwards(events: list[Json]) -> list[Json]:
    return events[::-1]


def lost(events: list[Json]) -> list[Json]:
    return []


def shuffled(events: list[Json]) -> list[Json]:
    return random.Random(len(events)).sample(events * 2, 2 * len(events))


WEBHOOKS: dict[str, Arrange] = {"twice": twice, "backwards": backwards, "lost": lost, "shuffled": shuffled}


Live = Callable[..., None]


@pytest.fixture
def live(bank: StripeServer, travel: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch) -> Live:
    monkeypatch.setattr(stripe._http_client.time, "sleep", lambda seconds: None)

    def live(name: str, trouble: Act, calm: Act, arrange: Arrange = list) -> None:
        steps, troubled, end = OPERATIONS[name]
        with opened() as shop:
            shop.product("mug", stock={"ams": 5})
            shop.staff.put("/admin/payment-methods/alipay", {})
            life = Life(shop, bank, Chain(shop, bank, travel, arrange))
            for number, step in enumerate(steps):
                if number == troubled:
                    _through(life, step, trouble, calm)
                else:
                    step(life)
                    life.chain.calm_down(1)
                if arrange is lost:
                    life.look()
            life.sound(*end)

    return live


def _through(life: Life, step: Act, trouble: Act, calm: Act) -> None:
    """A step in trouble, and once more when the trouble is over, unless it went well."""
    trouble(life)
    done = _goes_well(life, step)
    calm(life)
    life.chain.calm_down()
    if not done:
        step(life)
        life.chain.calm_down()
    if life.order is not None and step in (Life.check_out, Life.switch):
        life.ask_for_secret()


def _goes_well(life: Life, step: Callable[[Life], None]) -> bool:
    try:
        step(life)
    except Refused as refused:
        life.answers.append(refused)
        return False
    except (Killed, JobsFailed):
        return False
    return True


def calm(life: Life) -> None:
    bank = life.bank
    bank.before, bank.working, bank.after = lambda call, again: None, lambda call: None, lambda call: None


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_request_that_goes_wrong(live: Live, operation: str, trouble: str) -> None:
    live(operation, lambda life: TROUBLES[trouble](life.bank), calm)


@pytest.mark.parametrize("trouble", ["no answer, before the effect", "no answer, after the effect"])
@pytest.mark.parametrize("operation", ["capture", "refund", "void", "give back"])
def test_what_is_tried_again_after_two_days(live: Live, operation: str, trouble: str) -> None:
    """Keys are forgotten by then: whatever is tried looks its effect up first."""

    def two_days_later(life: Life) -> None:
        life.chain.travel(timedelta(days=2))
        calm(life)

    live(operation, lambda life: TROUBLES[trouble](life.bank), two_days_later)


@pytest.mark.parametrize("arrangement", WEBHOOKS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_webhooks_that_come_as_they_like(live: Live, operation: str, arrangement: str) -> None:
    """Lost ones are made up for by whoever looks next: the client's own question here, the sweep and the expiry."""
    live(operation, lambda life: None, lambda life: None, WEBHOOKS[arrangement])


# Each of these is dozens of lives.
_AT_ONCE = ("capture", "refund")
_LATER = [pytest.param(name, marks=pytest.mark.slow) for name in OPERATIONS if name not in _AT_ONCE]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("operation", [*_AT_ONCE, *_LATER])
def test_a_function_that_is_killed_anywhere(
    live: Live,
    bank: StripeServer,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    moment: str,
) -> None:
    """At each of its calls to the database and to the provider in turn."""
    fate = Fate(monkeypatch, bank)

    def survives(turn: int) -> bool:
        spared: list[bool] = []
        for books in (bank.intents, bank.refunds, bank.webhooks):
            books.clear()
        live(operation, lambda life: fate.strikes(turn, moment), lambda life: spared.append(fate.spares()))
        return spared[0]

    deaths = next(turn for turn in count(1) if survives(turn)) - 1
    assert deaths > 3
