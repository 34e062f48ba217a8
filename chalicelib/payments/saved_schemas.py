"""What customers see of the ways to pay that they have saved."""

from collections.abc import Iterable

import msgspec

from chalicelib.payments.provider import SavedMethod


class SavedMethodView(msgspec.Struct, frozen=True):
    """`id` is what the browser pays with, by the provider's script. `is_default`: offer it first."""

    id: str
    method: str
    brand: str | None
    last4: str | None
    expires_month: int | None
    expires_year: int | None
    is_default: bool


class SavedMethods(msgspec.Struct, frozen=True):
    data: list[SavedMethodView]
    next_cursor: str | None


class SavingSession(msgspec.Struct, frozen=True):
    client_secret: str


def saved(methods: Iterable[SavedMethod], default: str | None) -> SavedMethods:
    views = [
        SavedMethodView(
            id=method.id,
            method=method.method,
            brand=method.brand,
            last4=method.last4,
            expires_month=method.expires_month,
            expires_year=method.expires_year,
            is_default=method.id == default,
        )
        for method in methods
    ]
    return SavedMethods(views, None)
