"""Money that people move: nobody's page says that it has arrived, staff do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from buyers import deliver
from inprocess import Shop, eur
from refusals import refusal
from strict_stripe import StripeServer
from transferring import by_invoice, by_transfer, holds, offered, overdue, receive


@pytest.fixture
def goods(shop: Shop, bank: StripeServer) -> Shop:
    return offered(shop)


def test_an_order_by_transfer_waits_and_goes_on_once_the_money_is_there(goods: Shop) -> None:
    order = by_transfer(goods)
    goods.deliver()
    assert order.get()["status"] == "pending_payment"
    assert order.placed["payment"]["client_secret"] is None
    assert receive(goods, order, 1785)["status"] == "captured"
    assert (order.get()["status"], order.get()["payment_status"]) == ("confirmed", "paid")
    deliver(goods, order)
    assert order.get()["status"] == "completed"
    assert holds(order) == 0


def test_what_is_said_twice_is_booked_once(goods: Shop) -> None:
    order = by_transfer(goods)
    first = receive(goods, order, 1785, **{"Idempotency-Key": "statement-7-of-november"})
    again = receive(goods, order, 1785, **{"Idempotency-Key": "statement-7-of-november"})
    assert first == again
    assert goods.names().count("PaymentCaptured") == 1
    assert not goods.staff.get("/admin/refunds/to-pay-out")["data"]


def test_when_too_little_comes_the_rest_is_waited_for(goods: Shop) -> None:
    order = by_transfer(goods)
    receive(goods, order, 1000)
    assert (order.get()["status"], order.get()["payment_status"]) == ("pending_payment", "partially_paid")
    rest = order.post("/payments")
    assert rest["amount"] == eur(785)
    receive(goods, order, 785, payment=rest["id"])
    assert order.get()["payment_status"] == "paid"
    assert holds(order) == 0


def test_what_is_too_much_is_for_staff_to_transfer_back(goods: Shop) -> None:
    order = by_transfer(goods)
    receive(goods, order, 2000)
    (refund,) = goods.staff.get("/admin/refunds/to-pay-out")["data"]
    assert (refund["amount"], refund["status"]) == (eur(215), "requested")
    assert holds(order) == -215
    goods.staff.post(f"/admin/refunds/{refund['id']}/pay-out")
    goods.staff.post(f"/admin/refunds/{refund['id']}/pay-out")
    goods.deliver()
    assert not goods.staff.get("/admin/refunds/to-pay-out")["data"]
    assert goods.names().count("RefundSucceeded") == 1
    assert holds(order) == 0


def test_money_for_an_order_that_is_off_is_to_be_transferred_back(goods: Shop) -> None:
    order = by_transfer(goods)
    order.post("/cancel", {"reason": "no"})
    goods.deliver()
    receive(goods, order, 1785)
    assert order.get()["status"] == "canceled"
    (refund,) = goods.staff.get("/admin/refunds/to-pay-out")["data"]
    assert refund["amount"] == eur(1785)
    goods.staff.post(f"/admin/refunds/{refund['id']}/pay-out")
    goods.deliver()
    assert holds(order) == 0


def test_money_that_comes_a_second_time_is_to_be_transferred_back(goods: Shop) -> None:
    order = by_transfer(goods)
    receive(goods, order, 1785)
    receive(goods, order, 1785)
    (refund,) = goods.staff.get("/admin/refunds/to-pay-out")["data"]
    assert refund["amount"] == eur(1785)


def test_an_order_by_transfer_that_nobody_pays_expires(goods: Shop, travel: Any) -> None:
    order = by_transfer(goods)
    travel(timedelta(days=6))
    goods.expire()
    assert order.get()["status"] == "pending_payment"
    travel(timedelta(days=2))
    goods.expire()
    goods.deliver()
    assert order.get()["status"] == "expired"
    assert goods.stock("MUG")["available"] == 5


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"amount": {"amount": 5, "currency": "USD"}}, "/amount/currency"),
        ({"amount": {"amount": -5, "currency": "EUR"}}, "/amount/amount"),
        ({"amount": {"amount": 0, "currency": "EUR"}}, "/amount/amount"),
    ],
)
def test_what_can_not_have_arrived_is_named(goods: Shop, body: Any, pointer: str) -> None:
    order = by_transfer(goods)
    problem = refusal(goods.staff.post, f"/admin/payments/{order.placed['payment']['id']}/receive", body)
    assert (problem["status"], problem["pointer"]) == (422, pointer)


def test_only_what_is_transferred_is_recorded_by_hand(goods: Shop) -> None:
    order = goods.order()
    assert refusal(receive, goods, order, 1785)["code"] == "wrong_method"


def test_an_invoice_is_for_those_whom_the_shop_trusts(goods: Shop) -> None:
    problem = refusal(goods.ready_cart().check_out, payment_method="invoice")
    assert (problem["code"], problem["pointer"]) == ("payment_method_unavailable", "/payment_method")
    assert by_invoice(goods).get()["status"] == "confirmed"


def test_an_invoice_is_due_some_days_after_packing_and_then_overdue(goods: Shop, travel: Any) -> None:
    goods.staff.put("/admin/payment-methods/invoice", {"groups": ["trade"], "net_days": 14})
    order = by_invoice(goods)
    payment = f"/me/payments/{order.placed['payment']['id']}"
    assert order.api.get(payment)["payable_by"] is None
    deliver(goods, order)
    assert order.get()["status"] == "completed"
    seen = order.api.get(payment)
    assert seen["payable_by"] is not None
    assert not seen["overdue"]
    travel(timedelta(days=14))
    goods.sweep()
    assert not goods.staff.get("/admin/payments/overdue")["data"]
    travel(timedelta(days=2))
    goods.sweep()
    goods.sweep()
    goods.deliver()
    (late,) = goods.staff.get("/admin/payments/overdue")["data"]
    assert late["id"] == order.placed["payment"]["id"]
    assert goods.names().count("PaymentOverdue") == 1
    assert "payment_overdue" in [entry["name"] for entry in order.get()["timeline"]]
    assert holds(order) == 1785
    receive(goods, order, 1785)
    assert not goods.staff.get("/admin/payments/overdue")["data"]
    assert order.get()["payment_status"] == "paid"
    assert holds(order) == 0


def test_an_invoice_of_a_canceled_order_is_never_due(goods: Shop, travel: Any) -> None:
    order = by_invoice(goods)
    order.post("/cancel", {"reason": "no"})
    goods.deliver()
    travel(timedelta(days=60))
    goods.sweep()
    assert not goods.staff.get("/admin/payments/overdue")["data"]
    assert holds(order) == 0


def test_the_rest_of_an_overdue_invoice_is_overdue_too(goods: Shop, travel: Callable[[timedelta], None]) -> None:
    order = by_invoice(goods)
    deliver(goods, order)
    travel(timedelta(days=40))
    assert overdue(goods) == [1785]
    receive(goods, order, 1000)
    assert overdue(goods) == [785]


def test_the_rest_of_an_invoice_is_due_when_all_of_it_was(goods: Shop, travel: Callable[[timedelta], None]) -> None:
    order = by_invoice(goods)
    deliver(goods, order)
    receive(goods, order, 1000)
    travel(timedelta(days=29))
    assert overdue(goods) == []
    travel(timedelta(days=11))
    assert overdue(goods) == [785]


@pytest.mark.parametrize("days", [-5, 366, 10**7, 10**12])
def test_nobody_is_given_less_than_no_time_to_pay_or_more_than_a_year(goods: Shop, days: int) -> None:
    problem = refusal(goods.staff.put, "/admin/payment-methods/invoice", {"net_days": days})
    assert (problem["status"], problem["pointer"]) == (422, "/net_days")


def test_a_transfer_that_its_customer_had_given_up_pays_for_the_order(goods: Shop) -> None:
    order = by_transfer(goods)
    order.api.post(f"/payments/{order.placed['payment']['id']}/cancel")
    receive(goods, order, 1785)
    assert (order.get()["status"], order.get()["payment_status"]) == ("confirmed", "paid")
    assert not goods.staff.get("/admin/refunds/to-pay-out")["data"]


def test_who_gives_up_while_the_money_arrives_hears_that_it_is_there(
    goods: Shop, weather: Callable[[str, list[Any]], list[str]]
) -> None:
    order = by_transfer(goods)
    weather("PutItem", [lambda: receive(goods, order, 1785)])
    problem = refusal(order.api.post, f"/payments/{order.placed['payment']['id']}/cancel")
    assert (problem["status"], problem["code"]) == (409, "payment_in_progress")
    assert order.get()["payment_status"] == "paid"
