"""What logistics' clients send and see."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.money import Money
from chalicelib.logistics.shipping import Country, Days
from chalicelib.logistics.tables import Location, Shipment, StockLevel

Label = Annotated[str, Meta(min_length=1, max_length=100)]
LocationId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$(?!\n)")]
Pieces = Annotated[int, Meta(ge=0, le=10_000_000)]


class PutLocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Label
    country: Country
    priority: Annotated[int, Meta(ge=0, le=1000)] = 100


class PutShippingOption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Label
    price: Money
    days_min: Days
    days_max: Days
    countries: tuple[Country, ...] = ()
    free_from: Money | None = None


class CountStock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    location: LocationId
    on_hand: Pieces


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Over how many items the stock of a SKU is spread; 1 for one that is not hot."""

    shards: Annotated[int, Meta(ge=1, le=32)]


class Dispatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tracking_number: Label
    carrier: Label = "other"


class Split(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`lines` are the pieces by SKU that go into a parcel of their own."""

    lines: Annotated[dict[Label, Annotated[int, Meta(ge=1, le=10_000_000)]], Meta(min_length=1, max_length=40)]


class LocationView(msgspec.Struct, frozen=True):
    id: str
    name: str
    country: str
    priority: int


class Locations(msgspec.Struct, frozen=True):
    data: list[LocationView]
    next_cursor: str | None


class LevelView(msgspec.Struct, frozen=True, omit_defaults=True):
    """Pieces at a location: `on_hand` = `available` + `reserved`. `shards` is left out where it is one."""

    location: str
    on_hand: int
    available: int
    reserved: int
    shards: int = 1


class StockView(msgspec.Struct, frozen=True):
    sku: str
    on_hand: int
    available: int
    reserved: int
    levels: list[LevelView]


class ShipmentView(msgspec.Struct, frozen=True):
    """A parcel. `lines` are pieces by SKU; `history` is when it came into each state."""

    id: str
    order_id: str
    location: str
    state: str
    lines: dict[str, int]
    carrier: str | None
    tracking_number: str | None
    history: dict[str, datetime]


def location(item: Location) -> LocationView:
    return LocationView(item.id, item.name, item.country, int(item.priority))


def stock(sku: str, levels: list[StockLevel]) -> StockView:
    places: dict[str, list[StockLevel]] = {}
    for level in levels:
        places.setdefault(level.location, []).append(level)
    views = [_level(location, here) for location, here in places.items()]
    return StockView(
        sku=sku,
        on_hand=sum(view.on_hand for view in views),
        available=sum(view.available for view in views),
        reserved=sum(view.reserved for view in views),
        levels=views,
    )


def _level(location: str, shards: list[StockLevel]) -> LevelView:
    return LevelView(
        location=location,
        on_hand=sum(int(level.on_hand) for level in shards),
        available=sum(int(level.available) for level in shards),
        reserved=sum(int(level.reserved) for level in shards),
        shards=len(shards),
    )


def shipment(item: Shipment) -> ShipmentView:
    return ShipmentView(
        id=item.id,
        order_id=item.order_id,
        location=item.location,
        state=item.state,
        lines=item.lines,
        carrier=item.carrier,
        tracking_number=item.tracking_number,
        history={state: datetime.fromisoformat(at) for state, at in item.history.items()},
    )
