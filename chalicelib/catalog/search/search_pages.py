"""Where a page of results ordered by score ends. Scores are told as 32-bit floats; not every engine compares them so.

OpenSearch compares what it tells. osmem, the engine of the local stack, compares more digits than it tells, so behind
what it tells some results come twice or never. So the next page is asked for from a score a little above the last
one's, and what was shown of it already is left out. That is right unless scores differ in their last digit only.
"""

import struct
from collections.abc import Sequence
from typing import Any

# Behind every id.
_LAST_ID = "\uffff"
_LARGEST = 1e30


def is_score(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value < _LARGEST


def behind(last: Sequence[Any]) -> list[Any]:
    """The search_after of the page behind a result with these sort values: a score, then an id."""
    return [_next(_next(float(last[0]))), *last[1:-1], _LAST_ID]


def shown_again(shown: Sequence[Sequence[Any]], last: Sequence[Any] | None = None, again: int = 0) -> int:
    """How many results the next page begins with that were shown already.

    `shown` are the sort values of this page's results; `last` those of the last result before it, and `again` how many
    this page began with.
    """
    just_above = _next(float(shown[-1][0]))
    as_good = [values for values in shown if float(values[0]) <= just_above]
    if len(as_good) < len(shown) or last is None or float(last[0]) > just_above:
        return len(as_good)
    return len(as_good) + again


def _next(score: float) -> float:
    """The 32-bit float after a score that is not negative."""
    (bits,) = struct.unpack("<I", struct.pack("<f", score))
    return float(struct.unpack("<f", struct.pack("<I", bits + 1))[0])
