"""What the shop decides for all orders: for how long an unpaid one is kept."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Buyer, Shop
from refusals import refusal
from strict_stripe import StripeServer

Travel = Callable[[timedelta], None]


def decide(shop: Shop, **minutes: int) -> dict[str, Any]:
    return shop.staff.put("/admin/order-policy", {"pay_within_minutes": minutes})


def status_after(shop: Shop, order: Buyer, travel: Travel, minutes: int) -> str:
    travel(timedelta(minutes=minutes))
    shop.expire()
    return str(order.get()["status"])


def test_a_new_order_expires_when_the_shop_says_and_not_before(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Travel
) -> None:
    before = buy()
    decide(shop, card=120)
    assert shop.staff.get("/admin/order-policy")["pay_within_minutes"] == {"card": 120}
    patient = buy()
    assert status_after(shop, patient, travel, 31) == "pending_payment"
    assert before.get()["status"] == "expired"
    assert status_after(shop, patient, travel, 88) == "pending_payment"
    assert status_after(shop, patient, travel, 2) == "expired"
    decide(shop, card=5)
    hasty = buy()
    assert status_after(shop, hasty, travel, 4) == "pending_payment"
    assert status_after(shop, hasty, travel, 2) == "expired"


def test_who_is_about_to_pay_has_three_times_as_long_as_the_shop_says(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Travel
) -> None:
    decide(shop, card=60)
    order = buy()
    for minutes in (55, 55, 55):
        travel(timedelta(minutes=minutes))
        order.post("/payments")
    assert status_after(shop, order, travel, 14) == "pending_payment"
    assert status_after(shop, order, travel, 2) == "expired"


def test_a_method_of_which_nothing_is_said_has_its_usual_time(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Travel
) -> None:
    assert decide(shop)["pay_within_minutes"] == {}
    order = buy()
    assert status_after(shop, order, travel, 29) == "pending_payment"
    assert status_after(shop, order, travel, 2) == "expired"


@pytest.mark.parametrize("method", ["cash_on_delivery", "exchange_credit", "bread/butter"])
def test_nobody_waits_for_a_payment_by_a_method_that_asks_for_none_or_is_none(shop: Shop, method: str) -> None:
    refused = refusal(decide, shop, **{method: 60})
    assert (refused["status"], refused["pointer"]) == (422, f"/pay_within_minutes/{method.replace('/', '~1')}")
    assert shop.staff.get("/admin/order-policy")["pay_within_minutes"] == {}


@pytest.mark.parametrize("minutes", [4, 14 * 24 * 60 + 1])
def test_a_shop_waits_for_five_minutes_to_two_weeks(shop: Shop, minutes: int) -> None:
    refused = refusal(decide, shop, card=minutes)
    assert (refused["status"], refused["pointer"]) == (422, "/pay_within_minutes")
    for most in (5, 14 * 24 * 60):
        assert decide(shop, card=most)["pay_within_minutes"] == {"card": most}
