"""Parts of an order's money: taken less, given back in parts, asked for more, moved to another order."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Buyer, Shop, eur
from refusals import refusal
from strict_stripe import StripeServer

from chalicelib.core import dynamo
from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff

Changed = RuntimeError("the order was changed meanwhile")
LIN = Staff("sub-of-lin", frozenset())


def euros(cents: int) -> Money:
    return Money(cents, "EUR")


def costs_now(order_id: str, cents: int) -> None:
    """The order comes to cost so much."""
    from chalicelib.orders.events import OrderAmended
    from chalicelib.payments import charging, settlement

    dynamo.transaction(charging.charge_anew(order_id, euros(cents), Changed).actions)
    facts: dict[str, Any] = {"payment_method": "card", "revision": 2, "total": euros(cents)}
    settlement.let_go(OrderAmended(aggregate_id=order_id, aggregate_version=3, **facts))


def paid(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    bank.pay(order.secret)
    shop.hear(bank)


def packed(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    paid(shop, bank, order)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)


def sent(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    packed(shop, bank, order)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/dispatch", {"tracking_number": "T"})
    shop.hear(bank)


def dispatch(shop: Shop, order: Buyer) -> dict[str, Any]:
    return refusal(shop.staff.post, f"/admin/shipments/{order.parcel()}/dispatch", {"tracking_number": "T"})


def test_of_a_card_that_was_not_charged_yet_less_is_taken(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy(2)
    paid(shop, bank, order)
    costs_now(order.id, 2000)
    shop.hear(bank)
    assert order.names()[-1] == "payment_adjusted"
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)
    (intent,) = bank.intents.values()
    assert (intent["status"], intent["amount_received"], bank.refunds) == ("succeeded", 2000, {})
    assert order.payment()["captured"] == eur(2000)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/dispatch", {"tracking_number": "T"})


def test_of_a_card_that_was_charged_the_difference_goes_back(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy(2)
    packed(shop, bank, order)
    costs_now(order.id, 2000)
    costs_now(order.id, 1500)
    shop.hear(bank)
    assert [refund["amount"] for refund in bank.refunds.values()] == [1075, 500]
    assert order.payment()["refunded"] == eur(1575)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/dispatch", {"tracking_number": "T"})


def test_what_was_captured_while_the_order_became_cheaper_goes_back(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    """The capture is at Stripe when the order changes, and the function that asked for it dies before it writes."""
    order = buy(2)
    paid(shop, bank, order)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")

    def meanwhile(call: str) -> None:
        if call.endswith("capture"):
            bank.after = lambda call: None
            costs_now(order.id, 2000)

    bank.after = meanwhile
    shop.hear(bank)
    travel(timedelta(minutes=11))
    shop.sweep()
    shop.hear(bank)
    assert bank.intents["pi_000001"]["amount_received"] - bank.given_back("pi_000001") == 2000
    assert order.payment()["refunded"] == eur(1075)


def test_what_an_order_costs_more_is_paid_by_another_payment(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    costs_now(order.id, 3000)
    assert dispatch(shop, order)["code"] == "payment_not_secured"
    session = order.post("/payments")
    assert (session["amount"], session["status"]) == (eur(1215), "created")
    assert order.post("/payments")["id"] == session["id"]
    bank.pay(session["client_secret"])
    shop.hear(bank)
    # The parcel was packed before, so nothing else would ask for the money.
    assert [intent["amount_received"] for intent in bank.intents.values()] == [1785, 1215]
    shop.staff.post(f"/admin/shipments/{order.parcel()}/dispatch", {"tracking_number": "T"})


def test_all_promises_of_an_order_are_taken_when_it_is_packed(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    paid(shop, bank, order)
    costs_now(order.id, 3000)
    bank.pay(order.post("/payments")["client_secret"])
    shop.hear(bank)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)
    assert [intent["amount_received"] for intent in bank.intents.values()] == [1785, 1215]
    shop.staff.post(f"/admin/shipments/{order.parcel()}/dispatch", {"tracking_number": "T"})


def test_the_newest_promise_is_the_first_that_is_let_go(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    paid(shop, bank, order)
    costs_now(order.id, 3000)
    bank.pay(order.post("/payments")["client_secret"])
    shop.hear(bank)
    costs_now(order.id, 2000)
    shop.hear(bank)
    costs_now(order.id, 1700)
    shop.hear(bank)
    assert [intent["status"] for intent in bank.intents.values()] == ["requires_capture", "canceled"]
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)
    assert [intent["amount_received"] for intent in bank.intents.values()] == [1700, 0]
    assert order.post("/payments")["status"] == "captured"


def test_cash_at_the_door_becomes_less_and_more(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 2))
    shop.deliver()
    payment = f"/payments/{order.placed['payment']['id']}"
    for cents in (1700, 0, 4000):
        costs_now(order.id, cents)
        assert order.api.get(payment)["amount"] == eur(cents)
    parcel = order.get("/shipments")["data"][0]["id"]
    for verb, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
        shop.staff.post(f"/admin/shipments/{parcel}/{verb}", body)
    shop.deliver()
    assert order.api.get(payment)["captured"] == eur(4000)


def test_money_goes_back_in_parts_and_never_more_than_came(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy(2)
    sent(shop, bank, order)
    path = f"/admin/orders/{order.id}/refunds"
    asked = shop.staff.post(path, {"amount": eur(1000)}, key="part-of-it-000001")
    assert shop.staff.post(path, {"amount": eur(1000)}, key="part-of-it-000001") == asked
    assert asked["amount"] == eur(1000)
    too_much = refusal(shop.staff.post, path, {"amount": eur(2076)})
    assert (too_much["code"], too_much["left"]) == ("refund_too_large", eur(2075))
    assert refusal(shop.staff.post, path, {"amount": {"amount": 5, "currency": "USD"}})["code"] == "refund_too_large"
    shop.hear(bank)
    assert order.get()["payment_status"] == "partially_refunded"
    # What was given back nobody is asked for again.
    assert order.post("/payments")["status"] == "captured"
    assert shop.staff.post(path, {})["amount"] == eur(2075)
    shop.hear(bank)
    assert order.get()["payment_status"] == "refunded"
    assert [refund["amount"] for refund in bank.refunds.values()] == [1000, 2075]
    assert len(bank.intents) == 1


def test_of_two_staff_who_give_back_at_once_only_one_does(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], weather: Any
) -> None:
    order = buy(2)
    sent(shop, bank, order)
    path = f"/admin/orders/{order.id}/refunds"
    weather("TransactWriteItems", [lambda: shop.staff.post(path, {"amount": eur(2000)})])
    assert refusal(shop.staff.post, path, {"amount": eur(2000)})["code"] == "payment_changed"
    shop.hear(bank)
    assert [refund["amount"] for refund in bank.refunds.values()] == [2000]


def test_a_part_that_the_bank_refused_is_asked_for_again(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy(2)
    sent(shop, bank, order)
    path = f"/admin/orders/{order.id}/refunds"
    bank.refund_status = lambda: "failed"
    shop.staff.post(path, {"amount": eur(1000)})
    shop.hear(bank)
    bank.refund_status = lambda: "succeeded"
    shop.staff.post(path, {"amount": eur(1000)})
    shop.hear(bank)
    assert bank.given_back("pi_000001") == 1000
    assert order.post("/payments")["status"] == "captured"


def test_a_changed_payment_changes_no_order(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], weather: Any
) -> None:
    order = buy()
    paid(shop, bank, order)
    weather("TransactWriteItems", [lambda: costs_now(order.id, 1000)])
    with pytest.raises(RuntimeError, match="changed meanwhile"):
        costs_now(order.id, 1500)


def exchange(order_id: str, credit: int, total: int, to_order: str, method: str = "card") -> Any:
    from chalicelib.payments import opening, refunds

    _, moved = refunds.exchange(order_id, euros(credit), to_order, euros(0), LIN)
    attempts, made = opening.first_attempts_from_goods(
        to_order, order_id, euros(credit), euros(total), method, "hash", None
    )
    dynamo.transaction([*moved, *made])
    return opening.to_look_at(attempts)


def test_returned_goods_pay_for_others(shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]) -> None:
    from chalicelib.core import ids
    from chalicelib.payments import service

    order = buy(2)
    sent(shop, bank, order)
    new = ids.new_id("ord")
    rest = exchange(order.id, 1290, 1500, new)
    assert (rest.method, rest.amount, rest.state) == ("card", euros(210), "created")
    credit = service.of_order(new)[0][0]
    assert (credit.method, credit.captured, credit.owed) == ("exchange_credit", euros(1290), euros(1500))
    (moved,) = service.of_order(order.id)[1]
    assert (moved.state, moved.to_order, moved.amount) == ("succeeded", new, euros(1290))
    assert bank.refunds == {}
    with pytest.raises(ShopError, match="payment_not_secured"):
        service.secured(new)
    with pytest.raises(ShopError, match="refund_too_large"):
        exchange(order.id, 1786, 1786, ids.new_id("ord"))


def test_what_an_exchange_does_not_need_goes_back_the_way_it_came(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    from chalicelib.core import ids
    from chalicelib.orders.events import OrderCanceled
    from chalicelib.payments import charging, refund_progress, service, settlement

    order = buy(2)
    sent(shop, bank, order)
    new = ids.new_id("ord")
    assert exchange(order.id, 1290, 1290, new).method == "exchange_credit"
    dynamo.transaction(charging.charge_anew(new, euros(1000), Changed).actions)
    settlement.call_off(OrderCanceled(aggregate_id=new, aggregate_version=3, total=euros(1000), payment_method="card"))
    for refund in service.of_order(order.id)[1]:
        refund_progress.look_after(refund.id)
    assert sorted(refund["amount"] for refund in bank.refunds.values()) == [290, 1000]
    attempt = service.of_order(order.id)[0][0]
    assert (int(attempt.refunding), int(attempt.refunded)) == (1290, 1290)
    assert [(r.state, r.amount.amount) for r in service.of_order(order.id)[1]] == [
        ("failed", 0),
        ("succeeded", 290),
        ("succeeded", 1000),
    ]
    assert service.of_order(new)[0][0].refunded == 1290
