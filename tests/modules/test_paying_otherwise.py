"""A customer tries another way to pay; what is set aside for the shop does not get lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import stripe
from amending import paid
from buyers import deliver
from crediting import books_are_right
from inprocess import Buyer, Shop
from refusals import refusal
from strict_stripe import Refusal, StripeServer
from transferring import receive


@pytest.fixture(autouse=True)
def methods(shop: Shop) -> None:
    for method in ("bank_transfer", "alipay", "sepa_debit"):
        shop.staff.put(f"/admin/payment-methods/{method}", {})


def secret(summary: Any) -> str:
    return str(summary["client_secret"])


def test_the_intent_of_the_first_way_is_void_before_there_is_a_second(buy: Any, bank: StripeServer, shop: Shop) -> None:
    order = buy()
    first = secret(order.placed["payment"])
    second = order.post("/payments", {"payment_method": "alipay"})
    assert (second["method"], second["amount"]) == ("alipay", order.placed["payment"]["amount"])
    assert not bank.pay(first)
    assert bank.pay(secret(second))
    shop.hear(bank)
    assert (order.get()["status"], order.get()["payment_method"]) == ("confirmed", "alipay")
    assert order.get()["payment_status"] == "paid"
    assert [i["capture_method"] for i in bank.intents.values()] == ["manual", "automatic"]


def test_asking_twice_for_the_same_way_gives_the_same_payment(buy: Any, bank: StripeServer) -> None:
    order = buy()
    one = order.post("/payments", {"payment_method": "alipay"})
    other = order.post("/payments", {"payment_method": "alipay"})
    assert one == other
    assert order.post("/payments") == one
    assert len(bank.intents) == 2


def test_who_has_paid_meanwhile_pays_no_second_time(buy: Any, bank: StripeServer, shop: Shop) -> None:
    order = buy()
    bank.pay(secret(order.placed["payment"]))
    assert refusal(order.post, "/payments", {"payment_method": "alipay"})["code"] == "payment_in_progress"
    shop.hear(bank)
    assert order.get()["payment_method"] == "card"
    assert len(bank.intents) == 1


def test_while_a_bank_decides_nobody_pays_in_another_way(buy: Any, bank: StripeServer) -> None:
    order = buy()
    debit = order.post("/payments", {"payment_method": "sepa_debit"})
    bank.process(secret(debit))
    assert refusal(order.post, "/payments", {"payment_method": "card"})["code"] == "payment_in_progress"


def test_a_debit_that_takes_days_keeps_the_order_and_its_stock(
    buy: Any, bank: StripeServer, shop: Shop, travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    debit = secret(order.post("/payments", {"payment_method": "sepa_debit"}))
    bank.process(debit)
    shop.hear(bank)
    for _ in range(6):
        travel(timedelta(days=1))
        shop.expire()
    assert order.get()["status"] == "pending_payment"
    assert shop.stock("MUG")["available"] == 4
    bank.pay(debit)
    shop.hear(bank)
    assert (order.get()["status"], order.get()["payment_status"]) == ("confirmed", "paid")


def test_a_debit_that_the_bank_refuses_lets_the_customer_try_again(buy: Any, bank: StripeServer, shop: Shop) -> None:
    order = buy()
    debit = secret(order.post("/payments", {"payment_method": "sepa_debit"}))
    bank.process(debit)
    bank.decline(debit, "insufficient_funds")
    shop.hear(bank)
    assert "payment_failed" in [entry["name"] for entry in order.get()["timeline"]]
    card = order.post("/payments", {"payment_method": "card"})
    bank.pay(secret(card))
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"


def test_a_qr_code_or_a_banks_page_is_where_the_customer_goes_on(buy: Any, bank: StripeServer) -> None:
    order = buy()
    alipay = order.post("/payments", {"payment_method": "alipay"})
    assert alipay["action_url"] is None
    bank.require_action(secret(alipay))
    assert order.post("/payments")["action_url"].startswith("https://pay.stripe.example/")


def test_a_customer_who_gives_up_can_take_another_way_later(buy: Any, bank: StripeServer, shop: Shop) -> None:
    order = buy()
    payment = order.placed["payment"]
    assert order.api.post(f"/payments/{payment['id']}/cancel")["status"] == "canceled"
    assert order.api.post(f"/payments/{payment['id']}/cancel")["status"] == "canceled"
    assert not bank.pay(secret(payment))
    shop.deliver()
    assert order.get()["status"] == "pending_payment"
    transfer = order.post("/payments", {"payment_method": "bank_transfer"})
    assert (transfer["method"], transfer["client_secret"]) == ("bank_transfer", None)


def test_what_is_paid_is_not_given_up(buy: Any, bank: StripeServer, shop: Shop) -> None:
    order = buy()
    bank.pay(secret(order.placed["payment"]))
    shop.hear(bank)
    assert refusal(order.api.post, f"/payments/{order.placed['payment']['id']}/cancel")["code"] == "payment_in_progress"
    assert order.get()["payment_status"] == "authorized"


def test_a_transfer_that_arrives_after_its_customer_chose_a_card_pays_and_the_card_is_let_go(
    buy: Callable[..., Buyer], bank: StripeServer, shop: Shop
) -> None:
    order = shop.order_of(shop.ready_cart(("MUG", 1)).check_out(payment_method="bank_transfer"))
    card = order.post("/payments", {"payment_method": "card"})
    receive(shop, order, 1785)
    assert (order.get()["status"], order.get()["payment_status"]) == ("confirmed", "paid")
    assert not shop.staff.get("/admin/refunds/to-pay-out")["data"]
    shop.sweep()
    assert not bank.pay(secret(card))
    deliver(shop, order)
    assert [intent["amount_received"] for intent in bank.intents.values()] == [0]
    assert books_are_right(order.id)


def test_while_the_provider_is_broken_the_order_is_paid_in_another_way(
    buy: Callable[..., Buyer], bank: StripeServer
) -> None:
    def broken(call: str) -> None:
        if call == "POST /v1/payment_intents":
            raise Refusal("api_error", "Something is wrong here.", 500, "api_error")

    bank.working = broken
    order = buy()
    assert order.placed["payment"]["client_secret"] is None
    assert order.post("/payments", {"payment_method": "bank_transfer"})["method"] == "bank_transfer"


@pytest.mark.parametrize("method", ["cash_on_delivery", "wechat_pay", "cheque", "gift_card"])
def test_not_every_way_is_open(buy: Any, bank: StripeServer, method: str) -> None:
    order = buy()
    problem = refusal(order.post, "/payments", {"payment_method": method})
    assert (problem["status"], problem["pointer"]) == (422, "/payment_method")
    assert bank.pay(secret(order.placed["payment"]))


def test_what_would_lapse_is_taken_a_day_before(
    buy: Callable[..., Buyer], bank: StripeServer, shop: Shop, travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    bank.pay(secret(order.placed["payment"]))
    shop.hear(bank)
    travel(timedelta(days=5))
    shop.sweep()
    assert order.get()["payment_status"] == "authorized"
    travel(timedelta(hours=19))
    shop.sweep()
    shop.hear(bank)
    assert order.get()["payment_status"] == "paid"
    shop.sweep()
    assert sum("capture" in call for call in bank.calls) == 1


def test_what_is_called_off_is_let_go_and_not_taken_before_it_lapses(
    buy: Callable[..., Buyer], bank: StripeServer, shop: Shop, travel: Callable[[timedelta], None]
) -> None:
    def cut(call: str, again: Callable[[], None]) -> None:
        if call.endswith("/cancel"):
            raise stripe.APIConnectionError("cut")

    order = buy()
    paid(shop, bank, order)
    travel(timedelta(days=6))
    order.post("/cancel", {"reason": "no"})
    bank.before = cut
    with pytest.raises(AssertionError):
        shop.deliver()
    bank.before = lambda call, again: None
    travel(timedelta(minutes=40))
    shop.sweep()
    assert [intent["status"] for intent in bank.intents.values()] == ["canceled"]


def test_what_lapsed_all_the_same_stops_the_parcel(
    buy: Callable[..., Buyer], bank: StripeServer, shop: Shop, travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    bank.pay(secret(order.placed["payment"]))
    shop.hear(bank)
    (intent,) = bank.intents
    bank.lapse(intent)
    travel(timedelta(days=6))
    shop.sweep()
    shop.deliver()
    assert order.get()["payment_status"] == "unpaid"
    (parcel,) = order.get("/shipments")["data"]
    path = f"/admin/shipments/{parcel['id']}"
    shop.staff.post(f"{path}/pack")
    problem = refusal(shop.staff.post, f"{path}/dispatch", {"tracking_number": "T"})
    assert (problem["status"], problem["code"]) == (409, "payment_not_secured")
