"""From which locations an order is served."""

from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.core.errors import ShopError


class Pick(msgspec.Struct, frozen=True):
    """Take `quantity` pieces of `sku` at `location`, from one of the shards that its stock there is spread over."""

    sku: str
    location: str
    quantity: int
    shard: int = 0


def route(wanted: Mapping[str, int], available: Mapping[tuple[str, str], int], locations: Sequence[str]) -> list[Pick]:
    """Where each piece comes from: one location for everything if there is one, else the first ones that have some.

    `wanted` is pieces by SKU, `available` pieces by (SKU, location), `locations` in the order of preference. Raises
    ShopError 409 `out_of_stock`, naming the SKU and what there is, if all locations together have too few.
    """
    for location in locations:
        if all(available.get((sku, location), 0) >= quantity for sku, quantity in wanted.items()):
            return [Pick(sku, location, quantity) for sku, quantity in wanted.items()]
    return [pick for sku, quantity in wanted.items() for pick in _spread(sku, quantity, available, locations)]


def _spread(sku: str, quantity: int, available: Mapping[tuple[str, str], int], locations: Sequence[str]) -> list[Pick]:
    picks: list[Pick] = []
    left = quantity
    for location in locations:
        taken = min(left, available.get((sku, location), 0))
        if taken > 0:
            picks.append(Pick(sku, location, taken))
            left -= taken
    if left:
        raise out_of_stock(sku, quantity - left)
    return picks


def over_shards(pick: Pick, available: Mapping[int, int], seed: int) -> list[Pick]:
    """`pick` from the shards of its location, whose `available` pieces are by shard and enough together.

    `seed` says where to begin, so that many orders of one SKU do not all meet at its first shard. One shard that has
    all of it is taken before several that have some.
    """
    shards = sorted(available)
    start = seed % len(shards)
    turn = shards[start:] + shards[:start]
    turn = [shard for shard in turn if available[shard] >= pick.quantity][:1] or turn
    picks: list[Pick] = []
    left = pick.quantity
    for shard in turn:
        taken = min(left, available[shard])
        if taken > 0:
            picks.append(Pick(pick.sku, pick.location, taken, shard))
            left -= taken
    return picks


def evenly(pieces: int, shards: int) -> list[int]:
    """`pieces` by shard, the first ones with one more where it does not come out even. They may be fewer than none."""
    each, more = divmod(pieces, shards)
    return [each + (shard < more) for shard in range(shards)]


def out_of_stock(sku: str, available: int) -> ShopError:
    detail = f"Of {sku} there are only {available} left." if available else f"{sku} is sold out."
    return ShopError("out_of_stock", 409, detail, extra={"sku": sku, "available": available})
