"""Who acts in a storm: guests who buy and change their minds, and staff who send what was bought."""

import json
import random
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from inprocess import ADDRESS, OWNER

from tests.storm import changes, comebacks
from tests.storm.aws import Aws, Function
from tests.storm.bank import Bank
from tests.storm.scheduler import Crash, Scheduler
from tests.storm.stage import EBOOK, GOODS, PLACES, SET, Door
from tests.storm.weather import Weather

Json = dict[str, Any]
# How often a guest asks again when nobody answers.
_PATIENCE = 8
_NO_ANSWER = (500, 502, 503, 504)
# When an order that nobody paid for expires, in seconds: some pay at just that moment.
_PAY_WITHIN = 1800


@dataclass
class Books:
    """What clients were told; the invariants compare it with what the shop knows."""

    orders: dict[str, set[str]] = field(default_factory=dict)  # by Idempotency-Key of the checkout
    carts: dict[str, set[str]] = field(default_factory=dict)  # by Idempotency-Key
    refunds: dict[str, set[str]] = field(default_factory=dict)  # by order
    returns: dict[str, set[str]] = field(default_factory=dict)  # by Idempotency-Key
    canceled: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


class Unanswered(Exception):
    """Nobody answered, again and again: the client goes away."""


class Client:
    """Somebody at the other end of API Gateway."""

    def __init__(self, town: "Town", name: str, claims: Json | None = None) -> None:
        self.town, self.name = town, name
        self.dice: random.Random = town.scheduler.random
        self.gateway = Door(claims)
        self.keys = 0

    def key(self) -> str:
        self.keys += 1
        return f"{self.name}-key-{self.keys:08d}"

    def wait(self, least: float, most: float) -> None:
        self.town.scheduler.pause(self.dice.uniform(least, most))

    def ask(self, method: str, path: str, body: Json | None = None, **headers: str) -> tuple[int, Json]:
        """The answer, asked for again while there is none; Unanswered if there is none at last."""
        for _ in range(_PATIENCE):
            calm = self.town.weather.over
            status, answer = self._once(method, path, body, headers)
            if status not in _NO_ANSWER:
                return status, answer
            if calm and status != 503:
                self.town.books.wrong.append(f"{method} {path}: {status} {answer} in calm weather")
            self.wait(0.5, 15)
        raise Unanswered(path)

    def _once(self, method: str, path: str, body: Json | None, headers: dict[str, str]) -> tuple[int, Json]:
        self.town.scheduler.note(f"{method} {path} {headers.get('Idempotency-Key', '')}")
        try:
            status, _, answer = self.gateway.send(
                method,
                path,
                None if body is None else json.dumps(body),
                **{k.replace("_", "-"): v for k, v in headers.items()},
            )
        except Crash:
            status, answer = 502, {}
        if not self.town.weather.over and self.dice.random() < self.town.weather.chances["lost after"]:
            status, answer = 504, {}
        self.town.scheduler.note(f"{method} {path} -> {status} {answer.get('code', '')}")
        return status, answer

    def must(self, expected: tuple[int, ...], method: str, path: str, body: Json | None = None, **headers: str) -> Json:
        """The answer, whose status has to be one of `expected`."""
        status, answer = self.ask(method, path, body, **headers)
        if status not in expected:
            self.town.books.wrong.append(f"{self.name}: {method} {path}: {status} {answer}")
            raise Unanswered(path)
        return answer


class Guest(Client):
    """Fills a cart, checks out, pays or does not, perhaps thinks better of it."""

    def __init__(self, town: "Town", name: str) -> None:
        super().__init__(town, name)
        self.method = self.dice.choice(["card", "card", "cash_on_delivery"])
        self.email = f"{self.dice.choice([name, name, 'ann', 'ben'])}@jishi.example"
        self.gateway.address = self.dice.choice(["192.0.2.1", "192.0.2.2", "2001:db8::1", None])

    def visit(self) -> None:
        try:
            self._shop()
        except Unanswered:
            self.town.scheduler.note(f"{self.name} goes away")
        self.town.guests -= 1

    def _shop(self) -> None:
        key = self.key()
        cart = self.must((201,), "POST", "/carts", {}, Idempotency_Key=key)
        self.town.books.carts.setdefault(key, set()).add(cart["id"])
        path, token = f"/carts/{cart['id']}", cart["cart_token"]
        chosen = self.dice.sample(self.town.wanted, self.dice.randint(1, min(2, len(self.town.wanted))))
        if chosen == [EBOOK]:
            self.method = "card"  # there is no door at which it could be paid
        for sku in chosen:
            wanted = {"sku": sku, "quantity": self.dice.choice([1, 1, 2, 3])}
            cart = self.must((200,), "POST", f"{path}/items", wanted, Idempotency_Key=self.key(), Cart_Token=token)
        self.must((200,), "PUT", f"{path}/shipping-address", ADDRESS, Cart_Token=token)
        cart = self.must((200,), "PUT", f"{path}/shipping-option", {"id": "standard"}, Cart_Token=token)
        self.town.scheduler.pause(self.town.until_sale(self.dice))
        self._check_out(path, token, cart)

    def _check_out(self, path: str, token: str, cart: Json) -> None:
        for _ in range(4):
            key = self.key()
            wish = {
                "email": self.email,
                "payment_method": self.method,
                "cart_version": cart["version"],
                "expected_total": cart["totals"]["total"],
            }
            if self.dice.random() < 0.3:  # pressed twice
                self.town.scheduler.spawn(
                    f"{self.name}-twin", lambda k=key, w=wish: self._twin(path, token, w, k), 0.001
                )
            status, answer = self.ask("POST", f"{path}/checkout", wish, Idempotency_Key=key, Cart_Token=token)
            if status == 201:
                self._placed(key, answer)
                self._afterwards(answer)
                return
            if status != 409 or answer["code"] not in ("cart_changed", "out_of_stock", "too_many_open_orders"):
                self.town.books.wrong.append(f"{self.name}: checkout: {status} {answer}")
            if answer["code"] != "cart_changed":
                return
            cart = answer["cart"]

    def _twin(self, path: str, token: str, wish: Json, key: str) -> None:
        try:
            status, answer = self.ask("POST", f"{path}/checkout", wish, Idempotency_Key=key, Cart_Token=token)
        except Unanswered:
            return
        if status == 201:
            self._placed(key, answer)

    def _placed(self, key: str, answer: Json) -> None:
        self.town.books.orders.setdefault(key, set()).add(answer["order"]["id"])

    def _afterwards(self, placed: Json) -> None:
        """Pays, and perhaps calls off: before, while or after paying."""
        order, token = placed["order"]["id"], placed["order_token"]
        changes.think_again(self, order, token)
        comebacks.come_back(self, order, token)
        fickle = self.dice.random() < 0.35
        pays = self.method == "card" and self.dice.random() < 0.85
        if fickle and pays and self.dice.random() < 0.5:
            self.town.scheduler.spawn(f"{self.name}-other-tab", lambda: self._quietly(self._cancel, order, token), 0.05)
            fickle = False
        if pays:
            self.wait(*self.dice.choice([(0, 0.1), (0, 60), (_PAY_WITHIN - 2, _PAY_WITHIN + 62)]))
            self._pay(order, token, placed["payment"]["client_secret"])
        if fickle:
            self.wait(0, self.dice.choice([1, 30, 200]))
            self._cancel(order, token)

    def _quietly(self, act: Any, *arguments: Any) -> None:
        try:
            act(*arguments)
        except Unanswered:
            return

    def _pay(self, order: str, token: str, secret: str | None) -> None:
        """With one card or another, on the session at hand or, where there is none any more, on a new one."""
        server = self.town.bank.server
        for _ in range(6):
            if secret is None:
                status, session = self.ask("POST", f"/orders/{order}/payments", {}, Order_Token=token)
                if status != 200:
                    self._expect(status, session, "wrong_state", "order_changed", "payment_changed")
                    return
                secret = session["client_secret"]
                if session["status"] in ("authorized", "captured"):
                    return
            if secret is not None:
                self.town.scheduler.note(f"{self.name} pays {secret[:9]}")
                way = self.dice.choice(["good", "good", "bad", "asked"])
                if way == "asked" and server.require_action(secret):
                    self.wait(0, 90)
                if way == "bad" and server.decline(secret):
                    self.wait(0, 20)
                    secret = self.dice.choice([secret, None])
                    continue
                if server.pay(secret):
                    self._perhaps_lapses(order, token, secret)
                    break
                secret = None
            self.wait(0.1, 20)
        if self.dice.random() < 0.5:
            payment = f"/payments/{order.replace('ord_', 'pay_')}-1"
            status, answer = self.ask("POST", f"{payment}/refresh", {}, Order_Token=token)
            if status != 200:
                self._expect(status, answer)

    def _perhaps_lapses(self, order: str, token: str, secret: str) -> None:
        """Now and then a bank takes its promise back; some guests hear of it and pay again."""
        if self.dice.random() < 0.08:
            again = self.dice.random() < 0.5

            def lapse() -> None:
                if self.town.bank.server.lapse(secret.partition("_secret_")[0]) and again:
                    work = partial(self._quietly, self._pay, order, token, None)
                    self.town.scheduler.spawn(f"{self.name}-again", work, self.dice.uniform(1, 300))

            self.town.scheduler.at(self.dice.uniform(0, 300), lapse)

    def _cancel(self, order: str, token: str) -> None:
        status, answer = self.ask("POST", f"/orders/{order}/cancel", {"reason": "changed my mind"}, Order_Token=token)
        if status == 200:
            self.town.books.canceled.add(order)
        else:
            self._expect(status, answer, "already_dispatched", "wrong_state")

    def _expect(self, status: int, answer: Json, *codes: str) -> None:
        if status != 409 or answer["code"] not in codes:
            self.town.books.wrong.append(f"{self.name}: {status} {answer}")


class Staff(Client):
    """Goes round the warehouse: packs, dispatches and delivers what is planned, counts, now and then calls off."""

    def __init__(self, town: "Town", name: str) -> None:
        super().__init__(town, name, OWNER)
        self.refused: dict[str, int] = {}

    def work(self) -> None:
        idle = 0
        while idle < 2:
            self.wait(5, 60)
            self.town.scheduler.pause(self.town.calm_rounds)
            try:
                busy = self._round()
            except Unanswered:
                busy = True
            idle = 0 if busy or not self.town.closing or self.town.restless else idle + 1

    def _round(self) -> bool:
        busy = False
        for order in self.town.orders_in("confirmed"):
            if not self.town.weather.over and self.dice.random() < 0.02:
                self.ask("POST", f"/admin/orders/{order}/cancel", {"reason": "out of boxes"})
                continue
            if not self.town.weather.over and self.dice.random() < 0.05:
                self._hold(order)
            shipments = self.must((200,), "GET", f"/admin/orders/{order}/shipments")["data"]
            for shipment in shipments:
                busy = self._handle(shipment) or busy
            done = all(shipment["status"] in ("delivered", "canceled") for shipment in shipments)
            if done and self.town.closing:  # what is left is digital, and the money that it waits for never came
                self._lose_patience(order)
        if not self.town.weather.over and self.dice.random() < 0.3:
            changes.edit(self)
        busy = comebacks.handle(self) or busy
        if not self.town.weather.over and self.dice.random() < 0.1:
            self._count()
        if not self.town.weather.over and self.dice.random() < 0.1:
            self._give_back()
        return busy

    def _hold(self, order: str) -> None:
        status, answer = self.ask("POST", f"/admin/orders/{order}/hold", {"reason": "looks odd"})
        # It may have been sent, or called off, since the list was made.
        if status != 200 and answer.get("code") not in ("already_dispatched", "wrong_state"):
            self.town.books.wrong.append(f"hold: {status} {answer}")

    def _release(self, order: str) -> None:
        status, answer = self.ask("POST", f"/admin/orders/{order}/release", {})
        if status != 200:
            self.town.books.wrong.append(f"release: {status} {answer}")

    def _give_back(self) -> None:
        """A customer was promised their money back."""
        completed = self.town.orders_in("completed", "confirmed")
        if completed:
            order = self.dice.choice(completed)
            path = f"/admin/orders/{order}/refunds"
            status, answer = self.ask("POST", path, {"reason": "it was broken"}, Idempotency_Key=self.key())
            if status == 201:
                self.town.books.refunds.setdefault(order, set()).add(answer["id"])
            elif answer.get("code") not in ("not_all_sent", "nothing_to_refund", "payment_changed"):
                self.town.books.wrong.append(f"refund: {status} {answer}")

    def _handle(self, shipment: Json) -> bool:
        path = f"/admin/shipments/{shipment['id']}"
        if shipment["status"] == "planned":
            status, answer = self.ask("POST", f"{path}/pack", {})
        elif shipment["status"] == "packed":
            sent = {"carrier": "post", "tracking_number": f"T-{shipment['id']}"}
            status, answer = self.ask("POST", f"{path}/dispatch", sent)
            if answer.get("code") == "payment_not_secured" and self.town.closing:
                self._lose_patience(shipment["id"].replace("shp_", "ord_").partition("-")[0])
        elif shipment["status"] == "dispatched":
            status, answer = self.ask("POST", f"{path}/deliver", {})
        else:
            return False
        if answer.get("code") == "order_on_hold" and (self.town.closing or self.dice.random() < 0.3):
            self._release(shipment["id"].replace("shp_", "ord_").partition("-")[0])
        # The order's page may lag behind the shipment, and a colleague may be faster.
        if status != 200 and (status, answer.get("code")) not in {
            (409, "wrong_state"),
            (409, "shipment_changed"),
            (409, "payment_not_secured"),
            (409, "order_on_hold"),
        }:
            self.town.books.wrong.append(f"{self.name}: {path}: {status} {answer}")
        return True

    def _lose_patience(self, order: str) -> None:
        """What nobody pays for is not kept packed for ever."""
        self.refused[order] = self.refused.get(order, 0) + 1
        if self.refused[order] > 20:
            changes.give_up(self, order)

    def _count(self) -> None:
        sku, place = self.dice.choice(sorted(GOODS)), self.dice.choice(PLACES)
        counted = {"location": place, "on_hand": self.dice.randint(0, 6)}
        status, answer = self.ask("PUT", f"/admin/stock/{sku}", counted)
        if status != 200 and answer.get("code") != "reserved":
            self.town.books.wrong.append(f"count: {status} {answer}")


class Town:
    """Everybody who acts, and what they were told."""

    def __init__(self, scheduler: Scheduler, weather: Weather, aws: Aws, bank: Bank) -> None:
        self.scheduler, self.weather, self.aws, self.bank = scheduler, weather, aws, bank
        self.books = Books()
        self.guests = 0
        self.closing = False
        self.due: set[str] = set()
        self.calm_rounds = 0
        self.sale, self.sale_begins = False, 0.0
        self.wanted = sorted(GOODS)

    def settle(self) -> None:
        """Let everybody come: guests one by one, or in a rush to a sale of a few pieces."""
        dice = self.scheduler.random
        rush = 1 if self.sale else dice.choice([0.2, 5, 120])
        for number in range(self.guests):
            self.scheduler.spawn(f"guest{number}", Guest(self, f"guest-{number:04d}").visit, dice.uniform(0, rush))
        for number in range(dice.choice([1, 1, 2])):
            self.scheduler.spawn(f"staff{number}", Staff(self, f"staff-{number:04d}").work, dice.uniform(0, 20))

    def stock_up(self) -> None:
        """Before anybody comes, in calm weather."""
        dice, staff = self.scheduler.random, Door(OWNER)
        self.guests = dice.choice([2, 4, 6, 10])
        self.sale = dice.random() < 0.5
        self.sale_begins = self.scheduler.now + 60
        self.wanted = [*dice.sample(sorted(GOODS), 1 if self.sale else 3), SET]
        if not self.sale:
            self.wanted.append(EBOOK)
        caps = {
            "open_orders_per_email": dice.choice([1, 2, None]),
            "open_orders_per_address": dice.choice([1, 2, None]),
        }
        staff.put("/admin/order-policy", {**caps, "open_pieces_per_email": dice.choice([3, 6, None])})
        pieces = dice.choice([(0, 1, 2), (0, 1, 2, 5), (3, 5, 9)])
        for sku in GOODS:
            for place in PLACES:
                staff.put(f"/admin/stock/{sku}", {"location": place, "on_hand": dice.choice(pieces)})

    def orders_in(self, *states: str) -> list[str]:
        """Orders in these states, as a packing list has them: the list's own pages are not the storm's subject."""
        return [order["id"]["S"] for order in self._items("orders", "order") if order["state"]["S"] in states]

    def _items(self, module: str, kind: str) -> list[Json]:
        from chalicelib.core.settings import settings

        return [i for i in self.aws.dynamodb.tables[settings.tables[module]].items() if i["kind"]["S"] == kind]

    def keep_time(self, functions: dict[str, Function]) -> None:
        """EventBridge's schedules, which sometimes come twice and are skipped where nothing at all is due."""
        self._clockwork("orders_expire", functions["orders_expire"], 60, "orders", ("order",))
        self._clockwork("payments_sweep", functions["payments_sweep"], 300, "payments", ("attempt", "refund"))

    def _clockwork(self, name: str, function: Function, every: float, module: str, kinds: tuple[str, ...]) -> None:
        def tick() -> None:
            due = [item["due_at"]["S"] for kind in kinds for item in self._items(module, kind) if "due_at" in item]
            now = self.scheduler.moment.strftime("%Y-%m-%dT%H:%M:%S")
            if any(at < now for at in due):
                for _ in range(2 if not self.weather.over and self.scheduler.random.random() < 0.1 else 1):
                    self.scheduler.spawn(name, lambda: self.aws.invoke(name, function, _tick()) and None)
            self.due = self.due | {name} if due else self.due - {name}
            if not self.closing or self.restless or due:
                self.scheduler.at(every * self._patience(), tick)

        self.scheduler.at(self.scheduler.random.uniform(0, every), tick)

    def _patience(self) -> float:
        """In the calm nobody looks every minute for long: what is stuck by then will not come loose."""
        self.calm_rounds += self.closing
        return min(30.0, 1.0 + self.calm_rounds / 20)

    def until_sale(self, dice: random.Random) -> float:
        """In a sale everybody checks out at once; otherwise whenever they like."""
        if not self.sale or self.sale_begins < self.scheduler.now:
            return dice.uniform(0, 2)
        return self.sale_begins - self.scheduler.now + dice.uniform(0, 0.02)

    @property
    def restless(self) -> bool:
        return bool(self.guests or self.aws.restless or self.bank.on_the_way or self.due)


def _tick() -> Json:
    return {
        **dict.fromkeys(("version", "account", "region", "detail-type", "source", "time", "id"), "storm"),
        "detail": {},
        "resources": [],
    }
