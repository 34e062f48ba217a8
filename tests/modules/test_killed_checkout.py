"""A checkout that dies at any point, and is asked for again with its key, is one order, one payment, one answer."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from fate import Fate, Killed
from inprocess import Cart, Shop
from strict_stripe import StripeServer

KEY = "the-key-of-this-checkout"


@pytest.fixture
def fate(monkeypatch: pytest.MonkeyPatch, shop: Shop, bank: StripeServer) -> Fate:
    # What is decided once is in the function's cache, as it mostly is, and so are the provider's keys.
    shop.staff.get("/admin/order-policy")
    shop.guest.get("/payment-methods")
    return Fate(monkeypatch, bank)


def guests_cart(shop: Shop) -> Cart:
    return shop.ready_cart(("MUG", 1))


def customers_cart(shop: Shop) -> Cart:
    return shop.cart_of(shop.customer(), ("MUG", 1))


@pytest.mark.parametrize("filled", [guests_cart, customers_cart])
@pytest.mark.parametrize("method", ["card", "cash_on_delivery"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_checkout_that_is_killed_anywhere_is_finished_by_asking_again(
    shop: Shop, bank: StripeServer, fate: Fate, moment: str, method: str, filled: Callable[[Shop], Cart]
) -> None:
    shop.product("mug", stock={"ams": 50})
    killed_at: list[str] = []
    for turn in count(1):
        cart = filled(shop)
        wish = cart.wish(payment_method=method)
        fate.strikes(turn, moment)
        try:
            placed = cart.post("/checkout", wish, key=f"{KEY}-{turn}")
        except Killed as killed:
            killed_at.append(str(killed))
            placed = cart.post("/checkout", wish, key=f"{KEY}-{turn}")
        survived = fate.spares()
        assert cart.post("/checkout", wish, key=f"{KEY}-{turn}") == placed
        assert (placed["payment"]["client_secret"] is not None) == (method == "card")
        assert shop.stock("MUG")["reserved"] == turn
        assert shop.names().count("OrderPlaced") == turn
        assert len(bank.intents) == (turn if method == "card" else 0)
        if survived:
            break
    provided = ["POST /v1/payment_intents", "PutItem"] if method == "card" else []
    assert killed_at == ["GetItem", "BatchGetItem", "TransactWriteItems", *provided]


def test_what_nobody_asks_for_again_the_sweep_finishes(
    shop: Shop, bank: StripeServer, fate: Fate, travel: Callable[..., None]
) -> None:
    """The function died between the commit and the provider, and the guest went away."""
    shop.product("mug", stock={"ams": 5})
    cart = guests_cart(shop)
    wish = cart.wish(payment_method="card")
    fate.strikes(4, "before")
    with pytest.raises(Killed, match="payment_intents"):
        cart.post("/checkout", wish)
    assert shop.stock("MUG")["reserved"] == 1
    travel(timedelta(minutes=3))
    assert shop.sweep()["looked_after"] == 1
    assert len(bank.intents) == 1
    travel(timedelta(minutes=30))
    shop.expire()
    assert shop.stock("MUG")["available"] == 5
    assert [intent["status"] for intent in bank.intents.values()] == ["canceled"]
