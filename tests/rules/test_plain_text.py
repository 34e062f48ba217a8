"""Descriptions without their HTML."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.feeds.plain_text import cut, plain_text, without_controls


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Just words", "Just words"),
        ("<p>A <b>soft</b> shirt.</p><p>Wash  at\n30°.</p>", "A soft shirt.\nWash at 30°."),
        ("<ul><li>cotton</li><li>linen</li></ul>", "cotton\nlinen"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("Tom &amp; Jerry &lt;3 &#8364;&nbsp;5", "Tom & Jerry <3 € 5"),
        ("in<b>line</b>", "inline"),
        ("<style>p { color: red }</style><script>alert(1)</script>seen", "seen"),
        ("4 < 5 and 6 > 5", "4 < 5 and 6 > 5"),
        ("<!-- not this -->this", "this"),
        ("茶<p>杯</p>", "茶\n杯"),
        ("a\x00b\x1bc", "abc"),
        ("", ""),
    ],
)
def test_what_a_reader_sees_is_left(html: str, text: str) -> None:
    assert plain_text(html) == text


@given(st.text(), st.integers(2, 50))
def test_what_is_too_long_is_cut(text: str, most: int) -> None:
    assert len(cut(text, most)) <= most
    assert cut(text, most) == text or cut(text, most).endswith("…")
    assert cut(text, len(text)) == cut(text, None) == text


def test_a_cut_falls_between_words() -> None:
    assert cut("a long description of a shirt", 20) == "a long description…"
    assert cut("x" * 30, 20) == "x" * 19 + "…"


@given(st.text(st.characters(codec=None)))
def test_what_is_left_can_stand_in_xml(text: str) -> None:
    said = without_controls(text).replace("&", "").replace("<", "").replace("]]>", "")
    ElementTree.fromstring(f"<a>{said}</a>")


@given(st.text(alphabet="<>/ abp&;!-\"'=\n"))
def test_no_html_is_too_broken(html: str) -> None:
    text = plain_text(html)
    assert not re.search(r"[ \n]{2}|^\s|\s$", text)
