"""A hot SKU's stock is spread over several items, so that many buyers at once do not all want the same one.

One item takes about 1,000 writes a second, half of that in transactions. What is reserved stays where it is; what is
available is spread evenly. A function that has not heard of it yet sees the first shard only: too little for at most a
minute, never too much.
"""

from collections import defaultdict

from chalicelib.core import audit, cache, dynamo
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import busy
from chalicelib.core.staff import Staff
from chalicelib.logistics import tables
from chalicelib.logistics.routing import evenly
from chalicelib.logistics.tables import HotSku, StockLevel

_ATTEMPTS = 8


class _Moved(Exception):
    """Stock moved between reading and writing: look again."""


def put(sku: str, shards: int, by: Staff) -> None:
    """Spread a SKU's stock over `shards` items at each location, one of them for a SKU that is not hot any more.

    The same again changes nothing. 422 `too_large` if that is more than a transaction takes.
    """
    for _ in range(_ATTEMPTS):
        mark = dynamo.get(HotSku, **tables.hot_key(sku))
        if (int(mark.shards) if mark else 1) == shards:
            break
        levels = tables.levels_of(sku)
        actions = [
            _mark(sku, shards, levels, mark),
            *(action for here in _by_location(levels) for action in _spread(here, shards)),
            audit.entry(by, "stock.sharded", sku, shards=shards),
        ]
        try:
            dynamo.transaction(actions)
        except _Moved:
            continue
        break
    else:
        raise busy()
    cache.forget()


def _mark(sku: str, shards: int, levels: list[StockLevel], before: HotSku | None) -> Action:
    # A shard of more than there shall be is looked at until the orders that hold its pieces are sent or called off.
    looked_at = max([shards, *(int(level.shard) + 1 for level in levels if int(level.reserved))])
    mark = HotSku(**tables.hot_key(sku), sku=sku, shards=shards, looked_at=looked_at)
    unchanged = (HotSku.shards == before.shards) if before else HotSku.pk.does_not_exist()
    return (dynamo.delete if looked_at == 1 else dynamo.put)(mark, unchanged, _Moved())


def _by_location(levels: list[StockLevel]) -> list[dict[int, StockLevel]]:
    places: defaultdict[str, dict[int, StockLevel]] = defaultdict(dict)
    for level in levels:
        places[level.location][int(level.shard)] = level
    return list(places.values())


def _spread(here: dict[int, StockLevel], shards: int) -> list[Action]:
    """Write actions for the stock of one location."""
    free = evenly(sum(int(level.available) for level in here.values()), shards)
    present = next(iter(here.values()))
    actions = [_let_hold(level, free[shard]) for shard, level in here.items() if shard < shards]
    actions += [_give_up(level) for shard, level in here.items() if shard >= shards]
    for shard in set(range(shards)) - here.keys():
        level = new_level(present.sku, present.location, free[shard], shard)
        actions.append(dynamo.insert(level, _Moved()))
    return actions


def _give_up(level: StockLevel) -> Action:
    if int(level.reserved):
        return _let_hold(level, 0)
    return dynamo.delete(level, unmoved(level), _Moved())


def _let_hold(level: StockLevel, available: int) -> Action:
    same = unmoved(level)
    reserved = int(level.reserved)
    level.available, level.on_hand = available, available + reserved
    return dynamo.put(level, same, _Moved())


def unmoved(level: StockLevel) -> dynamo.Condition:
    """Nothing was reserved, sent, counted or given back since the level was read."""
    same: dynamo.Condition = (
        (StockLevel.on_hand == level.on_hand)
        & (StockLevel.available == level.available)
        & (StockLevel.reserved == level.reserved)
    )
    return same


def new_level(sku: str, location: str, on_hand: int, shard: int) -> StockLevel:
    return StockLevel(
        **tables.level_key(sku, location, shard),
        sku=sku,
        location=location,
        shard=shard,
        on_hand=on_hand,
        available=on_hand,
        reserved=0,
    )
