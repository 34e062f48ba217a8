"""Who holds how much stock that has cost them nothing yet.

| what   | pk                          | sk      |
|--------|-----------------------------|---------|
| holder | HOLDER#EMAIL#<hash>         | HOLDER  |
| holder | HOLDER#DOOR#<hash>          | HOLDER  |
| holder | HOLDER#CUSTOMER#<id>        | HOLDER  |
| holder | HOLDER#NETWORK#<hash>       | HOLDER  |

Adding an order to a holder and taking it out are idempotent and need nothing to be read. Addresses are kept as hashes
only, and what nobody touches any more expires.
"""

from pynamodb.attributes import NumberAttribute, UnicodeSetAttribute

from chalicelib.core import dynamo
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey
from chalicelib.orders.tables import OrdersItem

Pieces = dict[str, dict[str, int]]


class Holder(OrdersItem, discriminator="holder"):
    """Somebody's open orders, as limits/hoarding.py counts them. DynamoDB keeps no empty set.

    `pieces` are those of each order by SKU, also of some that are not open any more. `version` rises with each order
    that is added.
    """

    orders = UnicodeSetAttribute(null=True)
    pieces = JsonAttribute(Pieces, null=True)
    version = NumberAttribute(null=True)


def holder(name: str) -> Holder | None:
    return dynamo.get(Holder, **holder_key(name))


def holder_key(name: str) -> PrimaryKey:
    return {"pk": f"HOLDER#{name}", "sk": "HOLDER"}


def holder_ref(name: str) -> dynamo.Key:
    return (Holder, f"HOLDER#{name}", "HOLDER")
