"""Orders that change after they were placed: guests take pieces out, staff edit, and the money has to follow."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from inprocess import ADDRESS

from chalicelib.orders import states
from tests.storm.clients import Unanswered
from tests.storm.stage import EBOOK, GOODS

if TYPE_CHECKING:
    from tests.storm.guests import Guest
    from tests.storm.invariants import Shop
    from tests.storm.staff import Staff

Json = dict[str, Any]
# What somebody hears whose page was old, whose goods are gone, or who was not fast enough.
_TOO_LATE = (
    "wrong_state",
    "already_dispatched",
    "payment_method_unavailable",
    "payment_not_secured",
    "invalid_field",
)
_NOT_THERE = ("out_of_stock", "total_changed", "too_many_parcels")


def think_again(guest: "Guest", order: str, token: str) -> None:
    """Perhaps the guest takes some pieces out; and whatever staff add is paid, mostly."""
    if guest.dice.random() < 0.35:
        after = guest.dice.choice([guest.dice.uniform(0, 5), guest.dice.uniform(0, 400)])
        _later(guest, "less", after, lambda: _take_out(guest, order, token))
    if guest.method == "card" and guest.dice.random() < 0.8:
        _later(guest, "more", guest.dice.uniform(60, 300), lambda: _pay_what_is_missing(guest, order, token))


def _later(guest: "Guest", what: str, after: float, act: Any) -> None:
    guest.town.guests += 1

    def visit() -> None:
        try:
            guest._quietly(act)
        finally:
            guest.town.guests -= 1

    guest.town.scheduler.spawn(f"{guest.name}-{what}", visit, after)


def _take_out(guest: "Guest", order: str, token: str) -> None:
    page = guest.must((200,), "GET", f"/orders/{order}", Order_Token=token)
    some = guest.dice.sample(page["lines"], guest.dice.randint(1, len(page["lines"])))
    body = {"lines": {line["sku"]: guest.dice.randint(1, line["quantity"]) for line in some}}
    key = guest.key()

    def send() -> None:
        path = f"/orders/{order}/cancel-lines"
        status, answer = guest.ask("POST", path, body, Idempotency_Key=key, Order_Token=token)
        if status != 200:
            _expect(guest, path, status, answer, *_TOO_LATE)
        elif answer["status"] == "canceled":
            guest.town.books.canceled.add(order)

    if guest.dice.random() < 0.4:  # pressed twice
        guest.town.scheduler.spawn(f"{guest.name}-twin", lambda: guest._quietly(send), 0.001)
    send()


def _pay_what_is_missing(guest: "Guest", order: str, token: str) -> None:
    for _ in range(30):
        page = guest.must((200,), "GET", f"/orders/{order}", Order_Token=token)
        if page["status"] not in ("pending_payment", "confirmed"):
            return
        if page["status"] == "confirmed" and page["payment_status"] in ("partially_authorized", "partially_paid"):
            guest._pay(order, token, None)
        guest.wait(30, 200)


def edit(staff: "Staff") -> None:
    """A customer called and wants something else."""
    confirmed = staff.town.orders_in("confirmed")
    if not confirmed:
        return
    order = staff.dice.choice(confirmed)
    page = staff.must((200,), "GET", f"/admin/orders/{order}")
    path = f"/admin/orders/{order}/edit"
    body = _wish(staff, page)
    if staff.dice.random() < 0.3:
        _expect_done(staff, path, *staff.ask("POST", path, {**body, "dry_run": True}))
    key = staff.key()
    if staff.dice.random() < 0.3:  # pressed twice, or a colleague had the same call
        other = staff.dice.choice([key, staff.key()])
        staff.town.scheduler.spawn(f"{staff.name}-twin", lambda: _send(staff, path, body, other), 0.001)
    _send(staff, path, body, key)


def _wish(staff: "Staff", page: Json) -> Json:
    dice = staff.dice
    if dice.random() < 0.15:
        return {"address": {**ADDRESS, "line1": f"Damrak {dice.randint(1, 9)}"}}
    there = {line["sku"]: line["quantity"] for line in page["lines"]}
    changed = dice.sample(sorted(there), dice.randint(0, len(there)))
    wish: Json = {"set": {sku: max(0, there[sku] + dice.choice([-1, -1, 1, 2])) for sku in changed}}
    others = sorted({*GOODS, EBOOK} - there.keys())
    if others and (not changed or dice.random() < 0.4):
        wish["add"] = {dice.choice(others): dice.choice([1, 1, 2])}
    return wish


def _send(staff: "Staff", path: str, body: Json, key: str) -> None:
    try:
        _expect_done(staff, path, *staff.ask("POST", path, body, Idempotency_Key=key))
    except Unanswered:
        return


def _expect_done(staff: "Staff", path: str, status: int, answer: Json) -> None:
    if status != 200:
        _expect(staff, path, status, answer, *_TOO_LATE, *_NOT_THERE)


def _expect(client: "Guest | Staff", path: str, status: int, answer: Json, *codes: str) -> None:
    if answer.get("code") not in codes:
        client.town.books.wrong.append(f"{client.name}: {path}: {status} {answer}")


def give_up(staff: "Staff", order: str) -> None:
    """What is paid is sent; of an order that is on its way already the rest is taken out, piece by piece."""
    status, answer = staff.ask("POST", f"/admin/orders/{order}/cancel", {"reason": "never paid"})
    if answer.get("code") != "already_dispatched":
        return
    for line in staff.must((200,), "GET", f"/admin/orders/{order}")["lines"]:
        path, body = f"/admin/orders/{order}/cancel-lines", {"lines": {line["sku"]: 1}, "reason": "never paid"}
        status, answer = staff.ask("POST", path, body, Idempotency_Key=staff.key())
        if status != 200:  # or what is digital was paid back out of goodwill
            _expect(staff, path, status, answer, *_TOO_LATE, "refunded_already")


def sound(shop: "Shop") -> Iterator[str]:
    """Whatever an order became, what was kept for it is what it costs, and its revisions are all there."""
    from chalicelib.payments import balance

    revisions: dict[str, list[Any]] = {}
    for snapshot in shop.items["order_snapshot"]:
        revisions.setdefault(snapshot.pk, []).append(snapshot)
    for order_id, order in shop.orders.items():
        mine = sorted(revisions[order.pk], key=lambda snapshot: str(snapshot.sk))
        if len(mine) != int(order.revision):
            yield f"{order_id} is in revision {order.revision} and has {len(mine)} snapshots"
        if mine[-1].totals.total != order.total:
            yield f"{order_id} costs {order.total}, its last revision {mine[-1].totals.total}"
        paid = sum(line.to_pay.amount for line in mine[-1].lines)
        paid += mine[-1].shipping.to_pay.amount if mine[-1].shipping else 0
        if paid != order.total.amount:
            yield f"{order_id} costs {order.total.amount}, its parts {paid}"
        attempts = shop.attempts[order_id]
        owed = (attempts[0].owed or attempts[0].amount).amount
        if owed != (0 if order.state in states.OFF else order.total.amount):
            yield f"{order_id} is {order.state}, costs {order.total}, and its payments know of {owed}"
        kept, owed = sum(map(balance.paid, attempts)), balance.owed(attempts)
        excused = ("not_needed", "charge_disputed")
        failed = any(r.state == "failed" and r.code not in excused for r in shop.refunds[order_id])
        if order.state == "completed" and (kept < owed or (kept > owed and not failed)):
            yield f"{order_id} is completed, {owed} are owed and {kept} are kept"
