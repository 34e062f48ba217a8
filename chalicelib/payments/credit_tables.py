"""Gift cards and store credit, in the payments table.

| what             | pk                     | sk                  |
|------------------|------------------------|---------------------|
| gift card        | GIFTCARD#<card id>     | CARD                |
| store credit     | CREDIT#<customer id>   | ACCOUNT#<currency>  |
| journal entry    | the card's, customer's | ENTRY#<entry id>    |

A card's id is the hash of its code, which is stored nowhere: who has the code finds the card, and nobody the code. In a
journal are all movements of a balance, inserted in the transaction that moves it and never changed; they add up to it.
"""

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core import dynamo
from chalicelib.core.dynamo import Key, PrimaryKey
from chalicelib.payments.tables import PaymentsItem

_ENTRY = "ENTRY#"


class GiftCard(PaymentsItem, discriminator="gift_card"):
    """`initial` and `balance` in minor units. Spent it can be up to and with the day `expires_on`, by UTC. `last_four`
    characters of its code are for staff. With `salt` and the Idempotency-Key it was made under the code can be worked
    out again; with one of them alone it can not."""

    id = UnicodeAttribute()
    currency = UnicodeAttribute()
    initial = NumberAttribute()
    balance = NumberAttribute()
    version = NumberAttribute()
    expires_on = UnicodeAttribute(null=True)
    disabled = BooleanAttribute(default=False)
    last_four = UnicodeAttribute()
    salt = UnicodeAttribute()
    note = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()


class StoreCredit(PaymentsItem, discriminator="store_credit"):
    """What the shop owes a customer in one currency; `balance` in minor units."""

    customer_id = UnicodeAttribute()
    currency = UnicodeAttribute()
    balance = NumberAttribute()
    version = NumberAttribute()


class CreditEntry(PaymentsItem, discriminator="credit_entry"):
    """`what` moved a balance (issue, spend, return, adjust) and by how many minor units, negative where it became less.
    `ref` is the payment that spent it, or the refund that gave it back; `by` who of the staff did it."""

    id = UnicodeAttribute()
    what = UnicodeAttribute()
    amount = NumberAttribute()
    currency = UnicodeAttribute()
    at = UnicodeAttribute()
    ref = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    by = UnicodeAttribute(null=True)


def card_key(card_id: str) -> PrimaryKey:
    return {"pk": f"GIFTCARD#{card_id}", "sk": "CARD"}


def account_key(customer_id: str, currency: str) -> PrimaryKey:
    return {"pk": f"CREDIT#{customer_id}", "sk": f"ACCOUNT#{currency}"}


def card_ref(card_id: str) -> Key:
    return (GiftCard, *_parts(card_key(card_id)))


def account_ref(customer_id: str, currency: str) -> Key:
    return (StoreCredit, *_parts(account_key(customer_id, currency)))


def _parts(key: PrimaryKey) -> tuple[str, str]:
    return key["pk"], key["sk"]


def entry_key(pk: str, entry_id: str) -> PrimaryKey:
    return {"pk": pk, "sk": f"{_ENTRY}{entry_id}"}


def card(card_id: str) -> GiftCard | None:
    return dynamo.get(GiftCard, **card_key(card_id))


def accounts(customer_id: str) -> list[StoreCredit]:
    """A customer's store credit by currency: one Query."""
    whose = account_key(customer_id, "")
    return list(StoreCredit.query(whose["pk"], StoreCredit.sk.startswith(whose["sk"]), consistent_read=True))


def is_position(text: str | None) -> bool:
    """Whether a page of a journal can begin behind this."""
    return text is None or text.startswith(_ENTRY)


def journal(pk: str, limit: int, after: str | None) -> tuple[list[CreditEntry], str | None]:
    """The next `limit` movements of a balance, newest first, behind the sort key `after`; and where it goes on."""
    behind = CreditEntry.sk < after if after else CreditEntry.sk.startswith(_ENTRY)
    found = list(CreditEntry.query(pk, behind, consistent_read=True, scan_index_forward=False, limit=limit + 1))
    return found[:limit], str(found[limit - 1].sk) if len(found) > limit else None
