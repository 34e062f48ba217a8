"""The shop as a person would explain it: a shelf, carts, orders and money in plain dicts.

What test_shop_model.py compares the real one with. Nothing fails here, nobody is late and nobody else is in the shop.
Every method answers None, or the code with which the shop refuses. Time is in minutes.
"""

from typing import Any

PAY_WITHIN, PAY_AGAIN_WITHIN = 30, 48 * 60
SHIPPING, FREE_FROM = 495, 10_000
LOCATIONS = ("ams", "sha")
GONE = ("dispatched", "delivered")
Refused = str | None


class ReferenceShop:
    def __init__(self, prices: dict[str, int], on_hand: dict[tuple[str, str], int]) -> None:
        self.now = 0
        self.prices = prices
        self.on_hand = on_hand
        self.reserved = dict.fromkeys(on_hand, 0)
        self.carts: dict[str, dict[str, int]] = {}
        self.seen: dict[str, dict[str, int]] = {}
        self.orders: dict[str, dict[str, Any]] = {}

    def free(self, sku: str, location: str) -> int:
        return self.on_hand[sku, location] - self.reserved[sku, location]

    def count(self, sku: str, location: str, pieces: int) -> Refused:
        if pieces < self.reserved[sku, location]:
            return "reserved"
        self.on_hand[sku, location] = pieces
        return None

    def put(self, cart: str, sku: str, pieces: int) -> Refused:
        lines = self.carts.setdefault(cart, {})
        lines[sku] = lines.get(sku, 0) + pieces
        self.seen.setdefault(cart, {})[sku] = self.prices[sku]
        return None

    def look(self, cart: str) -> None:
        self.seen[cart] = {sku: self.prices[sku] for sku in self.carts.get(cart, {})}

    def total(self, lines: dict[str, int], prices: dict[str, int]) -> int:
        goods = sum(prices[sku] * pieces for sku, pieces in lines.items())
        return goods + (SHIPPING if goods < FREE_FROM else 0)

    def check_out(self, cart: str, order_id: str, method: str) -> Refused:
        lines, seen = self.carts.get(cart, {}), self.seen.get(cart, {})
        if not lines:
            return "cart_empty"
        total = self.total(lines, self.prices)
        if any(self.prices[sku] > seen[sku] for sku in lines) and self.total(lines, seen) == total:
            return "cart_changed"
        parcels = self._parcels(lines)
        if parcels is None:
            return "out_of_stock"
        del self.carts[cart], self.seen[cart]
        for location, parcel in parcels.items():
            for sku, pieces in parcel["lines"].items():
                self.reserved[sku, location] += pieces
        order = {"state": "pending_payment", "method": method, "total": total, "parcels": parcels}
        money = {"promised": 0, "taken": 0, "given_back": 0, "due": self.now + PAY_WITHIN, "packed": False}
        self.orders[order_id] = order | money
        if method == "cash_on_delivery":
            self._confirm(self.orders[order_id])
        return None

    def _parcels(self, lines: dict[str, int]) -> dict[str, Any] | None:
        """One place for everything if there is one, else each SKU from the first places that have some."""
        for place in LOCATIONS:
            if all(self.free(sku, place) >= pieces for sku, pieces in lines.items()):
                return {place: {"state": None, "lines": dict(lines)}}
        parcels: dict[str, Any] = {}
        for sku, wanted in lines.items():
            left = wanted
            for place in LOCATIONS:
                if taken := min(left, self.free(sku, place)):
                    parcels.setdefault(place, {"state": None, "lines": {}})["lines"][sku] = taken
                    left -= taken
            if left:
                return None
        return parcels

    def _confirm(self, order: dict[str, Any]) -> None:
        order["due"] = None
        if order["state"] == "pending_payment":
            order["state"] = "confirmed"
            for parcel in order["parcels"].values():
                parcel["state"] = "planned"

    def pay(self, order_id: str) -> bool:
        """Whether a card could be charged now, and was."""
        order = self.orders[order_id]
        if order["method"] != "card" or order["promised"] or order["state"] not in ("pending_payment", "confirmed"):
            return False
        order["promised"] = order["total"]
        order["taken"] = order["total"] if order["packed"] else 0
        self._confirm(order)
        return True

    def lapse(self, order_id: str) -> bool:
        """Whether the bank could take back a promise that the shop had not made use of."""
        order = self.orders[order_id]
        if not order["promised"] or order["taken"]:
            return False
        order |= {"promised": 0, "due": self.now + PAY_AGAIN_WITHIN}
        return True

    def pass_time(self, minutes: int) -> None:
        self.now += minutes
        for order in self.orders.values():
            if order["due"] is not None and order["due"] <= self.now:
                self._end(order, "expired" if order["state"] == "pending_payment" else "canceled")

    def cancel(self, order_id: str) -> Refused:
        order = self.orders[order_id]
        if order["state"] in ("expired", "completed"):
            return "wrong_state"
        if any(parcel["state"] in GONE for parcel in order["parcels"].values()):
            return "already_dispatched"
        if order["state"] != "canceled":
            self._end(order, "canceled")
        return None

    def _end(self, order: dict[str, Any], state: str) -> None:
        order |= {"state": state, "due": None, "promised": 0, "given_back": order["taken"]}
        for location, parcel in order["parcels"].items():
            parcel["state"] = parcel["state"] and "canceled"
            for sku, pieces in parcel["lines"].items():
                self.reserved[sku, location] -= pieces

    def ship(self, order_id: str, location: str, step: str) -> Refused:
        """`pack`, `dispatch` or `deliver` the parcel from a location; there has to be one."""
        order = self.orders[order_id]
        parcel = order["parcels"][location]
        before, after = {"pack": ("planned", "packed"), "dispatch": ("packed", GONE[0]), "deliver": GONE}[step]
        if parcel["state"] == after:
            return None
        if parcel["state"] != before:
            return "wrong_state"
        if step == "dispatch" and order["method"] == "card" and not order["taken"]:
            return "payment_not_secured"
        parcel["state"] = after
        if step == "pack" and order["method"] == "card":
            order |= {"packed": True, "taken": order["promised"]}
        if step == "dispatch":
            for sku, pieces in parcel["lines"].items():
                self.on_hand[sku, location] -= pieces
                self.reserved[sku, location] -= pieces
        if all(parcel["state"] == "delivered" for parcel in order["parcels"].values()):
            order |= {"state": "completed", "taken": order["total"]}
        return None

    def refund(self, order_id: str) -> Refused:
        order = self.orders[order_id]
        sent = all(parcel["state"] in GONE for parcel in order["parcels"].values())
        if order["state"] not in ("expired", "canceled") and not sent:
            return "not_all_sent"
        if order["taken"] == order["given_back"]:
            return "nothing_to_refund"
        order["given_back"] = order["taken"]
        return None
