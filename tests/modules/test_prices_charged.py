"""The price shown is the price charged: by currency, customer group, pieces and moment, from the cart to the order."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import ADDRESS, Cart, Gateway, Shop, eur, list_price, usd
from refusals import refusal
from strict_stripe import StripeServer

from chalicelib.core import cache, clock, dynamo

Json = dict[str, Any]
KEY = "a-key-of-16-chars"


@pytest.fixture
def priced(shop: Shop) -> Shop:
    """A mug with tiers for everybody, prices of a group, and a price in dollars; a bowl without any of these."""
    shop.price_list("bulk")
    shop.price_list("vip", groups=["vip"])
    shop.price_list("dollars", currency="USD")
    prices = [
        list_price("bulk", eur(1100), 5),
        list_price("bulk", eur(900), 10),
        list_price("vip", eur(800)),
        list_price("dollars", usd(1500)),
        list_price("dollars", usd(1400), 3),
    ]
    shop.product("mug", variants=[{"sku": "MUG", "price": eur(1290), "prices": prices, "stock": {"ams": 100}}])
    shop.product("bowl")
    shop.staff.put("/admin/shipping-options/post", {"name": "Post", "price": usd(700), "days_min": 1, "days_max": 9})
    return shop


def line(cart: Json, sku: str = "MUG") -> tuple[Json, Json, str]:
    (found,) = [one for one in cart["lines"] if one["sku"] == sku]
    return found["unit_price"], found["total"], found["status"]


def open_cart(shop: Shop, currency: str, *lines: tuple[str, int]) -> Cart:
    made = shop.guest.post("/carts", {"currency": currency})
    cart = Cart(shop.guest.with_headers(**{"Cart-Token": made["cart_token"]}), f"/carts/{made['id']}")
    for sku, quantity in lines:
        cart.post("/items", {"sku": sku, "quantity": quantity})
    return cart


def merge(customer: Gateway, cart: Cart, **body: Any) -> Json:
    bearer = customer.with_headers(**cart.api.headers)
    return bearer.post("/me/cart", {"cart_id": cart.path.rpartition("/")[2], **body})


def test_the_unit_price_follows_the_quantity(priced: Shop) -> None:
    cart = priced.cart(("MUG", 4))
    assert line(cart.get()) == (eur(1290), eur(4 * 1290), "ok")
    assert line(cart.post("/items", {"sku": "MUG", "quantity": 1})) == (eur(1100), eur(5 * 1100), "ok")
    assert line(cart.patch("/items/MUG", {"quantity": 12})) == (eur(900), eur(12 * 900), "ok")
    assert line(cart.patch("/items/MUG", {"quantity": 9})) == (eur(1100), eur(9 * 1100), "ok")
    assert line(cart.get()) == (eur(1100), eur(9 * 1100), "ok")


def test_what_is_shown_on_the_page_is_in_the_cart(priced: Shop) -> None:
    (shown,) = priced.guest.get("/products/mug")["variants"]
    for pieces, price in [(1, shown["price"]), *((tier["min_quantity"], tier["price"]) for tier in shown["tiers"])]:
        assert line(priced.cart(("MUG", pieces)).get())[0] == price


def test_a_groups_customer_pays_its_price_and_a_guest_does_not(priced: Shop) -> None:
    ann = priced.cart_of(priced.member("ann", "vip"), ("MUG", 2))
    assert line(ann.get()) == (eur(800), eur(1600), "ok")
    order = ann.check_out()["order"]
    assert line(order)[:2] == (eur(800), eur(1600))
    totals = order["totals"]
    assert (totals["items"], totals["shipping"], totals["total"]) == (eur(1600), eur(495), eur(2095))
    for other in (priced.cart(("MUG", 2)), priced.cart_of(priced.customer("ben"), ("MUG", 2))):
        assert line(other.get()) == (eur(1290), eur(2580), "ok")


def source(shown: Json, sku: str = "MUG") -> Json:
    (found,) = [one for one in shown["lines"] if one["sku"] == sku]
    return dict(found["price_source"])


def test_a_line_says_which_list_and_how_many_pieces_its_price_is_from(priced: Shop) -> None:
    cart = priced.ready_cart(("MUG", 4), ("BOWL", 1))
    own = {"price_list": None, "from_pieces": 1}
    assert (source(cart.get()), source(cart.get(), "BOWL")) == (own, own)
    assert source(cart.patch("/items/MUG", {"quantity": 9})) == {"price_list": "bulk", "from_pieces": 5}
    assert source(cart.patch("/items/MUG", {"quantity": 11})) == {"price_list": "bulk", "from_pieces": 10}
    assert source(cart.get()) == {"price_list": "bulk", "from_pieces": 10}
    order = priced.order_of(cart.check_out())
    priced.staff.delete("/admin/price-lists/bulk")
    assert source(order.get()) == {"price_list": "bulk", "from_pieces": 10}
    ann = priced.cart_of(priced.member("ann", "vip"), ("MUG", 11))
    assert source(ann.check_out()["order"]) == {"price_list": "vip", "from_pieces": 1}


def test_lines_that_staff_change_keep_where_their_price_is_from(priced: Shop) -> None:
    order = priced.order(("MUG", 10))
    for pieces in (3, 5):
        priced.staff.post(f"/admin/orders/{order.id}/edit", {"set": {"MUG": pieces}, "reason": "phoned"})
        assert (source(order.get()), line(order.get())[0]) == ({"price_list": "bulk", "from_pieces": 10}, eur(900))
    priced.staff.post(f"/admin/orders/{order.id}/edit", {"add": {"BOWL": 1}, "reason": "phoned"})
    assert source(order.get(), "BOWL") == {"price_list": None, "from_pieces": 1}


def test_the_same_price_from_another_list_is_no_change_of_the_cart(priced: Shop) -> None:
    cart = priced.ready_cart(("MUG", 10))
    wish = cart.wish()
    priced.price_list("again")
    product = next(p for p in priced.staff.get("/admin/products")["data"] if p["handle"] == "mug")
    mug = {"sku": "MUG", "price": eur(1290), "prices": [list_price("again", eur(900), 8)]}
    body = {"handle": "mug", "title": "Mug", "status": "published", "variants": [mug]}
    priced.staff.put(f"/admin/products/{product['id']}", body)
    assert cart.get()["changes"] == []
    assert source(cart.post("/checkout", wish)["order"]) == {"price_list": "again", "from_pieces": 8}


def test_who_leaves_a_group_does_not_pay_its_price_any_more(priced: Shop) -> None:
    ann = priced.cart_of(priced.member("ann", "vip"), ("MUG", 1))
    wish = ann.wish()
    priced.member("ann")
    refused = refusal(ann.post, "/checkout", wish)
    assert (refused["status"], refused["code"], line(refused["cart"])[0]) == (409, "cart_changed", eur(1290))


def test_a_guests_cart_is_merged_at_the_customers_own_prices(priced: Shop) -> None:
    guests = priced.cart(("MUG", 3))
    assert line(guests.get())[0] == eur(1290)
    ann = priced.member("ann", "vip")
    assert line(merge(ann, guests)) == (eur(800), eur(2400), "ok")
    assert line(ann.put("/me/cart/shipping-address", ADDRESS)) == (eur(800), eur(2400), "ok")


def test_merged_pieces_reach_the_tier_that_they_reach_together(priced: Shop) -> None:
    ben = priced.customer("ben")
    merge(ben, priced.cart(("MUG", 3)))
    assert line(merge(ben, priced.cart(("MUG", 3)))) == (eur(1100), eur(6600), "ok")
    assert line(ben.put("/me/cart/shipping-address", ADDRESS)) == (eur(1100), eur(6600), "ok")


def test_a_cart_in_dollars_becomes_an_order_in_dollars(priced: Shop) -> None:
    cart = open_cart(priced, "USD", ("MUG", 3))
    assert (cart.get()["currency"], line(cart.get())) == ("USD", (usd(1400), usd(4200), "ok"))
    cart.put("/shipping-address", ADDRESS)
    assert [option["id"] for option in cart.get("/shipping-options")["data"]] == ["post"]
    assert refusal(cart.put, "/shipping-option", {"id": "standard"})["pointer"] == "/id"
    cart.put("/shipping-option", {"id": "post"})
    assert refusal(cart.check_out, expected_total=eur(4900))["code"] == "cart_changed"
    placed = cart.check_out()
    totals = placed["order"]["totals"]
    assert (totals["items"], totals["shipping"], totals["total"]) == (usd(4200), usd(700), usd(4900))
    assert placed["payment"]["amount"] == usd(4900)
    order = priced.order_of(placed)
    priced.deliver()
    parcel = order.get("/shipments")["data"][0]["id"]
    for step, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
        priced.staff.post(f"/admin/shipments/{parcel}/{step}", body)
    priced.deliver()
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")
    assert order.api.get(f"/payments/{placed['payment']['id']}")["captured"] == usd(4900)


def test_a_card_is_charged_in_the_carts_currency(priced: Shop, bank: StripeServer) -> None:
    yen = {"amount": 1800, "currency": "JPY"}
    priced.price_list("yen", currency="JPY")
    priced.product(
        "pot", variants=[{"sku": "POT", "price": eur(1), "prices": [list_price("yen", yen)], "digital": True}]
    )
    placed = open_cart(priced, "JPY", ("POT", 2)).check_out(payment_method="card")
    (intent,) = bank.intents.values()
    assert (intent["amount"], intent["currency"]) == (3600, "jpy")
    assert placed["payment"]["amount"] == {"amount": 3600, "currency": "JPY"}


def test_a_card_is_not_asked_for_a_fraction_that_it_can_not_pay(priced: Shop, bank: StripeServer) -> None:
    priced.price_list("dinars", currency="KWD")
    prices = [list_price("dinars", {"amount": 1234, "currency": "KWD"})]
    priced.product("pot", variants=[{"sku": "POT", "price": eur(1), "prices": prices, "digital": True}])
    cart = open_cart(priced, "KWD", ("POT", 1))
    refused = refusal(cart.check_out, payment_method="card")
    assert (refused["status"], refused["pointer"], len(bank.intents)) == (422, "/payment_method", 0)
    cart.patch("/items/POT", {"quantity": 5})
    assert cart.check_out(payment_method="card")["payment"]["amount"] == {"amount": 6170, "currency": "KWD"}


def test_what_has_no_price_in_a_currency_is_not_sold_in_it(priced: Shop) -> None:
    cart = open_cart(priced, "USD")
    refused = refusal(cart.post, "/items", {"sku": "BOWL"})
    assert (refused["status"], refused["code"], refused["pointer"]) == (422, "unknown_sku", "/sku")
    assert cart.get()["totals"]["total"] == usd(0)


def test_a_price_from_some_pieces_on_is_the_least_that_can_be_bought(priced: Shop) -> None:
    prices = [list_price("dollars", usd(500), 10)]
    priced.product("pin", variants=[{"sku": "PIN", "price": eur(100), "prices": prices, "stock": {"ams": 99}}])
    cart = open_cart(priced, "USD")
    assert refusal(cart.post, "/items", {"sku": "PIN", "quantity": 9})["code"] == "unknown_sku"
    assert line(cart.post("/items", {"sku": "PIN", "quantity": 10}), "PIN") == (usd(500), usd(5000), "ok")
    assert line(cart.patch("/items/PIN", {"quantity": 9}), "PIN")[2] == "not_sold"
    assert cart.get()["totals"]["items"] == usd(0)


@pytest.mark.parametrize("currency", ["GBP", "usd", "", 1])
def test_a_cart_is_in_no_currency_that_the_shop_does_not_sell_in(priced: Shop, currency: Any) -> None:
    for opened in (priced.guest.post, priced.customer().post):
        path = "/carts" if opened == priced.guest.post else "/me/cart"
        refused = refusal(opened, path, {"currency": currency})
        assert (refused["status"], refused["pointer"]) == (422, "/currency")


def test_a_groups_currency_is_its_members(priced: Shop) -> None:
    priced.price_list("trade", currency="GBP", groups=["trade"])
    assert refusal(priced.customer("ben").post, "/me/cart", {"currency": "GBP"})["code"] == "unknown_currency"
    assert priced.member("ann", "trade").post("/me/cart", {"currency": "GBP"})["currency"] == "GBP"


def test_a_repeated_request_gets_its_cart_though_the_currency_is_gone(priced: Shop) -> None:
    first = priced.guest.post("/carts", {"currency": "USD"}, key=KEY)
    priced.staff.delete("/admin/price-lists/dollars")
    assert priced.guest.post("/carts", {"currency": "USD"}, key=KEY) == first
    assert refusal(priced.guest.post, "/carts", {"currency": "USD"})["code"] == "unknown_currency"


def test_a_cart_keeps_its_currency_once_there_is_something_in_it(priced: Shop) -> None:
    ann = priced.customer("ann")
    assert ann.post("/me/cart")["currency"] == "EUR"
    assert ann.post("/me/cart", {"currency": "USD"})["currency"] == "USD"
    assert ann.post("/me/cart")["currency"] == "USD"
    ann.post("/me/cart/items", {"sku": "MUG"})
    assert ann.post("/me/cart", {"currency": "EUR"})["currency"] == "USD"


def test_a_guests_cart_brings_its_currency_to_a_customer_with_nothing_in_theirs(priced: Shop) -> None:
    ann, ben = priced.customer("ann"), priced.customer("ben")
    ben.post("/me/cart")
    for customer in (ann, ben):
        assert line(merge(customer, open_cart(priced, "USD", ("MUG", 1)))) == (usd(1500), usd(1500), "ok")
    assert merge(priced.customer("eve"), open_cart(priced, "USD", ("MUG", 1)), currency="EUR")["currency"] == "EUR"


def test_a_customers_cart_keeps_its_currency_when_a_guests_joins_it(priced: Shop) -> None:
    gone = priced.product(
        "gone", variants=[{"sku": "GONE", "price": eur(1), "prices": [list_price("dollars", usd(1))]}]
    )
    guests = open_cart(priced, "USD", ("MUG", 1), ("GONE", 1))
    guests.put("/shipping-address", ADDRESS)
    guests.put("/shipping-option", {"id": "post"})
    priced.staff.put(
        f"/admin/products/{gone['id']}",
        {"handle": "gone", "title": "Gone", "variants": [{"sku": "OTHER", "price": eur(1)}]},
    )
    ann = priced.cart_of(priced.customer("ann"), ("MUG", 4))
    merged = merge(ann.api, guests)
    assert (merged["currency"], line(merged)) == ("EUR", (eur(1100), eur(5500), "ok"))
    assert (line(merged, "GONE")[2], merged["shipping_option"]["id"]) == ("not_sold", "standard")
    assert ann.get() == merged


@pytest.mark.parametrize("turns", ["begins", "ends"])
def test_at_the_instant_a_list_turns_the_old_price_is_not_charged(
    priced: Shop, monkeypatch: pytest.MonkeyPatch, turns: str
) -> None:
    turn = clock.now() + timedelta(hours=1)
    times = {"valid_from": clock.stamp(turn)} if turns == "begins" else {"valid_until": clock.stamp(turn)}
    priced.price_list("sale", **times)
    shown, then = (eur(1290), eur(700)) if turns == "begins" else (eur(700), eur(1290))
    bowl = {"sku": "BOWL", "price": eur(1290), "prices": [list_price("sale", eur(700))]}
    product = next(p for p in priced.staff.get("/admin/products")["data"] if p["handle"] == "bowl")
    body = {"handle": "bowl", "title": "Bowl", "status": "published", "variants": [bowl]}
    priced.staff.put(f"/admin/products/{product['id']}", body)
    cart, other = (priced.ready_cart(("BOWL", 1)) for _ in range(2))
    wish, others = cart.wish(), other.wish()
    monkeypatch.setattr(clock, "now", lambda: turn - timedelta(milliseconds=1))
    assert line(cart.get(), "BOWL")[0] == shown
    assert line(other.post("/checkout", others)["order"], "BOWL")[0] == shown
    monkeypatch.setattr(clock, "now", lambda: turn)
    refused = refusal(cart.post, "/checkout", wish)
    assert (refused["status"], refused["code"], line(refused["cart"], "BOWL")[0]) == (409, "cart_changed", then)
    assert line(cart.check_out()["order"], "BOWL")[0] == then


def test_a_list_that_staff_changed_meanwhile_is_not_charged_as_it_was(priced: Shop) -> None:
    cart = priced.ready_cart(("MUG", 10))
    wish = cart.wish()
    priced.staff.delete("/admin/price-lists/bulk")
    refused = refusal(cart.post, "/checkout", wish)
    assert (refused["code"], line(refused["cart"])[0]) == ("cart_changed", eur(1290))


def test_another_functions_change_of_a_list_is_seen_within_a_minute(
    priced: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    cart = priced.ready_cart(("MUG", 10))
    wish = cart.wish()
    kept = priced.dynamodb.scan(TableName="test-catalog")["Items"]
    (bulk,) = [item for item in kept if item["sk"]["S"] == "LIST#bulk"]
    priced.dynamodb.delete_item(TableName="test-catalog", Key={"pk": bulk["pk"], "sk": bulk["sk"]})
    assert line(cart.get())[0] == eur(900)
    monkeypatch.setattr(cache, "SECONDS", -1.0)
    assert refusal(cart.post, "/checkout", wish)["code"] == "cart_changed"


def test_an_order_keeps_the_price_at_which_it_was_placed(priced: Shop) -> None:
    order = priced.order(("MUG", 10))
    priced.staff.delete("/admin/price-lists/bulk")
    assert line(order.get())[:2] == (eur(900), eur(9000))


def test_without_the_price_lists_nothing_is_sold(priced: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    cart = priced.ready_cart(("MUG", 10))
    wish = cart.wish()
    calm = dynamo.collection

    def storm(table: Any, pk: str, **how: Any) -> Any:
        if pk == "PRICE_LISTS":
            raise ConnectionError
        return calm(table, pk, **how)

    with monkeypatch.context() as weather:
        weather.setattr(dynamo, "collection", storm)
        cache.forget()
        assert cart.api.send("GET", cart.path)[0] == 500
        for path, body in (("/checkout", wish), ("/items", {"sku": "MUG"})):
            assert cart.api.send("POST", cart.path + path, json.dumps(body))[0] == 500
    assert priced.stock("MUG")["reserved"] == 0
    assert cart.post("/checkout", wish)["order"]["totals"]["total"] == wish["expected_total"]


def test_without_a_customers_groups_nothing_is_sold_to_them(
    priced: Shop, weather: Callable[[str, list[Any]], list[str]]
) -> None:
    ann = priced.cart_of(priced.member("ann", "vip"), ("MUG", 1))
    weather("BatchGetItem", [ConnectionError()])
    assert ann.api.send("GET", ann.path)[0] == 500
    assert line(ann.get())[0] == eur(800)


def test_shipping_that_is_free_from_an_amount_on_is_free_in_its_own_currency(priced: Shop) -> None:
    post = {"name": "Post", "price": usd(700), "days_min": 1, "days_max": 9}
    refused = refusal(priced.staff.put, "/admin/shipping-options/post", post | {"free_from": eur(1)})
    assert (refused["status"], refused["pointer"]) == (422, "/free_from/currency")
    priced.staff.put("/admin/shipping-options/post", post | {"free_from": usd(4000)})
    cart = open_cart(priced, "USD", ("MUG", 2))
    cart.put("/shipping-address", ADDRESS)
    assert cart.put("/shipping-option", {"id": "post"})["totals"]["shipping"] == usd(700)
    assert cart.patch("/items/MUG", {"quantity": 3})["totals"]["shipping"] == usd(0)
