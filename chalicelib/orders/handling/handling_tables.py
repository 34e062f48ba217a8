"""What staff keep of an order beside its header.

| what | pk          | sk          |
|------|-------------|-------------|
| note | ORDER#<id>  | NOTE#<id>   |

A note's id begins with its time, so the order's one Query brings them in the order of time.
"""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.core.dynamo import PrimaryKey
from chalicelib.orders.tables import OrdersItem


class Note(OrdersItem, discriminator="order_note"):
    """What staff wrote about an order for each other. Its customer never sees it. `by` is a staff token's `sub`."""

    id = UnicodeAttribute()
    text = UnicodeAttribute()
    by = UnicodeAttribute()
    at = UnicodeAttribute()


def note_key(order_id: str, note_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{order_id}", "sk": f"NOTE#{note_id}"}
