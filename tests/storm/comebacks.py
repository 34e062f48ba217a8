"""Returns and exchanges in the storm: who asks for them, who handles them, and what must be true of them then."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.storm.clients import Unanswered
from tests.storm.stage import EBOOK, GOODS, PLACES

if TYPE_CHECKING:
    from tests.storm.guests import Guest
    from tests.storm.invariants import Shop
    from tests.storm.staff import Staff

Json = dict[str, Any]
_OPEN = ("requested", "approved", "received")
_REFUSED = ("not_delivered", "too_many_returned")
# What staff hear where somebody was faster, or the money or the goods are not there.
_FASTER = ("wrong_state", "return_changed", "payment_changed")
_GONE = ("nothing_to_refund", "payment_disputed", "refund_too_large", "shipping_refunded", "out_of_stock")


def come_back(guest: "Guest", order: str, token: str) -> None:
    """Perhaps somebody sends back what they ordered, once they have it."""
    if guest.dice.random() >= 0.8:
        return
    guest.town.guests += 1

    def visit() -> None:
        try:
            _wait_and_ask(guest, order, token)
        finally:
            guest.town.guests -= 1

    guest.town.scheduler.spawn(f"{guest.name}-back", lambda: guest._quietly(visit), guest.dice.uniform(1, 300))


def _wait_and_ask(guest: "Guest", order: str, token: str) -> None:
    for _ in range(40):
        page = guest.must((200,), "GET", f"/orders/{order}", Order_Token=token)
        if page["status"] in ("canceled", "expired"):
            return
        if page["fulfillment_status"] == "delivered" or page["status"] == "completed":
            break
        guest.wait(20, 200)
    else:
        return
    for _ in range(guest.dice.choice([1, 1, 2])):
        asked = _ask(guest, page, token)
        if asked is not None:
            _follow(guest, f"/orders/{order}/returns/{asked['id']}", token)


def _ask(guest: "Guest", page: Json, token: str) -> Json | None:
    lines = [
        {"sku": line["sku"], "quantity": guest.dice.randint(1, line["quantity"]), "reason": "changed_mind"}
        for line in page["lines"]
        if line["sku"] != EBOOK
    ]
    if not lines:
        return None
    wanted = {"lines": guest.dice.sample(lines, guest.dice.randint(1, len(lines)))}
    path = f"/orders/{page['id']}/returns"
    key = guest.key()
    if guest.dice.random() < 0.4:  # pressed twice, or asked for in another tab as well
        other = guest.dice.choice([key, guest.key()])
        guest.town.scheduler.spawn(
            f"{guest.name}-twin", lambda: guest._quietly(_send, guest, path, wanted, token, other), 0.001
        )
    return _send(guest, path, wanted, token, key)


def _send(guest: "Guest", path: str, wanted: Json, token: str, key: str) -> Json | None:
    status, answer = guest.ask("POST", path, wanted, Idempotency_Key=key, Order_Token=token)
    if status == 201:
        guest.town.books.returns.setdefault(key, set()).add(answer["id"])
        return answer
    guest.expect(status, answer, *_REFUSED)
    return None


def _follow(guest: "Guest", path: str, token: str) -> None:
    """Look what becomes of it, and pay for what costs more, or leave it."""
    for _ in range(60):
        guest.wait(20, 200)
        seen = guest.must((200,), "GET", path, Order_Token=token)
        if seen["status"] not in _OPEN:
            break
    else:
        return
    new = seen["exchange_order_id"]
    if new is None:
        return
    if guest.dice.random() < 0.2:
        guest._cancel(new, token)
    elif guest.must((200,), "GET", f"/orders/{new}", Order_Token=token)["status"] == "pending_payment":
        guest._pay(new, token, None)


def handle(staff: "Staff") -> bool:
    """Do the next thing about each open return; whether there was any."""
    waiting = [item["id"]["S"] for item in staff.town._items("orders", "return") if item["state"]["S"] in _OPEN]
    for return_id in waiting:
        _handle(staff, f"/admin/returns/{return_id}")
    if staff.town.closing:
        _lose_patience(staff)
    return bool(waiting)


def _handle(staff: "Staff", path: str) -> None:
    item = staff.must((200,), "GET", path)
    closing, dice = staff.town.closing, staff.dice
    if item["status"] == "requested":
        if dice.random() < 0.15:
            return _do(staff, f"{path}/reject", {"reason": "It was used."})
        return _do(staff, f"{path}/approve", {})
    if item["status"] == "approved":
        if dice.random() < 0.1:
            return _do(staff, f"{path}/close", {})
        return _do(staff, f"{path}/receive", {"lines": list(_came(staff, item))})
    if item["status"] != "received":
        return None
    if not closing and dice.random() < 0.6:
        swapped = {dice.choice(sorted(GOODS)): dice.randint(1, 2)}
        return _do(staff, f"{path}/exchange", {"lines": swapped}, key=True)
    wish = dice.choice([{}, {}, {"shipping": True}, {"fee": {"amount": 100, "currency": "EUR"}}])
    return _do(staff, f"{path}/refund", wish, key=True)


def _came(staff: "Staff", item: Json) -> Iterator[Json]:
    """All that was announced, or one piece of each line; some of it is broken."""
    fewer = staff.dice.random() < 0.2
    for line in item["lines"]:
        condition, place = staff.dice.choice(["resellable", "resellable", "damaged"]), staff.dice.choice(PLACES)
        quantity = 1 if fewer else line["quantity"]
        yield {"sku": line["sku"], "quantity": quantity, "condition": condition, "location": place}


def _do(staff: "Staff", path: str, body: Json, *, key: bool = False) -> None:
    headers = {"Idempotency_Key": staff.key()} if key else {}
    if staff.dice.random() < 0.2:  # a colleague does the same, or the button was pressed twice
        staff.town.scheduler.spawn(f"{staff.name}-twin", lambda: _quietly(staff, path, body, headers), 0.001)
    _quietly(staff, path, body, headers)


def _quietly(staff: "Staff", path: str, body: Json, headers: Json) -> None:
    try:
        status, answer = staff.ask("POST", path, body, **headers)
    except Unanswered:
        return
    if status in (200, 201) or answer.get("code") in _FASTER:
        return
    if answer.get("code") not in _GONE:
        staff.town.books.wrong.append(f"{staff.name}: {path}: {status} {answer}")
    elif staff.town.closing or staff.dice.random() < 0.2:  # all of its money went back before
        staff.ask("POST", f"{path.rpartition('/')[0]}/close", {})


def _lose_patience(staff: "Staff") -> None:
    """What nobody pays the rest of is not kept for ever."""
    for order in staff.town._items("orders", "order"):
        if "exchange_of" in order and order["state"]["S"] == "pending_payment":
            staff._lose_patience(order["id"]["S"])


def sound(shop: "Shop", told: dict[str, set[str]]) -> Iterator[str]:
    """What came back is on the shelf or written off once, and what was paid for it went back or pays for something."""
    for key, made in told.items():
        if len(made) != 1:
            yield f"under the key {key} a client was told of the returns {sorted(made)}"
    known = {item.id for item in shop.items["return"]}
    yield from (f"a client was told of {name}, which does not exist" for made in told.values() for name in made - known)
    yield from _shelved(shop)
    yield from _paid_back(shop)
    yield from _transfers(shop)


def _shelved(shop: "Shop") -> Iterator[str]:
    journal: defaultdict[str, Counter[tuple[str, str, bool]]] = defaultdict(Counter)
    for entry in shop.items["stock_count"]:
        pieces = int(entry.written_off or 0) or int(entry.change)
        journal[entry.reason or ""][entry.sku, entry.location, bool(entry.written_off)] += pieces
    back: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for item in shop.items["return"]:
        if item.state in _OPEN:
            yield f"{item.id} is left {item.state}"
        parts = {line.sku: line.parts for line in item.lines}
        came: Counter[tuple[str, str, bool]] = Counter()
        for line in item.received:
            for sku, count in parts[line.sku].items():
                came[sku, line.location, line.condition == "damaged"] += count * line.quantity
                back[item.order_id][sku] += count * line.quantity
        if came != journal[item.id]:
            yield f"of {item.id} there came {dict(came)}, and {dict(journal[item.id])} were put away"
    for order_id, pieces in back.items():
        sent: Counter[str] = Counter()
        for reservation in shop.reservations[order_id]:
            sent[reservation.sku] += int(reservation.quantity) if reservation.state == "consumed" else 0
        if pieces - sent:
            yield f"of {order_id} {dict(pieces)} came back, and {dict(sent)} were sent"


def _paid_back(shop: "Shop") -> Iterator[str]:
    refunds = {refund.id: refund for refund in shop.items["refund"]}
    worth: Counter[str] = Counter()
    for item in shop.items["return"]:
        if item.value is not None:
            worth[item.order_id] += item.value.amount
        if item.state == "refunded" and item.refund_id not in refunds:
            yield f"{item.id} is refunded by {item.refund_id}, which does not exist"
        exchanged = shop.orders.get(item.exchange_order) if item.exchange_order else None
        if item.exchange_order and (exchanged is None or exchanged.exchange_of != item.id):
            yield f"{item.id} was exchanged for {item.exchange_order}, which does not know of it"
    for order_id, amount in worth.items():
        if amount > shop.orders[order_id].total.amount:
            yield f"what came back of {order_id} is worth {amount}, more than all that was paid"
    returned = {item.id for item in shop.items["return"]}
    for order in shop.orders.values():
        if order.exchange_of and order.exchange_of not in returned:
            yield f"{order.id} is the exchange of {order.exchange_of}, which does not exist"


def _transfers(shop: "Shop") -> Iterator[str]:
    """What one order paid for another is there, and nothing is given back that was not taken."""
    moved: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for refund in shop.items["refund"]:
        if refund.to_order and refund.state == "succeeded":
            moved[refund.to_order] += refund.amount.amount
        elif refund.state != "failed":
            given[refund.attempt_id] += refund.amount.amount
    for attempts in shop.attempts.values():
        for attempt in attempts:
            if int(attempt.refunding) > attempt.captured.amount:
                yield f"of {attempt.id} {attempt.captured.amount} were taken, and {attempt.refunding} go back"
            if attempt.from_order and attempt.captured.amount - given[attempt.id] != moved[attempt.order_id]:
                there = attempt.captured.amount - given[attempt.id]
                yield f"{attempt.id} has {there} of {attempt.from_order}, which gave {moved[attempt.order_id]}"
