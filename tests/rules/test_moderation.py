import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.reviews import moderation
from chalicelib.catalog.reviews.moderation import NAMELESS, PENDING, PUBLISHED, REJECTED, Rating
from chalicelib.core.errors import ShopError

STATES = (PENDING, PUBLISHED, REJECTED)
states = st.sampled_from(STATES)
stars = st.integers(1, 5)


@pytest.mark.parametrize("present", STATES)
@pytest.mark.parametrize("wanted", STATES)
def test_a_review_is_published_or_rejected_and_never_unread_by_moderation(present, wanted):
    if wanted in (PUBLISHED, REJECTED) and wanted != present:
        moderation.check_move(present, wanted)
    else:
        with pytest.raises(ShopError, match="wrong_state"):
            moderation.check_move(present, wanted)


@given(st.lists(st.tuples(states, stars), max_size=30))
def test_adding_differences_counts_as_counting_at_the_end_does(moves):
    """One review that moves from state to state, with other stars each time."""
    standing: dict[str, int] = {}
    before: dict[str, int] = {}
    for state, given_stars in moves:
        after = moderation.counts(state, given_stars)
        for name, change in moderation.difference(before, after).items():
            standing[name] = standing.get(name, 0) + change
        before = after
    assert {name: count for name, count in standing.items() if count} == before


def test_only_published_reviews_count():
    assert moderation.counts(PUBLISHED, 4) == {"reviews": 1, "stars": 4, "stars_4": 1}
    assert moderation.counts(PENDING, 4) == moderation.counts(REJECTED, 4) == {}


def test_stars_that_stay_are_not_added_to():
    assert moderation.difference(moderation.counts(PUBLISHED, 4), moderation.counts(PUBLISHED, 4)) == {}
    assert moderation.difference(moderation.counts(PUBLISHED, 4), moderation.counts(PUBLISHED, 5)) == {
        "stars": 1,
        "stars_4": -1,
        "stars_5": 1,
    }


def test_a_rating_is_the_mean_or_none():
    assert moderation.rating(0, 0) == Rating(None, 0)
    assert moderation.rating(3, 13) == Rating(4.33, 3)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("Good tea", "Good tea"),
        ("<b>Good</b> tea", "Good tea"),
        ("Good <script>alert(1)</script>tea", "Good tea"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;tea", "tea"),
        ("&amp;lt;b&amp;gt;tea", "tea"),
        ('<img src=x onerror="alert(1)">tea', "tea"),
        ("2 < 3 & 4 > 3", "2 < 3 & 4 > 3"),
        ("I <3 this", "I <3 this"),
        ("R&amp;D", "R&D"),
        ("a\r\nb\n\n\n\nc", "a\nb\n\nc"),
        ("\u202eevil\u0000", "evil"),
        ("好茶！👩‍👩‍👧", "好茶！👩‍👩‍👧"),
        ("  \n ", ""),
    ],
)
def test_a_text_is_what_was_typed_without_html(typed, text):
    assert moderation.plain_text(typed) == text


@given(st.text(alphabet=st.sampled_from("<>&;/!-#x3cltgamp \n'\"=b好\u202e\x00"), max_size=60) | st.text(max_size=60))
def test_no_html_is_left_however_it_was_wrapped(typed):
    text = moderation.plain_text(typed)
    assert moderation.plain_text(text) == text
    assert "<" not in nh3.clean(text)


def test_a_name_is_one_line_and_no_mail_address():
    assert moderation.author_name("  Lin\n<b>Yue</b> ") == "Lin Yue"
    assert moderation.author_name("<i></i>") == moderation.author_name("") == NAMELESS
    with pytest.raises(ShopError) as refused:
        moderation.author_name("lin@jishi.example")
    assert refused.value.pointer == "/author"
