"""The ways to pay, and what each lets the shop do before the money is there."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from chalicelib.core.errors import ShopError


class PaymentMethod(msgspec.Struct, frozen=True):
    """`paid_on_delivery`: the order is confirmed and sent on trust, and the money comes with the delivery.

    Any other method that can be chosen needs a provider, and confirms the order when the provider says that the money
    is set aside. `pay_within`: the usual time to wait for that.
    """

    id: str
    name: str
    paid_on_delivery: bool
    pay_within: timedelta = timedelta(minutes=30)


CASH_ON_DELIVERY = PaymentMethod("cash_on_delivery", "Cash on delivery", paid_on_delivery=True)
CARD = PaymentMethod("card", "Card", paid_on_delivery=False)
# The value of returned goods that pays for others. Nobody chooses it: it comes with the exchange.
EXCHANGE_CREDIT = PaymentMethod("exchange_credit", "Exchange", paid_on_delivery=False)
_CHOICE = (CARD, CASH_ON_DELIVERY)
METHODS = {method.id: method for method in (*_CHOICE, EXCHANGE_CREDIT)}


def offered(has_provider: bool) -> list[PaymentMethod]:
    """What a customer may choose from."""
    return [method for method in _CHOICE if has_provider or method.paid_on_delivery]


def chosen(method_id: str, among: Sequence[PaymentMethod]) -> PaymentMethod:
    """The method with this id; 422 if the shop does not offer it."""
    for method in among:
        if method.id == method_id:
            return method
    detail = f"This shop takes {', '.join(method.id for method in among)}."
    raise ShopError("unknown_payment_method", 422, detail, pointer="/payment_method")
