"""What a page costs in DynamoDB requests, counted at the one place that all of them pass."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.client
import pytest
from crediting import gift_card, owe
from inprocess import ADDRESS, Shop
from strict_stripe import StripeServer

from chalicelib.core import cache


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Any:
    real = botocore.client.BaseClient._make_api_call

    @contextmanager
    def count() -> Iterator[list[str]]:
        calls: list[str] = []

        def call(client: Any, operation: str, request: Any) -> Any:
            if client.meta.service_model.service_name == "dynamodb":
                calls.append(operation)
            return real(client, operation, request)

        with monkeypatch.context() as patch:
            patch.setattr(botocore.client.BaseClient, "_make_api_call", call)
            yield calls

    return count


def _have_cached(shop: Shop) -> None:
    """What staff decide once is in the function's cache."""
    shop.staff.get("/admin/order-policy")
    shop.guest.get("/payment-methods")


@pytest.fixture
def busy_shop(shop: Shop) -> Shop:
    for handle in ("mug", "bowl", "plate"):
        shop.product(handle, stock={"ams": 50, "sha": 50}, category="table", attributes={"colour": "blue"})
    shop.staff.put("/admin/order-policy", {})  # with the caps on open orders that every shop begins with
    cache.forget()
    _have_cached(shop)
    shop.ready_cart(("MUG", 1))  # what changes seldom is in the function's cache now: locations, shipping options,
    shop.guest.get("/products/mug")  # categories, attributes
    return shop


def test_pages(busy_shop: Shop, counted: Any) -> None:
    shop = busy_shop
    with counted() as product_page:
        shop.guest.get("/products/mug")
    assert product_page == ["Query"]
    cart = shop.ready_cart(("MUG", 1), ("BOWL", 1), ("PLATE", 1))
    with counted() as cart_page:
        cart.get()
    assert cart_page == ["GetItem", "BatchGetItem"]
    order = shop.order_of(cart.check_out())
    with counted() as order_page:
        order.get()
    assert order_page == ["Query"]


def test_checkout_is_three_requests(busy_shop: Shop, counted: Any) -> None:
    cart = busy_shop.ready_cart(("MUG", 1), ("BOWL", 1), ("PLATE", 1))
    wish = cart.wish()
    with counted() as calls:
        cart.post("/checkout", wish)
    assert calls == ["GetItem", "BatchGetItem", "TransactWriteItems"]


def test_a_customers_groups_are_read_with_the_prices(busy_shop: Shop, counted: Any) -> None:
    cart = busy_shop.cart_of(busy_shop.member("ann", "vip"), ("MUG", 1), ("BOWL", 1), ("PLATE", 1))
    with counted() as cart_page:
        wish = cart.wish()
    assert cart_page == ["GetItem", "BatchGetItem"]
    with counted() as own_prices:
        cart.api.get("/me/prices?sku=MUG&sku=BOWL")
    assert own_prices == ["BatchGetItem"]
    with counted() as checkout:
        cart.post("/checkout", wish)
    assert checkout == ["GetItem", "BatchGetItem", "TransactWriteItems"]


def test_promotions_and_coupons_are_looked_at_with_the_prices(busy_shop: Shop, counted: Any) -> None:
    shop = busy_shop
    tenth = {"type": "percent_off", "percent": 10}
    limits = {"lines": {"categories": ["table"]}, "first_order": True}
    shop.staff.put("/admin/promotions/first", {"name": "First", "effect": tenth, "conditions": limits})
    shop.staff.put("/admin/promotions/hello", {"name": "Hello", "effect": tenth, "needs_coupon": True})
    shop.staff.post("/admin/coupons", {"code": "HELLO", "promotion": "hello", "limit": 3, "per_customer": 1})
    cart = shop.cart_of(shop.customer("ann"), ("MUG", 1), ("BOWL", 1))
    cart.post("/coupons", {"code": "HELLO"})
    shop.guest.get("/payment-methods")
    with counted() as cart_page:
        wish = cart.wish()
    assert cart_page == ["GetItem", "BatchGetItem"]
    with counted() as checkout:
        placed = cart.post("/checkout", wish)
    assert checkout == ["GetItem", "BatchGetItem", "TransactWriteItems"]
    assert placed["order"]["totals"]["discount"]["amount"] == 2 * (129 + 116)


def test_gift_cards_and_store_credit_are_looked_at_with_the_prices(busy_shop: Shop, counted: Any) -> None:
    ann = busy_shop.customer("ann")
    owe(busy_shop, ann, 500)
    codes = [gift_card(busy_shop, 300)["code"] for _ in range(3)]
    wish = busy_shop.cart_of(ann, ("MUG", 1), ("BOWL", 1)).wish(gift_cards=codes, store_credit=True)
    with counted() as calls:
        placed = ann.post("/me/cart/checkout", wish)
    assert calls == ["GetItem", "BatchGetItem", "TransactWriteItems"]
    assert placed["payment"]["amount"]["amount"] == placed["order"]["total"]["amount"] - 1400
    wish = busy_shop.cart_of(ann, ("MUG", 1)).wish(gift_cards=[gift_card(busy_shop)["code"]], payment_method=None)
    with counted() as calls:
        ann.post("/me/cart/checkout", wish)
    assert calls == ["GetItem", "BatchGetItem", "TransactWriteItems"]


def test_from_empty_cart_to_placed_order_is_at_most_sixteen_requests(busy_shop: Shop, counted: Any) -> None:
    with counted() as calls:
        cart = busy_shop.cart(("MUG", 1), ("BOWL", 1), ("PLATE", 1))
        cart.put("/shipping-address", ADDRESS)
        cart.get("/shipping-options")
        seen = cart.put("/shipping-option", {"id": "standard"})
        cart.post(
            "/checkout",
            {
                "email": "guest@jishi.example",
                "payment_method": "cash_on_delivery",
                "cart_version": seen["version"],
                "expected_total": seen["totals"]["total"],
            },
        )
    assert len(calls) <= 16, calls
    assert "Scan" not in calls


def test_no_page_scans(busy_shop: Shop, counted: Any) -> None:
    with counted() as calls:
        for path in ("/products", "/categories"):
            busy_shop.guest.get(path)
        for path in ("/admin/orders", "/admin/products", "/admin/locations", "/admin/stock/MUG"):
            busy_shop.staff.get(path)
    assert "Scan" not in calls


def test_taxes_take_no_request_of_their_own(busy_shop: Shop, counted: Any) -> None:
    zone = {"id": "nl", "name": "Netherlands", "country": "NL", "rates": [{"name": "BTW", "percent": "21"}]}
    busy_shop.staff.put("/admin/tax-settings", {"home": {"country": "NL"}, "zones": [zone]})
    _have_cached(busy_shop)
    cart = busy_shop.ready_cart(("MUG", 1), ("BOWL", 1))
    with counted() as cart_page:
        assert cart.get()["totals"]["tax"]["amount"]
    assert cart_page == ["GetItem", "BatchGetItem"]
    wish = cart.wish()
    with counted() as checkout:
        cart.post("/checkout", wish)
    assert checkout == ["GetItem", "BatchGetItem", "TransactWriteItems"]


def test_everything_at_once_by_card_takes_no_more(busy_shop: Shop, bank: StripeServer, counted: Any) -> None:
    """Tax, a promotion, a coupon with limits, a limit for each customer, caps on what waits for its payment."""
    shop = busy_shop
    zone = {"id": "nl", "name": "Netherlands", "country": "NL", "rates": [{"name": "BTW", "percent": "21"}]}
    shop.staff.put("/admin/tax-settings", {"home": {"country": "NL"}, "zones": [zone]})
    tenth = {"type": "percent_off", "percent": 10}
    shop.staff.put("/admin/promotions/all", {"name": "All", "effect": tenth})
    shop.staff.put("/admin/promotions/hello", {"name": "Hello", "effect": tenth, "needs_coupon": True})
    shop.staff.post("/admin/coupons", {"code": "HELLO", "promotion": "hello", "limit": 3, "per_customer": 1})
    shop.staff.put("/admin/sale-terms/MUG", {"most_per_customer": 2})
    shop.staff.put("/admin/stock/BOWL/shards", {"shards": 4})
    cart = shop.ready_cart(("MUG", 1), ("BOWL", 1), ("PLATE", 1))
    cart.post("/coupons", {"code": "HELLO"})
    cart.get()  # what the functions keep for a minute was changed, and is read anew
    _have_cached(shop)
    with counted() as cart_page:
        wish = cart.wish(payment_method="card")
    assert cart_page == ["GetItem", "BatchGetItem"]
    with counted() as checkout:
        order = shop.order_of(cart.post("/checkout", wish))
    assert checkout == ["GetItem", "BatchGetItem", "TransactWriteItems", "PutItem"]
    bank.pay(order.placed["payment"]["client_secret"])
    shop.hear(bank)
    order.post("/cancel-lines", {"lines": {"PLATE": 1}})
    shop.hear(bank)
    with counted() as order_page:
        assert order.get()["quantity"] == 2
    assert order_page == ["Query"]
