"""Guests in a storm, who buy and change their minds."""

from functools import partial
from typing import TYPE_CHECKING, Any

from inprocess import ADDRESS

from tests.storm import changes, comebacks, gifts, ways
from tests.storm.clients import Client, Unanswered
from tests.storm.stage import EBOOK

if TYPE_CHECKING:
    from tests.storm.shop import Town

Json = dict[str, Any]
# When an order that nobody paid for expires, in seconds: some pay at just that moment.
_PAY_WITHIN = 1800


class Guest(Client):
    """Fills a cart, checks out, pays or does not, perhaps thinks better of it."""

    def __init__(self, town: "Town", name: str) -> None:
        super().__init__(town, name)
        self.method = self.dice.choice(ways.CHOICE)
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
        credit, gifted = gifts.wish(self), False
        for _ in range(4):
            key = self.key()
            wish: Json = {
                "email": self.email,
                "payment_method": self.method,
                "cart_version": cart["version"],
                "expected_total": cart["totals"]["total"],
                **credit,
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
            if answer["code"] == "cart_closed" and not credit and gifted:
                return  # what was refused at first the other press of the button got
            if credit and answer["code"] in gifts.REFUSED:
                credit, gifted = {}, True
                continue
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
        if placed["payment"]["method"] == "bank_transfer" and self.dice.random() < 0.8:
            ways.transfer(self, placed["payment"])
        pays = self.method in ways.BY_PROVIDER and self.dice.random() < 0.85
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
        if self.dice.random() < 0.15 and (session := ways.otherwise(self, order, token)):
            if session["method"] == "bank_transfer":
                ways.transfer(self, session)
                return
            secret = session["client_secret"]
        for _ in range(6):
            if secret is None:
                status, session = self.ask("POST", f"/orders/{order}/payments", {}, Order_Token=token)
                if status != 200:
                    self.expect(status, session, "wrong_state", "order_changed", "payment_changed")
                    return
                secret = session["client_secret"]
                if session["status"] in ("authorized", "captured"):
                    return
            if secret is not None:
                self.town.scheduler.note(f"{self.name} pays {secret[:9]}")
                if ways.think_about(self, secret):
                    break
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
                self.expect(status, answer)

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
            self.expect(status, answer, "already_dispatched", "wrong_state")

    def expect(self, status: int, answer: Json, *codes: str) -> None:
        # Of a rest of some cents a bank takes nothing.
        if (status, answer["code"]) == (422, "payment_method_unavailable"):
            return
        if status != 409 or answer["code"] not in codes:
            self.town.books.wrong.append(f"{self.name}: {status} {answer}")
