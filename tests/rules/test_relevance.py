"""What a ranking is worth."""

from math import log2
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import scale
from bench.relevance import goods, icecat, judgments, metrics

RATINGS = st.dictionaries(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=3), st.integers(0, 3), max_size=30)


def some_are_relevant(ratings: dict[str, int]) -> bool:
    return any(ratings.values())


JUDGED = RATINGS.filter(some_are_relevant)


def best_first(ratings: dict[str, int]) -> list[str]:
    return sorted(ratings, key=lambda document: -ratings[document])


def test_gain_and_discount_by_hand() -> None:
    ratings = {"a": 3, "b": 2, "c": 0, "d": 1}
    found = ["c", "b", "x", "a"]
    gained = 3 / log2(3) + 7 / log2(5)  # 1.8928 + 3.0147
    ideal = 7 / log2(2) + 3 / log2(3) + 1 / log2(4)  # 7 + 1.8928 + 0.5
    assert metrics.ndcg(found, ratings) == pytest.approx(gained / ideal) == pytest.approx(0.5225, abs=1e-4)
    assert metrics.unjudged(found, ratings) == 0.25
    assert metrics.recall(found, ratings) == pytest.approx(2 / 3)


def test_only_the_first_ten_gain() -> None:
    ratings = {"late": 3}
    others = [str(n) for n in range(10)]
    assert metrics.ndcg([*others[:9], "late"], ratings) == pytest.approx(1 / log2(11))
    assert metrics.ndcg([*others, "late"], ratings) == 0
    assert metrics.recall([*others, "late"], ratings) == 1


def test_where_nothing_is_relevant_no_order_is_better() -> None:
    assert metrics.ndcg(["a"], {"a": 0}) is None
    assert metrics.recall(["a"], {"a": 0}) is None
    assert metrics.unjudged([], {"a": 0}) == 0


@given(JUDGED)
def test_the_best_order_is_worth_one(ratings: dict[str, int]) -> None:
    assert metrics.ndcg(best_first(ratings), ratings) == pytest.approx(1)


@given(JUDGED, st.randoms())
def test_no_order_is_worth_more(ratings: dict[str, int], random: object) -> None:
    found = list(ratings)
    random.shuffle(found)  # type: ignore[attr-defined]
    assert 0 <= (metrics.ndcg(found, ratings) or 0) <= 1 + 1e-9


@given(JUDGED, st.randoms())
def test_what_stands_below_the_cut_changes_nothing(ratings: dict[str, int], random: object) -> None:
    found = [*ratings, *(f"unjudged {n}" for n in range(60))]
    top, rest = found[:10], found[10:]
    random.shuffle(rest)  # type: ignore[attr-defined]
    assert metrics.ndcg(top + rest, ratings) == metrics.ndcg(found, ratings)
    assert metrics.unjudged(top + rest, ratings) == metrics.unjudged(found, ratings)


@given(JUDGED)
def test_a_better_document_further_up_is_worth_more(ratings: dict[str, int]) -> None:
    best = best_first(ratings)
    assert (metrics.ndcg(["nothing", *best], ratings) or 0) < (metrics.ndcg(best, ratings) or 0)


def test_judgments_are_read_by_query(tmp_path: Path) -> None:
    file = tmp_path / "judgments.csv"
    file.write_text('query,docid,rating\n"tea, green",17,3\n杯子,17,0\n"tea, green",4,1\n', encoding="utf-8-sig")
    assert judgments.read(file) == {"tea, green": {"17": 3, "4": 1}, "杯子": {"17": 0}}


def test_our_own_judgments_are_whole() -> None:
    with goods.JUDGMENTS.open(encoding="utf-8") as file:
        rows = [line.rstrip("\n").rsplit(",", 2) for line in file][1:]
    pairs = [(query, document) for query, document, _ in rows]
    assert len(set(pairs)) == len(pairs)
    assert {rating for *_, rating in rows} == {"0", "1", "2", "3"}
    judged = judgments.read(goods.JUDGMENTS)
    assert len(judged) == 30
    assert all(some_are_relevant(ratings) for ratings in judged.values())


def test_our_own_judgments_are_of_goods_that_exist() -> None:
    if not goods.FILE.exists():
        pytest.skip(f"{goods.FILE} is absent")
    judged = judgments.read(goods.JUDGMENTS)
    assert {document for ratings in judged.values() for document in ratings} <= {d["handle"] for d in goods.drafts()}


def test_the_set_repeated_is_a_set_of_other_products() -> None:
    if not icecat.files():
        pytest.skip(f"{icecat.FOLDER} is absent")
    drafts = list(scale.repeated(20_000))
    assert len({draft["handle"] for draft in drafts}) == 20_000
    assert len({variant["sku"] for draft in drafts for variant in draft["variants"]}) == 20_000
    assert drafts[19_406]["title"] == drafts[0]["title"]
