"""The orders table.

| what           | pk               | sk                       | index `by_month`                              |
|----------------|------------------|--------------------------|-----------------------------------------------|
| their orders   | CUSTOMER#<id>    | ORDER#<time>#<id>        |                                               |
| order header   | ORDER#<id>       | ORDER                    | ORDERS#<year-month>#<spread> / <time>#<id>    |
| order snapshot | ORDER#<id>       | SNAPSHOT#<revision>      |                                               |
| timeline entry | ORDER#<id>       | TIMELINE#<time>#<event>  |                                               |

A header that waits for its payment is also in the index `by_due`, under DUE#<spread> / <time>#<id>, and each is in
`by_status` under STATUS#<state>#<spread> / <time>#<id>. What is over would pile up there for ever, so it is parted by
months: STATUS#<state>#<year-month>#<spread>.

The header is small, so that a transition costs little; what never changes is in the snapshot. An order page is one
Query. The indexes hold hardly more than keys: only placing an order writes to `by_month`, only a new state to
`by_status`. Carts, the policy, and what finding, handling and limiting orders keep beside these have files of their
own.
"""

import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import TypedDict

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import IncludeProjection

from chalicelib.core import due, dynamo
from chalicelib.core.dynamo import Item, JsonAttribute, PrimaryKey, SecondaryIndex
from chalicelib.core.money import Money
from chalicelib.core.settings import settings
from chalicelib.orders import states
from chalicelib.orders.address import Address
from chalicelib.orders.billing import Billing
from chalicelib.orders.pricing.pricing import PricedLine, Shipping, Totals

LIST_SPREAD = 4


class ShipmentMark(msgspec.Struct, frozen=True):
    """What an order knows of one of its shipments; `version` is the shipment's."""

    version: int
    state: str
    quantity: int
    location: str
    carrier: str | None = None
    tracking_number: str | None = None


class PaymentMark(msgspec.Struct, frozen=True):
    """What an order knows of one of its payment attempts, in minor units; `version` is the attempt's.

    `covers` is what of the order's total nobody has to pay any more because of it; None: what it has `authorized`.
    `disputed` is what the customer's bank took back of it, and has not returned.
    """

    version: int
    authorized: int
    captured: int
    refunded: int
    covers: int | None = None
    disputed: int = 0


class Redemption(msgspec.Struct, frozen=True):
    """A coupon that was redeemed: whether it was `counted` in the coupon, and for `who` it was counted."""

    code: str
    counted: bool
    who: str | None = None


class Redeemed(msgspec.Struct, frozen=True):
    """What an order gives back if it ends: coupons that are limited, and what its customer got for a first order."""

    coupons: list[Redemption]
    first_order: str | None = None


class Hold(msgspec.Struct, frozen=True):
    """Why an order is neither packed nor sent. `by` is who of the staff, None: the shop itself."""

    reason: str
    at: str
    by: str | None


class MonthIndex(SecondaryIndex["OrderHeader"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_month"
        projection = IncludeProjection(["kind"])  # PynamoDB filters by it

    month_key = UnicodeAttribute(hash_key=True)
    placed_key = UnicodeAttribute(range_key=True)


class StatusIndex(SecondaryIndex["OrderHeader"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_status"
        projection = IncludeProjection(["kind"])

    status_key = UnicodeAttribute(hash_key=True)
    placed_key = UnicodeAttribute(range_key=True)


class DueIndex(SecondaryIndex["OrderHeader"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_due"
        projection = IncludeProjection(["kind"])

    due_key = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class OrdersItem(Item):
    class Meta:
        table_name = settings.tables["orders"]

    by_month = MonthIndex()
    by_due = DueIndex()
    by_status = StatusIndex()
    month_key = UnicodeAttribute(null=True)
    placed_key = UnicodeAttribute(null=True)
    status_key = UnicodeAttribute(null=True)
    due_key = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)


class Ration(msgspec.Struct, frozen=True):
    """What an order takes of SKUs of which each customer gets so many: pieces by SKU, counted for each of `owners`."""

    owners: tuple[str, ...]
    pieces: dict[str, int]


class OrderHeader(OrdersItem, discriminator="order"):
    """The part of an order that changes. `quantity` is pieces in all, `to_send` are those that go into parcels, of
    bundles their components. `shipments` and `payments` are by their ids.

    It opens to the guest who has the secret of `token_hash`, or to the customer `customer_id`. `cart_id` is the guest's
    cart that it came from. `number` is what people call it. `holders` are the limits that it counts for while it is
    open, as limits/hoarding.py names them and says.

    `revision` says which snapshot holds. `agreed` is what the order was confirmed on, in minor units, while it costs
    more and nobody has paid the difference yet. `exchange_of` is the return that paid for it. `disputed` is what of its
    payments was disputed when last it was looked at whether the order has to wait for that.
    """

    id = UnicodeAttribute()
    number = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    version = NumberAttribute()
    token_hash = UnicodeAttribute(null=True)
    customer_id = UnicodeAttribute(null=True)
    cart_id = UnicodeAttribute(null=True)
    total = JsonAttribute(Money)
    payment_method = UnicodeAttribute()
    quantity = NumberAttribute()
    to_send = NumberAttribute()
    payments = JsonAttribute(dict[str, PaymentMark], default=dict)
    shipments = JsonAttribute(dict[str, ShipmentMark])
    redeemed = JsonAttribute(Redeemed, null=True)
    tags = JsonAttribute(list[str], default=list)
    hold = JsonAttribute(Hold, null=True)
    holders = JsonAttribute(list[str], null=True)
    ration = JsonAttribute(Ration, null=True)
    placed_at = UnicodeAttribute()
    revision = NumberAttribute(default=1)
    agreed = NumberAttribute(null=True)
    exchange_of = UnicodeAttribute(null=True)
    disputed = NumberAttribute(default=0)


class OrderSnapshot(OrdersItem, discriminator="order_snapshot"):
    """What the customer ordered, as it was then: prices, names, addresses. Each revision is written once.

    An order of which nothing is sent has no address and no shipping. `locale` is the language that the customer read.
    """

    email = UnicodeAttribute()
    lines = JsonAttribute(list[PricedLine])
    totals = JsonAttribute(Totals)
    address = JsonAttribute(Address, null=True)
    shipping = JsonAttribute(Shipping, null=True)
    billing = JsonAttribute(Billing, null=True)
    locale = UnicodeAttribute(null=True)


class TimelineEntry(OrdersItem, discriminator="timeline"):
    """Something that happened to an order. `by` is who of the staff did it; None: the customer, or the shop itself."""

    name = UnicodeAttribute()
    at = UnicodeAttribute()
    by = UnicodeAttribute(null=True)
    facts = JsonAttribute(dict[str, str])


class CustomersOrder(OrdersItem, discriminator="customers_order"):
    """An entry in a customer's list of orders. It never changes; how an order stands is in its header."""

    order_id = UnicodeAttribute()


def customers_order_key(customer_id: str, placed_at: str, order_id: str) -> PrimaryKey:
    return {"pk": f"CUSTOMER#{customer_id}", "sk": f"ORDER#{placed_at}#{order_id}"}


def header_key(order_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{order_id}", "sk": "ORDER"}


def snapshot_key(order_id: str, revision: int) -> PrimaryKey:
    return {"pk": f"ORDER#{order_id}", "sk": f"SNAPSHOT#{revision:03d}"}


def timeline_key(order_id: str, at: str, event_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{order_id}", "sk": f"TIMELINE#{at}#{event_id}"}


class Listing(TypedDict):
    month_key: str
    placed_key: str


def listing(order_id: str, placed_at: str) -> Listing:
    """The index keys of an order header."""
    spread = zlib.crc32(order_id.encode()) % LIST_SPREAD
    return {"month_key": f"ORDERS#{placed_at[:7]}#{spread}", "placed_key": f"{placed_at}#{order_id}"}


def status_key(state: str, order_id: str, placed_at: str) -> str:
    """The key of an order header in the index `by_status`."""
    spread = zlib.crc32(order_id.encode()) % LIST_SPREAD
    return f"{status_list(state, placed_at[:7])}#{spread}"


def status_list(state: str, month: str) -> str:
    """The list of the orders in a state: all of them, or where they are over, those placed in `month`."""
    return f"STATUS#{state}#{month}" if state in states.OVER else f"STATUS#{state}"


def put_off(order_id: str, until: datetime) -> None:
    """Let the expiry look at an order later."""
    due.put_off(OrderHeader(**header_key(order_id)), order_id, until)


def waiting(now: datetime, limit: int) -> Iterator[str]:
    """Ids of orders that the expiry has to look at."""
    return due.waiting(OrdersItem, now, limit)


def header(order_id: str) -> OrderHeader | None:
    return dynamo.get(OrderHeader, **header_key(order_id))


def order_page(order_id: str) -> list[OrdersItem]:
    """Header, snapshot and timeline of an order, read consistently: one Query."""
    return dynamo.collection(OrdersItem, f"ORDER#{order_id}", consistent=True)


def has_ordered(customer_id: str) -> bool:
    """Whether any of a customer's last orders was not called off: one request for somebody new, otherwise two."""
    headers, _ = orders_of(customer_id, 10, None)
    return any(header.state not in states.OFF for header in headers)


def orders_of(customer_id: str, limit: int, after: str | None) -> tuple[list[OrderHeader], str | None]:
    """The next `limit` orders of a customer, newest first, behind the sort key `after`; and where it goes on."""
    # The partition holds nothing but the list, so a range needs no lower end.
    condition = CustomersOrder.sk < after if after else None
    entries = list(
        CustomersOrder.query(
            f"CUSTOMER#{customer_id}", condition, consistent_read=True, scan_index_forward=False, limit=limit + 1
        )
    )
    page = entries[:limit]
    keys: list[dynamo.Key] = [(OrderHeader, f"ORDER#{entry.order_id}", "ORDER") for entry in page]
    found = dynamo.load(keys, consistent=True)
    headers = [item for item in (found.get(key) for key in keys) if isinstance(item, OrderHeader)]
    return headers, str(page[-1].sk) if len(entries) > limit else None
