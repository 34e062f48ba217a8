"""Customers as the provider knows them, in the payments table: CUSTOMER#<customer id> / PROVIDER."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.core import dynamo
from chalicelib.core.dynamo import Key, PrimaryKey
from chalicelib.payments.tables import PaymentsItem


class KnownCustomer(PaymentsItem, discriminator="known_customer"):
    """`ref` is the provider's id of the customer, `chosen` that of the saved method that they prefer."""

    ref = UnicodeAttribute()
    chosen = UnicodeAttribute(null=True)


def customer_key(customer_id: str) -> PrimaryKey:
    return {"pk": f"CUSTOMER#{customer_id}", "sk": "PROVIDER"}


def customer_ref(customer_id: str) -> Key:
    key = customer_key(customer_id)
    return KnownCustomer, key["pk"], key["sk"]


def known(customer_id: str) -> KnownCustomer | None:
    return dynamo.get(KnownCustomer, **customer_key(customer_id))
