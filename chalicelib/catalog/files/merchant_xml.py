"""The items of an XML feed, one at a time, each with its place. A file that declares entities is refused."""

from collections.abc import Iterable, Iterator
from xml.parsers import expat

from chalicelib.catalog.files.reading import Numbered
from chalicelib.core.errors import ShopError

GOOGLE = "http://base.google.com/ns/1.0"
_PLAIN = ("", "http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/")
_ITEMS = ("item", "entry")
_CALLED = {"summary": "description", "content": "description"}
_DETAIL = ("section_name", "attribute_name", "attribute_value")
_LONGEST_ITEM = 1_000_000  # characters
_LONGEST_TAG = 4_000_000  # bytes that the parser keeps until it knows what they are
_BEHIND_ALL = 1 << 60


class _Feed:
    """What expat tells of a feed that is read from `start` on, behind the `head` that opens it."""

    def __init__(self, head: int, start: int, number: int, recoded: bool) -> None:
        self.items: list[Numbered] = []  # that are complete and were not fetched
        self._shift, self.number = start - head, number
        self._depth = 0  # within an item; an attribute has 1
        self._row: dict[str, str] = {}
        self._google: set[str] = set()
        self._name, self._text = "", list[str]()
        self._details: dict[str, str] = {}
        self._size = self._begins = 0
        parser = self.parser = expat.ParserCreate("utf-8" if recoded else None, namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler, parser.EntityDeclHandler = self._say, _refuse

    def _start(self, element: str, given: dict[str, str]) -> None:
        space, _, name = element.rpartition(" ")
        if self._depth == 0:
            if name in _ITEMS:
                self._depth, self._row, self._size, self._google = 1, {}, 0, set()
                self._begins = self.parser.CurrentByteIndex + self._shift
            return
        self._depth += 1
        self._text = []
        if self._depth == 2:
            self._details = {}
            self._name = name if space == GOOGLE else _CALLED.get(name, name) if space in _PLAIN else element
            if name == "link" and "href" in given and given.get("rel", "alternate") == "alternate":
                self._say(given["href"])

    def _say(self, text: str) -> None:
        self._size += len(text)
        if self._depth > 1 and self._size <= _LONGEST_ITEM:
            self._text.append(text)

    def _end(self, element: str) -> None:
        if self._depth == 0:
            return
        self._depth -= 1
        space, _, name = element.rpartition(" ")
        if self._depth == 0:
            self._complete()
        elif self._depth == 1:
            self._attribute(self._value(), space == GOOGLE)
        else:
            self._details[name] = "".join(self._text).strip()
        self._text = []

    def _value(self) -> str:
        if self._name == "product_detail":
            return ":".join(self._details.get(part, "") for part in _DETAIL)
        return ":".join(self._details.values()) or "".join(self._text).strip()

    def _attribute(self, value: str, googles: bool) -> None:
        """What comes again goes on a line of its own. Google's own attribute counts more than that of RSS or Atom."""
        known = self._name in self._row and (self._name in self._google) == googles
        if known:
            self._row[self._name] += f"\n{value}"
        elif googles or self._name not in self._row:
            self._row[self._name] = value
        if googles:
            self._google.add(self._name)

    def _complete(self) -> None:
        long = self._size > _LONGEST_ITEM
        fault = f"This item has more than {_LONGEST_ITEM} characters." if long else None
        self.items.append(Numbered(self.number, self._row, fault, self._begins, _BEHIND_ALL))
        self.number += 1


def _refuse(*_: object) -> None:
    raise ShopError("unknown_format", 422, "The file declares entities. No feed needs them, and they can do harm.")


def items(head: bytes, chunks: Iterable[bytes], number: int, start: int, *, recoded: bool) -> Iterator[Numbered]:
    """The items of what `chunks` hold from the byte `start` on, where the item `number` begins.

    Numbers stand for lines, for a feed may be one line. `head` is what stands before the first item. What is `recoded`
    is UTF-8 whatever it says of itself.

    ShopError at what is not XML, behind all items before it.
    """
    feed, fed = _Feed(len(head), start, number, recoded), len(head)
    for position, chunk in enumerate(chunks):
        yield from _parsed(feed, head + chunk if position == 0 else chunk)
        fed += len(chunk)
        if fed - feed.parser.CurrentByteIndex > _LONGEST_TAG:
            raise ShopError("unknown_format", 422, f"The file holds a tag of more than {_LONGEST_TAG} bytes.")
    if fed > len(head):
        yield from _parsed(feed, None)


def head_of(sample: bytes, recoded: bool) -> tuple[bytes, list[str]] | None:
    """What stands before the first item of a feed that begins with `sample`, and what attributes that item has."""
    feed = _Feed(0, 0, 1, recoded)
    try:
        feed.parser.Parse(sample, False)
    except expat.ExpatError:
        if not feed.items:
            return None
    return (sample[: feed.items[0].start], list(feed.items[0].row)) if feed.items else None


def _parsed(feed: _Feed, chunk: bytes | None) -> Iterator[Numbered]:
    problem = None
    try:
        feed.parser.Parse(chunk or b"", chunk is None)
    except expat.ExpatError as error:
        problem = expat.errors.messages.get(error.code, str(error))
    yield from feed.items
    feed.items = []
    if problem:
        detail = f"The file is no XML behind its item {feed.number - 1}: {problem}."
        raise ShopError("unknown_format", 422, detail)
