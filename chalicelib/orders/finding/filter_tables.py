"""Filters of orders that staff keep, in the orders table: ORDER_FILTERS / FILTER#<id>."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.core import dynamo
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey
from chalicelib.orders.finding.order_filter import OrderFilter
from chalicelib.orders.tables import OrdersItem


class SavedFilter(OrdersItem, discriminator="order_filter"):
    id = UnicodeAttribute()
    name = UnicodeAttribute()
    filter = JsonAttribute(OrderFilter)


def filter_key(filter_id: str) -> PrimaryKey:
    return {"pk": "ORDER_FILTERS", "sk": f"FILTER#{filter_id}"}


def saved_filter(filter_id: str) -> SavedFilter | None:
    return dynamo.get(SavedFilter, **filter_key(filter_id))


def saved_filters() -> list[SavedFilter]:
    return list(SavedFilter.query("ORDER_FILTERS", consistent_read=True))
