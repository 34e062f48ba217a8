"""The acts of the demo. Each step says what is done, what must be so afterwards, and which events it caused."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from infra.local.client import Api, Json, Refused, log_in, segment, upload, wait_for

ADDRESS = {
    "name": "Lin Yue",
    "line1": "Prinsengracht 263",
    "city": "Amsterdam",
    "postal_code": "1016 GV",
    "country": "NL",
}
# As long as a stop and a start of the shop in the middle of the demo may take.
PATIENCE = 180


class Unexpected(Exception):
    """The shop did something else than it should."""


class Play:
    """One performance against the shop that `stack` (.local/stack.json) describes."""

    def __init__(self, stack: dict[str, Any]) -> None:
        self.stack = stack
        self.guest = Api(stack["api"], PATIENCE)
        self.staff = log_in(stack["api"], stack["staff"]["email"], stack["staff"]["password"], PATIENCE)
        self.since = datetime.now(UTC) - timedelta(milliseconds=1)
        self.told: set[str] = set()

    def play(self, file: Path) -> tuple[Json, str]:
        """Returns a product that is published, and a SKU that it used."""
        handles = self.import_products(file)
        self.import_again(file)
        product = self.find_in_shop(handles)
        skus = self.stock_up(handles)
        self.to_the_doorstep(skus)
        self.canceled(skus[0])
        self.last_piece(skus[0])
        self.off_the_shelf(product)
        return product, skus[-1]

    def import_products(self, file: Path) -> list[str]:
        """Returns the handles of the file's published products."""
        with self.step(f"staff import {file.name}"):
            job = self.imported(file)
            counts = job["counts"]
            print(f"         {', '.join(f'{number} {what}' for what, number in counts.items() if number)}")
            for line in job["lines"]:
                for problem in line["problems"]:
                    print(f"         line {problem['line']}: {problem['column'] or 'row'}: {problem['detail']}")
            handles = [line["handle"] for line in job["lines"] if line["outcome"] != "failed"]
            self.check(handles, "no product came in")
        return [handle for handle in handles if self.is_published(handle)]

    def import_again(self, file: Path) -> None:
        with self.step("staff import the same file again, and nothing changes"):
            counts = self.imported(file)["counts"]
            self.check(
                not counts["created"] and not counts["updated"], f"the second import changed something: {counts}"
            )

    def imported(self, file: Path) -> Json:
        job = self.staff.post("/admin/imports", {})
        upload(job["upload_url"], file.read_bytes())
        path = f"/admin/imports/{job['id']}"
        done = wait_for("the import", lambda: self.if_ended(path), PATIENCE)
        self.check(done["status"] == "finished", f"the import {done['status']}: {done['detail']}")
        lines, cursor = done["lines"], done["next_cursor"]
        while cursor:
            page = self.staff.get(f"{path}?limit=100&cursor={cursor}")
            lines, cursor = lines + page["lines"], page["next_cursor"]
        return {**done, "lines": lines}

    def if_ended(self, path: str) -> Json | None:
        job = self.staff.get(f"{path}?limit=100")
        return job if job["status"] in ("finished", "failed") else None

    def is_published(self, handle: str) -> bool:
        try:
            self.guest.get(f"/products/{segment(handle)}")
        except Refused as refused:
            self.check(refused.status == 404, str(refused))
            return False
        return True

    def find_in_shop(self, handles: list[str]) -> Json:
        with self.step("guest browses, searches and looks at a product"):
            self.check(handles, "the file has no published product")
            newest = self.guest.get("/products?limit=100")["data"]
            self.check(newest, "the shop window is empty")
            product = self.guest.get(f"/products/{segment(handles[0])}")
            self.wait_until_search_has(product, True)
            print(
                f"         {product['title']}, {len(product['variants'])} variants, from {money(product['price_from'])}"
            )
        return product

    def stock_up(self, handles: list[str]) -> list[str]:
        """Returns up to three SKUs of different products that can be bought now."""
        with self.step("staff count ten more pieces of three products into the first location"):
            location = self.staff.get("/admin/locations")["data"][0]["id"]
            skus = [self.guest.get(f"/products/{segment(h)}")["variants"][0]["sku"] for h in handles[:3]]
            for sku in skus:
                there = {level["location"]: level["on_hand"] for level in self.stock(sku)["levels"]}
                count = {"location": location, "on_hand": there.get(location, 0) + 10}
                self.staff.put(f"/admin/stock/{segment(sku)}", count)
        return skus

    def to_the_doorstep(self, skus: list[str]) -> None:
        before = {sku: self.stock(sku) for sku in skus}
        with self.step("guest fills a cart, gives an address, chooses shipping"):
            cart = self.cart(skus)
        with self.step("guest checks out, and once more with the same key, as after a lost answer"):
            wish, key = self.wish(cart.get(".")), f"demo-{time.time_ns()}"
            placed = cart.post("/checkout", wish, key=key)
            self.check(cart.post("/checkout", wish, key=key) == placed, "the second answer is another one")
        order = self.order(placed)
        with self.step("the order is confirmed and its parcels are planned"):
            self.until(order, lambda o: self.planned(o) == o["quantity"], "planned parcels")
            for sku in skus:
                self.check(self.stock(sku)["reserved"] == before[sku]["reserved"] + 1, f"{sku} is not reserved")
        for parcel in order.get(".")["shipments"]:
            self.send(order, parcel["id"])
        with self.step("the order is completed and paid at the door"):
            self.until(
                order, lambda o: (o["status"], o["payment_status"]) == ("completed", "paid"), "a paid, completed order"
            )
            for sku in skus:
                now = self.stock(sku)
                self.check(now["on_hand"] == before[sku]["on_hand"] - 1, f"{sku} is still counted")
                self.check(now["reserved"] == before[sku]["reserved"], f"{sku} is still reserved")
        print("         the guest's timeline:")
        for entry in order.get(".")["timeline"]:
            tracking = f" ({entry['facts']['tracking_number']})" if "tracking_number" in entry["facts"] else ""
            print(f"           {entry['at'][11:23]}  {entry['name']}{tracking}")

    def send(self, order: "Sub", parcel: str) -> None:
        with self.step("staff pack the parcel"):
            self.staff.post(f"/admin/shipments/{parcel}/pack", {})
            self.until(order, partial(self.is_in, parcel, "packed"), "the parcel to be packed")
        self.send_off(order, parcel)

    def send_off(self, order: "Sub", parcel: str) -> None:
        tracking = f"JISHI{time.time_ns() % 10**9:09d}NL"
        steps = [
            ("dispatch", "dispatched", {"tracking_number": tracking, "carrier": "postnl"}),
            ("deliver", "delivered", {}),
        ]
        for verb, state, body in steps:
            with self.step(f"staff {verb} the parcel"):
                self.staff.post(f"/admin/shipments/{parcel}/{verb}", body)
                self.until(order, partial(self.is_in, parcel, state), f"the parcel to be {state}")

    def canceled(self, sku: str) -> None:
        before = self.stock(sku)
        with self.step("another guest orders and calls it off; the stock is back"):
            order = self.order(self.checked_out([sku]))
            self.check(self.stock(sku)["available"] == before["available"] - 1, "nothing was reserved")
            self.check(
                order.post("/cancel", {"reason": "changed my mind"})["status"] == "canceled", "it is not canceled"
            )
            self.check(self.stock(sku) == before, "the stock is not what it was")

    def last_piece(self, sku: str) -> None:
        for place, level in enumerate(self.stock(sku)["levels"]):
            # What is reserved is some earlier order's; beside it there is one piece in all.
            count = {"location": level["location"], "on_hand": level["reserved"] + (place == 0)}
            self.staff.put(f"/admin/stock/{segment(sku)}", count)
        with self.step("two guests want the last piece, and one gets it"):
            with ThreadPoolExecutor(2) as both:
                carts = [self.cart([sku]) for _ in range(2)]
                results = list(both.map(self.try_to_buy, carts))
            self.check(sorted(results) == ["bought", "out_of_stock"], f"what happened was {results}")
            self.check(self.stock(sku)["available"] == 0, "the piece is still for sale")

    def off_the_shelf(self, product: Json) -> None:
        path = f"/admin/products/{product['id']}"
        with self.step("staff take a product off the shelf, and it is gone from search"):
            self.staff.post(f"{path}/unpublish")
            self.wait_until_search_has(product, False)
            self.check(not self.is_published(product["handle"]), "its page is still there")
        with self.step("staff put it back, and it is found again"):
            self.staff.post(f"{path}/publish")
            self.wait_until_search_has(product, True)

    def cart(self, skus: list[str]) -> "Sub":
        made = self.guest.post("/carts")
        cart = Sub(self.guest.with_headers(**{"Cart-Token": made["cart_token"]}), f"/carts/{made['id']}")
        for sku in skus:
            cart.post("/items", {"sku": sku, "quantity": 1})
        cart.put("/shipping-address", ADDRESS)
        option = cart.get("/shipping-options")["data"][0]
        cart.put("/shipping-option", {"id": option["id"]})
        return cart

    def wish(self, cart: Json) -> Json:
        return {
            "email": "guest@jishi.example",
            "payment_method": "cash_on_delivery",
            "cart_version": cart["version"],
            "expected_total": cart["totals"]["total"],
        }

    def checked_out(self, skus: list[str]) -> Json:
        cart = self.cart(skus)
        return cart.post("/checkout", self.wish(cart.get(".")))

    def try_to_buy(self, cart: "Sub") -> str:
        try:
            cart.post("/checkout", self.wish(cart.get(".")))
        except Refused as refused:
            return str(refused.problem.get("code"))
        return "bought"

    def order(self, placed: Json) -> "Sub":
        token = {"Order-Token": placed["order_token"]}
        return Sub(self.guest.with_headers(**token), f"/orders/{placed['order']['id']}")

    def until(self, order: "Sub", so: Callable[[Json], bool], what: str) -> Json:
        def look() -> Json | None:
            present = order.get(".")
            return present if so(present) else None

        return wait_for(what, look, PATIENCE)

    def planned(self, order: Json) -> int:
        return sum(parcel["quantity"] for parcel in order["shipments"])

    def is_in(self, parcel: str, state: str, order: Json) -> bool:
        return any(p["id"] == parcel and p["status"] == state for p in order["shipments"])

    def stock(self, sku: str) -> Json:
        return self.staff.get(f"/admin/stock/{segment(sku)}")

    def wait_until_search_has(self, product: Json, wanted: bool) -> None:
        path = f"/search?limit=100&q={segment(product['title'])}"

        def look() -> bool:
            return (product["id"] in {card["id"] for card in self.guest.get(path)["data"]}) == wanted

        wait_for(f"search to {'find' if wanted else 'lose'} {product['handle']}", look, PATIENCE)

    def check(self, truth: object, otherwise: str) -> None:
        if not truth:
            raise Unexpected(otherwise)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Do something, then say how long it took and which events the shop told meanwhile."""
        print(what, flush=True)
        started = time.monotonic()
        yield
        seconds = time.monotonic() - started
        counted: dict[str, int] = {}
        for event in self.staff.get(f"/admin/events?limit=1000&since={segment(self.since.isoformat())}")["data"]:
            if event["id"] not in self.told:
                self.told.add(event["id"])
                counted[event["name"]] = counted.get(event["name"], 0) + 1
        names = ", ".join(f"{name} x {number}" if number > 1 else name for name, number in counted.items())
        print(f"  {seconds:5.2f} s  {names or 'no events'}", flush=True)


class Sub:
    """The part of an API below one path; "." is the path itself."""

    def __init__(self, api: Api, path: str) -> None:
        self.api, self.path = api, path

    def get(self, below: str) -> Json:
        return self.api.get(self.path + below.removeprefix("."))

    def post(self, below: str, body: Json, *, key: str | None = None) -> Json:
        return self.api.post(self.path + below, body, key=key)

    def put(self, below: str, body: Json) -> Json:
        return self.api.put(self.path + below, body)


def money(amount: Json) -> str:
    return f"{amount['amount']} minor units {amount['currency']}"
