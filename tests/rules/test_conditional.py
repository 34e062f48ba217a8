"""Whether a client has the present answer already."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.conditional import etag, is_known

TAG = etag(b"{}")
OTHER = etag(b"[]")
OPAQUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF).filter(lambda c: c not in '"\x7f')).filter(
    lambda text: not any(0x7F <= ord(c) < 0x80 for c in text)
)


def test_the_same_bytes_have_the_same_tag_and_others_another() -> None:
    assert TAG == etag(b"{}") != OTHER
    assert TAG.startswith('"')
    assert TAG.endswith('"')


@pytest.mark.parametrize(
    "sent", [TAG, f"W/{TAG}", "*", f" {TAG} ", f"{OTHER},{TAG}", f"{OTHER}, W/{TAG}", f",, {OTHER} ,, {TAG},"]
)
def test_a_tag_is_known_alone_in_a_list_weak_or_strong(sent: str) -> None:
    assert is_known(TAG, sent)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        OTHER,
        TAG.strip('"'),  # no entity tag
        TAG[:-1],
        f'"x{TAG[1:]}',  # ends alike
        f'{TAG[:-1]}x"',
        f'"a {TAG}',  # broken before it
        f"{OTHER} {TAG}",  # no comma
        f"w/{TAG}",  # W is a capital
        f"{TAG}, *",
        f"{TAG}; q=1",
    ],
)
def test_what_only_resembles_a_tag_is_none(sent: str | None) -> None:
    assert not is_known(TAG, sent)


@given(st.lists(st.tuples(st.booleans(), OPAQUE), max_size=8), st.booleans())
def test_a_tag_is_known_exactly_if_the_list_has_it(listed: list[tuple[bool, str]], has_it: bool) -> None:
    tags = [("W/" if weak else "") + f'"{text}"' for weak, text in listed]
    if has_it:
        tags.insert(len(tags) // 2, TAG)
    assert is_known(TAG, ", ".join(tags)) == has_it


@given(st.text())
def test_whatever_is_sent_is_understood_or_ignored(sent: str) -> None:
    assert is_known(TAG, sent) in (True, False)


def test_a_long_list_takes_no_long_time() -> None:
    assert not is_known(TAG, f"{OTHER}, " * 20_000 + '"')
