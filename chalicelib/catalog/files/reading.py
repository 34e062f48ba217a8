"""What every kind of product file is read as: rows, products, and what was wrong with them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.catalog.files.cells import Row
from chalicelib.catalog.files.text_lines import Layout
from chalicelib.catalog.product import ProductDraft

_MOST_ROWS = 1000


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


class Definition(msgspec.Struct, frozen=True):
    """Something that products refer to: its `kind`, its id, and what staff would send of it."""

    kind: str
    id: str
    content: Any


class Read(msgspec.Struct, frozen=True):
    """What a group of rows amounts to: a product, unless it is broken as a whole, and what was wrong on the way.

    `partial`: something that can be sold was left out of the draft. `skipped`: what the rows hold is no product of this
    shop, as the problem says. `categories` are the ids and names on the way down to the draft's category,
    `attributes` the names of attributes by their ids.

    A line may hold the `definition` of something else than a product. A `derived` handle was made of the title: if
    another product of the file has it, `otherwise` is this one's.
    """

    line: int
    handle: str
    draft: ProductDraft | None
    problems: tuple[Problem, ...] = ()
    partial: bool = False
    skipped: bool = False
    categories: tuple[tuple[str, str], ...] = ()
    attributes: dict[str, str] = {}
    derived: bool = False
    otherwise: str | None = None
    definition: Definition | None = None


class Shop(msgspec.Struct, frozen=True):
    """What has to be known of the shop to read a file for it: its currency, and those of its price lists by their ids.

    Reduced prices are those of `now`.
    """

    currency: str
    now: datetime
    lists: dict[str, str] = {}


class Links(msgspec.Struct, frozen=True):
    """How the rows of a product find each other if they do not stand side by side: by keys that only the file knows.

    A group is kept under `kept` for others to find. It claims keys, and gathers what is kept under the keys `gathers`.
    If another group claims `belongs`, the last one that does so, this one is a part of that and no product by itself.
    """

    kept: str | None = None
    claims: tuple[str, ...] = ()
    gathers: tuple[str, ...] = ()
    belongs: str | None = None


NO_LINKS = Links()


class Place(msgspec.Struct, frozen=True):
    """Where in a file reading goes on: a byte, and the line that begins there.

    `linking`: the file is read for its links only; what comes of its rows is left to a second reading.
    """

    start: int
    line: int
    linking: bool = False


class Form(msgspec.Struct, frozen=True):
    """How a file is to be read: in which dialect, from `first` on, below which layers (encodings.opened).

    A table has a delimiter and a header. An XML feed has a `head`, the bytes before its first item as Latin-1.
    """

    dialect: str
    layout: Layout
    first: Place
    delimiter: str | None = None
    header: tuple[str, ...] = ()
    head: str | None = None
    layers: tuple[str, ...] = ()


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
