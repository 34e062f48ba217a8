"""What a ranking is worth against people's judgments: ratings 0 to 3, by document. Pure.

Each takes what a search answered, best first, without doubles, and the ratings of its query.
"""

from collections.abc import Mapping, Sequence
from math import log2


def ndcg(ranked: Sequence[str], ratings: Mapping[str, int], cut: int = 10) -> float | None:
    """Normalized discounted cumulative gain: gain 2^rating - 1, discount log2(rank + 1); unjudged counts as 0.

    1.0 is the best order that the judged documents can have. None if none of them is relevant: every order is as good.
    """
    ideal = _dcg(sorted(ratings.values(), reverse=True)[:cut])
    return _dcg([ratings.get(document, 0) for document in ranked[:cut]]) / ideal if ideal else None


def unjudged(ranked: Sequence[str], ratings: Mapping[str, int], cut: int = 10) -> float:
    """Which part of the first `cut` nobody has judged; 0 if nothing was found."""
    top = ranked[:cut]
    return sum(document not in ratings for document in top) / len(top) if top else 0.0


def recall(ranked: Sequence[str], ratings: Mapping[str, int], cut: int = 50) -> float | None:
    """Which part of what is relevant at all (rating 1 or more) is among the first `cut`. None if nothing is."""
    relevant = {document for document, rating in ratings.items() if rating >= 1}
    return len(relevant.intersection(ranked[:cut])) / len(relevant) if relevant else None


def _dcg(ratings: Sequence[int]) -> float:
    return sum((2**rating - 1) / log2(rank + 1) for rank, rating in enumerate(ratings, start=1))
