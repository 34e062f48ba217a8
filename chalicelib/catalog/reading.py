"""What every kind of product file is read with: rows, what was wrong with them, and what a cell says."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from chalicelib.catalog.product import ProductDraft
from chalicelib.catalog.text_lines import Layout
from chalicelib.core import money
from chalicelib.core.errors import ShopError

_MOST_ROWS = 1000

Row = Mapping[str, str]
T = TypeVar("T")


class Numbered(msgspec.Struct, frozen=True):
    """A row and the line on which it begins; line 1 is the file's first.

    `start` and `end` are its place in the file, in bytes. `fault` says why it can not be used, if it can not.
    """

    line: int
    row: Row
    fault: str | None = None
    start: int = 0
    end: int = 0


class Problem(msgspec.Struct, frozen=True):
    """Why a row was left out. `column` is the column at fault, if one is."""

    line: int
    detail: str
    column: str | None = None


class Read(msgspec.Struct, frozen=True):
    """What a group of rows amounts to: a product, unless it is broken as a whole, and what was wrong on the way.

    `partial`: something that can be sold was left out of the draft.
    """

    line: int
    handle: str
    draft: ProductDraft | None
    problems: tuple[Problem, ...] = ()
    partial: bool = False


class Shop(msgspec.Struct, frozen=True):
    """What has to be known of the shop to read a file for it."""

    currency: str


class Place(msgspec.Struct, frozen=True):
    """Where in a file reading goes on: a byte, and the line that begins there."""

    start: int
    line: int


class Form(msgspec.Struct, frozen=True):
    """How a file is to be read: in which dialect, from `first` on. Without a delimiter it has no columns."""

    dialect: str
    layout: Layout
    first: Place
    delimiter: str | None = None
    header: tuple[str, ...] = ()


class BadCell(Exception):
    """What stands in `column` can not be accepted."""

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column


def grouped(rows: Iterable[Numbered], key: Callable[[Numbered], str]) -> Iterator[list[Numbered]]:
    """The rows of one product after the other: neighbours with the same key. A row without a key is one by itself.

    Of a product with more rows than one can have, the first that is too many stands for all of them.
    """
    group: list[Numbered] = []
    for numbered in rows:
        if group and (not key(group[0]) or key(numbered) != key(group[0])):
            yield group
            group = []
        if len(group) < _MOST_ROWS:
            group.append(numbered)
        elif len(group) == _MOST_ROWS:
            group.append(msgspec.structs.replace(numbered, fault=f"A product has at most {_MOST_ROWS} rows."))
    if group:
        yield group


def cell(row: Row, column: str) -> str:
    return (row.get(column) or "").strip()


def price(row: Row, column: str, currency: str) -> money.Money:
    text = cell(row, column)
    if not text:
        raise BadCell(column, "A price is missing.")
    try:
        return money.parse(text, currency)
    except ShopError as error:
        raise BadCell(column, error.detail) from None


def count(row: Row, column: str) -> int:
    """A whole number; an empty cell is 0, and Shopify writes grams as "250.0" at times."""
    text = cell(row, column) or "0"
    whole, _, fraction = text.removeprefix("-").partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 10) or fraction.strip("0"):
        raise BadCell(column, f"{text[:60]!r} is not a whole number.")
    return -int(whole) if text.startswith("-") else int(whole)


def checked(made: T, columns: Mapping[str, str]) -> T:
    """`made`, if msgspec's constraints hold for it; else BadCell with the column that `columns` names by field."""
    try:
        return msgspec.convert(msgspec.to_builtins(made), type(made))
    except msgspec.ValidationError as error:
        detail, place = place_of(error)
        field = place.strip("/").partition("/")[0]
        raise BadCell(columns.get(field, field), f"{detail}.") from None


def place_of(error: msgspec.ValidationError) -> tuple[str, str]:
    """What msgspec says is wrong, and the JSON pointer of where.

    Of what is wrong with a key or a value of a mapping it does not say which one it is: "at `key` in `$.stock`",
    "at `$.stock[...]`". Then the mapping is named.
    """
    detail, _, place = str(error).partition(" - at `")
    place = place.rpartition("$")[2].partition("[...]")[0]
    steps = re.findall(r"\.?([^.\[\]`]+)", place)
    if missing := re.search(r"(?:required|unknown) field `(.+?)`", detail):
        steps.append(missing[1])
    return detail, "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
