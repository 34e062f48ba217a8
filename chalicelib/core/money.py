"""Amounts of money in integer minor units. Nothing here ever rounds without saying where the rest went."""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec

from chalicelib.core.errors import ShopError

# ISO 4217:2015, table A.1, "minor unit": the currencies in use whose exponent is not 2.
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"
_EXPONENTS = {
    currency: digits
    for currencies, digits in ((_NO_DECIMALS, 0), (_THREE_DECIMALS, 3), (_FOUR_DECIMALS, 4))
    for currency in currencies.split()
}
# Below 2**53, so that every JSON reader sees the same number.
_LARGEST = 10**15
_DECIMAL = re.compile(r"(?P<whole>\d{1,16})(?:\.(?P<fraction>\d{1,30}))?", re.ASCII)

Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217 currency code")]
Amount = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST, description="minor units of the currency")]


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units (cents for EUR, yen for JPY, fils for KWD) of an ISO 4217 currency."""

    amount: Amount
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ShopError("currency_mismatch", 422, f"{other.currency} can not be added to {self.currency}.")
        return Money(self.amount + other.amount, self.currency)

    def times(self, quantity: int) -> "Money":
        return Money(self.amount * quantity, self.currency)


def zero(currency: str) -> Money:
    return Money(0, currency)


def exponent(currency: str) -> int:
    """How many digits of `currency` stand behind the decimal point (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


def parse(text: str, currency: str) -> Money:
    """The amount that a person or a file wrote as a plain decimal: "19.90" EUR is 1990 minor units.

    Raises ShopError `invalid_amount` for anything else, also for a fraction of a minor unit.
    """
    written = _DECIMAL.fullmatch(text.strip())
    digits = exponent(currency)
    if written is None or (written["fraction"] or "")[digits:].strip("0"):
        raise ShopError("invalid_amount", 422, f"{text[:60]!r} is not an amount in {currency}.")
    minor = int(written["whole"] + (written["fraction"] or "")[:digits].ljust(digits, "0"))
    if minor > _LARGEST:
        raise ShopError("invalid_amount", 422, f"{text[:60]!r} {currency} is more than a shop can count.")
    return Money(minor, currency)


def decimal(money: Money) -> str:
    """An amount as a plain decimal, with as many digits behind the point as its currency has: "19.90", "1500"."""
    digits = exponent(money.currency)
    whole, fraction = divmod(money.amount, 10**digits)
    return f"{whole}.{fraction:0{digits}d}" if digits else str(whole)


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Split `amount` in proportion to `weights` so that the parts add up to it, by the largest remainder method.

    Ties go to the earlier part. Weights are not negative and not all zero; raises ValueError otherwise.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative and must not all be zero")
    parts = [amount * weight // whole for weight in weights]
    rest = amount - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % whole), i))
    for index in by_remainder[:rest]:
        parts[index] += 1
    return parts
