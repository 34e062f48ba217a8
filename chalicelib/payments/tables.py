"""The payments table.

| what            | pk                | sk            | index `by_due`                |
|-----------------|-------------------|---------------|-------------------------------|
| payment attempt | ORDER#<order id>  | ATTEMPT#<id>  | DUE#<spread> / <time>#<id>    |
| refund          | ORDER#<order id>  | REFUND#<id>   | DUE#<spread> / <time>#<id>    |

An attempt's and a refund's id hold their order's, so they are found without an index. Only what somebody has to look
after at the provider is in the index: an attempt that the provider may not know of yet, one that is being called off,
a refund that has no result.
"""

from collections.abc import Iterator
from datetime import datetime

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import IncludeProjection

from chalicelib.core import clock, due, dynamo, ids
from chalicelib.core.dynamo import Item, JsonAttribute, PrimaryKey, SecondaryIndex
from chalicelib.core.money import Money, zero
from chalicelib.core.settings import settings
from chalicelib.payments import states

# The part of the index for what no function can do, and how many of each of its partitions are shown.
_BY_HAND = "BY_HAND"
_MOST_BY_HAND = 30


class DueIndex(SecondaryIndex["PaymentsItem"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_due"
        projection = IncludeProjection(["kind"])  # PynamoDB filters by it

    due_key = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class PaymentsItem(Item):
    class Meta:
        table_name = settings.tables["payments"]

    by_due = DueIndex()
    due_key = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)


class Attempt(PaymentsItem, discriminator="attempt"):
    """One try to get an order paid. `token_hash` and `customer_id` are the order's: whom it opens to.

    `closing`: the order is off, so whatever comes in goes back. `packed`: the goods are, so whatever is promised is
    taken. `refunding` is what was asked to go back and did not fail, `refunded` what of it has gone, in minor units.
    `declined` names the last try that was declined, so that it is told once.

    `to_capture` is what will be taken where that has become less than the `amount` that the provider was asked for.
    An order's first attempt has `owed`, its present total if that is not its amount, and is `off` once the order is.
    `forgiven` is what of `refunding` the customer need not pay again. One that returned goods pay for has `from_order`,
    whose goods they were. Of an order that credit pays for, the first has `rest_by`, the method by which the rest is
    paid; `tender_ref` is the gift card, or the customer whose store credit, that paid. `customer_ref` is how the
    provider knows the customer.

    `authorized_until`: what is set aside is void from then on. An invoice is to be paid until the day `payable_by`, and
    is `overdue` after it. `reference` is under what staff found a transfer on the bank's statement.
    `disputed` is what banks took back and nobody has decided on, `lost` what they took back for good, and `absorbed`
    what of that the shop would have had to give back anyway.
    """

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
    provider_id = UnicodeAttribute(null=True)
    closing = BooleanAttribute(default=False)
    packed = BooleanAttribute(default=False)
    refunding = NumberAttribute(default=0)
    refunded = NumberAttribute(default=0)
    decline = UnicodeAttribute(null=True)
    declined = UnicodeAttribute(null=True)
    to_capture = NumberAttribute(null=True)
    owed = JsonAttribute(Money, null=True)
    off = BooleanAttribute(default=False)
    forgiven = NumberAttribute(default=0)
    from_order = UnicodeAttribute(null=True)
    rest_by = UnicodeAttribute(null=True)
    tender_ref = UnicodeAttribute(null=True)
    customer_ref = UnicodeAttribute(null=True)
    authorized_until = UnicodeAttribute(null=True)
    payable_by = UnicodeAttribute(null=True)
    overdue = BooleanAttribute(default=False)
    reference = UnicodeAttribute(null=True)
    disputed = NumberAttribute(default=0)
    lost = NumberAttribute(default=0)
    absorbed = NumberAttribute(default=0)

    @property
    def with_banks(self) -> int:
        """What banks took back and have not returned, in minor units."""
        return int(self.disputed) + int(self.lost)

    @property
    def take(self) -> Money:
        """What the shop takes, or will take, of the amount."""
        return self.amount if self.to_capture is None else Money(int(self.to_capture), self.amount.currency)

    @property
    def authorized(self) -> Money:
        """What the shop was promised by the customer's bank and will take, or what it has taken."""
        if self.state == states.CAPTURED:
            return self.captured
        promised = self.state == states.AUTHORIZED and not self.closing
        return self.take if promised else zero(self.amount.currency)

    @property
    def covers(self) -> Money:
        """What of the order's total nobody has to pay any more: what is promised or taken, less what went back because
        the order had come to cost less, by a refund or by a bank. Goodwill takes nothing from it, nor does it owe again
        what could not be given back: then this is more than is promised or taken."""
        back = int(self.refunding) + int(self.absorbed) - int(self.forgiven)
        return Money(self.authorized.amount - back, self.amount.currency)


class Refund(PaymentsItem, discriminator="refund"):
    """Money that goes back: `requested`, perhaps `pending` at the provider, then `succeeded` or `failed`.

    With `to_order` it does not leave the shop: it pays for that order. `lines` are the pieces that it is for, by SKU.
    """

    id = UnicodeAttribute()
    order_id = UnicodeAttribute()
    attempt_id = UnicodeAttribute()
    state = UnicodeAttribute()
    amount = JsonAttribute(Money)
    reason = UnicodeAttribute()
    created_at = UnicodeAttribute()
    provider_id = UnicodeAttribute(null=True)
    code = UnicodeAttribute(null=True)
    to_order = UnicodeAttribute(null=True)
    lines = JsonAttribute(dict[str, int], null=True)


def attempt_key(attempt_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{ids.parent_of('ord', attempt_id)}", "sk": f"ATTEMPT#{attempt_id}"}


def refund_key(refund_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{ids.parent_of('ord', refund_id)}", "sk": f"REFUND#{refund_id}"}


def put_off(item_id: str, until: datetime) -> None:
    """Let the sweep look at an attempt, a refund or a dispute later."""
    kind = {"ref": "REFUND", "dsp": "DISPUTE"}.get(item_id[:3], "ATTEMPT")
    item = PaymentsItem(pk=f"ORDER#{ids.parent_of('ord', item_id)}", sk=f"{kind}#{item_id}")
    due.put_off(item, item_id, until)


def waiting(now: datetime, limit: int) -> Iterator[str]:
    """Ids of attempts, refunds and disputes that the sweep has to look at."""
    return due.waiting(PaymentsItem, now, limit)


def look_after_by_hand(item: Attempt | Refund, since: datetime | None) -> None:
    """Let staff look at what only they can do something about, None: not any more. The next write of it says so."""
    due.look_after(item, since, _BY_HAND)


def by_hand() -> list[Attempt | Refund]:
    """What staff have to do something about, the oldest first; at most a hundred or so."""
    waiting = list(due.waiting(PaymentsItem, clock.now(), _MOST_BY_HAND, _BY_HAND))
    keys = [refund_key(item_id) if item_id.startswith("ref_") else attempt_key(item_id) for item_id in waiting]
    found = dynamo.load([(PaymentsItem, key["pk"], key["sk"]) for key in keys], consistent=True).values()
    items = [item for item in found if isinstance(item, (Attempt, Refund)) and item.due_at is not None]
    return sorted(items, key=lambda item: item.due_at)


def attempt(attempt_id: str) -> Attempt | None:
    return dynamo.get(Attempt, **attempt_key(attempt_id))


def refund(refund_id: str) -> Refund | None:
    return dynamo.get(Refund, **refund_key(refund_id))


def of_order(order_id: str) -> tuple[list[Attempt], list[Refund]]:
    """All that payments know of an order, attempts and refunds in the order of their making: one Query."""
    items = dynamo.collection(PaymentsItem, f"ORDER#{order_id}", consistent=True)
    items.sort(key=lambda item: int(item.sk.rpartition("-")[2]))  # as text, the tenth would come before the second
    return [i for i in items if isinstance(i, Attempt)], [i for i in items if isinstance(i, Refund)]


def attempts_of(order_id: str) -> list[Attempt]:
    return of_order(order_id)[0]
