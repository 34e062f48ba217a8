"""DynamoDB requests of what a guest does, each at its budget."""

from inprocess import ADDRESS, Cart, Json, Shop
from strict_stripe import StripeServer

from bench.counting import Calls, counted
from bench.figures import Figure, Section
from bench.order import LINES, Journey


def measure(shop: Shop, bank: StripeServer) -> Section:
    with counted() as product:
        shop.guest.get("/products/mug")
    cart = shop.ready_cart(*LINES)
    with counted() as cart_page:
        cart.get()
    wish = cart.wish()
    with counted() as checkout:
        placed = cart.post("/checkout", wish)
    order = shop.order_of(placed)
    with counted() as order_page:
        order.get()
    told = [
        _figure("product page", product, 1),
        _figure("order page", order_page, 1),
        _figure("cart page, 3 lines", cart_page, 2),
        _figure("checkout, cash on delivery", checkout, 3),
        *_by_card(shop, bank),
    ]
    return Section("Requests", "DynamoDB requests. Locations and shipping options are in the function's cache.", told)


def _by_card(shop: Shop, bank: StripeServer) -> list[Figure]:
    journey = Journey(shop, bank)
    with counted() as filling:
        cart, wish = _filled(shop)
    before: list[int] = []
    with counted() as checkout:
        bank.before = lambda call, again: before.append(len(checkout.dynamodb))
        placed = cart.post("/checkout", wish)
    bank.before = lambda call, again: None
    bank.pay(placed["payment"]["client_secret"])
    journey.carry_on()
    paid = Calls()
    for function, _, step in [("guest", "", filling), ("guest", "", checkout), *journey.steps]:
        if function != "logistics_events":  # parcels are planned because it is paid, not to pay it
            paid.names += step.names
    if shop.order_of(placed).get()["payment_status"] != "authorized":
        raise RuntimeError("the order is not paid")
    return [
        Figure("checkout by card, before the provider's call", before[0], 3, "requests"),
        Figure("checkout by card, after the provider's call", len(checkout.dynamodb) - before[-1], 1, "requests"),
        _figure("empty cart to placed order by card", _sum(filling, checkout), None),
        _figure("empty cart to paid by card, its webhook and events included", paid, 16),
    ]


def _filled(shop: Shop) -> tuple[Cart, Json]:
    cart = shop.cart(*LINES)
    cart.put("/shipping-address", ADDRESS)
    cart.get("/shipping-options")
    seen = cart.put("/shipping-option", {"id": "standard"})
    agreed = {"cart_version": seen["version"], "expected_total": seen["totals"]["total"]}
    return cart, {"email": "guest@jishi.example", "payment_method": "card", **agreed}


def _sum(*parts: Calls) -> Calls:
    whole = Calls()
    for part in parts:
        whole.names += part.names
    return whole


def _figure(name: str, calls: Calls, budget: float | None) -> Figure:
    return Figure(name, len(calls.dynamodb), budget, "requests", str(calls))
