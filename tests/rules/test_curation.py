"""What staff may say of search, and which spellings of a query are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.search import curation, synonyms
from chalicelib.catalog.search.curation import CurationDraft
from chalicelib.catalog.search.synonyms import SynonymDraft, gathered
from chalicelib.core.errors import ShopError

TEXT = st.text(max_size=60)
TERMS = st.lists(
    st.sampled_from(["sofa", "couch", "settee", "tv", "television set", "手机", "mobile phone"]), max_size=6
)


@pytest.mark.parametrize(
    ("text", "other"),
    [("Tea Cup", "tea   cup!"), ("ＴＥＡ", "tea"), ("wi-fi", "WI-FI"), ("龙井", "「龙井」")],
)
def test_spellings_of_a_query_are_curated_alike(text: str, other: str) -> None:
    assert curation.key(text) == curation.key(other) != ""


@given(TEXT)
def test_a_querys_key_is_its_own_key(text: str) -> None:
    assert curation.key(curation.key(text)) == curation.key(text)


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        (CurationDraft(("tea", "!?"), ("a",)), "/queries/1"),
        (CurationDraft(("tea", "mug", "Tea."), ("a",)), "/queries/2"),
        (CurationDraft(("tea",), ("a", "b", "a")), "/pinned/2"),
        (CurationDraft(("tea",), ("c", "a"), ("b", "a")), "/pinned/1"),
        (CurationDraft(("tea",)), "/pinned"),
    ],
)
def test_a_curation_that_says_nothing_clear_is_refused(draft: CurationDraft, pointer: str) -> None:
    with pytest.raises(ShopError) as refused:
        curation.check(draft)
    assert (refused.value.status, refused.value.pointer) == (422, pointer)


@pytest.mark.parametrize(
    ("group", "pointer"),
    [
        (SynonymDraft(), "/terms"),
        (SynonymDraft(("sofa",)), "/terms"),
        (SynonymDraft(("sofa", "--")), "/terms/1"),
        (SynonymDraft(("sofa", "couch"), only_from="?"), "/only_from"),
    ],
)
def test_a_group_of_synonyms_that_says_nothing_is_refused(group: SynonymDraft, pointer: str) -> None:
    with pytest.raises(ShopError) as refused:
        synonyms.check(group, "our-own")
    assert (refused.value.status, refused.value.pointer) == (422, pointer)


def test_a_group_that_the_shop_comes_with_can_be_switched_off() -> None:
    synonyms.check(SynonymDraft(), "sofa")
    synonyms.check(SynonymDraft(("armchair",), only_from="seat"), "our-own")


@given(
    st.lists(TERMS, max_size=12), st.lists(st.sampled_from(["sofa", "a", "television", "set", "手机壳"]), max_size=8)
)
def test_however_groups_overlap_a_query_is_read_in_a_bounded_number_of_ways(
    groups: list[list[str]], query: list[str]
) -> None:
    spans = gathered(SynonymDraft(tuple(terms)) for terms in groups).spans(query)
    assert "".join(word for span in spans for word in span.words) == "".join(query)
    assert all(len(span.also) <= 8 for span in spans)


def test_synonyms_of_synonyms_are_not_taken_and_one_way_is_one_way() -> None:
    both = gathered([SynonymDraft(("sofa", "couch")), SynonymDraft(("couch", "bed"))])
    assert [span.also for span in both.spans(["sofa"])] == [(("couch",),)]
    one_way = gathered([SynonymDraft(("armchair",), only_from="seat")])
    assert [span.also for span in one_way.spans(["seat"])] == [(("armchair",),)]
    assert [span.also for span in one_way.spans(["armchair"])] == [()]


def test_a_run_of_chinese_is_read_in_the_words_that_have_synonyms() -> None:
    known = gathered([SynonymDraft(("婴儿", "宝宝")), SynonymDraft(("衣服", "服装"))])
    spans = known.spans(["纯棉婴儿衣服"])
    assert [span.words for span in spans] == [("纯棉",), ("婴儿",), ("衣服",)]
    assert [span.also for span in spans] == [(), (("宝宝",),), (("服装",),)]
