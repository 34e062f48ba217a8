"""Filters of orders that staff keep under a name, for all of them."""

from chalicelib.core import audit, dynamo
from chalicelib.core.errors import ShopError, not_found
from chalicelib.core.staff import Staff
from chalicelib.orders.finding import filter_tables
from chalicelib.orders.finding.filter_tables import SavedFilter as SavedFilter
from chalicelib.orders.finding.order_filter import OrderFilter

# So that the list of them is one page.
_MOST = 100


def find(filter_id: str) -> SavedFilter:
    """A saved filter; 404 if there is none with this id."""
    found = filter_tables.saved_filter(filter_id)
    if found is None:
        raise not_found("order filter")
    return found


def listed() -> list[SavedFilter]:
    """All of them, by their ids."""
    return filter_tables.saved_filters()


def put(filter_id: str, name: str, wanted: OrderFilter, by: Staff) -> SavedFilter:
    """Keep a filter, or change it. The same again changes nothing. 409 `too_many_filters` beyond a hundred."""
    kept = {saved.id: saved for saved in listed()}
    old = kept.get(filter_id)
    if old is None and len(kept) >= _MOST:
        raise ShopError("too_many_filters", 409, f"{_MOST} filters are kept. Delete one that nobody uses.")
    new = SavedFilter(**filter_tables.filter_key(filter_id), id=filter_id, name=name, filter=wanted)
    if old is None or (old.name, old.filter) != (name, wanted):
        dynamo.transaction([dynamo.put(new), audit.entry(by, "order_filter.put", filter_id)])
    return new


def delete(filter_id: str, by: Staff) -> None:
    """Keep a filter no more; 404 if there is none with this id."""
    gone = not_found("order filter")
    removed = dynamo.delete(SavedFilter(**filter_tables.filter_key(filter_id)), SavedFilter.pk.exists(), gone)
    dynamo.transaction([removed, audit.entry(by, "order_filter.deleted", filter_id)])
