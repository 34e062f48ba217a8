"""The ways to pay, and what each lets the shop do before the money is there."""

from dataclasses import dataclass

from chalicelib.core.errors import ShopError


@dataclass(frozen=True)
class PaymentMethod:
    """`paid_on_delivery`: the order is confirmed and sent on trust, and the money comes with the delivery."""

    id: str
    name: str
    paid_on_delivery: bool


CASH_ON_DELIVERY = PaymentMethod("cash_on_delivery", "Cash on delivery", paid_on_delivery=True)
METHODS = {method.id: method for method in (CASH_ON_DELIVERY,)}


def method(method_id: str) -> PaymentMethod:
    """The method with this id; 422 if the shop does not offer it."""
    if method_id not in METHODS:
        detail = f"This shop takes {', '.join(METHODS)}."
        raise ShopError("unknown_payment_method", 422, detail, pointer="/payment_method")
    return METHODS[method_id]
