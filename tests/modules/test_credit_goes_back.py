"""What was paid with credit goes back to where it came from, once, after what was paid in money."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from amending import edit, send
from buyers import deliver
from crediting import books_are_right, deliver_by_card, gift_card, left_on, moved, owe, owed_to, pay_with, tenders
from inprocess import Order, Shop, eur
from refusals import refusal
from returning import exchange, opened, received
from returning import refund as refund_return
from strict_stripe import StripeServer

from infra.local.client import Json

TOTAL = 1785  # a mug, and sending it
TWO = 3075


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.product("mug", stock={"ams": 20})
    for handle, cents in (("bowl", 1990), ("spoon", 500)):
        shop.product(handle, variants=[{"sku": handle.upper(), "price": eur(cents), "stock": {"ams": 3}}])
    return shop


def again(shop: Shop, *names: str) -> None:
    """Each event comes once more, and late."""
    for event in shop.events():
        if event["name"] in names:
            shop.tell(event)
    shop.deliver()


def test_a_canceled_order_gives_back_to_each_card_once(shop: Shop) -> None:
    cards = [gift_card(shop, 1000), gift_card(shop, 500)]
    order = pay_with(shop, *cards)
    order.post("/cancel")
    shop.deliver()
    again(shop, "OrderCanceled", "RefundSucceeded")
    assert [moved(shop, card) for card in cards] == [
        [("issue", 1000), ("spend", -1000), ("return", 1000)],
        [("issue", 500), ("spend", -500), ("return", 500)],
    ]
    assert order.get()["payment_status"] == "refunded"
    assert tenders(order.id)[2][:2] == ("cash_on_delivery", "canceled")
    assert books_are_right(order.id)
    entry = shop.staff.get(f"/admin/gift-cards/{cards[0]['id']}")["data"][0]
    assert entry["ref"].startswith("ref_")


def test_two_consumers_at_once_give_back_once(shop: Shop, weather: Any) -> None:
    card = gift_card(shop, 5000)
    order = pay_with(shop, card)
    order.post("/cancel")
    (canceled,) = [event for event in shop.events() if event["name"] == "OrderCanceled"]
    weather("TransactWriteItems", [lambda: None, lambda: shop.tell(canceled)])
    shop.tell(canceled)
    shop.deliver()
    assert moved(shop, card) == [("issue", 5000), ("spend", -TOTAL), ("return", TOTAL)]
    assert books_are_right(order.id)


def test_an_order_that_expires_gives_back(shop: Shop, bank: StripeServer, travel: Callable[[timedelta], None]) -> None:
    card = gift_card(shop, 1000)
    order = pay_with(shop, card, payment_method="card")
    assert left_on(shop, card) == 0
    travel(timedelta(minutes=31))
    shop.expire()
    shop.hear(bank)
    again(shop, "OrderExpired")
    assert order.get()["status"] == "expired"
    assert moved(shop, card) == [("issue", 1000), ("spend", -1000), ("return", 1000)]
    assert bank.intents["pi_000001"]["status"] == "canceled"
    assert books_are_right(order.id)


def test_a_declined_card_leaves_the_credit_where_it_is(shop: Shop, bank: StripeServer) -> None:
    card = gift_card(shop, 1000)
    order = pay_with(shop, card, payment_method="card")
    bank.decline(order.placed["payment"]["client_secret"])
    shop.hear(bank)
    assert left_on(shop, card) == 0
    session = order.post("/payments")
    assert session["amount"] == eur(TOTAL - 1000)
    bank.pay(session["client_secret"])
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"


def test_who_does_not_want_to_pay_the_rest_in_this_way_keeps_the_credit_in_the_order(
    shop: Shop, bank: StripeServer
) -> None:
    card = gift_card(shop, 1000)
    order = pay_with(shop, card, payment_method="card")
    spent, rest = (f"/payments/{order.id.replace('ord_', 'pay_')}-{number}" for number in (1, 2))
    assert refusal(order.api.post, f"{spent}/cancel")["code"] == "payment_in_progress"
    assert order.api.post(f"{rest}/cancel")["status"] == "canceled"
    assert left_on(shop, card) == 0
    session = order.post("/payments", {"payment_method": "card"})
    assert (session["method"], session["amount"]) == ("card", eur(TOTAL - 1000))


@pytest.mark.parametrize("fate", ["disabled", "expired"])
def test_a_card_that_is_of_no_use_any_more_gets_its_money_back(
    shop: Shop, travel: Callable[[timedelta], None], fate: str
) -> None:
    from chalicelib.core import clock

    card = gift_card(shop, 5000, expires_on=clock.now().date().isoformat())
    order = pay_with(shop, card)
    if fate == "disabled":
        shop.staff.post(f"/admin/gift-cards/{card['id']}/disable")
    else:
        travel(timedelta(days=2))
    order.post("/cancel")
    shop.deliver()
    assert left_on(shop, card) == 5000
    seen = shop.staff.get(f"/admin/gift-cards/{card['id']}")
    assert seen[fate]
    assert refusal(pay_with, shop, card)["status"] == 422


def everything(shop: Shop, bank: StripeServer, *, money: int) -> tuple[Order, Json, Any]:
    """Ann's order of two mugs, which has arrived: so many cents by card, 700 of store credit, the rest by gift card."""
    ann = shop.customer()
    owe(shop, ann, 700)
    card = gift_card(shop, TWO - 700 - money)
    wish = {"gift_cards": [card["code"]], "store_credit": True, "payment_method": "card"}
    placed = shop.cart_of(ann, ("MUG", 2)).check_out(**wish)
    order = Order(ann, f"/me/orders/{placed['order']['id']}", placed)
    bank.pay(placed["payment"]["client_secret"])
    shop.hear(bank)
    deliver_by_card(shop, bank, order)
    assert order.get()["status"] == "completed"
    return order, card, ann


def test_money_goes_back_before_store_credit_and_that_before_gift_cards(shop: Shop, bank: StripeServer) -> None:
    order, card, ann = everything(shop, bank, money=400)
    path = f"/admin/orders/{order.id}/refunds"

    def given_back(cents: int) -> tuple[int, int, int]:
        shop.staff.post(path, {"amount": eur(cents)})
        shop.hear(bank)
        return bank.given_back("pi_000001"), owed_to(ann), left_on(shop, card)

    assert given_back(300) == (300, 0, 0)
    assert given_back(300) == (400, 200, 0)
    audited = [
        e["facts"]["amount"] for e in shop.staff.get("/admin/audit")["data"] if e["action"] == "refund.requested"
    ]
    assert audited == [300, 300]
    assert given_back(600) == (400, 700, 100)
    assert refusal(shop.staff.post, path, {"amount": eur(1876)})["code"] == "refund_too_large"
    assert given_back(1875) == (400, 700, 1975)
    assert order.get()["payment_status"] == "refunded"
    assert [entry["by"] for entry in shop.staff.get(f"/admin/gift-cards/{card['id']}")["data"][:2]] == ["owner-1"] * 2
    assert books_are_right(order.id)


def test_a_return_that_two_tenders_paid_is_refunded_as_one(shop: Shop, bank: StripeServer) -> None:
    order, card, ann = everything(shop, bank, money=400)
    item = refund_return(shop, received(shop, order))
    assert item["refunded"] == eur(1290)
    shop.hear(bank)
    assert (bank.given_back("pi_000001"), owed_to(ann), left_on(shop, card)) == (400, 700, 190)
    assert books_are_right(order.id)


def test_an_order_that_comes_to_cost_less_gives_back_what_is_too_much(shop: Shop) -> None:
    card = gift_card(shop, 2000)
    order = pay_with(shop, card, lines=(("MUG", 2),))
    order.post("/cancel-lines", {"lines": {"MUG": 1}})
    shop.deliver()
    # At the door it is nothing any more, and the card had paid 215 more than the mug costs.
    assert tenders(order.id) == [("gift_card", "captured", 2000, 215), ("cash_on_delivery", "created", 0, 0)]
    assert left_on(shop, card) == 215
    deliver(shop, order)
    assert order.get()["status"] == "completed"
    assert books_are_right(order.id)


def test_less_is_charged_to_the_card_before_credit_goes_back(shop: Shop, bank: StripeServer) -> None:
    card = gift_card(shop, 500)
    order = pay_with(shop, card, lines=(("MUG", 2),), payment_method="card")
    bank.pay(order.placed["payment"]["client_secret"])
    shop.hear(bank)
    order.post("/cancel-lines", {"lines": {"MUG": 1}})
    shop.hear(bank)
    assert left_on(shop, card) == 0
    deliver_by_card(shop, bank, order)
    assert bank.intents["pi_000001"]["amount_received"] == TOTAL - 500
    assert books_are_right(order.id)


def test_what_staff_add_to_an_order_paid_by_credit_alone_is_paid_by_card(shop: Shop, bank: StripeServer) -> None:
    card = gift_card(shop, 5000)
    order = pay_with(shop, card, payment_method=None)
    shop.deliver()
    edit(shop, order, add={"BOWL": 1})
    assert left_on(shop, card) == 5000 - TOTAL
    session = order.post("/payments")
    assert (session["method"], session["amount"]) == ("card", eur(1990))
    bank.pay(session["client_secret"])
    shop.hear(bank)
    for parcel in order.get("/shipments")["data"]:
        for step, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
            shop.staff.post(f"/admin/shipments/{parcel['id']}/{step}", body)
            shop.hear(bank)
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")
    assert books_are_right(order.id)


def test_what_is_added_is_not_sent_before_it_is_paid(shop: Shop, bank: StripeServer) -> None:
    order = pay_with(shop, gift_card(shop, 5000), payment_method=None)
    shop.deliver()
    edit(shop, order, add={"BOWL": 1})
    shop.deliver()
    send(shop, order, "pack")
    shop.deliver()
    assert refusal(send, shop, order, "dispatch")["code"] == "payment_not_secured"


def test_returned_goods_that_a_card_paid_pay_for_others(shop: Shop, bank: StripeServer) -> None:
    card = gift_card(shop, 5000)
    order = pay_with(shop, card, payment_method=None)
    deliver(shop, order)
    exchanged = exchange(shop, received(shop, order), BOWL=1)
    new = opened(order, exchanged)
    assert left_on(shop, card) == 5000 - TOTAL
    session = new.post("/payments")
    assert (session["method"], session["amount"]) == ("card", eur(1990 - 1290))
    new.post("/cancel")
    shop.hear(bank)
    assert left_on(shop, card) == 5000 - TOTAL + 1290
    assert books_are_right(order.id)
    assert books_are_right(new.id)


def test_an_exchange_for_less_gives_the_rest_back_to_the_card(shop: Shop) -> None:
    card = gift_card(shop, 5000)
    order = pay_with(shop, card)
    deliver(shop, order)
    new = opened(order, exchange(shop, received(shop, order), SPOON=1))
    shop.deliver()
    assert left_on(shop, card) == 5000 - TOTAL + 790
    assert new.get()["payment_status"] == "paid"
    new.post("/cancel")
    shop.deliver()
    assert left_on(shop, card) == 5000 - TOTAL + 1290
    assert books_are_right(order.id)
    assert books_are_right(new.id)


def test_what_is_paid_too_late_goes_back_to_the_bank_and_the_credit_once(
    shop: Shop, bank: StripeServer, travel: Callable[[timedelta], None]
) -> None:
    card = gift_card(shop, 1000)
    order = pay_with(shop, card, payment_method="card")
    bank.pay(order.placed["payment"]["client_secret"])
    order.post("/cancel")
    shop.hear(bank)
    travel(timedelta(minutes=20))
    shop.sweep()
    shop.hear(bank)
    again(shop, "OrderCanceled")
    assert moved(shop, card) == [("issue", 1000), ("spend", -1000), ("return", 1000)]
    (intent,) = bank.intents.values()
    assert intent["status"] == "canceled"
    assert books_are_right(order.id)
