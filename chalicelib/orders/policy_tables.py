"""What staff decide once and every order follows, in the orders table: SETTINGS / POLICY."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core import dynamo
from chalicelib.core.cache import for_a_minute
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey
from chalicelib.core.money import Money
from chalicelib.orders.tables import OrdersItem


class OrderPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What staff decide once and every order follows. Days are calendar days.

    `return_days`: for so long after its delivery a piece can be sent back.
    `abandoned_after_hours`: a cart that lay untouched for so long is told of as abandoned; 0: none is.
    `open_orders_per_email`, `open_orders_per_address`: so many orders of one e-mail address, or of one network address
    and day, may hold stock while they wait for their payment or, of a guest who pays at the door, for their first
    parcel's dispatch; `open_pieces_per_email`: so many pieces of one SKU in them. null: any number.
    `pay_within_minutes`: for so long an order is kept unpaid, by the id of its payment method; one that is not listed:
    half an hour. A customer who is about to pay has three times as long.
    `guest_cod_limit`: for at most so much a guest gets cash on delivery; from `guest_cod_review_from` on their order is
    on hold until staff have looked at it. A currency that is not listed has no limit.
    """

    return_days: Annotated[int, Meta(ge=0, le=3650)] = 30
    abandoned_after_hours: Annotated[int, Meta(ge=0, le=24 * 28)] = 24
    open_orders_per_email: Annotated[int, Meta(ge=1, le=1000)] | None = 3
    open_orders_per_address: Annotated[int, Meta(ge=1, le=1000)] | None = 10
    open_pieces_per_email: Annotated[int, Meta(ge=1, le=100_000)] | None = 20
    pay_within_minutes: Annotated[
        dict[Annotated[str, Meta(max_length=60)], Annotated[int, Meta(ge=5, le=14 * 24 * 60)]], Meta(max_length=20)
    ] = {}
    guest_cod_limit: Annotated[list[Money], Meta(max_length=200)] = []
    guest_cod_review_from: Annotated[list[Money], Meta(max_length=200)] = []


class KeptPolicy(OrdersItem, discriminator="policy"):
    policy = JsonAttribute(OrderPolicy)


def policy_key() -> PrimaryKey:
    return {"pk": "SETTINGS", "sk": "POLICY"}


def kept_policy() -> OrderPolicy | None:
    kept = dynamo.get(KeptPolicy, **policy_key())
    return kept.policy if kept else None


@for_a_minute
def policy() -> OrderPolicy:
    return kept_policy() or OrderPolicy()
