"""What the provider says of a payment: that it was declined and why, and that it is not what the shop asked for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from amending import paid, send
from inprocess import Buyer, Shop
from refusals import refusal
from strict_stripe import Refusal, StripeServer

# The main codes of docs.stripe.com/declines/codes.
DECLINES = [
    "authentication_required",
    "approve_with_id",
    "card_not_supported",
    "card_velocity_exceeded",
    "do_not_honor",
    "expired_card",
    "fraudulent",
    "generic_decline",
    "incorrect_cvc",
    "insufficient_funds",
    "lost_card",
    "processing_error",
    "stolen_card",
    "try_again_later",
]


def test_whatever_a_card_is_declined_for_is_said_and_another_one_pays(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    for code in DECLINES:
        bank.decline(order.secret, code)
        shop.hear(bank)
        seen = order.payment()
        assert (seen["status"], seen["decline"]) == ("created", code)
    assert order.names().count("payment_failed") == len(DECLINES)
    assert (order.get()["status"], order.get()["payment_status"]) == ("pending_payment", "unpaid")
    bank.pay(order.secret)
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"
    assert len(bank.intents) == 1


@pytest.mark.parametrize(
    "changed",
    [{"amount": 1, "amount_capturable": 1}, {"amount": 10**6, "amount_capturable": 10**6}, {"currency": "usd"}],
)
def test_a_payment_that_is_not_what_the_order_costs_confirms_nothing_and_is_taken_by_nobody(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], changed: dict[str, Any]
) -> None:
    order = buy()
    bank.pay(order.secret)
    (intent,) = bank.intents.values()
    intent |= changed
    problem = refusal(order.api.post, f"/payments/{order.payment_id}/refresh")
    assert (problem["status"], problem["code"]) == (409, "payment_in_doubt")
    for event in bank.webhooks:
        assert shop.webhook(event) == 200
    assert shop.work_off_webhooks() == 1  # again and again, until it is in the dead letter queue and a person looks
    assert order.get()["status"] == "pending_payment"
    assert intent["status"] == "requires_capture"


def test_an_order_that_is_paid_in_doubt_does_not_expire_over_the_money(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    from chalicelib.core.jobs import JobsFailed

    order = buy()
    bank.pay(order.secret)
    next(iter(bank.intents.values()))["currency"] = "usd"
    travel(timedelta(hours=2))
    with pytest.raises(JobsFailed):
        shop.expire()
    assert order.get()["status"] == "pending_payment"
    assert shop.stock("MUG")["reserved"] == 1


def test_what_was_opened_and_whose_answer_got_lost_is_found_after_a_day(
    shop: Shop, bank: StripeServer, travel: Callable[[timedelta], None]
) -> None:
    """Its key is forgotten by then: it is looked for by our id in its metadata, and not made again."""
    import stripe

    shop.product("mug", stock={"ams": 5})
    shop.staff.put("/admin/order-policy", {"pay_within_minutes": {"card": 14 * 24 * 60}})

    def cut(call: str) -> None:
        raise stripe.APIConnectionError("cut", should_retry=False)

    bank.after = cut
    order = shop.order_of(shop.ready_cart(("MUG", 1)).check_out(payment_method="card"))
    bank.after = lambda call: None
    assert len(bank.intents) == 1
    travel(timedelta(hours=30))
    secret = order.post("/payments")["client_secret"]
    assert len(bank.intents) == 1
    assert bank.pay(secret)
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"


def test_what_was_never_opened_fails_after_a_day_and_is_paid_anew(
    shop: Shop, bank: StripeServer, travel: Callable[[timedelta], None]
) -> None:
    import stripe

    shop.product("mug", stock={"ams": 5})
    shop.staff.put("/admin/order-policy", {"pay_within_minutes": {"card": 14 * 24 * 60}})

    def cut(call: str, again: Any) -> None:
        raise stripe.APIConnectionError("cut", should_retry=False)

    bank.before = cut
    order = shop.order_of(shop.ready_cart(("MUG", 1)).check_out(payment_method="card"))
    bank.before = lambda call, again: None
    travel(timedelta(hours=30))
    order.post("/payments")
    secret = order.post("/payments")["client_secret"]
    assert bank.pay(secret)
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"
    assert len(bank.intents) == 1


def broken(bank: StripeServer, path: str, times: int) -> None:
    """So often something goes wrong at the provider itself, which keeps that answer under the request's key."""
    works, left = bank.writes[path], [None] * times

    def answer(*given: Any) -> Any:
        if not left:
            return works(*given)
        left.pop()
        raise Refusal("api_error", "Something is wrong here.", 500, "api_error")

    bank.writes[path] = answer


def test_what_went_wrong_at_the_provider_once_is_opened_after_all(
    bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    broken(bank, "/v1/payment_intents", 1)
    order = buy()
    assert bank.pay(order.post("/payments")["client_secret"])
    assert len(bank.intents) == 1


@pytest.mark.parametrize("times", [1, 99])
def test_an_order_whose_payment_went_wrong_at_the_provider_expires(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None], times: int
) -> None:
    broken(bank, "/v1/payment_intents", times)
    order = buy()
    travel(timedelta(hours=3))
    shop.expire()
    assert order.get()["status"] == "expired"
    assert shop.stock("MUG")["available"] == 5


def test_what_went_wrong_at_the_provider_when_it_was_captured_is_captured_later(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    paid(shop, bank, order)
    broken(bank, r"/v1/payment_intents/(\w+)/capture", 1)
    send(shop, order, "pack")
    with pytest.raises(AssertionError):
        shop.deliver()
    travel(timedelta(hours=1))
    shop.sweep()
    assert [intent["status"] for intent in bank.intents.values()] == ["succeeded"]


def test_while_a_twin_is_still_at_work_nobody_opens_a_second_intent(shop: Shop, bank: StripeServer) -> None:
    """Stripe answers the second request under a key that is in use with 409."""
    from chalicelib.payments import settlement, tables

    shop.product("mug", stock={"ams": 5})
    twins: list[Any] = []

    def working(call: str) -> None:
        if not twins:
            order_id = shop.staff.get("/admin/orders")["data"][0]["id"]
            twins.append(settlement.open_session(tables.attempts_of(order_id)[0]))

    bank.working = working
    placed = shop.ready_cart(("MUG", 1)).check_out(payment_method="card")
    assert twins[0].client_secret is None
    assert placed["payment"]["client_secret"] is not None
    assert len(bank.intents) == 1
