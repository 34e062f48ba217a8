"""The payments table.

| what            | pk                | sk            |
|-----------------|-------------------|---------------|
| payment attempt | ORDER#<order id>  | ATTEMPT#<id>  |

An attempt's id holds its order's, so it is found without an index.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import Item, JsonAttribute, PrimaryKey
from chalicelib.core.money import Money
from chalicelib.core.settings import settings


class PaymentsItem(Item):
    class Meta:
        table_name = settings.tables["payments"]


class Attempt(PaymentsItem, discriminator="attempt"):
    """One try to get an order paid. `token_hash` and `customer_id` are the order's: whom it opens to."""

    id = UnicodeAttribute()
    order_id = UnicodeAttribute()
    method = UnicodeAttribute()
    state = UnicodeAttribute()
    version = NumberAttribute()
    amount = JsonAttribute(Money)
    captured = JsonAttribute(Money)
    token_hash = UnicodeAttribute(null=True)
    customer_id = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()


def attempt_key(attempt_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{ids.parent_of('ord', attempt_id)}", "sk": f"ATTEMPT#{attempt_id}"}


def attempt(attempt_id: str) -> Attempt | None:
    return dynamo.get(Attempt, **attempt_key(attempt_id))


def attempts_of(order_id: str) -> list[Attempt]:
    return dynamo.collection(Attempt, f"ORDER#{order_id}", consistent=True)
