"""Other ways to pay in the storm: taken at once, taken after days, or transferred and booked by staff."""

from typing import TYPE_CHECKING, Any

from inprocess import OWNER

from tests.storm.clients import Client, Unanswered

if TYPE_CHECKING:
    from tests.storm.guests import Guest
    from tests.storm.staff import Staff

Json = dict[str, Any]
BY_PROVIDER = ("card", "alipay", "sepa_debit")
CHOICE = ("card", "card", "card", "alipay", "sepa_debit", "bank_transfer", "cash_on_delivery", "cash_on_delivery")
# For so many minutes an order waits.
WAITS = {"bank_transfer": 30, "sepa_debit": 30}


def otherwise(guest: "Guest", order: str, token: str) -> Json | None:
    """The guest wants to pay in another way, or only not in this one."""
    if guest.dice.random() < 0.3:
        payment = f"/payments/{order.replace('ord_', 'pay_')}-1/cancel"
        status, answer = guest.ask("POST", payment, {}, Order_Token=token)
        if status != 200:
            guest.expect(status, answer, "payment_in_progress")
    wanted = {"payment_method": guest.dice.choice([*BY_PROVIDER, "bank_transfer"])}
    status, session = guest.ask("POST", f"/orders/{order}/payments", wanted, Order_Token=token)
    if status == 200:
        return session
    guest.expect(status, session, "wrong_state", "order_changed", "payment_changed", "payment_in_progress")
    return None


def think_about(guest: "Guest", secret: str) -> bool:
    """A bank that is asked for a debit says yes or no later. Whether it is one."""
    server = guest.town.bank.server
    if not server.is_debit(secret):
        return False
    if server.process(secret):
        answer = server.pay if guest.dice.random() < 0.7 else server.decline
        guest.town.scheduler.at(guest.dice.uniform(1, 2500), lambda: answer(secret) and None)
    return True


def transfer(guest: "Guest", payment: Json) -> None:
    """The guest goes to their bank; in time or not, once or twice."""
    for _ in range(2 if guest.dice.random() < 0.1 else 1):
        guest.town.transfers += 1
        books = _Bookkeeper(guest.town, f"{guest.name}-transfer", OWNER)
        guest.town.scheduler.spawn(books.name, lambda b=books: b.book(payment), guest.dice.uniform(5, 2500))


class _Bookkeeper(Client):
    def book(self, payment: Json) -> None:
        body, path = {"amount": payment["amount"], "reference": "T"}, f"/admin/payments/{payment['id']}/receive"
        key = self.key()
        try:
            while self.ask("POST", path, body, Idempotency_Key=key)[0] != 200:
                self.wait(0.1, 5)
        except Unanswered:
            self.town.scheduler.spawn(self.name, lambda: self.book(payment), 60)
            return
        self.town.transfers -= 1


def pay_out(staff: "Staff") -> bool:
    """What nobody but staff can transfer back."""
    waiting = staff.must((200,), "GET", "/admin/refunds/to-pay-out")["data"]
    for refund in waiting:
        path = f"/admin/refunds/{refund['id']}/pay-out"
        status, answer = staff.ask("POST", path, {}, Idempotency_Key=staff.key())
        if status != 200 and answer.get("code") != "payment_changed":
            staff.town.books.wrong.append(f"{path}: {status} {answer}")
    return bool(waiting) or staff.town.transfers > 0


def is_surplus(attempts: list[Any]) -> bool:
    """Whether more was transferred than was asked for."""
    return any(a.method == "bank_transfer" and a.to_capture is not None for a in attempts)
