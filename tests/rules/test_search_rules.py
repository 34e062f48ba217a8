"""What search decides without an engine: words, heads, spellings, ranges, roll-up, and the shape of its questions."""

from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.catalog.search import search_counts, search_query, search_words, synonyms
from chalicelib.catalog.search.search_counts import Range, merged, rolled_up
from chalicelib.catalog.search.search_index import facet
from chalicelib.catalog.search.search_query import Filters, Query
from chalicelib.catalog.search.spelling import Misspelt, corrected
from chalicelib.catalog.search.synonyms import SynonymDraft

SLOTS = st.lists(st.integers(0, 500), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("title", "brand", "heads"),
    [
        ("Gel mouse pad, blue, for your desk", "", ["pad"]),
        ("Kiln Batteries 4 pcs", "Kiln", ["battery", "pcs"]),
        ("DELL 724-10230 fuser", "Dell", ["fuser"]),
        ("Soft sleeve for iPad", "", ["sleeve"]),
        ("秋冬羊毛被", "", ["被", "毛被", "羊毛被", "冬羊毛被"]),
    ],
)
def test_the_head_of_a_name_is_what_the_thing_is(title: str, brand: str, heads: list[str]) -> None:
    assert search_words.heads([title], brand) == heads


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('15.6" TN-2110,', ["15.6", "tn-2110"]),
        ("iPhone手机壳", ["iphone", "手机壳"]),
        ("ＴＥＡ 绿茶!", ["tea", "绿茶"]),
        ("?! --", []),
    ],
)
def test_a_query_is_taken_apart_where_scripts_meet(text: str, words: list[str]) -> None:
    assert search_words.words(text) == words


_CALLED = synonyms.gathered([*synonyms.DEFAULTS.values(), SynonymDraft(tuple(f"a{n} b c d" for n in range(20)))])


@given(
    st.one_of(
        st.text(max_size=300), st.lists(st.sampled_from(["laptop", "a1 b c d", "x/y-z", "中文", "4k"])).map(" ".join)
    )
)
@example("laptop A:A:A A:A:A\u4e00\u4e00:\u3400\u3400\u3400\u3400\u32cb\u4e00\u4e00\u4e00a:a:a")
def test_whatever_is_typed_becomes_a_question_that_the_engine_takes(text: str) -> None:
    assert len(search_words.words(text)) <= search_words.MOST_WORDS
    for mode in get_args(search_query.Mode):
        assert search_query.clauses(search_query.matching(text, _CALLED, mode)) <= search_query.MOST_CLAUSES


@pytest.mark.parametrize("code", ["TN-2110", "tn 2110", "TN2110"])
def test_a_code_is_the_same_however_it_is_written(code: str) -> None:
    assert search_words.code_key(code) == "tn2110"


def test_only_words_that_nothing_has_are_spelt_otherwise_and_models_never() -> None:
    found = [Misspelt("linnen", 0, 6, ["linen"]), Misspelt("shirt", 7, 12, []), Misspelt("x100", 13, 17, ["x200"])]
    assert corrected("linnen shirt x100", found) == "linen shirt x100"
    assert corrected("shirt x100", [Misspelt("x100", 6, 10, ["x200"])]) is None


def test_an_engine_that_counts_in_utf_16_puts_the_right_letters_otherwise() -> None:
    assert corrected(
        "😀 linnen 😀 shrit", [Misspelt("linnen", 3, 9, ["linen"]), Misspelt("shrit", 13, 18, ["shirt"])]
    ) == ("😀 linen 😀 shirt")


def test_a_dimension_counts_by_all_the_others() -> None:
    filters = Filters(brands=("Kiln",), attributes={"color": ("red",)}, price_max=500)
    asked = search_counts.counting(Query(currency="EUR", filters=filters, counted=("color", "size")))["aggs"]
    narrowed = search_query.dimensions(Query(currency="EUR", filters=filters))
    for name in ("brand", "price", "attribute:color"):
        others = asked[name]["filter"]["bool"]["filter"]
        assert narrowed[name] not in others
        assert len(others) == 2
    assert len(asked["attribute:size"]["filter"]["bool"]["filter"]) == 3


def test_a_category_counts_what_is_below_it() -> None:
    paths = {"shirts": ("clothes", "shirts"), "hats": ("clothes", "hats"), "tea": ("tea",)}
    assert rolled_up({"shirts": 3, "hats": 2, "tea": 1}, lambda found: paths[found]) == {
        "clothes": 5,
        "shirts": 3,
        "hats": 2,
        "tea": 1,
    }


@given(SLOTS)
def test_price_ranges_are_few_full_and_count_everything_once(counts: list[int]) -> None:
    slots = [Range(n * 100, n * 100 + 99, count) for n, count in enumerate(counts)]
    ranges = merged(slots)
    assert len(ranges) <= 6
    assert sum(one.count for one in ranges) == sum(counts)
    assert all(one.count for one in ranges)
    edges = [edge for one in ranges for edge in (one.price_min, one.price_max)]
    assert edges == sorted(edges, key=lambda edge: edge or 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "a=true"), (17.0, "a=17"), (1.5, "a=1.5"), ("red", "a=red"), ("x" * 101, None)],
)
def test_a_facets_value_is_text_of_bounded_length(value: object, text: str | None) -> None:
    assert facet("a", value) == text


@pytest.mark.parametrize("sort", ["relevance", "price_asc", "price_desc", "newest", "rating", "best_selling"])
def test_every_order_ends_with_the_id(sort: search_query.Sort) -> None:
    assert search_query.ordered(sort, "EUR", True)[-1] == {"id": "asc"}
