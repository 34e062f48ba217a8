"""XML feeds as shops write them: by hand, cut off, with HTML that nobody escaped."""

from datetime import UTC, datetime

import pytest

from chalicelib.catalog.files import dialects
from chalicelib.catalog.files.reading import Place, Read, Shop
from chalicelib.core.errors import ShopError

SHOP = Shop("EUR", datetime(2026, 6, 1, tzinfo=UTC))
GOOGLE = "http://base.google.com/ns/1.0"
CUT = "<item><g:id>x"


def item(number: int, *more: str, price: str = "<g:price>5 EUR</g:price>") -> str:
    named = f"<g:id>H{number}</g:id><title>Hat {number}</title><link>https://x.example/hat-{number}</link>"
    return f"<item>{named}{price}{''.join(more)}</item>\n"


def opened(*items: str, space: str = f'xmlns:g="{GOOGLE}"') -> str:
    return f"<rss {space}><channel><title>Shop</title>\n{''.join(items)}"


def feed(*items: str, space: str = f'xmlns:g="{GOOGLE}"') -> str:
    return f"{opened(*items, space=space)}</channel></rss>"


def units(content: str, place: Place | None = None) -> list[dialects.Unit]:
    form = dialects.recognise(content.encode(), True)
    place = place or form.first
    return list(dialects.units(iter([content.encode()[place.start :]]), form, place))


def read(content: str) -> list[Read]:
    form = dialects.recognise(content.encode(), True)
    return [dialects.dialect_of(form).read(unit.rows, SHOP) for unit in units(content)]


def description(markup: str) -> str:
    (only,) = read(feed(item(1, f"<g:description>{markup}</g:description>")))
    assert only.draft
    return only.draft.description


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        (CUT, "no element found"),
        ("", "no element found"),
        ("</chanel>", "mismatched tag"),
        ("<g:x y=1>" + item(5) + "</channel></rss>", "not well-formed"),
        (item(4, "<g:color>Red&nbsp;</g:color>") + item(5) + "</channel></rss>", "undefined entity"),
        ("<item><!-- " + "x" * 5_000_000, "tag of more than"),
    ],
    ids=["in an item", "between items", "a wrong end", "a wrong tag", "an entity of HTML", "a comment without end"],
)
def test_what_stands_before_a_broken_spot_is_read_and_the_spot_is_named(rest: str, why: str) -> None:
    *whole, last = read(opened(*map(item, (1, 2, 3))) + rest)
    assert [each.handle for each in whole if each.draft] == ["hat-1", "hat-2", "hat-3"]
    assert (last.line, last.draft) == (4, None)
    assert "item 3" in last.problems[0].detail
    assert why in last.problems[0].detail


@pytest.mark.parametrize("rest", [CUT, "", "<g:x y=1>" + item(5)])
def test_a_run_that_stops_before_a_broken_spot_comes_to_it_again(rest: str) -> None:
    content = opened(item(1), item(2)) + rest
    before, broken = units(content)[-2:]
    (again,) = units(content, before.after)
    assert again.rows[0].fault
    assert (again.rows[0].line, again.rows[0].start) == (3, broken.rows[0].start)
    assert units(content, broken.after) == []


@pytest.mark.parametrize("behind", ["", item(1)])
def test_a_feed_that_declares_entities_is_refused_as_a_whole(behind: str) -> None:
    declared = '<!DOCTYPE rss [<!ENTITY a "ha">]>'
    with pytest.raises(ShopError, match="declares entities"):
        read(declared + feed(behind))


def test_an_item_without_a_price_costs_no_other() -> None:
    first, *others = read(feed(item(1, price=""), item(2), item(3)))
    assert first.draft is None
    assert [each.handle for each in others if each.draft] == ["hat-2", "hat-3"]


def test_googles_attributes_may_have_its_https_address() -> None:
    (only,) = read(feed(item(1), space='xmlns:g="https://base.google.com/ns/1.0"'))
    assert only.draft


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (feed(item(1), space=""), "unbound prefix: line 2"),
        (feed(item(1, "<g:color>&nbsp;</g:color>")), "undefined entity: line 2"),
        (feed(item(1, price=""), item(2, "&nbsp;")), "undefined entity: line 3"),
        (opened(CUT), "no element found: line 2"),
    ],
)
def test_a_feed_that_can_not_be_known_for_its_broken_xml_is_told_where(content: str, why: str) -> None:
    with pytest.raises(ShopError) as refused:
        read(content)
    assert why in refused.value.detail


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Great <b>mug</b> for <i>you</i>", "Great mug for you"),
        ("<b>Great</b> mug", "Great mug"),
        ("<p>One <em>fine</em></p><p>Two</p>", "One fine\nTwo"),
        ("One<br/>Two", "One\nTwo"),
        ("<![CDATA[<p>One</p>]]>", "<p>One</p>"),
    ],
)
def test_a_description_keeps_all_of_its_text(markup: str, text: str) -> None:
    assert description(markup) == text


def test_details_of_a_product_keep_their_parts_apart() -> None:
    parts = ("section_name", "Size"), ("attribute_value", "3 <b>l</b>"), ("attribute_name", "Volume")
    detail = "".join(f"\n<g:{name}>{text}</g:{name}>" for name, text in parts)
    (only,) = read(feed(item(1, f"<g:product_detail>{detail}\n</g:product_detail>")))
    assert only.draft
    assert only.draft.attributes == {"volume": "3 l"}
