"""One customer can read or change nothing of another's, on any path that names something by an id."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from buyers import GOOD, delivered, delivered_to, photo, write
from inprocess import ADDRESS, Gateway, Order, Shop, opened

BROKEN = {"lines": [{"sku": "MUG", "quantity": 1, "reason": "damaged"}]}
# What a request to a path needs to be a good one, were the thing one's own.
BODIES: dict[tuple[str, str], Any] = {
    ("GET", "/carts/{cart_id}"): None,
    ("POST", "/carts/{cart_id}/items"): {"sku": "MUG", "quantity": 1},
    ("PATCH", "/carts/{cart_id}/items/{sku}"): {"quantity": 5},
    ("DELETE", "/carts/{cart_id}/items/{sku}"): None,
    ("POST", "/carts/{cart_id}/coupons"): {"code": "HELLO"},
    ("DELETE", "/carts/{cart_id}/coupons/{code}"): None,
    ("DELETE", "/me/cart/coupons/{code}"): None,
    ("PUT", "/carts/{cart_id}/shipping-address"): ADDRESS,
    ("PUT", "/carts/{cart_id}/billing"): {"company": "Kiln"},
    ("GET", "/carts/{cart_id}/shipping-options"): None,
    ("PUT", "/carts/{cart_id}/shipping-option"): {"id": "express"},
    ("POST", "/carts/{cart_id}/checkout"): {
        "email": "ben@jishi.example",
        "payment_method": "cash_on_delivery",
        "cart_version": 4,
        "expected_total": {"amount": 1785, "currency": "EUR"},
    },
    ("POST", "/carts/{cart_id}/seen"): {"cart_version": 4},
    ("PUT", "/carts/{cart_id}/contact"): {"email": "ben@jishi.example"},
    ("POST", "/carts/{cart_id}/items/{sku}/save"): {},
    ("POST", "/carts/{cart_id}/saved/{sku}/move-to-cart"): {},
    ("DELETE", "/carts/{cart_id}/saved/{sku}"): None,
    ("POST", "/me/cart/items/{sku}/save"): {},
    ("POST", "/me/cart/saved/{sku}/move-to-cart"): {},
    ("DELETE", "/me/cart/saved/{sku}"): None,
    ("PATCH", "/me/cart/items/{sku}"): {"quantity": 5},
    ("DELETE", "/me/cart/items/{sku}"): None,
    ("GET", "/orders/{order_id}"): None,
    ("GET", "/orders/{order_id}/shipments"): None,
    ("POST", "/orders/{order_id}/cancel"): {},
    ("POST", "/orders/{order_id}/cancel-lines"): {"lines": {"MUG": 1}},
    ("POST", "/me/orders/{order_id}/cancel-lines"): {"lines": {"MUG": 1}},
    ("GET", "/me/orders/{order_id}"): None,
    ("GET", "/me/orders/{order_id}/shipments"): None,
    ("POST", "/me/orders/{order_id}/cancel"): {},
    ("POST", "/orders/{order_id}/payments"): {},
    ("POST", "/me/orders/{order_id}/payments"): {},
    ("GET", "/payments/{payment_id}"): None,
    ("GET", "/me/payments/{payment_id}"): None,
    ("POST", "/payments/{payment_id}/refresh"): {},
    ("POST", "/me/payments/{payment_id}/refresh"): {},
    ("POST", "/payments/{payment_id}/cancel"): {},
    ("POST", "/me/payments/{payment_id}/cancel"): {},
    ("DELETE", "/me/payment-methods/{method_id}"): None,
    ("POST", "/me/payment-methods/{method_id}/default"): {},
    **{
        (method, f"{door}/orders/{{order_id}}{below}"): body
        for door in ("", "/me")
        for method, below, body in (
            ("GET", "/invoices", None),
            ("GET", "/reviews", None),
            ("POST", "/reviews", {"sku": "MUG", **GOOD}),
            ("GET", "/reviews/{review_id}", None),
            ("PUT", "/reviews/{review_id}", {**GOOD, "stars": 1}),
            ("POST", "/review-photos", {"content_type": "image/png", "size": 100}),
            ("GET", "/review-photos/{photo_id}", None),
            ("GET", "/returns", None),
            ("POST", "/returns", BROKEN),
            ("GET", "/returns/{return_id}", None),
        )
    },
    # These name what they want in the body.
    ("POST", "/me/cart"): {"cart_id": "{cart_id}"},
    ("POST", "/me/orders"): {"order_id": "{order_id}"},
}
# What is there for everyone.
PUBLIC = {
    ("GET", "/products/{handle}/reviews"),
    ("POST", "/me/products/{handle}/reviews/{review_id}/helpful"),
    ("DELETE", "/me/products/{handle}/reviews/{review_id}/helpful"),
    ("GET", "/products/{handle}"),
    ("GET", "/categories/{category_id}"),
    ("GET", "/collections/{collection_id}"),
    ("GET", "/collections/{collection_id}/products"),
    ("GET", "/sitemaps/{file}"),
}


def operations() -> list[Any]:
    from importlib import import_module

    from chalicelib.core import rooms
    from chalicelib.core.settings import MODULES

    found = [room for module in MODULES for room in rooms.existing(module, rooms.BUYERS)]
    return [operation for room in found for operation in import_module(room).routes.operations]


def test_every_path_with_an_id_is_tried_below(shop: Shop) -> None:
    from app import app

    named = {
        (method, path)
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if "{" in path and not (entry.authorizer and entry.authorizer.name == "staff")
    }
    in_bodies = {
        (o.method, o.path)
        for o in operations()
        if any(field.endswith("_id") for field in getattr(o.body, "__struct_fields__", ()) if field != "vat_id")
    }
    assert named | in_bodies == BODIES.keys() | PUBLIC


@pytest.fixture(scope="module")
def town() -> Iterator[Shop]:
    """One shop for all of them: none changes anything in it, or it fails."""
    with opened() as shop:
        yield shop


@pytest.fixture(scope="module")
def anns(town: Shop) -> list[dict[str, str]]:
    """What Ann has: as a customer a cart, an order, its payment, a review with a photo; as a guest another of each."""
    shop = town
    shop.product("mug", stock={"ams": 50})
    shop.product("bowl", stock={"ams": 50})
    ann = shop.customer("ann")
    bought = delivered_to(shop, ann)
    mine = shop.cart_of(ann, ("MUG", 1)).get()
    hers = delivered(shop)
    theirs = shop.ready_cart(("MUG", 1))
    return [
        {"cart_id": mine["id"], "code": "HELLO", "method_id": "pm_1", **_bought(shop, bought)},
        {"cart_id": theirs.path.rpartition("/")[2], "code": "HELLO", "method_id": "pm_1", **_bought(shop, hers)},
        {
            "cart_id": str(ann.claims["sub"]),
            "order_id": "ord_x",
            "payment_id": "pay_x",
            "review_id": "rev_x",
            "photo_id": "med_x",
            "return_id": "ret_x",
            "sku": "MUG",
            "code": "HELLO",
            "method_id": "pm_1",
        },
    ]


def _bought(shop: Shop, order: Order) -> dict[str, str]:
    sent = photo(shop, order)
    review = write(order, photos=[sent])["id"]
    payment = order.placed["payment"]["id"]
    back = order.post("/returns", BROKEN)["id"]
    ids = {"order_id": order.id, "payment_id": payment, "review_id": review, "photo_id": sent, "return_id": back}
    return ids | {"sku": "MUG"}


@pytest.fixture(scope="module")
def ben(town: Shop, anns: list[dict[str, str]]) -> Gateway:
    """Another customer, with secrets of his own from when he was a guest."""
    ben = town.customer("ben")
    town.cart_of(ben, ("BOWL", 1))
    guests = town.ready_cart(("BOWL", 1)).api.headers["Cart-Token"]
    order = delivered(town, ("BOWL", 1)).placed["order_token"]
    return ben.with_headers(**{"Cart-Token": guests, "Order-Token": order})


def _named(text: str, ids: dict[str, str]) -> str:
    return re.sub(r"{(\w+_id|sku|code)}", lambda found: ids[found[1]], text)


def everything(shop: Shop) -> str:
    from chalicelib.core.settings import settings

    tables = [shop.dynamodb.scan(TableName=name)["Items"] for name in settings.tables.values()]
    return json.dumps(tables, sort_keys=True)


@pytest.mark.parametrize(("method", "path"), BODIES, ids=lambda part: part)
def test_what_is_another_customers_is_not_there(
    town: Shop, anns: list[dict[str, str]], ben: Gateway, method: str, path: str
) -> None:
    before = everything(town)
    body = json.dumps(BODIES[method, path]) if BODIES[method, path] is not None else None
    for ids in anns:
        filled = [_named(text, ids) for text in (path, body or "")]
        for headers in ({}, {"Idempotency-Key": "a-key-of-16-chars"}):
            status, _, problem = ben.send(method, filled[0], filled[1] or None, **headers)
            assert (status, problem["code"]) == (404, "not_found"), filled
    assert everything(town) == before
