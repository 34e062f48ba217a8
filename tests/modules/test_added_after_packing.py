"""What staff add to an order whose parcel is packed already, and that nothing was taken for: its money comes too."""

from collections.abc import Callable

import pytest
from amending import edit, paid, send
from inprocess import Buyer, Order, Shop, eur
from returning import exchange, opened, received
from strict_stripe import StripeServer

# When staff add it: before the parcel leaves, and on its way.
WHEN = pytest.mark.parametrize("before", [("pack",), ("pack", "dispatch")], ids=["packed", "sent"])


@pytest.fixture(autouse=True)
def ebook(shop: Shop) -> None:
    """Digital, so that no parcel is packed for it."""
    shop.product("ebook", variants=[{"sku": "EBOOK", "price": eur(500), "digital": True}])


def finish(shop: Shop, bank: StripeServer, order: Order, *steps: str) -> None:
    for step in steps:
        send(shop, order, step)
        shop.hear(bank)


def add_and_pay(shop: Shop, bank: StripeServer, order: Order, before: tuple[str, ...]) -> None:
    finish(shop, bank, order, *before)
    edit(shop, order, add={"EBOOK": 1}, reason="Wanted, too.")
    bank.pay(order.post("/payments", {})["client_secret"])
    shop.hear(bank)
    finish(shop, bank, order, *(step for step in ("pack", "dispatch", "deliver") if step not in before))
    page = order.get()
    assert (page["status"], page["payment_status"]) == ("completed", "paid")


@WHEN
def test_to_an_order_that_credit_paid(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], before: tuple[str, ...]
) -> None:
    old = buy(1)
    paid(shop, bank, old)
    finish(shop, bank, old, "pack", "dispatch", "deliver")
    new = opened(old, exchange(shop, received(shop, old), MUG=1))
    shop.hear(bank)
    add_and_pay(shop, bank, new, before)
    assert [intent["status"] for intent in bank.intents.values()] == ["succeeded", "succeeded"]


@pytest.fixture
def gift(shop: Shop) -> None:
    """It costs nothing, nor does sending it."""
    shop.product("gift", variants=[{"sku": "GIFT", "price": eur(0), "stock": {"ams": 5}}])
    shop.staff.put("/admin/shipping-options/standard", {"name": "s", "price": eur(0), "days_min": 1, "days_max": 5})


@WHEN
@pytest.mark.usefixtures("gift")
def test_to_an_order_that_cost_nothing(shop: Shop, bank: StripeServer, before: tuple[str, ...]) -> None:
    order = shop.order_of(shop.ready_cart(("GIFT", 1)).check_out(payment_method="card"))
    shop.hear(bank)
    add_and_pay(shop, bank, order, before)
    assert [intent["status"] for intent in bank.intents.values()] == ["succeeded"]


@WHEN
@pytest.mark.usefixtures("gift")
def test_to_an_order_that_came_to_cost_nothing(shop: Shop, bank: StripeServer, before: tuple[str, ...]) -> None:
    shop.product("mug", stock={"ams": 5})
    placed = shop.ready_cart(("GIFT", 1), ("MUG", 1)).check_out(payment_method="card")
    order = shop.order_of(placed)
    bank.pay(placed["payment"]["client_secret"])
    shop.hear(bank)
    edit(shop, order, set={"MUG": 0}, reason="Not wanted.")
    shop.hear(bank)
    add_and_pay(shop, bank, order, before)
    assert [intent["status"] for intent in bank.intents.values()] == ["canceled", "succeeded"]
