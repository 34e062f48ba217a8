"""What is owed changes while it is not paid yet: edits, returns, exchanges, and a gift card that paid some of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from amending import edit, send
from buyers import deliver
from crediting import gift_card
from inprocess import Shop, eur
from returning import exchange, opened, received, refund
from strict_stripe import StripeServer
from transferring import by_invoice, by_transfer, holds, offered, overdue, receive


@pytest.fixture
def goods(shop: Shop, bank: StripeServer) -> Shop:
    return offered(shop)


def test_a_transfer_for_what_was_added_pays_for_it(goods: Shop) -> None:
    order = by_transfer(goods)
    receive(goods, order, 1785)
    edit(goods, order, set={"MUG": 2}, reason="more")
    goods.deliver()
    receive(goods, order, 1290)
    assert order.get()["payment_status"] == "paid"
    assert not goods.staff.get("/admin/refunds/to-pay-out")["data"]


def test_what_comes_back_before_its_invoice_is_paid_is_not_owed(goods: Shop) -> None:
    order = by_invoice(goods)
    deliver(goods, order)
    refund(goods, received(goods, order))
    goods.deliver()
    assert holds(order) == 1785 - 1290
    (credited,) = goods.staff.get(f"/admin/orders/{order.id}/refunds")["data"]
    assert (credited["status"], credited["amount"]) == ("credited", eur(1290))
    assert not goods.staff.get("/admin/refunds/to-pay-out")["data"]


def test_what_costs_more_in_exchange_is_invoiced_as_the_first_order_was(goods: Shop) -> None:
    goods.product("bowl", variants=[{"sku": "BOWL", "price": eur(1990), "stock": {"ams": 5}}])
    order = by_invoice(goods)
    deliver(goods, order)
    receive(goods, order, 1785)
    new = opened(order, exchange(goods, received(goods, order), BOWL=1))
    goods.deliver()
    assert (new.get()["status"], new.get()["payment_method"]) == ("confirmed", "invoice")
    assert new.post("/payments")["amount"] == eur(1990 - 1290)


def test_nobody_is_asked_for_an_invoice_over_nothing(goods: Shop, travel: Callable[[timedelta], None]) -> None:
    """A gift card pays for all that is left after one of two mugs was canceled."""
    card = gift_card(goods, 2500)
    order = by_invoice(goods, 2, gift_cards=[card["code"]])
    send(goods, order, "pack")
    goods.deliver()
    goods.staff.post(f"/admin/orders/{order.id}/cancel-lines", {"lines": {"MUG": 1}, "reason": "one is enough"})
    goods.deliver()
    travel(timedelta(days=40))
    assert overdue(goods) == []


def test_what_is_added_after_the_parcels_went_is_due_as_what_was_in_them(
    goods: Shop, travel: Callable[[timedelta], None]
) -> None:
    goods.product("song", variants=[{"sku": "SONG", "price": eur(500), "digital": True}])
    order = by_invoice(goods, 2)
    send(goods, order, "pack", "dispatch")
    goods.deliver()
    receive(goods, order, order.placed["order"]["total"]["amount"])
    edit(goods, order, add={"SONG": 1}, reason="more")
    goods.deliver()
    travel(timedelta(days=60))
    assert overdue(goods) == [500]
