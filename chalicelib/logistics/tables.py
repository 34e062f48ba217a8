"""The logistics table.

| what            | pk                | sk                                           |
|-----------------|-------------------|----------------------------------------------|
| location        | LOCATIONS         | LOCATION#<id>                                |
| shipping option | SHIPPING          | OPTION#<id>                                  |
| stock level     | STOCK#<sku>       | LEVEL#<location>#<shard>                     |
| hot SKU         | HOT               | <sku>                                        |
| stock count     | COUNTS#<sku>#<ym> | <time>#<id>                                  |
| reservation     | ORDER#<order id>  | RESERVATION#<sku>#<location>#<shard>#<parcel>|
| shipment        | ORDER#<order id>  | SHIPMENT#<id>                                |
| backlog         | BACKLOGS          | <sku>                                        |
| awaiting order  | BACKLOG#<sku>     | <order id>                                   |
| hold            | ORDER#<order id>  | HOLD                                         |

All that logistics knows of an order is one Query. A shipment's id holds its order's, so it is found without an index.
"""

from collections.abc import Iterator

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core import dynamo, ids
from chalicelib.core.cache import for_a_minute
from chalicelib.core.dynamo import Item, JsonAttribute, PrimaryKey
from chalicelib.core.settings import settings
from chalicelib.logistics.shipping import ShippingOption

# A SKU's stock at a location is one item until the SKU is so hot that it must be spread over several.
ONLY_SHARD = 0


class LogisticsItem(Item):
    class Meta:
        table_name = settings.tables["logistics"]


class Location(LogisticsItem, discriminator="location"):
    """A place that holds stock. The lower its `priority` number, the sooner it is asked."""

    id = UnicodeAttribute()
    name = UnicodeAttribute()
    country = UnicodeAttribute()
    priority = NumberAttribute()


class OfferedShipping(LogisticsItem, discriminator="shipping_option"):
    option = JsonAttribute(ShippingOption)


class StockLevel(LogisticsItem, discriminator="stock_level"):
    """Pieces of one SKU at one location, in one shard: `on_hand` = `available` + `reserved`, always."""

    sku = UnicodeAttribute()
    location = UnicodeAttribute()
    shard = NumberAttribute(default=ONLY_SHARD)
    on_hand = NumberAttribute()
    available = NumberAttribute()
    reserved = NumberAttribute()


class HotSku(LogisticsItem, discriminator="hot_sku"):
    """A SKU whose available stock is spread over `shards` items at each location.

    `looked_at` are at least as many: what an order holds in another one may become available again.
    """

    sku = UnicodeAttribute()
    shards = NumberAttribute()
    looked_at = NumberAttribute()


class StockCount(LogisticsItem, discriminator="stock_count"):
    """The journal of what came and went other than by parcel: `change` is by how much `on_hand` moved.

    A person or a file counted the pieces, and then `on_hand` is what there are; or some came back from a customer and
    were put on the shelf or, `written_off`, thrown away.
    """

    sku = UnicodeAttribute()
    location = UnicodeAttribute()
    change = NumberAttribute()
    on_hand = NumberAttribute(null=True)
    written_off = NumberAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    counted_by = UnicodeAttribute()


class Reservation(LogisticsItem, discriminator="reservation"):
    """Pieces set aside for an order: `held`, then `consumed` by dispatch or `released` by cancel and expiry, once.

    `parcel` is the number of the shipment that sends them, from 1. Pieces that are not there yet are `awaited`;
    planning notes on them that the order is `confirmed`.
    """

    order_id = UnicodeAttribute()
    sku = UnicodeAttribute()
    location = UnicodeAttribute()
    shard = NumberAttribute(default=ONLY_SHARD)
    parcel = NumberAttribute(default=1)
    quantity = NumberAttribute()
    state = UnicodeAttribute()
    confirmed = BooleanAttribute(null=True)


class Backlog(LogisticsItem, discriminator="backlog"):
    """How many pieces of a SKU orders wait for, in all."""

    sku = UnicodeAttribute()
    pieces = NumberAttribute()


class Awaiting(LogisticsItem, discriminator="awaiting"):
    """An order's place among those that wait for a SKU: ids sort by the time of their making."""

    sku = UnicodeAttribute()
    order_id = UnicodeAttribute()


class Hold(LogisticsItem, discriminator="hold"):
    """While it is there, nothing of the order is packed or dispatched."""

    order_id = UnicodeAttribute()
    reason = UnicodeAttribute()


class CalledOff(LogisticsItem, discriminator="called_off"):
    """The order is off, and holds stock or waits for some still: nothing more is set aside for it."""

    order_id = UnicodeAttribute()


class Shipment(LogisticsItem, discriminator="shipment"):
    """A parcel from one location. `lines` are pieces by SKU; `history` is when it came into each state. `on_delivery`
    says that its order is paid at the door, if whoever planned the parcel knew."""

    id = UnicodeAttribute()
    order_id = UnicodeAttribute()
    location = UnicodeAttribute()
    state = UnicodeAttribute()
    version = NumberAttribute()
    lines = JsonAttribute(dict[str, int])
    carrier = UnicodeAttribute(null=True)
    tracking_number = UnicodeAttribute(null=True)
    on_delivery = BooleanAttribute(null=True)
    history = JsonAttribute(dict[str, str])


HELD, CONSUMED, RELEASED, AWAITED = "held", "consumed", "released", "awaited"


def location_key(location_id: str) -> PrimaryKey:
    return {"pk": "LOCATIONS", "sk": f"LOCATION#{location_id}"}


def option_key(option_id: str) -> PrimaryKey:
    return {"pk": "SHIPPING", "sk": f"OPTION#{option_id}"}


def level_key(sku: str, location: str, shard: int = ONLY_SHARD) -> PrimaryKey:
    return {"pk": f"STOCK#{sku}", "sk": f"LEVEL#{location}#{shard}"}


def hot_key(sku: str) -> PrimaryKey:
    return {"pk": "HOT", "sk": sku}


def count_key(sku: str, at: str, count_id: str) -> PrimaryKey:
    return {"pk": f"COUNTS#{sku}#{at[:7]}", "sk": f"{at}#{count_id}"}


def reservation_key(order_id: str, sku: str, location: str, shard: int, parcel: int) -> PrimaryKey:
    return {"pk": f"ORDER#{order_id}", "sk": f"RESERVATION#{sku}#{location}#{shard}#{parcel}"}


def called_off_key(order_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{order_id}", "sk": "CALLED_OFF"}


def backlog_key(sku: str) -> PrimaryKey:
    return {"pk": "BACKLOGS", "sk": sku}


def backlog_ref(sku: str) -> dynamo.Key:
    key = backlog_key(sku)
    return (Backlog, key["pk"], key["sk"])


def awaiting_key(sku: str, order_id: str) -> PrimaryKey:
    return {"pk": f"BACKLOG#{sku}", "sk": order_id}


def hold_key(order_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{order_id}", "sk": "HOLD"}


def shipment_key(shipment_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{ids.parent_of('ord', shipment_id)}", "sk": f"SHIPMENT#{shipment_id}"}


def level_ref(sku: str, location: str, shard: int = ONLY_SHARD) -> dynamo.Key:
    key = level_key(sku, location, shard)
    return (StockLevel, key["pk"], key["sk"])


def levels_of(sku: str) -> list[StockLevel]:
    return dynamo.collection(StockLevel, f"STOCK#{sku}", consistent=True)


def backlogged() -> list[str]:
    """The SKUs that orders wait for. Only SKUs that may be oversold ever had a backlog, so it is one page."""
    return [item.sku for item in dynamo.collection(Backlog, "BACKLOGS", consistent=True) if int(item.pieces) > 0]


def awaiting(sku: str) -> Iterator[Awaiting]:
    """The orders that wait for a SKU, the oldest first, page by page."""
    yield from Awaiting.query(f"BACKLOG#{sku}", consistent_read=True)


def of_order(order_id: str) -> tuple[list[Reservation], list[Shipment]]:
    """All reservations and shipments of an order: one Query."""
    items = dynamo.collection(LogisticsItem, f"ORDER#{order_id}", consistent=True)
    return [i for i in items if isinstance(i, Reservation)], [i for i in items if isinstance(i, Shipment)]


def shipment(shipment_id: str) -> Shipment | None:
    key = shipment_key(shipment_id)
    return dynamo.get(Shipment, key["pk"], key["sk"])


@for_a_minute
def locations() -> list[Location]:
    """The places that hold stock, the preferred ones first."""
    return sorted(dynamo.collection(Location, "LOCATIONS"), key=lambda location: (int(location.priority), location.id))


@for_a_minute
def shipping_options() -> list[ShippingOption]:
    return [item.option for item in dynamo.collection(OfferedShipping, "SHIPPING")]


@for_a_minute
def hot() -> dict[str, HotSku]:
    """The hot SKUs, a few: a sale's, not the catalogue's."""
    return {item.sku: item for item in dynamo.collection(HotSku, "HOT")}
