"""Customers save their cards with the provider; the shop knows where they are and never what they are."""

from typing import Any

import pytest
import stripe
from inprocess import Order, Shop
from refusals import refusal
from strict_customers import Customers
from strict_stripe import StripeServer

PATH = "/me/payment-methods"


@pytest.fixture
def vault(bank: StripeServer) -> Customers:
    return Customers(bank)


def save(customer: Any, vault: Customers, last4: str = "4242") -> str:
    return vault.save(customer.post(PATH)["client_secret"], last4)


def listed(customer: Any) -> list[tuple[str, bool]]:
    return [(method["last4"], method["is_default"]) for method in customer.get(PATH)["data"]]


def test_what_was_saved_is_listed_and_the_newest_comes_first(shop: Shop, vault: Customers) -> None:
    ann = shop.customer("ann")
    assert listed(ann) == []
    save(ann, vault, "4242")
    save(ann, vault, "4444")
    assert listed(ann) == [("4444", True), ("4242", False)]
    assert len(vault.customers) == 1


def test_a_customer_says_which_one_comes_first(shop: Shop, vault: Customers) -> None:
    ann = shop.customer("ann")
    old = save(ann, vault, "4242")
    save(ann, vault, "4444")
    ann.post(f"{PATH}/{old}/default")
    assert listed(ann) == [("4444", False), ("4242", True)]
    ann.call("DELETE", f"{PATH}/{old}")
    assert listed(ann) == [("4444", True)]


def test_nobody_sees_chooses_or_forgets_what_somebody_else_saved(shop: Shop, vault: Customers) -> None:
    ann, bob = shop.customer("ann"), shop.customer("bob")
    hers = save(ann, vault)
    save(bob, vault, "4444")
    assert listed(bob) == [("4444", True)]
    assert refusal(bob.call, "DELETE", f"{PATH}/{hers}")["status"] == 404
    assert refusal(bob.post, f"{PATH}/{hers}/default")["status"] == 404
    assert listed(ann) == [("4242", True)]


def test_beginning_twice_under_one_key_is_beginning_once(shop: Shop, vault: Customers) -> None:
    ann = shop.customer("ann")
    first = ann.post(PATH, key="save-a-card-on-monday")
    assert ann.post(PATH, key="save-a-card-on-monday") == first
    assert len(vault.setups) == 1


def test_a_customer_is_registered_once_though_the_answer_got_lost(
    shop: Shop, vault: Customers, bank: StripeServer
) -> None:
    ann = shop.customer("ann")
    storms = [stripe.APIConnectionError("cut")]

    def cut(call: str) -> None:
        if call == "POST /v1/customers" and storms:
            raise storms.pop()

    bank.after = cut
    problem = refusal(ann.post, PATH)
    assert (problem["status"], problem["code"]) == (503, "provider_unavailable")
    save(ann, vault)
    assert len(vault.customers) == 1


def test_a_saved_card_can_be_used_at_the_checkout(shop: Shop, vault: Customers, bank: StripeServer) -> None:
    shop.product("mug", stock={"ams": 5})
    ann = shop.customer("ann")
    save(ann, vault)
    shop.cart_of(ann, ("MUG", 1)).check_out(payment_method="card")
    (intent,) = bank.intents.values()
    assert intent["customer"] == next(iter(vault.customers))


def test_a_guest_is_no_customer_of_the_providers(buy: Any, bank: StripeServer) -> None:
    buy()
    assert "customer" not in next(iter(bank.intents.values()))


def test_who_saves_a_second_card_without_a_key_begins_anew(shop: Shop, vault: Customers) -> None:
    ann = shop.customer("ann")
    first, second = (ann.call("POST", PATH)["client_secret"] for _ in range(2))
    assert first != second


def test_whom_the_provider_has_forgotten_has_saved_nothing_there(shop: Shop, vault: Customers) -> None:
    ann = shop.customer("ann")
    save(ann, vault)
    vault.forget()
    assert listed(ann) == []


def test_whom_the_provider_has_forgotten_can_save_a_card_again(shop: Shop, vault: Customers) -> None:
    ann = shop.customer("ann")
    save(ann, vault)
    vault.forget()
    save(ann, vault, "4444")
    assert listed(ann) == [("4444", True)]


def test_whom_the_provider_has_forgotten_can_pay_all_the_same(shop: Shop, vault: Customers, bank: StripeServer) -> None:
    shop.product("mug", stock={"ams": 5})
    ann = shop.customer("ann")
    save(ann, vault)
    vault.forget()
    placed = shop.cart_of(ann, ("MUG", 1)).check_out(payment_method="card")
    order = Order(ann, f"/me/orders/{placed['order']['id']}", placed)
    assert bank.pay(order.post("/payments")["client_secret"])
