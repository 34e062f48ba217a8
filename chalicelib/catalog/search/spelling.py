"""Did you mean: words that are in no product, put as the index spells what is like them. Pure."""

from collections.abc import Sequence

import msgspec


class Misspelt(msgspec.Struct, frozen=True):
    """A word, from `start` to `end` in the text that was asked about, in UTF-16 units, and how the index spells what is
    like it, best first; nothing if the word itself is known."""

    word: str
    start: int
    end: int
    known_as: list[str]


def corrected(text: str, found: Sequence[Misspelt]) -> str | None:
    """`text` with unknown words put as the index knows them; None if there is nothing to put otherwise.

    What has a digit in it is left alone: another model is not a spelling of this one.
    """
    # The engine counts as Java does: a character outside the basic plane is two units.
    units = text.encode("utf-16-le")
    for entry in sorted(found, key=lambda entry: entry.start, reverse=True):
        if entry.known_as and not any(char.isdigit() for char in entry.word):
            units = units[: 2 * entry.start] + entry.known_as[0].encode("utf-16-le") + units[2 * entry.end :]
    result = units.decode("utf-16-le")
    return result if result.casefold() != text.casefold() else None
