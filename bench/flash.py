"""python -m bench.flash [--buyers N] [--stock N] [--shards N]: more buyers than pieces of one hot SKU, 16 at a time.

On a local stack of its own, through API Gateway. Every buyer has a cart ready before the sale starts, by the server's
clock. What was sold is read from the stock and from the orders, not from the answers. The last line is JSON; the exit
code is 1 if not exactly what was there is sold.

`conflicts_retried` are the lines that functions log when they try again because somebody else was faster. The local
stack's DynamoDB knows no TransactionConflict, so those are levels that moved; on AWS both are counted.
"""

import argparse
import json
import shutil
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from infra.local import processes, stack
from infra.local.client import Api, Json, Refused, log_in, segment
from infra.local.demo.play import ADDRESS
from infra.local.places import Places
from infra.package import ROOT

AT_ONCE = 16
# How long functions may know a SKU's terms and shards as they were (chalicelib/core/cache.py), and a little more.
_KNOWN_EVERYWHERE = timedelta(seconds=62)
_PATIENCE = 600.0
_EUR = "EUR"


@dataclass(frozen=True)
class Buyer:
    """A guest with a cart that is ready to be checked out."""

    api: Api
    path: str
    wish: Json


@dataclass(frozen=True)
class Outcome:
    """Pieces that were sold by the shop's stock and by its orders, what buyers were told, and how long it took."""

    by_stock: int
    by_orders: int
    told: Counter[str]
    left: int
    seconds: float


def main(buyers: int, pieces: int, shards: int) -> int:
    with _stack() as known:
        staff = log_in(known["api"], known["staff"]["email"], known["staff"]["password"], patience=_PATIENCE)
        sku = offer(staff, pieces, shards)
        _say(f"{buyers:,} buyers fill their carts")
        ready = gather(Api(known["api"], _PATIENCE), sku, buyers)
        start(staff, sku, ready[0])
        _say(f"the sale starts: {pieces:,} pieces in {shards} shards, {AT_ONCE} buyers at a time")
        outcome = rush(ready, staff, sku)
        conflicts = conflicts_retried()
    print(
        f"{buyers:,} buyers in {outcome.seconds:,.0f} s were told {dict(outcome.told)}; {outcome.left} pieces are left"
    )
    wanted = min(buyers, pieces)
    sound = outcome.by_stock == outcome.by_orders == outcome.told["sold"] == wanted and outcome.left == pieces - wanted
    if not sound:
        print(f"by stock {outcome.by_stock} were sold, by orders {outcome.by_orders}; {wanted} were to be")
    figures = {"buyers": buyers, "stock": pieces, "sold": outcome.by_orders}
    print(json.dumps({**figures, "conflicts_retried": conflicts, "shards": shards}))
    return 0 if sound else 1


@contextmanager
def _stack() -> Iterator[Json]:
    from machine import free_port

    home = ROOT / ".local" / "flash-stack"
    shutil.rmtree(home, ignore_errors=True)
    places = Places(home, free_port(), free_port(), free_port())
    try:
        yield stack.up(places, _say, demo_catalogue=False)
    finally:
        processes.stop(places)
        shutil.rmtree(home, ignore_errors=True)


def offer(staff: Api, pieces: int, shards: int) -> str:
    """A product of which there are so many pieces, hot, and not sold before `start`; returns its SKU."""
    sku = f"FLASH-{uuid.uuid4().hex[:8]}"
    staff.put("/admin/locations/ams", {"name": "Amsterdam", "country": "NL", "priority": 1})
    price = {"amount": 495, "currency": _EUR}
    staff.put("/admin/shipping-options/standard", {"name": "Standard", "price": price, "days_min": 1, "days_max": 3})
    variant = {"sku": sku, "price": {"amount": 1990, "currency": _EUR}, "stock": {"ams": pieces}}
    product = {"handle": sku.lower(), "title": "The last of its kind", "status": "published", "variants": [variant]}
    staff.post("/admin/products", product)
    staff.put(f"/admin/stock/{segment(sku)}/shards", {"shards": shards})
    staff.put(f"/admin/sale-terms/{segment(sku)}", {"starts_at": _at(timedelta(days=1))})
    # All buyers have the network address of this machine.
    staff.put("/admin/order-policy", {"open_orders_per_address": None})
    return sku


def gather(guest: Api, sku: str, buyers: int) -> list[Buyer]:
    """Buyers with carts in which one piece lies."""
    return _all_at_once(lambda number: _fill(guest, sku, number), range(buyers))


def _fill(guest: Api, sku: str, number: int) -> Buyer:
    made = guest.post("/carts", {"currency": _EUR})
    path, mine = f"/carts/{made['id']}", guest.with_headers(**{"Cart-Token": made["cart_token"]})
    mine.post(f"{path}/items", {"sku": sku, "quantity": 1})
    mine.put(f"{path}/shipping-address", ADDRESS)
    cart = mine.put(f"{path}/shipping-option", {"id": "standard"})
    wish = {
        "email": f"buyer-{number}@jishi.example",
        "payment_method": "cash_on_delivery",
        "cart_version": cart["version"],
        "expected_total": cart["totals"]["total"],
    }
    return Buyer(mine, path, wish)


def start(staff: Api, sku: str, early: Buyer) -> None:
    """Let the sale start once every function knows of it; whoever is early is refused until then."""
    terms = f"/admin/sale-terms/{segment(sku)}"
    moment = datetime.now(UTC) + _KNOWN_EVERYWHERE
    staff.put(terms, {"starts_at": _stamp(moment)})
    if (answer := _buy(early)) != "not_on_sale":
        raise SystemExit(f"flash: a buyer who came before the start was told {answer}")
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def rush(buyers: list[Buyer], staff: Api, sku: str) -> Outcome:
    """Everybody checks out, 16 at a time."""
    known = {order["id"] for order in _orders(staff)}
    before = staff.get(f"/admin/stock/{segment(sku)}")
    began = time.monotonic()
    told = Counter(_all_at_once(_buy, buyers))
    seconds = time.monotonic() - began
    after = staff.get(f"/admin/stock/{segment(sku)}")
    if after["on_hand"] != after["available"] + after["reserved"]:
        raise SystemExit(f"flash: stock does not add up: {after}")
    placed = [order for order in _orders(staff) if order["id"] not in known]
    mine = sum(line["quantity"] for order in placed for line in _lines(staff, order["id"]) if line["sku"] == sku)
    return Outcome(after["reserved"] - before["reserved"], mine, told, after["available"], seconds)


def _buy(buyer: Buyer) -> str:
    """What a buyer is told in the end: `sold`, or the code of the refusal. Told to try again, they do."""
    key, end = str(uuid.uuid4()), time.monotonic() + _PATIENCE
    while True:
        try:
            buyer.api.post(f"{buyer.path}/checkout", buyer.wish, key=key)
        except Refused as refused:
            again = refused.status in (429, 503) or refused.problem.get("code") == "request_in_flight"
            if again and time.monotonic() < end:
                time.sleep(0.2)
                continue
            return str(refused.problem.get("code", refused.status))
        return "sold"


def _orders(staff: Api) -> Iterator[Json]:
    cursor = ""
    while True:
        page = staff.get(f"/admin/orders?limit=100{cursor}")
        yield from page["data"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={segment(page['next_cursor'])}"


def _lines(staff: Api, order: str) -> list[Json]:
    lines: list[Json] = staff.get(f"/admin/orders/{order}")["lines"]
    return lines


def conflicts_retried() -> int:
    """How often functions tried again because somebody else was faster, by their logs in CloudWatch."""
    logs = boto3.client("logs")
    groups = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/lambda/")
    names = [group["logGroupName"] for page in groups for group in page["logGroups"]]
    return sum(_conflicts(logs, name) for name in names)


def _conflicts(logs: Any, group: str) -> int:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern='"conflict"')
    lines = (line for page in pages for event in page["events"] for line in event["message"].splitlines())
    return sum(line.startswith('{"log":"conflict"') for line in lines)


def _all_at_once(work: Callable[[Any], Any], items: Any) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, items))


def _at(after: timedelta) -> str:
    return _stamp(datetime.now(UTC) + after)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--buyers", type=int, default=2_000)
    parser.add_argument("--stock", type=int, default=500)
    parser.add_argument("--shards", type=int, default=8)
    arguments = parser.parse_args()
    sys.exit(main(arguments.buyers, arguments.stock, arguments.shards))
