"""Customers' carts and orders: the same shop as a guest's, under a name of their own."""

from collections.abc import Callable
from typing import Any

import botocore.client
import pytest
from inprocess import ADDRESS, Cart, Gateway, Shop, eur
from refusals import refusal
from strict_stripe import StripeServer

KEY = "a-key-of-16-chars"


def merge(customer: Gateway, cart: Cart, key: str | None = None) -> Any:
    """Merge a guest's cart into the customer's."""
    bearer = customer.with_headers(**cart.api.headers)
    return bearer.post("/me/cart", {"cart_id": cart.path.rpartition("/")[2]}, key=key)


def quantities(cart: Any) -> dict[str, int]:
    return {line["sku"]: line["quantity"] for line in cart["lines"]}


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    for handle in ("mug", "bowl"):
        shop.product(handle, stock={"ams": 50})
    return shop


def test_a_customer_has_one_cart(stocked: Shop) -> None:
    ann = stocked.customer()
    assert refusal(ann.get, "/me/cart")["status"] == 404
    opened = ann.post("/me/cart")
    assert opened["lines"] == []
    assert "cart_token" not in opened
    ann.post("/me/cart/items", {"sku": "MUG", "quantity": 2})
    again = ann.post("/me/cart")
    assert (again["id"], quantities(again)) == (opened["id"], {"MUG": 2})


def test_everything_a_guest_does_with_a_cart_a_customer_does_too(stocked: Shop) -> None:
    ann = stocked.customer()
    cart = stocked.cart_of(ann, ("MUG", 2), ("BOWL", 1))
    assert cart.patch("/items/MUG", {"quantity": 3})["totals"]["items"] == eur(4 * 1290)
    assert quantities(cart.delete("/items/BOWL")) == {"MUG": 3}
    assert [option["id"] for option in cart.get("/shipping-options")["data"]] == ["standard", "express"]
    assert cart.put("/shipping-option", {"id": "express"})["totals"]["shipping"] == eur(1295)


def test_a_customers_order_is_theirs_without_a_secret(stocked: Shop) -> None:
    ann = stocked.customer()
    cart = stocked.cart_of(ann, ("MUG", 2))
    wish = cart.wish()
    del wish["email"]
    placed = cart.post("/checkout", wish)
    order, payment = placed["order"], placed["payment"]
    assert placed["order_token"] is None
    assert order["email"] == "ann@jishi.example"
    assert ann.get(f"/me/orders/{order['id']}")["status"] == "confirmed"
    assert ann.get(f"/me/orders/{order['id']}/shipments")["data"] == []
    assert ann.get(f"/me/payments/{payment['id']}")["order_id"] == order["id"]
    for path in (f"/orders/{order['id']}", f"/payments/{payment['id']}"):
        assert refusal(stocked.guest.with_headers(**{"Order-Token": "None"}).get, path)["status"] == 404
    assert ann.post(f"/me/orders/{order['id']}/cancel")["status"] == "canceled"
    assert stocked.stock("MUG")["reserved"] == 0


def test_an_order_can_be_written_to_another_address(stocked: Shop) -> None:
    placed = stocked.cart_of(stocked.customer(), ("MUG", 1)).check_out(email="office@jishi.example")
    assert placed["order"]["email"] == "office@jishi.example"


def test_a_guest_has_to_say_where_the_order_is_written_to(stocked: Shop) -> None:
    assert refusal(stocked.ready_cart().check_out, email=None)["pointer"] == "/email"


def test_after_checkout_there_is_a_new_cart(stocked: Shop) -> None:
    ann = stocked.customer()
    cart = stocked.cart_of(ann, ("MUG", 1))
    before = cart.get()
    cart.check_out()
    assert refusal(cart.get)["code"] == "cart_closed"
    after = ann.post("/me/cart")
    assert after["lines"] == []
    assert after["id"] != before["id"]


def test_a_repeated_checkout_is_the_same_order_even_when_there_is_a_new_cart(stocked: Shop) -> None:
    ann = stocked.customer()
    cart = stocked.cart_of(ann, ("MUG", 1))
    wish = cart.wish()
    first = cart.post("/checkout", wish, key=KEY)
    assert cart.post("/checkout", wish, key=KEY) == first
    ann.post("/me/cart")
    assert cart.post("/checkout", wish, key=KEY) == first
    assert refusal(cart.post, "/checkout", wish)["code"] == "cart_empty"
    assert len(ann.get("/me/orders")["data"]) == 1
    assert stocked.stock("MUG")["reserved"] == 1


def test_a_secret_beside_a_customers_token_makes_no_other_caller(stocked: Shop) -> None:
    ann = stocked.customer()
    cart = stocked.cart_of(ann, ("MUG", 1))
    wish = cart.wish()
    first = cart.post("/checkout", wish, key=KEY)
    with_secret = ann.with_headers(**{"Cart-Token": "whatever", "Order-Token": "whatever"})
    assert with_secret.post("/me/cart/checkout", wish, key=KEY) == first


def test_a_guests_cart_is_merged_and_gone(stocked: Shop) -> None:
    ann = stocked.customer()
    ann.post("/me/cart")
    ann.post("/me/cart/items", {"sku": "MUG", "quantity": 2})
    guests = stocked.ready_cart(("MUG", 3), ("BOWL", 1))
    merged = merge(ann, guests)
    assert quantities(merged) == {"MUG": 5, "BOWL": 1}
    assert merged["shipping_address"]["name"] == ADDRESS["name"]
    assert merged["shipping_option"]["id"] == "standard"
    assert merged == ann.get("/me/cart")
    assert refusal(guests.get)["status"] == 404
    assert refusal(guests.post, "/items", {"sku": "MUG"})["status"] == 404
    assert refusal(merge, ann, guests)["status"] == 404
    assert quantities(ann.get("/me/cart")) == {"MUG": 5, "BOWL": 1}


def test_merging_again_with_the_same_key_merges_once(stocked: Shop) -> None:
    ann = stocked.customer()
    guests = stocked.cart(("MUG", 3))
    first = merge(ann, guests, KEY)
    assert merge(ann, guests, KEY) == first
    assert quantities(first) == {"MUG": 3}


def test_what_a_customer_chose_before_stays(stocked: Shop) -> None:
    ann = stocked.customer()
    mine = stocked.cart_of(ann, ("MUG", 1))
    mine.put("/shipping-address", {**ADDRESS, "name": "Ann at work"})
    mine.put("/shipping-option", {"id": "express"})
    merged = merge(ann, stocked.ready_cart(("BOWL", 1)))
    assert merged["shipping_address"]["name"] == "Ann at work"
    assert merged["shipping_option"]["id"] == "express"


def test_pieces_add_up_to_as_many_as_a_cart_takes(stocked: Shop) -> None:
    ann = stocked.customer()
    ann.post("/me/cart")
    ann.post("/me/cart/items", {"sku": "MUG", "quantity": 600})
    assert quantities(merge(ann, stocked.cart(("MUG", 600)))) == {"MUG": 999}


def test_too_many_lines_change_neither_cart(shop: Shop) -> None:
    variants = [{"sku": f"S{n}", "option_values": [str(n)], "price": eur(100), "stock": {"ams": 1}} for n in range(41)]
    shop.product("set", options=["Number"], variants=variants)
    ann = shop.customer()
    merge(ann, shop.cart(*((f"S{n}", 1) for n in range(39))))
    guests = shop.cart(("S0", 1), ("S39", 1), ("S40", 1))
    mine, theirs = ann.get("/me/cart"), guests.get()
    problem = refusal(merge, ann, guests)
    assert (problem["status"], problem["code"], problem["pointer"]) == (422, "cart_full", "/cart_id")
    assert (ann.get("/me/cart"), guests.get()) == (mine, theirs)


def test_a_cart_that_was_checked_out_is_not_merged(stocked: Shop) -> None:
    guests = stocked.ready_cart(("MUG", 1))
    guests.check_out()
    assert refusal(merge, stocked.customer(), guests)["code"] == "cart_closed"


def test_merging_wants_the_guests_secret(stocked: Shop) -> None:
    ann, guests = stocked.customer(), stocked.cart(("MUG", 1))
    cart_id = guests.path.rpartition("/")[2]
    assert refusal(ann.post, "/me/cart", {"cart_id": cart_id})["pointer"] == "/headers/Cart-Token"
    wrong = ann.with_headers(**{"Cart-Token": "wrong"})
    assert refusal(wrong.post, "/me/cart", {"cart_id": cart_id})["status"] == 404
    assert quantities(guests.get()) == {"MUG": 1}


def test_a_guest_can_not_reach_a_customers_cart(stocked: Shop) -> None:
    ann = stocked.customer()
    cart = stocked.cart_of(ann, ("MUG", 1)).get()
    for name in (ann.claims["sub"], cart["id"]):
        for secret in ("None", "null", "x"):
            guest = stocked.guest.with_headers(**{"Cart-Token": secret})
            assert refusal(guest.get, f"/carts/{name}")["status"] == 404


def claim(customer: Gateway, placed: Any, token: str | None = None) -> Any:
    bearer = customer.with_headers(**{"Order-Token": token or placed["order_token"]})
    return bearer.post("/me/orders", {"order_id": placed["order"]["id"]})


def test_a_guests_order_is_claimed_and_its_secret_worth_nothing(stocked: Shop) -> None:
    ann = stocked.customer()
    guests = stocked.order(("MUG", 1))
    payment = guests.placed["payment"]["id"]
    assert claim(ann, guests.placed)["id"] == guests.id
    assert refusal(guests.get)["status"] == 404
    assert refusal(guests.post, "/cancel")["status"] == 404
    assert refusal(guests.api.get, f"/payments/{payment}")["status"] == 404
    assert ann.get(f"/me/orders/{guests.id}")["email"] == "guest@jishi.example"
    assert ann.get(f"/me/payments/{payment}")["order_id"] == guests.id
    assert [order["id"] for order in ann.get("/me/orders")["data"]] == [guests.id]


def test_claiming_again_changes_nothing_and_nobody_else_can(stocked: Shop) -> None:
    ann, ben = stocked.customer("ann"), stocked.customer("ben")
    placed = stocked.order(("MUG", 1)).placed
    first = claim(ann, placed)
    assert claim(ann, placed) == first
    assert refusal(claim, ben, placed)["status"] == 404
    assert len(ann.get("/me/orders")["data"]) == 1
    assert ben.get("/me/orders")["data"] == []


def test_claiming_wants_the_orders_secret(stocked: Shop) -> None:
    ann, placed = stocked.customer(), stocked.order(("MUG", 1)).placed
    assert refusal(claim, ann, placed, "wrong")["status"] == 404
    body = {"order_id": placed["order"]["id"]}
    assert refusal(ann.post, "/me/orders", body)["pointer"] == "/headers/Order-Token"
    assert ann.get("/me/orders")["data"] == []


def test_a_claimed_order_is_not_given_out_again_by_the_checkout_it_came_from(stocked: Shop) -> None:
    cart = stocked.ready_cart(("MUG", 1))
    wish = cart.wish()
    placed = cart.post("/checkout", wish, key=KEY)
    claim(stocked.customer(), placed)
    assert refusal(cart.post, "/checkout", wish, key=KEY)["status"] == 404


def test_the_cart_of_a_claimed_order_opens_to_nobody(stocked: Shop) -> None:
    cart = stocked.ready_cart(("MUG", 1))
    more = {"sku": "MUG", "quantity": 1}
    cart.post("/items", more, key=KEY)
    placed = cart.check_out()
    assert refusal(cart.get)["code"] == "cart_closed"
    ann = stocked.customer()
    claim(ann, placed)
    assert refusal(cart.get)["status"] == 404
    assert refusal(cart.post, "/items", more, key=KEY)["status"] == 404
    assert refusal(cart.post, "/items", more)["status"] == 404
    assert refusal(cart.put, "/shipping-address", ADDRESS)["status"] == 404
    assert refusal(merge, ann, cart)["status"] == 404


def test_an_order_is_claimed_when_its_cart_is_no_longer_kept(
    stocked: Shop, weather: Callable[[str, list[Any]], list[str]]
) -> None:
    from chalicelib.core.settings import settings

    def forget(cart: Cart) -> None:
        key = {"pk": {"S": f"CART#{cart.path.rpartition('/')[2]}"}, "sk": {"S": "CART"}}
        stocked.dynamodb.delete_item(TableName=settings.tables["orders"], Key=key)

    ann = stocked.customer()
    before, meanwhile = (stocked.ready_cart(("MUG", 1)) for _ in range(2))
    placed = [cart.check_out() for cart in (before, meanwhile)]
    forget(before)
    claim(ann, placed[0])
    calls = weather("TransactWriteItems", [lambda: forget(meanwhile)])
    claim(ann, placed[1])
    assert calls.count("TransactWriteItems") == 2
    assert len(ann.get("/me/orders")["data"]) == 2
    assert refusal(before.get)["status"] == refusal(meanwhile.get)["status"] == 404


def test_a_claimed_order_goes_on_to_the_doorstep(stocked: Shop) -> None:
    ann = stocked.customer()
    order = stocked.order(("MUG", 1))
    claim(ann, order.placed)
    stocked.deliver()
    (parcel,) = ann.get(f"/me/orders/{order.id}/shipments")["data"]
    path = f"/admin/shipments/{parcel['id']}"
    stocked.staff.post(f"{path}/pack")
    stocked.staff.post(f"{path}/dispatch", {"carrier": "PostNL", "tracking_number": "3S1"})
    stocked.staff.post(f"{path}/deliver")
    stocked.deliver()
    shown = ann.get(f"/me/orders/{order.id}")
    assert (shown["status"], shown["payment_status"]) == ("completed", "paid")
    assert refusal(order.get)["status"] == 404
    assert ann.get(f"/me/payments/{order.placed['payment']['id']}")["status"] == "captured"


def test_a_payment_begun_while_the_order_is_claimed_is_the_customers_too(
    shop: Shop, bank: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.payments import service as payments

    # More than Stripe takes: the first payment fails at once.
    shop.product("pin", variants=[{"sku": "PIN", "price": eur(100_000_000), "stock": {"ams": 1}}])
    guests = shop.order_of(shop.ready_cart(("PIN", 1)).check_out(payment_method="card"))
    shop.deliver()
    begun: list[Any] = []
    hand_over = payments.claim

    def hand_over_too_late(*order: Any) -> Any:
        actions = hand_over(*order)
        if not begun:
            begun.append(guests.post("/payments"))
        return actions

    monkeypatch.setattr(payments, "claim", hand_over_too_late)
    ann = shop.customer()
    claim(ann, guests.placed)
    assert begun[0]["id"].endswith("-2")
    for payment in (begun[0]["id"], guests.placed["payment"]["id"]):
        assert refusal(guests.api.get, f"/payments/{payment}")["status"] == 404
        assert ann.get(f"/me/payments/{payment}")["order_id"] == guests.id


def test_orders_come_newest_first_in_pages(stocked: Shop) -> None:
    ann = stocked.customer()
    placed = [stocked.cart_of(ann, ("MUG", 1)).check_out()["order"]["id"] for _ in range(3)]
    first = ann.get("/me/orders?limit=2")
    rest = ann.get(f"/me/orders?limit=2&cursor={first['next_cursor']}")
    assert [order["id"] for order in first["data"] + rest["data"]] == placed[::-1]
    assert rest["next_cursor"] is None
    assert refusal(ann.get, "/me/orders?cursor=bm8")["pointer"] == "/query/cursor"


def test_an_addition_is_repeated_by_its_key_even_if_it_could_not_be_made_now(stocked: Shop) -> None:
    product = stocked.product("lamp", stock={"ams": 5})
    for cart in (stocked.cart(), stocked.cart_of(stocked.customer())):
        stocked.staff.post(f"/admin/products/{product['id']}/publish")
        cart.post("/items", {"sku": "LAMP", "quantity": 2}, key=KEY)
        stocked.staff.post(f"/admin/products/{product['id']}/unpublish")
        again = cart.post("/items", {"sku": "LAMP", "quantity": 2}, key=KEY)
        assert quantities(again) == {"LAMP": 2}
        assert refusal(cart.post, "/items", {"sku": "LAMP", "quantity": 2})["code"] == "unknown_sku"


def test_an_addition_repeated_after_checkout_shows_nothing_of_the_order(stocked: Shop) -> None:
    cart = stocked.ready_cart(("BOWL", 1))
    cart.post("/items", {"sku": "MUG", "quantity": 2}, key=KEY)
    cart.check_out()
    for key in (KEY, None):
        refused = refusal(cart.post, "/items", {"sku": "MUG", "quantity": 2}, key=key)
        assert (refused["code"], "lines" in refused) == ("cart_closed", False)


def test_an_addition_without_a_key_is_sent_in_a_way_that_can_be_repeated(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore sends a request again when the answer got lost; only a transaction carries a token that tells."""
    cart, calls = stocked.cart(("BOWL", 1)), []  # the price lists are known now
    real = botocore.client.BaseClient._make_api_call

    def call(client: Any, operation: str, request: Any) -> Any:
        calls.append(operation)
        return real(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    status, _, _ = cart.api.send("POST", f"{cart.path}/items", '{"sku": "MUG", "quantity": 1}')
    assert status == 200
    assert calls == ["BatchGetItem", "TransactWriteItems"]
