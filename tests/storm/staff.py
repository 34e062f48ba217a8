"""Staff in a storm, who send what was bought."""

from typing import TYPE_CHECKING, Any

from inprocess import OWNER

from tests.storm import changes, comebacks, gifts, quarrels, ways
from tests.storm.clients import Client, Unanswered
from tests.storm.stage import GOODS, PLACES

if TYPE_CHECKING:
    from tests.storm.shop import Town

Json = dict[str, Any]
# So many rounds staff wait for money that is to come.
_PATIENCE = 20


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
                busy = self._lose_patience(order) or busy
        if not self.town.weather.over and self.dice.random() < 0.3:
            changes.edit(self)
        busy = comebacks.handle(self) or busy
        if self.town.weather.over or self.dice.random() < 0.3:
            busy = ways.pay_out(self) or busy
        if not self.town.weather.over and self.dice.random() < 0.1:
            self._count()
        if not self.town.weather.over and self.dice.random() < 0.1:
            self._give_back()
        quarrels.answer(self)
        if self.town.cards and not self.town.weather.over and self.dice.random() < 0.002:
            gifts.disable(self)
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
            elif answer.get("code") not in ("not_all_sent", "nothing_to_refund", "payment_changed", "payment_disputed"):
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

    def _lose_patience(self, order: str) -> bool:
        """What nobody pays for is not kept packed for ever. Whether it is worth coming back for."""
        self.refused[order] = self.refused.get(order, 0) + 1
        if self.refused[order] > _PATIENCE:
            changes.give_up(self, order)
        return self.refused[order] < 2 * _PATIENCE

    def _count(self) -> None:
        sku, place = self.dice.choice(sorted(GOODS)), self.dice.choice(PLACES)
        counted = {"location": place, "on_hand": self.dice.randint(0, 6)}
        status, answer = self.ask("PUT", f"/admin/stock/{sku}", counted)
        if status != 200 and answer.get("code") != "reserved":
            self.town.books.wrong.append(f"count: {status} {answer}")
