"""Store credit: what the shop owes a customer, who alone can pay with it."""

from typing import Any

import pytest
from buyers import deliver
from crediting import books_are_right, gift_card, left_on, owe, owed_to, tenders
from inprocess import Cart, Gateway, Order, Shop, eur, list_price, usd
from refusals import refusal

from infra.local.client import Json

KEY = "a-key-of-16-chars"
TOTAL = 1785  # a mug, and sending it


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.product("mug", stock={"ams": 20})
    return shop


@pytest.fixture
def ann(shop: Shop) -> Gateway:
    return shop.customer("ann")


def check_out(shop: Shop, customer: Gateway, **wish: Any) -> Order:
    placed = shop.cart_of(customer, ("MUG", 1)).check_out(store_credit=True, **wish)
    return Order(customer, f"/me/orders/{placed['order']['id']}", placed)


def test_staff_give_credit_and_take_it_back(shop: Shop, ann: Gateway) -> None:
    given = owe(shop, ann, 2000, key=KEY)
    assert owe(shop, ann, 2000, key=KEY) == given
    assert owed_to(ann) == 2000
    taken = owe(shop, ann, -500)
    assert taken["balances"] == [eur(1500)]
    assert [(e["what"], e["amount"], e["reason"], e["by"]) for e in taken["data"]] == [
        ("adjust", -500, "sorry", "owner-1"),
        ("issue", 2000, "sorry", "owner-1"),
    ]
    assert owed_to(ann) == 1500
    actions = [entry["action"] for entry in shop.staff.get("/admin/audit")["data"]]
    assert actions.count("store_credit.changed") == 2


def test_no_more_is_taken_back_than_there_is(shop: Shop, ann: Gateway) -> None:
    assert refusal(owe, shop, ann, -1)["code"] == "not_enough_credit"
    owe(shop, ann, 300)
    refused = refusal(owe, shop, ann, -301)
    assert (refused["status"], refused["pointer"]) == (409, "/amount/amount")
    assert refusal(owe, shop, ann, -1, "USD")["code"] == "not_enough_credit"
    assert refusal(owe, shop, ann, 0)["status"] == 422
    owe(shop, ann, -300)
    assert owed_to(ann) == 0


def test_the_last_of_it_is_taken_back_once(shop: Shop, ann: Gateway, weather: Any) -> None:
    owe(shop, ann, 300)
    weather("TransactWriteItems", [lambda: owe(shop, ann, -300)])
    assert refusal(owe, shop, ann, -300)["code"] == "not_enough_credit"
    assert owed_to(ann) == 0


def test_two_requests_at_once_under_one_key_give_once(shop: Shop, ann: Gateway, weather: Any) -> None:
    weather("TransactWriteItems", [lambda: owe(shop, ann, 300, key=KEY)])
    owe(shop, ann, 300, key=KEY)
    assert owed_to(ann) == 300
    assert refusal(owe, shop, ann, 301, key=KEY)["code"] == "idempotency_key_reused"


def test_of_two_different_requests_at_once_under_one_key_one_is_told_so(shop: Shop, ann: Gateway, weather: Any) -> None:
    weather("TransactWriteItems", [lambda: owe(shop, ann, 300, key=KEY)])
    assert refusal(owe, shop, ann, 301, key=KEY)["code"] == "idempotency_key_reused"
    assert owed_to(ann) == 300


def test_a_customer_sees_what_they_have_but_not_why(shop: Shop, ann: Gateway) -> None:
    owe(shop, ann, 300)
    owe(shop, ann, 500, "USD")
    page = ann.get("/me/store-credit?limit=1")
    assert page["balances"] == [eur(300), usd(500)]
    (newest,) = page["data"]
    assert (newest["what"], newest["amount"], newest["currency"]) == ("issue", 500, "USD")
    assert "sorry" not in str(page)
    assert "owner" not in str(page)
    older = ann.get(f"/me/store-credit?limit=1&cursor={page['next_cursor']}")
    assert ([entry["currency"] for entry in older["data"]], older["next_cursor"]) == (["EUR"], None)
    assert shop.customer("ben").get("/me/store-credit") == {"balances": [], "data": [], "next_cursor": None}


def test_credit_pays_for_all_of_an_order(shop: Shop, ann: Gateway) -> None:
    owe(shop, ann, 2000)
    order = check_out(shop, ann, payment_method=None)
    page = order.get()
    assert (page["status"], page["payment_status"], page["payment_method"]) == ("confirmed", "paid", "store_credit")
    assert owed_to(ann) == 2000 - TOTAL
    deliver(shop, order)
    assert order.get()["status"] == "completed"
    assert books_are_right(order.id)
    assert ann.get("/me/store-credit")["data"][0]["ref"] == order.placed["payment"]["id"]


def test_gift_cards_pay_before_store_credit_and_that_before_money(shop: Shop, ann: Gateway) -> None:
    owe(shop, ann, 500)
    card = gift_card(shop, 1000)
    order = check_out(shop, ann, gift_cards=[card["code"]])
    assert tenders(order.id) == [
        ("gift_card", "captured", 1000, 0),
        ("store_credit", "captured", 500, 0),
        ("cash_on_delivery", "created", 285, 0),
    ]
    order.post("/cancel")
    shop.deliver()
    assert (owed_to(ann), left_on(shop, card)) == (500, 1000)
    assert books_are_right(order.id)


def test_what_cards_pay_is_not_taken_from_store_credit(shop: Shop, ann: Gateway) -> None:
    owe(shop, ann, 500)
    order = check_out(shop, ann, gift_cards=[gift_card(shop, 5000)["code"]])
    assert [method for method, *_ in tenders(order.id)] == ["gift_card"]
    assert owed_to(ann) == 500


def test_a_guest_has_none(shop: Shop) -> None:
    refused = refusal(shop.ready_cart().check_out, store_credit=True)
    assert (refused["status"], refused["pointer"]) == (422, "/store_credit")


def test_nobody_pays_with_the_credit_of_others_or_of_another_currency(shop: Shop, ann: Gateway) -> None:
    owe(shop, ann, 5000)
    ben = shop.customer("ben")
    owe(shop, ben, 5000, "USD")
    refused = refusal(check_out, shop, ben)
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "no_store_credit", "/store_credit")
    assert owed_to(ann) == owed_to(ben) == 5000
    assert refusal(shop.guest.get, "/me/store-credit")["status"] == 401
    assert refusal(ann.post, "/admin/users/sub-of-ann/store-credit", {})["status"] == 401


def test_credit_in_dollars_pays_for_what_is_sold_in_dollars(shop: Shop, ann: Gateway) -> None:
    shop.price_list("dollars", currency="USD")
    ebook = {"sku": "EBOOK", "price": eur(500), "digital": True, "prices": [list_price("dollars", usd(600))]}
    shop.product("ebook", variants=[ebook])
    owe(shop, ann, 300)
    owe(shop, ann, 1000, "USD")
    ann.post("/me/cart", {"currency": "USD"})
    cart = Cart(ann, "/me/cart")
    cart.post("/items", {"sku": "EBOOK", "quantity": 1})
    placed = cart.check_out(store_credit=True, payment_method=None)
    assert (placed["order"]["status"], placed["payment"]["amount"]) == ("completed", usd(600))
    assert ann.get("/me/store-credit")["balances"] == [eur(300), usd(400)]


def test_not_enough_without_another_method_buys_nothing(shop: Shop, ann: Gateway) -> None:
    owe(shop, ann, 500)
    refused = refusal(check_out, shop, ann, payment_method=None)
    assert (refused["code"], refused["missing"]) == ("payment_method_required", eur(TOTAL - 500))
    assert owed_to(ann) == 500


def test_credit_is_spent_once_by_two_checkouts_at_once(shop: Shop, ann: Gateway, weather: Any) -> None:
    """In the shop the cart would tell them apart; here credit is taken back while it is spent."""
    owe(shop, ann, TOTAL)
    weather("TransactWriteItems", [lambda: owe(shop, ann, -1)])
    assert refusal(check_out, shop, ann, payment_method=None)["missing"] == eur(1)
    assert owed_to(ann) == TOTAL - 1


def test_the_same_checkout_again_spends_once(shop: Shop, ann: Gateway, weather: Any) -> None:
    owe(shop, ann, 5000)
    cart = shop.cart_of(ann, ("MUG", 1))
    wish: Json = cart.wish(store_credit=True, payment_method=None)
    twin: list[Json] = []
    weather("TransactWriteItems", [lambda: twin.append(cart.post("/checkout", wish, key=KEY))])
    placed = cart.post("/checkout", wish, key=KEY)
    assert placed == twin[0] == cart.post("/checkout", wish, key=KEY)
    assert owed_to(ann) == 5000 - TOTAL


def test_a_canceled_order_gives_it_back(shop: Shop, ann: Gateway) -> None:
    owe(shop, ann, 5000)
    order = check_out(shop, ann)
    for _ in range(2):
        order.post("/cancel")
        shop.deliver()
    assert owed_to(ann) == 5000
    assert [entry["what"] for entry in ann.get("/me/store-credit")["data"]] == ["return", "spend", "issue"]
    assert books_are_right(order.id)
