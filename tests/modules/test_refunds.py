"""Money that goes back, once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import stripe
from inprocess import Buyer, Shop
from refusals import refusal
from strict_stripe import StripeServer


def sent(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    bank.pay(order.secret)
    shop.hear(bank)
    for verb, body in (("pack", {}), ("dispatch", {"tracking_number": "T"})):
        shop.staff.post(f"/admin/shipments/{order.parcel()}/{verb}", body)
        shop.hear(bank)


def test_staff_refund_a_whole_order_once(shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]) -> None:
    order = buy(2)
    path = f"/admin/orders/{order.id}/refunds"
    bank.pay(order.secret)
    shop.hear(bank)
    assert refusal(shop.staff.post, path, {})["code"] == "not_all_sent"
    order = buy(2)
    sent(shop, bank, order)
    path = f"/admin/orders/{order.id}/refunds"
    asked = shop.staff.post(path, {"reason": "broken"}, key="refund-key-0001-")
    assert shop.staff.post(path, {"reason": "broken"}, key="refund-key-0001-") == asked
    assert (asked["status"], asked["amount"]) == ("requested", order.placed["order"]["total"])
    assert refusal(shop.staff.post, path, {})["code"] == "nothing_to_refund"
    shop.hear(bank)
    assert [refund["status"] for refund in shop.staff.get(path)["data"]] == ["succeeded"]
    assert bank.given_back("pi_000002") == asked["amount"]["amount"]
    assert order.get()["payment_status"] == "refunded"
    assert order.payment()["refunded"] == asked["amount"]
    assert order.names()[-2:] == ["refund_requested", "refund_succeeded"]


@pytest.mark.parametrize("result", ["succeeded", "failed"])
def test_a_refund_that_the_bank_takes_days_for_is_followed(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None], result: str
) -> None:
    order = buy()
    sent(shop, bank, order)
    bank.refund_status = lambda: "pending"
    path = f"/admin/orders/{order.id}/refunds"
    shop.staff.post(path, {})
    shop.hear(bank)
    assert shop.staff.get(path)["data"][0]["status"] == "pending"
    bank.settle_refund("re_000001", result)
    bank.webhooks.clear()
    travel(timedelta(days=3))
    shop.sweep()
    shop.deliver()
    assert shop.staff.get(path)["data"][0]["status"] == result
    assert len(bank.refunds) == 1
    assert order.get()["payment_status"] == ("refunded" if result == "succeeded" else "paid")
    if result == "failed":
        bank.refund_status = lambda: "succeeded"
        shop.staff.post(path, {})
        shop.hear(bank)
        assert order.get()["payment_status"] == "refunded"


def test_a_refund_carried_out_two_days_late_is_not_paid_twice(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    """The first time the answer was lost, and Stripe has forgotten the key since."""
    from chalicelib.payments.consumers import payments_events

    order = buy()
    sent(shop, bank, order)
    shop.staff.post(f"/admin/orders/{order.id}/refunds", {})
    (asked,) = [event for event in shop.events() if event["name"] == "RefundRequested"]

    def cut(call: str, *again: object) -> None:
        raise stripe.APIConnectionError("cut")

    bank.after = cut
    assert shop.consume(payments_events, shop.envelope(asked)) != []
    bank.after = lambda call: None
    travel(timedelta(days=2))
    shop.hear(bank)
    assert len(bank.refunds) == 1
    assert order.get()["payment_status"] == "refunded"


def test_a_refund_that_the_bank_refuses_is_for_a_person_to_ask_again(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    """The order is off, its money was taken, and the card that it came from is gone."""
    order = buy()
    bank.pay(order.secret)
    shop.hear(bank)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)
    bank.refund_status = lambda: "failed"
    order.post("/cancel")
    shop.hear(bank)
    assert (order.names()[-1], order.get()["payment_status"]) == ("refund_failed", "paid")
    for _ in range(2):
        order.api.post(f"/payments/{order.payment_id}/refresh")
        shop.hear(bank)
    assert len(bank.refunds) == 1
    bank.refund_status = lambda: "succeeded"
    shop.staff.post(f"/admin/orders/{order.id}/refunds", {"reason": "new card"})
    shop.hear(bank)
    assert order.get()["payment_status"] == "refunded"


def test_a_refund_that_comes_back_after_all_is_asked_for_again(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    """The customer's bank took it, and sent it back days later."""
    order = buy()
    sent(shop, bank, order)
    path = f"/admin/orders/{order.id}/refunds"
    shop.staff.post(path, {})
    shop.hear(bank)
    assert order.get()["payment_status"] == "refunded"
    bank.settle_refund("re_000001", "failed")
    shop.hear(bank)
    assert (order.get()["payment_status"], order.names()[-1]) == ("paid", "refund_failed")
    shop.staff.post(path, {})
    shop.hear(bank)
    assert order.get()["payment_status"] == "refunded"
    assert [refund["status"] for refund in shop.staff.get(path)["data"]] == ["failed", "succeeded"]


def test_cash_is_given_back_by_hand(shop: Shop, bank: StripeServer) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 1))
    shop.deliver()
    parcel = order.get("/shipments")["data"][0]["id"]
    path = f"/admin/orders/{order.id}/refunds"
    for verb, body in (("pack", {}), ("dispatch", {"tracking_number": "T"})):
        shop.staff.post(f"/admin/shipments/{parcel}/{verb}", body)
        shop.deliver()
    assert refusal(shop.staff.post, path, {})["code"] == "nothing_to_refund"
    shop.staff.post(f"/admin/shipments/{parcel}/deliver")
    shop.deliver()
    assert shop.staff.post(path, {})["status"] == "succeeded"
    shop.deliver()
    assert order.get()["payment_status"] == "refunded"
    assert bank.calls == []
