"""The items of an XML feed, one at a time, each with its place. A file that declares entities is refused."""

from collections.abc import Iterable, Iterator
from xml.parsers import expat

import msgspec

from chalicelib.catalog.files.reading import Numbered
from chalicelib.core.errors import ShopError

_GOOGLE = ("http://base.google.com/ns/1.0", "https://base.google.com/ns/1.0")
_PLAIN = ("", "http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/")
_ITEMS = ("item", "entry")
_CALLED = {"summary": "description", "content": "description"}
_DETAIL = ("section_name", "attribute_name", "attribute_value")
# Elements of HTML whose text stands on lines of its own.
_BLOCKS = frozenset(["br", "dd", "div", "dt", "li", "p", "td", "th", "tr", *(f"h{level}" for level in range(1, 7))])
_LONGEST_ITEM = 1_000_000  # characters
_LONGEST_TAG = 4_000_000  # bytes that the parser keeps until it knows what they are
_BEHIND_ALL = 1 << 60


class Opening(msgspec.Struct, frozen=True):
    """How a feed begins: the `head` before its first item, None if no item is whole, and what attributes items have.

    `problem` says where it breaks and why, if it does.
    """

    head: bytes | None
    attributes: list[str]
    problem: str | None = None


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
        self._detail = 0  # where in the text it begins
        self._size, self._begins = 0, start
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
        if self._depth == 2:
            self._text, self._details = [], {}
            self._name = name if space in _GOOGLE else _CALLED.get(name, name) if space in _PLAIN else element
            if name == "link" and "href" in given and given.get("rel", "alternate") == "alternate":
                self._say(given["href"])
            return
        if self._depth == 3:
            self._detail = len(self._text)
        self._break_line(name)

    def _say(self, text: str) -> None:
        self._size += len(text)
        if self._depth > 1 and self._size <= _LONGEST_ITEM:
            self._text.append(text)

    def _break_line(self, name: str) -> None:
        """HTML that nobody escaped: the words of two paragraphs are not one word."""
        if name in _BLOCKS and self._text and not self._text[-1].endswith("\n"):
            self._say("\n")

    def _end(self, element: str) -> None:
        if self._depth == 0:
            return
        self._depth -= 1
        space, _, name = element.rpartition(" ")
        if self._depth == 0:
            self._complete()
        elif self._depth == 1:
            self._attribute(self._value(), space in _GOOGLE)
        elif self._depth == 2:
            self._details[name] = "".join(self._text[self._detail :]).strip()
        if self._depth > 1:
            self._break_line(name)

    def _value(self) -> str:
        """All of its text. Of Google's attributes that have parts, product_detail is the one that is read."""
        if self._name == "product_detail" and self._details:
            return ":".join(self._details.get(part, "") for part in _DETAIL)
        return "".join(self._text).strip()

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
        # Where the next reading starts if there is no other item. What then comes first, an end without a beginning,
        # is broken as well: no run passes over the spot because the one before it stopped here.
        self._begins = self.parser.CurrentByteIndex + self._shift

    def taken(self) -> list[Numbered]:
        """The items that are complete by now, each once."""
        items, self.items = self.items, []
        return items

    def broken(self, why: str) -> Numbered:
        """What stands for the rest of a file in which nothing can be read from here on."""
        fault = f"The file is no XML behind its item {self.number - 1}, and all that follows is left out: {why}."
        return Numbered(self.number, {}, fault, self._begins, _BEHIND_ALL)


def _refuse(*_: object) -> None:
    raise ShopError("unknown_format", 422, "The file declares entities. No feed needs them, and they can do harm.")


def items(head: bytes, chunks: Iterable[bytes], number: int, start: int, *, recoded: bool) -> Iterator[Numbered]:
    """The items of what `chunks` hold from the byte `start` on, where the item `number` begins.

    Numbers stand for lines, for a feed may be one line. `head` is what stands before the first item. What is `recoded`
    is UTF-8 whatever it says of itself.

    Where it is no XML any more, a last item without a row has the fault. ShopError if it declares entities.
    """
    feed, fed = _Feed(len(head), start, number, recoded), len(head)
    for position, chunk in enumerate(chunks):
        why = _parse(feed, head + chunk if position == 0 else chunk)
        yield from feed.taken()
        fed += len(chunk)
        if not why and fed - feed.parser.CurrentByteIndex > _LONGEST_TAG:
            why = f"it holds a tag of more than {_LONGEST_TAG} bytes"
        if why:
            yield feed.broken(why)
            return
    if fed > len(head):
        why = _parse(feed, None)
        yield from feed.taken()
        if why:
            yield feed.broken(why)


def opening_of(sample: bytes, complete: bool, recoded: bool) -> Opening:
    """How a feed opens that begins with `sample`, and ends with it if that is `complete`.

    ShopError if it declares entities.
    """
    feed, problem = _Feed(0, 0, 1, recoded), None
    try:
        feed.parser.Parse(sample, complete)
    except expat.ExpatError as error:
        problem = str(error)
    head = sample[: feed.items[0].start] if feed.items else None
    return Opening(head, list({name: None for item in feed.items for name in item.row}), problem)


def _parse(feed: _Feed, chunk: bytes | None) -> str | None:
    """Read on, to the end if there is no `chunk`. Why that is not possible, if it is not."""
    try:
        feed.parser.Parse(chunk or b"", chunk is None)
    except expat.ExpatError as error:
        return expat.errors.messages.get(error.code, str(error))
    return None
