"""What may become of a review, what it counts for, and what is left of the words that somebody typed."""

import html
import re
from collections.abc import Mapping

import msgspec

from chalicelib.core.errors import ShopError, invalid

PENDING, PUBLISHED, REJECTED = "pending", "published", "rejected"
# Whatever state a review is in, its author may say something else; then it is looked at again.
_MOVES = {PENDING: {PUBLISHED, REJECTED}, PUBLISHED: {REJECTED}, REJECTED: {PUBLISHED}}
MOST_STARS = 5
NAMELESS = "Verified buyer"
# Control characters, and those that turn the direction of all text around them (Unicode UAX 9).
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Rating(msgspec.Struct, frozen=True):
    """The mean of all published reviews' stars, to two digits; null if there are none."""

    average: float | None
    count: int


def check_move(present: str, wanted: str) -> None:
    """409 unless a review in state `present` may become `wanted`."""
    if wanted not in _MOVES[present]:
        raise ShopError("wrong_state", 409, f"A review that is {present} can not become {wanted}.")


def rating(reviews: int, stars: int) -> Rating:
    return Rating(round(stars / reviews, 2) if reviews else None, reviews)


def counts(state: str, stars: int) -> dict[str, int]:
    """What a review in this state adds to its product's standing, by the standing's attributes."""
    return {"reviews": 1, "stars": stars, f"stars_{stars}": 1} if state == PUBLISHED else {}


def difference(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """What has to be added to a standing that counts `before`, so that it counts `after` instead."""
    changes = {name: after.get(name, 0) - before.get(name, 0) for name in {**before, **after}}
    return {name: change for name, change in changes.items() if change}


def plain_text(typed: str) -> str:
    """The text without HTML, control characters and heaps of empty lines. Lone < and & stay what they are."""
    text = typed
    while (stripped := _without_html(text)) != text:  # what is shorter each time comes to an end
        text = stripped
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def plain_line(typed: str) -> str:
    return " ".join(plain_text(typed).split())


def author_name(typed: str) -> str:
    """How an author is called in public; 422 for a mail address, which is nobody's business."""
    name = plain_line(typed)
    if re.search(r"\S@\S", name):
        raise invalid("/author", "A name is shown to everybody; a mail address is none.")
    return name or NAMELESS


def _without_html(text: str) -> str:
    import nh3  # only who writes a review needs it

    # It escapes what is left, for use in HTML; a review is text, and whoever shows it in HTML escapes it there.
    return html.unescape(nh3.clean(_UNSEEN.sub("", text), tags=set()))
