"""Pages by score, asked of an engine that tells 32 bits of what it compares, and of one that compares what it tells."""

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.search import search_pages


def told(score: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", score))[0])


def walk(scores: Sequence[float], size: int) -> list[str]:
    """All results page by page: the engine orders by its own score, then by id, and tells the score as 32 bits."""
    order = sorted((-score, f"{number:03d}") for number, score in enumerate(scores))
    seen: list[str] = []
    last, after, again = None, None, 0
    while True:
        behind = [(s, i) for s, i in order if after is None or (s, i) > (-after[0], after[1])]
        hits = behind[: size + 1 + again][again:]
        page = [[told(-s), i] for s, i in hits[:size]]
        seen += [i for _, i in page]
        if len(hits) <= size:
            return seen
        again = search_pages.shown_again(page, last, again)
        last, after = page[-1], search_pages.behind(page[-1])


@pytest.mark.parametrize("tells", [float, told], ids=["compares more than it tells", "compares what it tells"])
@given(st.lists(st.sampled_from([0.1, 0.7, 1.0, 3.3, 12.5, 21.393117]), max_size=30), st.integers(1, 7))
def test_every_result_comes_once(tells, scores, size):
    assert sorted(walk([tells(score) for score in scores], size)) == [f"{n:03d}" for n in range(len(scores))]


@pytest.mark.parametrize("value", ["1", -1.0, 1e300, float("nan"), None, [1]])
def test_what_is_no_score_is_known(value):
    assert not search_pages.is_score(value)
