"""Disputes in the storm: banks that take money back, staff who answer, and what must be true of it then."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from strict_disputes import Disputes

from chalicelib.payments import dispute_states as states

if TYPE_CHECKING:
    from tests.storm.bank import Bank
    from tests.storm.invariants import Shop
    from tests.storm.staff import Staff

Json = dict[str, Any]
_OURS = {
    "warning_needs_response": states.INQUIRY,
    "warning_under_review": states.INQUIRY_UNDER_REVIEW,
    "warning_closed": states.CLOSED,
    "needs_response": states.OPENED,
    "under_review": states.UNDER_REVIEW,
    "won": states.WON,
    "lost": states.LOST,
}
# What staff hear where the bank was faster.
_FASTER = ("dispute_not_open", "evidence_refused")


class Quarrels:
    """Banks of some of those who paid. A quarrel is on the way until it is decided."""

    def __init__(self, bank: "Bank") -> None:
        # Dice of their own: so the rest of a storm in which nobody quarrels is as it would be without them.
        self.bank, self.dice = bank, random.Random(str(bank.dice.getstate()[1][:4]))
        self.book = Disputes(bank.server)
        self.often = self.dice.choice([0, 0.4, 0.7])

    def perhaps(self, intent: Json) -> None:
        """Somebody whose money was taken may want it back from their bank."""
        if self.bank.weather.over or self.dice.random() >= self.often:
            return
        self.bank.on_the_way += 1
        after = self.dice.choice([self.dice.uniform(0.1, 30), self.dice.uniform(30, 1500)])
        self.bank.scheduler.at(after, lambda: self._begin(str(intent["id"])))

    def _begin(self, intent_id: str) -> None:
        left = self.book.left(intent_id)
        if left < 1:
            self.bank.on_the_way -= 1
            return
        amount = self.dice.choice([left, left, max(1, left // 3)])
        if self.dice.random() < 0.2:
            dispute_id = self.book.inquire(intent_id, amount)
            self._later(lambda: self._after_inquiry(dispute_id))
        else:
            dispute_id = self.book.open_dispute(intent_id, amount)
            self._later(lambda: self._decide(dispute_id))

    def _after_inquiry(self, dispute_id: str) -> None:
        """The bank is content, or takes the money, of which there may be less by now."""
        intent_id = self.book.disputes[dispute_id]["payment_intent"]
        if self.dice.random() < 0.5 or self.book.left(intent_id) < self.book.disputes[dispute_id]["amount"]:
            self.book.decide(dispute_id, "warning_closed")
            self.bank.on_the_way -= 1
            return
        self.book.withdraw(dispute_id)
        self._later(lambda: self._decide(dispute_id))

    def _decide(self, dispute_id: str) -> None:
        if self.book.disputes[dispute_id]["status"] != "lost":  # staff accepted it
            self.book.decide(dispute_id, self.dice.choice(["won", "lost"]))
        self.bank.on_the_way -= 1

    def _later(self, act: Any) -> None:
        self.bank.scheduler.at(self.dice.choice([self.dice.uniform(0.1, 30), self.dice.uniform(30, 2500)]), act)

    def unheard(self, ours: dict[str, str]) -> bool:
        """Whether the shop, which knows these states by Stripe's ids, has missed something."""
        return any(ours.get(key) != _OURS[dispute["status"]] for key, dispute in self.book.disputes.items())


def answer(staff: "Staff") -> None:
    """Staff now and then look at what has to be answered first, and say something to it, or nothing."""
    dice = staff.town.bank.quarrels.dice
    if not staff.town._items("payments", "open_dispute") or dice.random() > 0.2:
        return
    waiting = staff.must((200,), "GET", "/admin/disputes")["data"]
    for dispute in [each for each in waiting if each["needs_answer"]][:1]:
        path = f"/admin/disputes/{dispute['id']}"
        if dice.random() < 0.3 and dispute["status"] == "opened":
            status, told = staff.ask("POST", f"{path}/accept", {})
        else:
            evidence = {"uncategorized_text": "It was delivered."}
            status, told = staff.ask("POST", f"{path}/evidence", evidence, Idempotency_Key=staff.key())
        if status != 200 and told.get("code") not in _FASTER:
            staff.town.books.wrong.append(f"{staff.name}: {path}: {status} {told}")


def sound(shop: "Shop", book: Disputes) -> Iterator[str]:
    """Each dispute is known as it is, nothing waits for what is decided, and nobody got their money twice."""
    known = {dispute.provider_id: dispute for dispute in shop.items["dispute"]}
    if len(known) != len(shop.items["dispute"]):
        yield f"{len(known)} disputes are known as {len(shop.items['dispute'])}"
    lost: Counter[str] = Counter()
    for dispute_id, theirs in book.disputes.items():
        ours = known.get(dispute_id)
        if ours is None or ours.state != _OURS[theirs["status"]]:
            yield f"{dispute_id} is {theirs['status']}, and known as {ours and ours.state}"
            continue
        if states.is_open(ours.state) or ours.due_key is not None:
            yield f"{ours.id} is left {ours.state}, due {ours.due_at}"
        lost[ours.attempt_id] += ours.amount.amount if ours.state == states.LOST else 0
    yield from (f"{entry.sk} is still listed as open" for entry in shop.items["open_dispute"])
    for order_id, attempts in shop.attempts.items():
        for attempt in attempts:
            if (int(attempt.disputed), int(attempt.lost)) != (0, lost[attempt.id]):
                yield f"{attempt.id}: {attempt.disputed} disputed, {attempt.lost} lost, at banks {lost[attempt.id]}"
        status = _status(shop.orders[order_id])
        if (status == "disputed") != any(lost[attempt.id] for attempt in attempts):
            yield f"{order_id} is {status}, and banks kept {[lost[attempt.id] for attempt in attempts]}"
    for intent_id, intent in book.server.intents.items():
        if book.left(intent_id) < 0:
            yield f"of {intent_id} {intent['amount_received']} were taken, and {-book.left(intent_id)} more went back"


def _status(order: Any) -> str:
    from chalicelib.orders import service

    return service.payment_status(order)
