"""Carts in the orders table.

| what           | pk               | sk   |
|----------------|------------------|------|
| guest's cart   | CART#<id>        | CART |
| customer's cart| CART#<customer>  | CART |

A cart with lines and somebody to write to is in the index `by_due` too, under CARTS#<spread> / <time>#<owner>.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.core import due, dynamo
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey
from chalicelib.orders.address import Address
from chalicelib.orders.billing import Billing
from chalicelib.orders.pricing.pricing import Offer
from chalicelib.orders.pricing.promotions import Voucher
from chalicelib.orders.tables import OrdersItem

# Where carts are in the index of due times: whoever lets orders go does not see them.
_CARTS = "CARTS"


class CartLine(msgspec.Struct, frozen=True):
    """`seen` is the offer that the customer last saw, `note` what they want said of the line."""

    sku: str
    quantity: int
    seen: Offer
    note: str = ""


class Cart(OrdersItem, discriminator="cart"):
    """What somebody is about to buy. `version` rises with each change; `order_id` is set when it was checked out.

    It is a guest's, who has the secret of `token_hash` and may have said an e-mail address (`contact`), or the one cart
    of the customer `customer_id`. What is `saved` for later is not bought with the rest. `first_order` tells that the
    customer had no order yet when they took it.
    """

    id = UnicodeAttribute()
    version = NumberAttribute()
    token_hash = UnicodeAttribute(null=True)
    customer_id = UnicodeAttribute(null=True)
    currency = UnicodeAttribute()
    lines = JsonAttribute(list[CartLine])
    saved = JsonAttribute(list[CartLine], default=list)
    address = JsonAttribute(Address, null=True)
    billing = JsonAttribute(Billing, null=True)
    shipping_option = UnicodeAttribute(null=True)
    coupons = JsonAttribute(list[Voucher], default=list)
    first_order = BooleanAttribute(default=False)
    order_id = UnicodeAttribute(null=True)
    contact = UnicodeAttribute(null=True)
    touched_at = UnicodeAttribute(null=True)


def cart_key(owner: str) -> PrimaryKey:
    """`owner` is a guest's cart itself, by its id, or a customer, who has one cart."""
    return {"pk": f"CART#{owner}", "sk": "CART"}


def cart_ref(owner: str) -> dynamo.Key:
    return (Cart, f"CART#{owner}", "CART")


def cart(owner: str) -> Cart | None:
    return dynamo.get(Cart, **cart_key(owner))


def watch(cart: Cart, until: datetime) -> None:
    """Let somebody see whether the cart was abandoned by then; the next write of it says so."""
    due.look_after(cart, until, _CARTS, cart.pk.removeprefix("CART#"))


def unwatched() -> list[Action]:
    """The changes that take a cart out of the index, for a write of it that is none of the whole item."""
    return [Cart.due_key.remove(), Cart.due_at.remove()]


def watch_later(owner: str, until: datetime) -> None:
    """Look at a cart later; raises dynamo.ConditionFailed if nobody looks at it any more."""
    due.put_off(Cart(**cart_key(owner)), owner, until)


def watched(now: datetime, limit: int) -> Iterator[str]:
    """Owners of carts that may be abandoned by now."""
    return due.waiting(OrdersItem, now, limit, _CARTS)
