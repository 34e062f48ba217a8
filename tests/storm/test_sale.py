"""A sale: more buyers than pieces at once, on a DynamoDB whose transactions get in each other's way."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from inprocess import ADDRESS, OWNER, UNCAPPED

from tests.storm import invariants, planted, stage
from tests.storm.aws import Aws
from tests.storm.dynamodb import DynamoDB
from tests.storm.scheduler import Scheduler
from tests.storm.stage import Door
from tests.storm.weather import Weather

BUYERS, PIECES = 60, 25
_WISH = {"email": "guest@jishi.example", "payment_method": "cash_on_delivery"}


@dataclass
class Sale:
    """What became of the buyers, and what was in the way."""

    sold: int = 0
    refused: int = 0
    wrong: list[Any] = field(default_factory=list)


def ready_cart(pieces: int) -> tuple[str, str, dict[str, Any]]:
    """A path, its token and what its guest agrees to."""
    door = Door(None)
    made = door.post("/carts")
    path, token = f"/carts/{made['id']}", made["cart_token"]
    mine = door.with_headers(**{"Cart-Token": token})
    mine.post(f"{path}/items", {"sku": "MUG", "quantity": pieces})
    mine.put(f"{path}/shipping-address", ADDRESS)
    cart = mine.put(f"{path}/shipping-option", {"id": "standard"})
    return path, token, {**_WISH, "cart_version": cart["version"], "expected_total": cart["totals"]["total"]}


def buy(sale: Sale, path: str, token: str, wish: dict[str, Any], scheduler: Scheduler) -> None:
    door = Door(None).with_headers(**{"Cart-Token": token})
    for _ in range(40):
        status, _, answer = door.send("POST", f"{path}/checkout", json.dumps(wish))
        if status == 201:
            sale.sold += answer["order"]["quantity"]
            return
        if (status, answer.get("code")) == (409, "out_of_stock"):
            sale.refused += 1
            return
        if status != 503:
            break
        scheduler.pause(0.5)
    sale.wrong.append((status, answer))


def hold_sale(seed: int, shards: int, quantities: list[int]) -> tuple[Sale, list[str], Any]:
    dice = random.Random(seed)
    scheduler = Scheduler(seed, datetime(2026, 3, 11, 10, 0, 0, tzinfo=UTC))
    calm = Weather({}, duplicates=0, slow=0, over=True)
    database = DynamoDB(stage.opened(), lambda: scheduler.now)
    aws = Aws(scheduler, calm, database)
    database.on_insert = lambda table, item: None
    sale, staff = Sale(), Door(OWNER)
    with stage.on_stage(scheduler, aws):
        staff.put("/admin/stock/MUG", {"location": "ams", "on_hand": PIECES})
        staff.put("/admin/stock/MUG/shards", {"shards": shards})
        staff.put("/admin/order-policy", UNCAPPED)  # all of them are one guest
        carts = [ready_cart(pieces) for pieces in quantities]
        for n, cart in enumerate(carts):
            scheduler.spawn(f"buyer{n}", lambda cart=cart: buy(sale, *cart, scheduler), dice.uniform(0, 0.05))
        scheduler.run(scheduler.now + 3600)
        level = staff.get("/admin/stock/MUG")
        scheduler.close()
    return sale, [*aws.errors, *invariants.stock(invariants.Shop(database))], level


@pytest.mark.parametrize("shards", [1, 8])
@pytest.mark.parametrize("seed", range(3))
def test_a_sale_sells_exactly_what_is_there(seed: int, shards: int) -> None:
    sale, broken, level = hold_sale(seed, shards, [1] * BUYERS)
    assert (sale.wrong, broken) == ([], [])
    assert (sale.sold, sale.refused) == (PIECES, BUYERS - PIECES)
    assert (level["on_hand"], level["available"], level["reserved"]) == (PIECES, 0, PIECES)


@pytest.mark.parametrize("seed", range(3))
def test_a_sale_of_several_pieces_each_never_sells_too_many(seed: int) -> None:
    """Whoever wants three may go away with none while two are left; the smallest wish decides what remains."""
    quantities = [random.Random(seed).choice([1, 2, 3]) for _ in range(BUYERS)]
    sale, broken, level = hold_sale(seed, 8, quantities)
    assert (sale.wrong, broken) == ([], [])
    assert sale.sold == level["reserved"] == PIECES - level["available"]
    assert level["available"] < max(quantities)


def test_a_sale_finds_out_about_stock_that_is_sold_twice() -> None:
    with planted.stock_without_condition():
        sale, broken, _ = hold_sale(1, 8, [1] * BUYERS)
    assert sale.sold > PIECES
    assert broken
