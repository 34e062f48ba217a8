"""The town in which a storm plays: everybody who acts, and what they were told."""

import random
from dataclasses import dataclass, field
from typing import Any

from inprocess import OWNER

from tests.storm import gifts, ways
from tests.storm.aws import Aws, Function
from tests.storm.bank import Bank
from tests.storm.guests import Guest
from tests.storm.scheduler import Scheduler
from tests.storm.staff import Staff
from tests.storm.stage import EBOOK, GOODS, PLACES, SET, Door
from tests.storm.weather import Weather

Json = dict[str, Any]


@dataclass
class Books:
    """What clients were told; the invariants compare it with what the shop knows."""

    orders: dict[str, set[str]] = field(default_factory=dict)  # by Idempotency-Key of the checkout
    carts: dict[str, set[str]] = field(default_factory=dict)  # by Idempotency-Key
    refunds: dict[str, set[str]] = field(default_factory=dict)  # by order
    returns: dict[str, set[str]] = field(default_factory=dict)  # by Idempotency-Key
    canceled: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


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
        self.cards: list[Json] = []
        # Money that is on its way to the shop's bank.
        self.transfers = 0

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
        caps["pay_within_minutes"] = ways.WAITS
        staff.put("/admin/order-policy", {**caps, "open_pieces_per_email": dice.choice([3, 6, None])})
        gifts.issue(self, staff)
        pieces = dice.choice([(0, 1, 2), (0, 1, 2, 5), (3, 5, 9), (9, 20)])
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
        swept = ("attempt", "refund", "dispute")
        self._clockwork("payments_sweep", functions["payments_sweep"], 300, "payments", swept)

    def _clockwork(self, name: str, function: Function, every: float, module: str, kinds: tuple[str, ...]) -> None:
        def tick() -> None:
            due = [item["due_at"]["S"] for kind in kinds for item in self._items(module, kind) if "due_at" in item]
            if name == "payments_sweep" and self._missed_a_dispute():
                due.append("0001")
            now = self.scheduler.moment.strftime("%Y-%m-%dT%H:%M:%S")
            if any(at < now for at in due):
                for _ in range(2 if not self.weather.over and self.scheduler.random.random() < 0.1 else 1):
                    self.scheduler.spawn(name, lambda: self.aws.invoke(name, function, _tick()) and None)
            self.due = self.due | {name} if due else self.due - {name}
            if not self.closing or self.restless or due:
                self.scheduler.at(every * self._patience(), tick)

        self.scheduler.at(self.scheduler.random.uniform(0, every), tick)

    def _missed_a_dispute(self) -> bool:
        ours = {item["provider_id"]["S"]: item["state"]["S"] for item in self._items("payments", "dispute")}
        return self.bank.quarrels.unheard(ours)

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
