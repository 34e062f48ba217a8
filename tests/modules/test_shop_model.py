"""Whatever is done in whatever order, the shop is as the one of reference_shop.py: stock, orders and money.

The bank's and the shop's own messages are delivered after each step; how they may come otherwise is the storm's matter.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from inprocess import ADDRESS, Cart, Order, eur, opened
from reference_shop import LOCATIONS, ReferenceShop
from strict_stripe import StripeServer

from infra.local.client import Json, Refused

PRICES = {"MUG": 1290, "BOWL": 2500}
ON_HAND = {("MUG", "ams"): 3, ("MUG", "sha"): 2, ("BOWL", "ams"): 0, ("BOWL", "sha"): 4}
# Everybody may order and return as they like here: how it is limited is tested elsewhere.
UNLIMITED = dict.fromkeys(("open_orders_per_email", "open_orders_per_address", "open_pieces_per_email"))
POLICY = {"return_days": 3650, **UNLIMITED}
SKUS = st.sampled_from(sorted(PRICES))
PLACES = st.sampled_from(LOCATIONS)
WAYS_TO_PAY = st.sampled_from(["paid card", "card", "cash_on_delivery"])
SHOPPERS = st.sampled_from(["guest", "ann"])


class ShopMachine(RuleBasedStateMachine):
    """Each rule does one thing in the shop and in its model, and wants the same answer of both."""

    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.model = ReferenceShop(dict(PRICES), dict(ON_HAND))
        self.patch = pytest.MonkeyPatch()
        self.closing = ExitStack()
        self.closing.callback(self.patch.undo)
        self.shop = self.closing.enter_context(opened())
        # The model knows no caps on what waits for its payment; test_hoarding.py does.
        self.shop.staff.put("/admin/order-policy", {"open_orders_per_email": None, "open_pieces_per_email": None})
        self.events: list[Json] = []
        self.passed = timedelta()
        self.bank = self._wire()
        self.placed: dict[str, Order] = {}
        self.carts: dict[str, Cart] = {}
        self.shop.staff.put("/admin/order-policy", POLICY)
        self.products = {sku: self._product(sku) for sku in PRICES}

    def teardown(self) -> None:
        self.closing.close()

    def _wire(self) -> StripeServer:
        from chalicelib.core import clock, dynamo
        from chalicelib.payments import stripe_gateway

        start, dispatch = clock.now(), dynamo._connection.dispatch

        def noticed(operation: str, request: Any) -> Any:
            answer = dispatch(operation, request)
            for item in request.get("TransactItems", ()):
                self._notice(item.get("Put", {}).get("Item", {}))
            return answer

        self.patch.setattr(clock, "now", lambda: start + self.passed)
        self.patch.setattr(dynamo._connection, "dispatch", noticed)
        self.patch.setattr(self.shop, "events", lambda: list(self.events))  # a scan of all tables takes long
        bank = StripeServer(lambda: clock.now().timestamp())
        client = bank.client(stripe_gateway.API_VERSION, retries=0)
        self.patch.setattr(stripe_gateway, "_client", lambda: client)
        return bank

    def _notice(self, item: Json) -> None:
        from msgspec import json

        if item.get("kind") == {"S": "outbox"}:
            detail = json.decode(item["detail"]["S"])
            self.events.append({"name": item["name"]["S"], "id": item["sk"]["S"], "detail": detail})

    def _product(self, sku: str) -> Json:
        stock = {place: ON_HAND[sku, place] for place in LOCATIONS}
        return self.shop.product(sku.lower(), variants=[{"sku": sku, "price": eur(PRICES[sku]), "stock": stock}])

    def _cart(self, shopper: str) -> Cart:
        if shopper not in self.carts:
            cart = self.shop.cart() if shopper == "guest" else self._customers_cart()
            cart.put("/shipping-address", ADDRESS)
            self.carts[shopper] = cart
        return self.carts[shopper]

    def _customers_cart(self) -> Cart:
        ann = self.shop.customer()
        ann.post("/me/cart")
        return Cart(ann, "/me/cart")

    def _order(self, cart: Cart, placed: Json) -> Order:
        if placed["order_token"] is not None:
            return self.shop.order_of(placed)
        return Order(cart.api, f"/me/orders/{placed['order']['id']}", placed)

    def _hear(self) -> None:
        self.shop.hear(self.bank)

    # --- staff and their shelves -----------------------------------------------------------------------------------

    @rule(sku=SKUS, place=PLACES, pieces=st.integers(0, 6), cents=st.sampled_from([1290, 1390, 2400, 2500]))
    def count_and_reprice(self, sku: str, place: str, pieces: int, cents: int) -> None:
        body = {"location": place, "on_hand": pieces}
        assert refused(self.shop.staff.put, f"/admin/stock/{sku}", body) == self.model.count(sku, place, pieces)
        self._reprice(sku, cents)

    def _reprice(self, sku: str, cents: int) -> None:
        product = self.products[sku]
        body = {"handle": product["handle"], "title": product["title"], "status": "published"}
        variants = [{"sku": sku, "price": eur(cents)}]
        self.shop.staff.put(f"/admin/products/{product['id']}", {**body, "variants": variants})
        self.model.prices[sku] = cents

    # --- carts -----------------------------------------------------------------------------------------------------

    @rule(shopper=SHOPPERS, sku=SKUS, pieces=st.integers(1, 3), looks=st.booleans())
    def put(self, shopper: str, sku: str, pieces: int, looks: bool = False) -> None:
        cart = self._cart(shopper)
        cart.post("/items", {"sku": sku, "quantity": pieces})
        seen = cart.put("/shipping-option", {"id": "standard"})
        self.model.put(shopper, sku, pieces)
        if looks:
            assert cart.post("/seen", {"cart_version": seen["version"]})["changes"] == []
            self.model.look(shopper)

    @initialize(target=orders)
    def somebody_has_bought_already(self) -> Any:
        arrived = self.buy("guest", "BOWL", 2, "paid card")
        self.ship(arrived, 9, 3)
        return multiple(arrived, self.buy("ann", "MUG", 2, "paid card"))

    @rule(target=orders, shopper=SHOPPERS, sku=SKUS, pieces=st.integers(1, 3), how=WAYS_TO_PAY)
    def buy(self, shopper: str, sku: str, pieces: int, how: str) -> Any:
        """What is in the cart already, and this."""
        self.put(shopper, sku, pieces)
        method = how.removeprefix("paid ")
        cart, made = self._cart(shopper), dict[str, Any]()
        answer = refused(lambda: made.update(cart.check_out(payment_method=method)))
        order_id = made["order"]["id"] if made else ""
        assert answer == self.model.check_out(shopper, order_id, method)
        if not made:
            return multiple()
        self.placed[order_id] = self._order(cart, made)
        del self.carts[shopper]
        self._hear()
        if method != how:
            self.pay(order_id)
        return order_id

    # --- the customer, the bank and time ---------------------------------------------------------------------------

    @rule(order=orders, card_is_good=st.sampled_from([True, True, False]))
    def pay(self, order: str, card_is_good: bool = True) -> None:
        secret, missing = self._secret(order), self.model.missing(order)
        self.model.want_to_pay(order)
        if card_is_good:
            paid = bool(secret and self.bank.pay(secret))
            assert paid == bool(missing)
            if paid:
                self.model.pay(order, next(i["amount"] for i in self._intents(order) if i["client_secret"] == secret))
        elif secret:
            self.bank.decline(secret)
        self._hear()

    def _secret(self, order: str) -> str | None:
        session: Json = {}
        refused(lambda: session.update(self.placed[order].post("/payments")))
        return session.get("client_secret")

    @rule(order=orders)
    def lapse(self, order: str) -> None:
        lapsed = [self.bank.lapse(intent["id"]) for intent in self._intents(order)]
        assert any(lapsed) == self.model.lapse(order)
        self._hear()

    @rule(minutes=st.sampled_from([7, 7, 40, 49 * 60]))
    def pass_time(self, minutes: int) -> None:
        self.passed += timedelta(minutes=minutes)
        self.model.pass_time(minutes)
        self.shop.expire()
        self._hear()

    # --- orders that change ----------------------------------------------------------------------------------------

    @rule(order=orders)
    def cancel(self, order: str) -> None:
        assert refused(self.placed[order].post, "/cancel") == self.model.cancel(order)
        self._hear()

    @rule(order=orders, sku=SKUS, pieces=st.integers(1, 2))
    def cancel_pieces(self, order: str, sku: str, pieces: int) -> None:
        body = {"lines": {sku: pieces}}
        assert refused(self.placed[order].post, "/cancel-lines", body) == self.model.cancel_pieces(order, sku, pieces)
        self.shop.sweep()  # promises that are not needed any more are let go
        self._hear()

    @rule(order=orders, sku=SKUS, pieces=st.integers(1, 2))
    def add_pieces(self, order: str, sku: str, pieces: int) -> None:
        there = self.model.orders[order]["lines"][sku]
        body = {"set": {sku: there + pieces}} if there else {"add": {sku: pieces}}
        path = f"/admin/orders/{order}/edit"
        assert refused(self.shop.staff.post, path, body) == self.model.add_pieces(order, sku, pieces)
        self._hear()

    # --- the warehouse ---------------------------------------------------------------------------------------------

    @rule(order=orders, most=st.sampled_from([9, 9, 1]), steps=st.sampled_from([3, 3, 2, 1]))
    def ship(self, order: str, most: int, steps: int) -> None:
        """Pack, dispatch, deliver parcels that are not called off, or what of it is possible."""
        parcels = self.model.orders[order]["parcels"]
        known = [n for n, parcel in enumerate(parcels) if parcel["state"] not in (None, "canceled", "delivered")]
        for number in known[:most]:
            for step in ("pack", "dispatch", "deliver")[:steps]:
                body = {"tracking_number": "T"} if step == "dispatch" else {}
                path = f"/admin/shipments/{self._shipment(order, number)}/{step}"
                assert refused(self.shop.staff.post, path, body) == self.model.ship(order, number, step)
                self._hear()

    @rule(order=orders)
    def split(self, order: str) -> None:
        for number, parcel in enumerate(self.model.orders[order]["parcels"]):
            if parcel["state"] == "planned" and parcel["lines"].total() > 1:
                sku = min(parcel["lines"])
                path = f"/admin/shipments/{self._shipment(order, number)}/split"
                self.shop.staff.post(path, {"lines": {sku: 1}})
                self.model.split(order, number, sku)
                self._hear()
                break

    def _shipment(self, order: str, number: int) -> str:
        return f"shp_{order.removeprefix('ord_')}-{number + 1}"

    @rule(order=orders, sku=SKUS, pieces=st.integers(1, 2), place=st.none() | PLACES)
    def give_back(self, order: str, sku: str, pieces: int, place: str | None) -> None:
        """A customer sends something back; what can be sold again goes onto the shelf at `place`."""
        answer = refused(lambda: self._return(order, sku, pieces, place))
        assert answer == self.model.give_back(order, sku, pieces, place)
        self._hear()

    def _return(self, order: str, sku: str, pieces: int, place: str | None) -> None:
        wanted = {"sku": sku, "quantity": pieces, "reason": "changed_mind"}
        path = f"/admin/returns/{self.placed[order].post('/returns', {'lines': [wanted]})['id']}"
        self.shop.staff.post(f"{path}/approve")
        came = {"sku": sku, "quantity": pieces, "condition": "resellable" if place else "damaged"}
        self.shop.staff.post(f"{path}/receive", {"lines": [{**came, "location": place or LOCATIONS[0]}]})
        self.shop.staff.post(f"{path}/refund")

    @rule(order=orders)
    def refund(self, order: str) -> None:
        assert refused(self.shop.staff.post, f"/admin/orders/{order}/refunds") == self.model.refund(order)
        self._hear()

    # --- what has to be the same -----------------------------------------------------------------------------------

    @invariant()
    def stock_is_the_models(self) -> None:
        for sku in PRICES:
            for level in self.shop.stock(sku)["levels"]:
                at = (sku, level["location"])
                assert level["on_hand"] == level["available"] + level["reserved"]
                assert (level["on_hand"], level["reserved"]) == (self.model.on_hand[at], self.model.reserved[at]), at

    @invariant()
    def orders_and_their_money_are_the_models(self) -> None:
        for order_id, expected in self.model.orders.items():
            page = self.placed[order_id].get()
            assert (page["status"], page["total"]["amount"]) == (expected["state"], expected["total"])
            parcels = {parcel["id"]: (parcel["location"], parcel["status"]) for parcel in page["shipments"]}
            assert parcels == {
                self._shipment(order_id, number): (parcel["place"], parcel["state"])
                for number, parcel in enumerate(expected["parcels"])
                if parcel["state"]
            }
            assert page["payment_status"] == payment_status(expected)
            if expected["method"] == "card":
                intents = self._intents(order_id)
                assert sum(intent["amount_received"] for intent in intents) == expected["taken"]
                assert sum(self.bank.given_back(intent["id"]) for intent in intents) == expected["given_back"]

    def _intents(self, order: str) -> list[Json]:
        return [intent for intent in self.bank.intents.values() if intent["metadata"]["order_id"] == order]


def payment_status(order: Json) -> str:
    if order["given_back"]:
        return "refunded" if order["given_back"] == order["taken"] else "partially_refunded"
    if order["taken"]:
        return "paid" if order["taken"] >= order["total"] else "partially_paid"
    promised = sum(order["promised"])
    return "authorized" if promised >= order["total"] else "partially_authorized" if promised else "unpaid"


def refused(call: Callable[..., Any], *args: Any) -> str | None:
    """The code that `call` is refused with, None if it is not."""
    try:
        call(*args)
    except Refused as problem:
        return str(problem.problem["code"])
    return None


QUICK = settings(
    max_examples=15,
    stateful_step_count=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


def test_the_shop_is_as_its_model_whatever_is_done() -> None:
    run_state_machine_as_test(ShopMachine, settings=QUICK)


def test_a_shop_that_keeps_a_canceled_orders_stock_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.logistics import reserving

    monkeypatch.setattr(reserving, "release", lambda reservations, otherwise: [])
    with pytest.raises(AssertionError):
        run_state_machine_as_test(ShopMachine, settings=settings(QUICK, phases=[Phase.generate]))
