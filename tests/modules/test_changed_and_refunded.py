"""Orders that change after money of them went back: nobody pays twice, is paid twice, or gets something unpaid."""

from collections.abc import Callable

from amending import edit, paid, send
from inprocess import Buyer, Shop, eur
from refusals import refusal
from strict_stripe import StripeServer


def an_e_book(shop: Shop) -> None:
    shop.product("book", variants=[{"sku": "BOOK", "price": eur(1290), "digital": True}])


def test_money_that_went_back_does_not_pay_for_what_is_added_later(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    """A mug is taken out after the card was charged, and a book of the same price is added: it is not paid yet."""
    an_e_book(shop)
    order = buy(2)
    paid(shop, bank, order)
    send(shop, order, "pack")
    shop.hear(bank)
    shop.staff.post(f"/admin/orders/{order.id}/cancel-lines", {"lines": {"MUG": 1}})
    shop.hear(bank)
    assert [refund["amount"] for refund in bank.refunds.values()] == [1290]
    send(shop, order, "dispatch")
    edit(shop, order, add={"BOOK": 1})
    send(shop, order, "deliver")
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"
    session = order.post("/payments")
    assert session["amount"] == eur(1290)
    bank.pay(session["client_secret"])
    shop.hear(bank)
    assert order.get()["status"] == "completed"


def test_an_edit_at_once_after_the_refund_was_asked_for_is_not_paid_by_it(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    """No event has told the order yet that the money is on its way back."""
    an_e_book(shop)
    order = buy(2)
    paid(shop, bank, order)
    send(shop, order, "pack")
    shop.hear(bank)
    send(shop, order, "dispatch", "deliver")
    edit(shop, order, add={"BOOK": 1})
    shop.staff.post(f"/admin/orders/{order.id}/cancel-lines", {"lines": {"BOOK": 1}})
    edit(shop, order, add={"BOOK": 1})
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"


def test_goodwill_is_not_asked_back_for_what_is_added_later(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    an_e_book(shop)
    order = buy(2)
    paid(shop, bank, order)
    send(shop, order, "pack")
    shop.hear(bank)
    send(shop, order, "dispatch")
    shop.deliver()
    shop.staff.post(f"/admin/orders/{order.id}/refunds", {"amount": eur(200), "reason": "a scratch"})
    shop.hear(bank)
    edit(shop, order, add={"BOOK": 1})
    assert order.post("/payments")["amount"] == eur(1290)


def test_what_was_given_back_for_something_digital_does_not_go_back_again_with_its_line(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    an_e_book(shop)
    order = buy(1, ("BOOK", 1))
    paid(shop, bank, order)
    send(shop, order, "pack")
    shop.hear(bank)
    send(shop, order, "dispatch")
    shop.deliver()
    shop.staff.post(f"/admin/orders/{order.id}/refunds", {"amount": eur(1290), "reason": "could not be opened"})
    shop.hear(bank)
    path = f"/admin/orders/{order.id}/cancel-lines"
    assert refusal(shop.staff.post, path, {"lines": {"BOOK": 1}})["code"] == "refunded_already"
    assert sum(refund["amount"] for refund in bank.refunds.values()) == 1290


def test_what_was_never_paid_is_taken_out_though_money_went_back(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    an_e_book(shop)
    order = buy(2)
    paid(shop, bank, order)
    send(shop, order, "pack")
    shop.hear(bank)
    send(shop, order, "dispatch")
    shop.deliver()
    shop.staff.post(f"/admin/orders/{order.id}/refunds", {"amount": eur(200), "reason": "a scratch"})
    shop.hear(bank)
    edit(shop, order, add={"BOOK": 1})
    send(shop, order, "deliver")
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"
    edit(shop, order, set={"BOOK": 0})
    assert order.get()["status"] == "completed"


def test_an_order_whose_authorization_lapsed_can_be_made_smaller(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    """Nothing of it has left the house, so nothing has to be paid for that."""
    order = buy(3)
    paid(shop, bank, order)
    bank.lapse("pi_000001")
    shop.hear(bank)
    assert order.post("/cancel-lines", {"lines": {"MUG": 1}})["quantity"] == 2
