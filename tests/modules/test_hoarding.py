"""Nobody holds more than so much stock that has cost them nothing, however many carts they check out at once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from inprocess import Buyer, Cart, Order, Shop, eur
from refusals import refusal
from strict_stripe import StripeServer

from infra.local.client import Refused

ANN, BEN = "ann@jishi.example", "ben@jishi.example"


@pytest.fixture(autouse=True)
def stocked(shop: Shop, bank: StripeServer) -> None:
    decide(shop)
    for handle in ("mug", "bowl"):
        shop.product(handle, stock={"ams": 500})


def decide(shop: Shop, **policy: Any) -> None:
    shop.staff.put("/admin/order-policy", policy)


def by_card(shop: Shop, email: str = ANN, *lines: tuple[str, int], cart: Cart | None = None) -> Buyer:
    placed = (cart or shop.ready_cart(*lines)).check_out(payment_method="card", email=email)
    order = shop.order_of(placed)
    return Buyer(order.api, order.path, placed)


def at_the_door(shop: Shop, email: str = ANN, *lines: tuple[str, int]) -> Order:
    return shop.order_of(shop.ready_cart(*lines).check_out(email=email))


def too_many(shop: Shop, email: str = ANN, *lines: tuple[str, int], order: Callable[..., Order] = by_card) -> Any:
    before = shop.stock("MUG")["reserved"]
    refused = refusal(order, shop, email, *lines)
    assert (refused["status"], refused["code"]) == (409, "too_many_open_orders")
    assert shop.stock("MUG")["reserved"] == before
    return refused


def holders(shop: Shop) -> Iterator[set[str]]:
    for item in shop.dynamodb.scan(TableName="test-orders")["Items"]:
        if item["kind"]["S"] == "holder":
            yield set(item.get("orders", {}).get("SS", []))


def test_an_address_has_three_unpaid_orders_and_not_a_fourth(shop: Shop) -> None:
    for _ in range(3):
        by_card(shop)
    assert "3 of your orders are neither paid for nor on their way" in too_many(shop)["detail"]
    too_many(shop, "ANN+again@Jishi.example")
    by_card(shop, BEN)


def test_what_a_guest_pays_at_the_door_counts_apart_from_what_waits_for_a_card(shop: Shop) -> None:
    for order in (at_the_door, by_card, at_the_door, by_card, at_the_door, by_card):
        order(shop)
    for order in (at_the_door, by_card):
        assert "or wait until one is sent" in too_many(shop, order=order)["detail"]
    at_the_door(shop, BEN)


def test_who_has_an_account_is_trusted_at_the_door(shop: Shop) -> None:
    decide(shop, open_orders_per_email=1, open_orders_per_address=1)
    ann = shop.customer("ann")
    ann.address = "192.0.2.7"
    for _ in range(3):
        placed = shop.cart_of(ann, ("MUG", 30)).check_out(email=ANN)
        assert placed["order"]["status"] == "confirmed"
    assert list(holders(shop)) == []


def test_what_is_paid_at_the_door_counts_until_its_first_parcel_is_on_its_way(shop: Shop) -> None:
    decide(shop, open_orders_per_email=1)
    shop.product("cup", stock={"sha": 9})
    order = at_the_door(shop, ANN, ("MUG", 1), ("CUP", 1))
    shop.deliver()
    first, second = (parcel["id"] for parcel in order.get("/shipments")["data"])
    shop.staff.post(f"/admin/shipments/{first}/pack", {})
    shop.deliver()
    too_many(shop, order=at_the_door)
    shop.staff.post(f"/admin/shipments/{first}/dispatch", {"tracking_number": "T"})
    shop.deliver()
    assert list(holders(shop)) == [set()]
    at_the_door(shop)
    too_many(shop, order=at_the_door)
    # What goes on with the first one gives no room a second time.
    for step in ("pack", "dispatch", "deliver"):
        shop.staff.post(f"/admin/shipments/{second}/{step}", {"tracking_number": "T"} if step == "dispatch" else {})
    shop.deliver()
    too_many(shop, order=at_the_door)


def test_a_delivery_that_is_told_of_before_its_dispatch_makes_room_as_well(shop: Shop) -> None:
    decide(shop, open_orders_per_email=1)
    order = at_the_door(shop)
    shop.deliver()
    parcel = order.get("/shipments")["data"][0]["id"]
    for step in ("pack", "dispatch", "deliver"):
        shop.staff.post(f"/admin/shipments/{parcel}/{step}", {"tracking_number": "T"} if step == "dispatch" else {})
    shop.deliver(lambda events: events[::-1])
    assert (order.get()["status"], list(holders(shop))) == ("completed", [set()])
    at_the_door(shop)


@pytest.mark.parametrize("by", ["the guest", "staff"])
def test_an_order_at_the_door_that_is_called_off_makes_room(shop: Shop, by: str) -> None:
    """One that staff have to look at first counts as well."""
    decide(shop, open_orders_per_email=1, guest_cod_review_from=[eur(1)])
    order = at_the_door(shop)
    assert shop.staff.get(f"/admin/orders/{order.id}")["hold"]["reason"] == "cod_review"
    too_many(shop, order=at_the_door)
    if by == "staff":
        shop.staff.post(f"/admin/orders/{order.id}/cancel", {})
    else:
        order.post("/cancel-lines", {"lines": {"MUG": 1}})
    assert (order.get()["status"], list(holders(shop))) == ("canceled", [set()])
    at_the_door(shop)


def test_pieces_and_network_addresses_are_counted_at_the_door_too(shop: Shop) -> None:
    decide(shop, open_orders_per_email=None, open_pieces_per_email=20, open_orders_per_address=2)
    at_the_door(shop, ANN, ("MUG", 12))
    assert too_many(shop, ANN, ("MUG", 9), order=at_the_door)["sku"] == "MUG"
    shop.guest.address = "192.0.2.7"
    for n in range(2):
        at_the_door(shop, f"{n}@jishi.example")
    assert "2 orders from this network address" in too_many(shop, BEN, order=at_the_door)["detail"]


def test_what_is_paid_canceled_or_expired_makes_room(
    shop: Shop, bank: StripeServer, travel: Callable[[timedelta], None]
) -> None:
    decide(shop, open_orders_per_email=1)
    paid = by_card(shop)
    bank.pay(paid.secret)
    shop.hear(bank)
    canceled = by_card(shop)
    too_many(shop)
    canceled.post("/cancel")
    expired = by_card(shop)
    travel(timedelta(minutes=31))
    shop.expire()
    assert expired.get()["status"] == "expired"
    assert list(holders(shop)) == [set()]
    by_card(shop)
    # The paid order may still be called off, and that takes nothing from anybody.
    paid.post("/cancel")
    too_many(shop)


@pytest.mark.parametrize("method", ["card", "cash_on_delivery"])
def test_of_ten_checkouts_at_once_three_are_open(shop: Shop, weather: Any, method: str) -> None:
    """Each has read what is open before any of the others places its order."""
    carts = [shop.ready_cart() for _ in range(10)]
    wishes = [cart.wish(payment_method=method, email=ANN) for cart in carts]
    answers: list[str] = []

    def check_out(cart: Cart, wish: Any) -> None:
        try:
            answers.append(str(cart.post("/checkout", wish)["order"]["id"]))
        except Refused as refused:
            answers.append(str(refused.problem["code"]))

    first, *others = [partial(check_out, cart, wish) for cart, wish in zip(carts, wishes, strict=True)]
    weather("TransactWriteItems", others)
    first()
    placed = {answer for answer in answers if answer.startswith("ord_")}
    assert len(placed) == 3
    assert answers.count("too_many_open_orders") == 7
    assert list(holders(shop)) == [placed]
    assert shop.stock("MUG")["reserved"] == 3


def test_who_was_overtaken_by_their_own_other_tab_is_refused(shop: Shop, weather: Any) -> None:
    """Between reading what is open and placing the order, another one is placed."""
    decide(shop, open_orders_per_email=1)
    slow, fast = shop.ready_cart(), shop.ready_cart()
    wish = slow.wish(payment_method="card", email=ANN)
    weather("TransactWriteItems", [lambda: by_card(shop, cart=fast)])
    assert refusal(slow.post, "/checkout", wish)["code"] == "too_many_open_orders"
    assert shop.stock("MUG")["reserved"] == 1


def test_pieces_of_one_sku_are_counted_over_all_open_orders(shop: Shop) -> None:
    decide(shop, open_pieces_per_email=20)
    first = by_card(shop, ANN, ("MUG", 12))
    assert too_many(shop, ANN, ("MUG", 9))["sku"] == "MUG"
    by_card(shop, ANN, ("MUG", 8), ("BOWL", 20))
    too_many(shop, ANN, ("BOWL", 1))
    first.post("/cancel")
    by_card(shop, ANN, ("MUG", 12))
    too_many(shop, BEN, ("MUG", 21))


def test_a_network_address_has_its_own_cap(shop: Shop) -> None:
    decide(shop, open_orders_per_address=2)
    shop.guest.address = "2001:db8:1:2::7"
    open_orders = [by_card(shop, f"{n}@jishi.example") for n in range(2)]
    shop.guest.address = "2001:db8:1:2:ffff::8"
    assert "2 orders from this network address" in too_many(shop, "3@jishi.example")["detail"]
    shop.guest.address = "192.0.2.7"
    by_card(shop, "4@jishi.example")
    shop.guest.address = "2001:db8:1:2::7"
    open_orders[0].post("/cancel")
    by_card(shop, "5@jishi.example")


def test_a_shop_may_do_without_caps(shop: Shop) -> None:
    decide(shop, open_orders_per_email=None, open_pieces_per_email=None, open_orders_per_address=None)
    shop.guest.address = "192.0.2.7"
    for _ in range(11):
        by_card(shop, ANN, ("MUG", 21))
        at_the_door(shop, ANN, ("MUG", 21))
    assert list(holders(shop)) == []


def test_no_address_is_kept_in_the_clear(shop: Shop) -> None:
    shop.guest.address = "192.0.2.7"
    by_card(shop)
    kept = [
        item for item in shop.dynamodb.scan(TableName="test-orders")["Items"] if item["kind"]["S"] != "order_snapshot"
    ]
    assert "192.0.2.7" not in str(kept)
    assert "ann@" not in str(kept).lower()


def test_the_same_checkout_again_is_counted_once(shop: Shop) -> None:
    decide(shop, open_orders_per_email=1)
    cart = shop.ready_cart()
    wish = cart.wish(payment_method="card", email=ANN)
    first, again = (cart.post("/checkout", wish, key="a-key-of-16-chars") for _ in range(2))
    assert first["order"]["id"] == again["order"]["id"]
    assert list(holders(shop)) == [{first["order"]["id"]}]


def test_nobody_is_locked_out_by_guests_who_give_their_address(shop: Shop) -> None:
    for _ in range(3):
        at_the_door(shop)
    too_many(shop, order=at_the_door)
    by_card(shop)
    shop.cart_of(shop.customer("ann"), ("MUG", 1)).check_out(email=ANN, payment_method="card")


def test_pieces_that_are_taken_out_are_held_no_more(shop: Shop) -> None:
    decide(shop, open_pieces_per_email=20)
    order = at_the_door(shop, ANN, ("MUG", 20))
    too_many(shop, ANN, ("MUG", 1), order=at_the_door)
    order.post("/cancel-lines", {"lines": {"MUG": 15}})
    at_the_door(shop, ANN, ("MUG", 15))
    too_many(shop, ANN, ("MUG", 1), order=at_the_door)
