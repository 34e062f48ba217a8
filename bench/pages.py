"""DynamoDB requests of what a guest does, each at its budget."""

from inprocess import ADDRESS, Shop

from bench.counting import Calls, counted
from bench.figures import Figure, Section

LINES = (("MUG", 1), ("BOWL", 1), ("PLATE", 1))


def measure(shop: Shop) -> Section:
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
    with counted() as whole:
        cart = shop.cart(*LINES)
        cart.put("/shipping-address", ADDRESS)
        cart.get("/shipping-options")
        seen = cart.put("/shipping-option", {"id": "standard"})
        agreed = {"cart_version": seen["version"], "expected_total": seen["totals"]["total"]}
        cart.post("/checkout", {"email": "a@jishi.example", "payment_method": "cash_on_delivery", **agreed})
    told = [
        _figure("product page", product, 1),
        _figure("order page", order_page, 1),
        _figure("cart page, 3 lines", cart_page, 2),
        _figure("checkout, cash on delivery", checkout, 3),
        _figure("empty cart to placed order, cash on delivery", whole, 16),
        Figure("checkout by card, before the provider's call", None, 3, note="there are no card payments yet"),
        Figure("checkout by card, after the provider's call", None, 1, note="there are no card payments yet"),
        Figure("empty cart to paid by card", None, 16, note="there are no card payments yet"),
    ]
    return Section("Requests", "DynamoDB requests. Locations and shipping options are in the function's cache.", told)


def _figure(name: str, calls: Calls, budget: float) -> Figure:
    return Figure(name, len(calls.dynamodb), budget, "requests", str(calls))
