"""How far a guest is trusted to pay at the door."""

from collections.abc import Sequence

from chalicelib.core import money
from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money


def check(total: Money, limits: Sequence[Money]) -> None:
    """422 `payment_method_unavailable` if a guest's order is larger than what may be paid at the door."""
    limit = _in(total.currency, limits)
    if limit is not None and total.amount > limit.amount:
        most = f"{money.decimal(limit)} {limit.currency}"
        detail = f"Guests pay at most {most} at the door. Choose another way to pay, or log in."
        extra: dict[str, object] = {"limit": limit}
        raise ShopError("payment_method_unavailable", 422, detail, pointer="/payment_method", extra=extra)


def needs_review(total: Money, review_from: Sequence[Money]) -> bool:
    """Whether staff look at a guest's order before it is sent."""
    limit = _in(total.currency, review_from)
    return limit is not None and total.amount >= limit.amount


def _in(currency: str, amounts: Sequence[Money]) -> Money | None:
    return next((amount for amount in amounts if amount.currency == currency), None)
