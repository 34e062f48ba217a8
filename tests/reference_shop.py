"""The shop as a person would explain it: a shelf, carts, orders and money in plain dicts.

What test_shop_model.py compares the real one with. Nothing fails here, nobody is late and nobody else is in the shop.
A method answers None, or the code with which the shop refuses. Time is in minutes, money in cents.
"""

from collections import Counter
from typing import Any

PAY_WITHIN, AT_MOST, PAY_AGAIN_WITHIN = 30, 90, 48 * 60
SHIPPING, FREE_FROM = 495, 10_000
LOCATIONS = ("ams", "sha")
HERE, GONE = (None, "planned", "packed"), ("dispatched", "delivered")
OPEN = ("pending_payment", "confirmed")
Order = dict[str, Any]
Refused = str | None


class ReferenceShop:
    def __init__(self, prices: dict[str, int], on_hand: dict[tuple[str, str], int]) -> None:
        self.now = 0
        self.prices = prices
        self.on_hand = on_hand
        self.reserved = dict.fromkeys(on_hand, 0)
        self.carts: dict[str, dict[str, int]] = {}
        self.seen: dict[str, dict[str, int]] = {}
        self.orders: dict[str, Order] = {}

    # --- the shelf -------------------------------------------------------------------------------------------------

    def count(self, sku: str, place: str, pieces: int) -> Refused:
        if pieces < self.reserved[sku, place]:
            return "reserved"
        self.on_hand[sku, place] = pieces
        return None

    def _route(self, lines: dict[str, int]) -> dict[str, Counter[str]] | None:
        """One place for everything if there is one, else each SKU from the first places that have some."""
        free = {at: self.on_hand[at] - self.reserved[at] for at in self.on_hand}
        for place in LOCATIONS:
            if all(free[sku, place] >= pieces for sku, pieces in lines.items()):
                return {place: Counter(lines)}
        picks: dict[str, Counter[str]] = {}
        for sku, wanted in lines.items():
            for place in LOCATIONS:
                taken = min(wanted - sum(pick[sku] for pick in picks.values()), free[sku, place])
                if taken:
                    picks.setdefault(place, Counter())[sku] += taken
            if sum(pick[sku] for pick in picks.values()) < wanted:
                return None
        return dict(sorted(picks.items()))

    def _reserve(self, place: str, lines: Counter[str], sign: int = 1) -> None:
        for sku, pieces in lines.items():
            self.reserved[sku, place] += sign * pieces

    # --- carts and checkout ----------------------------------------------------------------------------------------

    def put(self, cart: str, sku: str, pieces: int) -> None:
        lines = self.carts.setdefault(cart, {})
        lines[sku] = lines.get(sku, 0) + pieces
        self.seen.setdefault(cart, {})[sku] = self.prices[sku]

    def look(self, cart: str) -> None:
        self.seen[cart] = {sku: self.prices[sku] for sku in self.carts[cart]}

    def check_out(self, cart: str, order_id: str, method: str) -> Refused:
        lines, seen = self.carts[cart], self.seen[cart]
        total = _total(lines, self.prices)
        if any(self.prices[sku] > seen[sku] for sku in lines) and _total(lines, seen) == total:
            return "cart_changed"
        picks = self._route(lines)
        if picks is None:
            return "out_of_stock"
        del self.carts[cart], self.seen[cart]
        order: Order = {"state": "pending_payment", "method": method, "total": total, "agreed": total}
        order |= {"lines": Counter(lines), "prices": dict(self.prices), "returned": Counter(), "packed": False}
        order |= {"parcels": [{"place": place, "state": None, "lines": pick} for place, pick in picks.items()]}
        order |= {"promised": [], "taken": 0, "given_back": 0, "forgiven": 0}
        self.orders[order_id] = order | {"placed": self.now, "due": self.now + PAY_WITHIN}
        for place, pick in picks.items():
            self._reserve(place, pick)
        if method == "cash_on_delivery":
            _confirm(self.orders[order_id])
        return None

    # --- the money of an order -------------------------------------------------------------------------------------

    def missing(self, order_id: str) -> int:
        """What a card can be charged for an order now."""
        order = self.orders[order_id]
        if order["method"] != "card" or order["state"] not in OPEN:
            return 0
        return max(0, _owed(order) - _kept(order) - sum(order["promised"]))

    def want_to_pay(self, order_id: str) -> None:
        order = self.orders[order_id]
        if order["state"] == "pending_payment":
            order["due"] = max(order["due"], min(self.now + PAY_WITHIN, order["placed"] + AT_MOST))

    def pay(self, order_id: str, amount: int) -> None:
        """The customer's bank promises `amount`, which is what it was asked for: perhaps before the order changed."""
        order = self.orders[order_id]
        order["promised"].append(amount)
        if order["packed"]:
            _take(order)
        if sum(order["promised"]) + order["taken"] >= order["total"]:
            _confirm(order)
        self._mind(order)

    def lapse(self, order_id: str) -> bool:
        """Whether the bank could take back promises that the shop had not made use of."""
        order = self.orders[order_id]
        lapsed, order["promised"] = bool(order["promised"]), []
        if lapsed:
            self._mind(order)
        return lapsed

    def _mind(self, order: Order) -> None:
        promised = sum(order["promised"]) + order["taken"]
        if promised >= order["total"]:
            order["agreed"] = order["total"]
        order["due"] = None if promised >= order["agreed"] else order["due"] or self.now + PAY_AGAIN_WITHIN

    def refund(self, order_id: str) -> Refused:
        order = self.orders[order_id]
        if order["state"] in OPEN and any(parcel["state"] in HERE for parcel in order["parcels"] if parcel["lines"]):
            return "not_all_sent"
        return _give_back(order, _kept(order))

    # --- the end of an order, or of parts of it --------------------------------------------------------------------

    def pass_time(self, minutes: int) -> None:
        self.now += minutes
        for order in self.orders.values():
            if order["due"] is not None and order["due"] <= self.now:
                self._end(order, "expired" if order["state"] == "pending_payment" else "canceled")

    def cancel(self, order_id: str) -> Refused:
        order = self.orders[order_id]
        if order["state"] == "canceled":
            return None
        if order["state"] not in OPEN:
            return "wrong_state"
        if any(parcel["state"] in GONE for parcel in order["parcels"]):
            return "already_dispatched"
        self._end(order, "canceled")
        return None

    def _end(self, order: Order, state: str) -> None:
        order |= {"state": state, "due": None, "promised": [], "given_back": order["taken"]}
        for parcel in order["parcels"]:
            self._reserve(parcel["place"], parcel["lines"], -1)
            parcel |= {"state": parcel["state"] and "canceled", "lines": Counter()}

    def cancel_pieces(self, order_id: str, sku: str, pieces: int) -> Refused:
        order = self.orders[order_id]
        if order["state"] not in OPEN:
            return "wrong_state"
        if pieces > order["lines"][sku]:
            return "invalid_field"
        if pieces == order["lines"].total():
            return self.cancel(order_id)
        here = [parcel for parcel in order["parcels"] if parcel["state"] in HERE and parcel["lines"][sku]]
        if sum(parcel["lines"][sku] for parcel in here) < pieces:
            return "already_dispatched"
        self._change(order, sku, -pieces)
        packed = [parcel for parcel in here if parcel["state"] == "packed"]
        for parcel in [*(p for p in here[::-1] if p not in packed), *packed[::-1]]:  # the youngest first
            less = Counter({sku: min(pieces, parcel["lines"][sku])})
            self._reserve(parcel["place"], less, -1)
            parcel["lines"] -= less
            if not parcel["lines"]:
                parcel["state"] = parcel["state"] and "canceled"
            pieces -= less[sku]
        _complete(order)
        return None

    def add_pieces(self, order_id: str, sku: str, pieces: int) -> Refused:
        order = self.orders[order_id]
        if order["state"] != "confirmed":
            return "wrong_state"
        picks = self._route({sku: pieces})
        if picks is None:
            return "out_of_stock"
        if not order["lines"][sku]:
            order["prices"][sku] = self.prices[sku]
        self._change(order, sku, pieces)
        for place, pick in picks.items():
            self._reserve(place, pick)
            planned = [p for p in order["parcels"] if (p["place"], p["state"]) == (place, "planned")]
            if not planned:
                planned = [{"place": place, "state": "planned", "lines": Counter()}]
                order["parcels"] += planned
            planned[0]["lines"] += pick
        return None

    def _change(self, order: Order, sku: str, pieces: int) -> None:
        """What is owed is covered by what was taken, then by promises, the oldest first; of the rest none is kept."""
        order["lines"] += Counter({sku: pieces})
        order["total"] += pieces * order["prices"][sku]
        if order["state"] != "confirmed" or order["total"] <= order["agreed"]:
            order["agreed"] = order["total"]
        order["given_back"] += max(0, _kept(order) - _owed(order))
        left, promises = _owed(order) - _kept(order), order["promised"]
        order["promised"] = [amount for n, amount in enumerate(promises) if left > sum(promises[:n])]
        if order["promised"]:
            self._mind(order)

    # --- the warehouse ---------------------------------------------------------------------------------------------

    def split(self, order_id: str, number: int, sku: str) -> None:
        """One piece of a planned parcel goes into one of its own."""
        order = self.orders[order_id]
        parcel = order["parcels"][number]
        parcel["lines"] -= Counter({sku: 1})
        order["parcels"].append({"place": parcel["place"], "state": "planned", "lines": Counter({sku: 1})})

    def ship(self, order_id: str, number: int, step: str) -> Refused:
        """`pack`, `dispatch` or `deliver` a parcel that was planned once."""
        order = self.orders[order_id]
        parcel = order["parcels"][number]
        before, after = {"pack": ("planned", "packed"), "dispatch": ("packed", GONE[0]), "deliver": GONE}[step]
        if parcel["state"] == after:
            return None
        if parcel["state"] != before:
            return "wrong_state"
        if step == "dispatch" and order["method"] == "card" and _kept(order) < _owed(order):
            return "payment_not_secured"
        parcel["state"] = after
        if step == "pack":
            order["packed"] = True
            _take(order)
        if step == "dispatch":
            self._reserve(parcel["place"], parcel["lines"], -1)
            for sku, pieces in parcel["lines"].items():
                self.on_hand[sku, parcel["place"]] -= pieces
        _complete(order)
        return None

    def give_back(self, order_id: str, sku: str, pieces: int, place: str | None) -> Refused:
        """The customer sends pieces back, which go onto the shelf at `place` or, being broken, nowhere."""
        order = self.orders[order_id]
        left = order["lines"][sku] - order["returned"][sku]
        had = sum(parcel["lines"][sku] for parcel in order["parcels"] if parcel["state"] == "delivered")
        returnable = min(left, had - order["returned"][sku])
        if not order["lines"][sku]:
            return "invalid_field"
        if pieces > returnable:
            return "not_delivered" if not returnable and pieces <= left else "too_many_returned"
        order["returned"][sku] += pieces
        if place is not None:
            self.on_hand[sku, place] += pieces
        return _give_back(order, pieces * order["prices"][sku])


def _total(lines: dict[str, int], prices: dict[str, int]) -> int:
    goods = sum(prices[sku] * pieces for sku, pieces in lines.items())
    return goods + (SHIPPING if goods < FREE_FROM else 0)


def _confirm(order: Order) -> None:
    order["due"] = None
    if order["state"] == "pending_payment":
        order["state"] = "confirmed"
        for parcel in order["parcels"]:
            parcel["state"] = "planned" if parcel["lines"] else None


def _complete(order: Order) -> None:
    """Everything that was to be sent has arrived; what is paid at the door is paid."""
    states = {parcel["state"] for parcel in order["parcels"] if parcel["lines"]}
    if order["state"] == "confirmed" and states == {"delivered"}:
        order["state"] = "completed"
        if order["method"] == "cash_on_delivery":
            order["taken"] = order["total"]


def _owed(order: Order) -> int:
    return int(order["total"] - order["forgiven"])


def _kept(order: Order) -> int:
    return int(order["taken"] - order["given_back"])


def _take(order: Order) -> None:
    order["taken"] += min(sum(order["promised"]), _owed(order) - _kept(order))
    order["promised"] = []


def _give_back(order: Order, amount: int) -> Refused:
    if not _kept(order):
        return "nothing_to_refund"
    if amount > _kept(order):
        return "refund_too_large"
    order["given_back"] += amount
    order["forgiven"] += amount
    return None
