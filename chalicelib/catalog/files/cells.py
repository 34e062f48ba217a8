"""What a cell of a product file says: amounts, counts, weights, lengths, dates, lists, web addresses."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from chalicelib.catalog.product import Dimensions
from chalicelib.core import money
from chalicelib.core.errors import ShopError, place_of
from chalicelib.core.money import Money

Row = Mapping[str, str]
T = TypeVar("T")

GRAMS = {"g": 1.0, "kg": 1000.0, "lb": 453.59237, "lbs": 453.59237, "oz": 28.349523125}
MILLIMETRES = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4, "ft": 304.8, "yd": 914.4}
# What spreadsheets would take for a formula is written behind an apostrophe by careful programs.
_GUARDED = re.compile(r"'(?=[=+\-@])")
# Whose sign it may be; a code of ISO 4217 says it without doubt.
_SIGNS = {
    "$": "USD AUD CAD NZD SGD HKD TWD MXN ARS CLP COP",
    "€": "EUR",
    "£": "GBP EGP",
    "¥": "JPY CNY",
    "￥": "JPY CNY",
    "₹": "INR",
    "₩": "KRW",
    "zł": "PLN",
    "₺": "TRY",
    "฿": "THB",
    "kr": "SEK NOK DKK ISK",
}
_GROUPED = re.compile(
    r"(?P<whole>\d{1,3}(?P<sign>[,. '’])\d{3}((?P=sign)\d{3})*)((?!(?P=sign))[.,](?P<fraction>\d+))?", re.A
)


class BadCell(Exception):
    """What stands in `column` can not be accepted."""

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column


def renamed(row: Row, name: Callable[[str], str]) -> dict[str, str]:
    """The cells under the names that `name` gives their columns. Of two of one name, the first counts that is not
    empty."""
    found: dict[str, str] = {}
    for column, text in row.items():
        known = name(column)
        found[known] = found.get(known) or (text or "").strip()
    return found


def cell(row: Row, column: str) -> str:
    return (row.get(column) or "").strip()


def unguarded(text: str) -> str:
    """A text without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return _GUARDED.sub("", text, count=1) if text.startswith("'") else text


def price(row: Row, column: str, currency: str) -> Money:
    """The amount in a cell, which may be written with thousands separators, a decimal comma and the currency."""
    text = cell(row, column)
    if not text:
        raise BadCell(column, "A price is missing.")
    return amount(text, column, currency)


def amount(text: str, column: str, currency: str) -> Money:
    bare = text.replace("\xa0", " ").replace("\u202f", " ").strip()
    for sign, currencies in [*_SIGNS.items(), *((code, code) for code in re.findall(r"\b[A-Z]{3}\b", bare)[:1])]:
        if bare.startswith(sign) or bare.endswith(sign):
            if currency not in currencies:
                raise BadCell(column, f"{text[:60]!r} is not in {currency}, the currency of this shop.")
            bare = bare.removeprefix(sign).removesuffix(sign).strip()
    if re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", bare, re.ASCII) and money.exponent(currency) < 3:
        raise BadCell(column, f"{text[:60]!r} may be thousands or a fraction; write it with two decimals or none.")
    try:
        return money.parse(_plain(bare, currency), currency)
    except ShopError:
        raise BadCell(column, f"{text[:60]!r} is not an amount in {currency}.") from None


def _plain(number: str, currency: str) -> str:
    """A number without thousands separators and with a decimal point: "1.299,00" is "1299.00".

    "1,299" is 1299 where a currency has no thousandths. What "1.299" is there nobody can know, for prices are often
    written with more decimals than their currency has: `amount` refuses it.
    """
    found = _GROUPED.fullmatch(number)
    if found is None:
        return number.replace(",", ".") if "." not in number else number
    alone = len(found["whole"]) <= 7 and not found["fraction"]
    if alone and (found["sign"] == "." or (found["sign"] == "," and money.exponent(currency) > 2)):
        return number.replace(",", ".")
    return re.sub(r"\D", "", found["whole"]) + (f".{found['fraction']}" if found["fraction"] else "")


def number(row: Row, column: str) -> float:
    """A number that is not negative, with a decimal point or comma; an empty cell is 0."""
    text = cell(row, column) or "0"
    if not re.fullmatch(r"\d{1,9}([.,]\d{1,12})?|[.,]\d{1,12}", text, re.ASCII):
        raise BadCell(column, f"{text[:60]!r} is no number.")
    return float(text.replace(",", "."))


def count(row: Row, column: str) -> int:
    """A whole number; an empty cell is 0, and "250.0" and "1,200" are such numbers as well."""
    text = cell(row, column) or "0"
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+", text, re.ASCII):
        text = text.replace(",", "")
    whole, _, fraction = text.removeprefix("-").partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 10) or fraction.strip("0"):
        raise BadCell(column, f"{text[:60]!r} is not a whole number.")
    return -int(whole) if text.startswith("-") else int(whole)


def pieces(row: Row, column: str) -> dict[str, int]:
    """A first count at the shop's first location, none if the cell is empty; what is oversold is nothing."""
    return {"": max(0, count(row, column))} if cell(row, column) else {}


def grams(row: Row, column: str, unit: str) -> int:
    return round(measured(row, column, unit, GRAMS))


def measured(row: Row, column: str, unit: str, units: Mapping[str, float]) -> float:
    """A number of `unit`, or of the unit that stands behind it, in that which has 1 in `units`; an empty cell is 0."""
    text = cell(row, column)
    if re.search(r"[A-Za-z]$", text):
        return measure(text, column, units)
    if units[unit] == 1 and re.fullmatch(r"[1-9]\d{0,2},\d{3}", text, re.ASCII):
        raise BadCell(column, f"{text[:60]!r} may be thousands or a fraction; write it without a comma.")
    return number(row, column) * units[unit]


def dimensions(row: Row, columns: tuple[str, str, str], unit: str) -> Dimensions | None:
    """Length, width and height, if all three are given."""
    sizes = [math.ceil(measured(row, column, unit, MILLIMETRES) - 1e-6) for column in columns]
    return (
        checked(Dimensions(*sizes), dict(zip(("length", "width", "height"), columns, strict=True)))
        if all(sizes)
        else None
    )


def measure(text: str, column: str, units: Mapping[str, float]) -> float:
    """A number with its unit, "1.5 kg", in the unit that has 1 in `units`."""
    written = re.fullmatch(r"(\d{1,9}(?:[.,]\d{1,12})?)\s*([A-Za-z]+)", text, re.ASCII)
    if written is None or written[2].lower() not in units:
        raise BadCell(column, f"{text[:60]!r} is no measure in {', '.join(units)}.")
    return float(written[1].replace(",", ".")) * units[written[2].lower()]


def date(row: Row, column: str) -> datetime | None:
    """A date or a time, in UTC where it says no zone: 2026-01-31, 2026-01-31T08:00:00+01:00 or 31.01.2026."""
    text = cell(row, column)
    if not text:
        return None
    if german := re.fullmatch(r"(\d\d?)\.(\d\d?)\.(\d{4})", text, re.ASCII):
        text = f"{german[3]}-{int(german[2]):02d}-{int(german[1]):02d}"
    try:
        found = datetime.fromisoformat(re.sub(r"^(\d{4})/(\d\d)/(\d\d)", r"\1-\2-\3", text))
    except ValueError:
        raise BadCell(column, f"{text[:60]!r} is no date like 2026-01-31.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def american_date(row: Row, column: str) -> datetime | None:
    """A date as `date` knows it, or one that begins with the month, whose time of day does not count: 6/30/26."""
    found = re.match(r"(\d\d?)/(\d\d?)/(?:20)?(\d\d)\b", cell(row, column), re.ASCII)
    if found is None:
        return date(row, column)
    month, day, year = found.groups()
    return date({column: f"20{year}-{int(month):02d}-{int(day):02d}"}, column)


class Sale(msgspec.Struct, frozen=True):
    """What is asked for something: a reduced price holds from `begins` until `ends`, None: from or for ever."""

    regular: Money
    reduced: Money | None
    begins: datetime | None = None
    ends: datetime | None = None

    def at(self, now: datetime) -> tuple[Money, Money | None]:
        """What is asked, and what it is compared with."""
        on = (self.begins is None or self.begins <= now) and (self.ends is None or now < self.ends)
        if on and self.reduced is not None and self.reduced.amount < self.regular.amount:
            return self.reduced, self.regular
        return self.regular, None

    def remark(self, now: datetime) -> str | None:
        """What is lost where only the price of `now` is taken over."""
        if self.reduced is None or self.reduced.amount >= self.regular.amount:
            return None
        if self.begins is not None and now < self.begins:
            return f"The reduced price that begins on {self.begins:%Y-%m-%d} was not taken over."
        if self.ends is not None and now < self.ends:
            return f"The reduced price was taken over, but its end, {self.ends:%Y-%m-%d %H:%M} UTC, was not."
        return None


def listed(text: str, separator: str = ",") -> tuple[str, ...]:
    """The parts of a list, of which none is empty; a separator behind a backslash belongs to its part."""
    parts = re.split(rf"(?<!\\){re.escape(separator)}", text)
    return tuple(filter(None, (part.replace(f"\\{separator}", separator).strip() for part in parts)))


def addresses(text: str) -> list[str]:
    """Web addresses on lines of their own or between commas. A comma may also stand in one, with or without a
    backslash before it."""
    parts = re.split(r"\n|(?<!\\),\s*(?=https?://)", text, flags=re.IGNORECASE)
    return [url for part in parts if (url := part.replace("\\,", ",").strip(", \r\t"))]


def yes(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "yes", "y", "on")


def checked(made: T, columns: Mapping[str, str]) -> T:
    """A Struct that was put together here, held against its own rules, which msgspec checks only where it decodes.

    Raises BadCell with the column that `columns` names for the field at fault.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(made), type(made))
    except msgspec.ValidationError as error:
        detail, place = place_of(error)
        field = place.strip("/").partition("/")[0]
        raise BadCell(columns.get(field, field), f"{detail}.") from None
