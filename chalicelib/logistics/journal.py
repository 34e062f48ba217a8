"""The journal of stock: what was counted, came back or was thrown away. Parcels have their own history."""

from chalicelib.core import clock, dynamo, ids
from chalicelib.core.dynamo import Action
from chalicelib.logistics import tables
from chalicelib.logistics.tables import StockCount


def counted(sku: str, location: str, change: int, on_hand: int, by: str) -> Action:
    return dynamo.put(
        StockCount(**_key(sku), sku=sku, location=location, change=change, on_hand=on_hand, counted_by=by)
    )


def returned(sku: str, location: str, pieces: int, reason: str, by: str) -> Action:
    return dynamo.put(StockCount(**_key(sku), sku=sku, location=location, change=pieces, reason=reason, counted_by=by))


def written_off(sku: str, location: str, pieces: int, reason: str, by: str) -> Action:
    """Pieces that were not on the shelf and will not be: they left it when they were sent."""
    entry = StockCount(**_key(sku), sku=sku, location=location, change=0, reason=reason, counted_by=by)
    entry.written_off = pieces
    return dynamo.put(entry)


def _key(sku: str) -> dynamo.PrimaryKey:
    return tables.count_key(sku, clock.stamp(clock.now()), ids.new_id("cnt"))
