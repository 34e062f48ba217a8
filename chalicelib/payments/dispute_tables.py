"""Disputes, in the payments table.

| what            | pk                       | sk                          | index `by_due`              |
|-----------------|--------------------------|-----------------------------|-----------------------------|
| dispute         | ORDER#<order id>         | DISPUTE#<id>                | DUE#<spread> / <time>#<id>  |
| an open dispute | DISPUTES#OPEN#<spread>   | <evidence due by>#<id>      |                             |

A dispute's id holds its order's, so it is found without an index. While it is open the sweep looks at it now and then,
and it is in the list of the open ones, in the order in which they have to be answered.
"""

import zlib

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey
from chalicelib.core.money import Money
from chalicelib.payments.tables import PaymentsItem

_SPREAD = 4
# Behind all times: nobody says until when.
_SOME_DAY = "~"


class Dispute(PaymentsItem, discriminator="dispute"):
    """A customer's bank takes `amount` of a payment back, or asks about it. `fee` is what the provider takes for that,
    in the currency of the shop's account there. `evidence_due_at`: until when the shop may answer.
    """

    id = UnicodeAttribute()
    order_id = UnicodeAttribute()
    attempt_id = UnicodeAttribute()
    provider_id = UnicodeAttribute()
    state = UnicodeAttribute()
    version = NumberAttribute()
    amount = JsonAttribute(Money)
    fee = JsonAttribute(Money, null=True)
    reason = UnicodeAttribute()
    evidence_due_at = UnicodeAttribute(null=True)
    opened_at = UnicodeAttribute()


class OpenDispute(PaymentsItem, discriminator="open_dispute"):
    """An entry in the list of what is not decided."""


def dispute_key(dispute_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{ids.parent_of('ord', dispute_id)}", "sk": f"DISPUTE#{dispute_id}"}


def open_key(dispute: Dispute) -> PrimaryKey:
    spread = zlib.crc32(dispute.id.encode()) % _SPREAD
    return {"pk": f"DISPUTES#OPEN#{spread}", "sk": f"{dispute.evidence_due_at or _SOME_DAY}#{dispute.id}"}


def dispute(dispute_id: str) -> Dispute | None:
    return dynamo.get(Dispute, **dispute_key(dispute_id))


def of_order(order_id: str) -> list[Dispute]:
    found = dynamo.collection(Dispute, f"ORDER#{order_id}", consistent=True)
    return sorted(found, key=lambda item: int(item.sk.rpartition("-")[2]))


def open_disputes(limit: int, after: str | None) -> tuple[list[Dispute], str | None]:
    """A page of what is not decided, what has to be answered first first, and where the next page goes on."""
    behind = OpenDispute.sk > after if after else None
    entries: list[OpenDispute] = []
    for spread in range(_SPREAD):
        entries += OpenDispute.query(f"DISPUTES#OPEN#{spread}", behind, consistent_read=True, limit=limit + 1)
    entries.sort(key=lambda entry: str(entry.sk))
    page = entries[:limit]
    keys: list[dynamo.Key] = [(Dispute, *_place(entry.sk.rpartition("#")[2])) for entry in page]
    found = dynamo.load(keys, consistent=True)
    disputes = [item for item in (found.get(key) for key in keys) if isinstance(item, Dispute)]
    return disputes, str(page[-1].sk) if len(entries) > limit else None


def _place(dispute_id: str) -> tuple[str, str]:
    key = dispute_key(dispute_id)
    return key["pk"], key["sk"]
