"""One run: a seed, its storm, the calm after it, and what must be true then."""

import random
import threading
from dataclasses import dataclass

from environment import WEBHOOK_SECRET

from tests.storm import bookkeeping, invariants, stage
from tests.storm.aws import Aws
from tests.storm.bank import Bank
from tests.storm.dynamodb import DynamoDB
from tests.storm.scheduler import Scheduler, Violation, epoch
from tests.storm.shop import Town
from tests.storm.weather import Weather

STORM = 45 * 60.0
CALM = 24 * 3600.0


@dataclass(frozen=True)
class Outcome:
    """`violations` is empty where everything held. Equal seeds have equal digests."""

    seed: int
    violations: list[str]
    digest: str
    trace: list[str]
    orders: int
    seconds: float


def run(seed: int) -> Outcome:
    """Play `seed`, from an opened shop until nothing moves any more."""
    dice = random.Random(f"weather {seed}")
    weather = Weather.of(dice)
    scheduler = Scheduler(seed, epoch(seed))
    database = DynamoDB(stage.opened(), lambda: scheduler.now)
    aws = Aws(scheduler, weather, database)
    bank = Bank(aws, WEBHOOK_SECRET)
    town = Town(scheduler, weather, aws, bank)
    before = threading.active_count()
    with stage.on_stage(scheduler, aws, bank.server):
        aws.wire(stage.TEMPLATE, stage.functions(), stage.urls())
        weather.over = True
        town.stock_up()
        weather.over = False
        found = _play(scheduler, weather, aws, town, dice)
        scheduler.close()
        found = found or invariants.broken(database, town)
    assert threading.active_count() == before, threading.enumerate()
    orders = len({order for told in town.books.orders.values() for order in told})
    return Outcome(seed, found, scheduler.digest(), scheduler.trace, orders, scheduler.now)


def _play(scheduler: Scheduler, weather: Weather, aws: Aws, town: Town, dice: random.Random) -> list[str]:
    town.settle()
    town.keep_time(stage.functions())
    reconcile = stage.functions()["payments_reconcile"]
    bookkeeping.plan(town, reconcile, dice, STORM)
    try:
        scheduler.run(scheduler.now + STORM)
        weather.over = True
        town.closing = True
        scheduler.at(0, aws.redrive)
        scheduler.run(scheduler.now + CALM)
    except Violation as violation:
        return [str(violation)]
    stuck = [f"stuck: {what}" for what in (*aws.restless, *sorted(town.due))]
    if scheduler.actors:
        stuck.append(f"stuck: {scheduler.actors} actors do not come to an end")
    if not stuck and not bookkeeping.close(town, reconcile):
        stuck.append("the provider's books and ours differ, or could not be compared")
    return stuck
