"""Sitemaps by the protocol, with translations that name each other."""

from xml.etree.ElementTree import Element, fromstring

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.feeds import sitemap

S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"
MUG = "https://shop.example/products/mug"


def urls(*pages: bytes) -> list[Element]:
    read = fromstring(sitemap.HEAD + b"".join(pages) + sitemap.TAIL)
    assert read.tag == f"{S}urlset"
    return read.findall(f"{S}url")


def test_a_page_has_its_address_and_its_last_change() -> None:
    (page,) = urls(*sitemap.pages(f"{MUG}?a=1&b=2", "2026-01-31T08:00:00.000Z", {}))
    assert [(member.tag.removeprefix(S), member.text) for member in page] == [
        ("loc", f"{MUG}?a=1&b=2"),
        ("lastmod", "2026-01-31T08:00:00.000Z"),
    ]


def test_a_page_and_its_translations_name_each_other() -> None:
    translations = {
        "de": "https://shop.example/de/products/mug",
        "zh-Hant": "https://shop.example/zh-Hant/products/mug",
    }
    found = urls(*sitemap.pages(MUG, None, translations))
    assert [page.findtext(f"{S}loc") for page in found] == [MUG, *translations.values()]
    named = {"x-default": MUG, **translations}
    for page in found:
        links = page.findall(LINK)
        assert {link.get("hreflang"): link.get("href") for link in links} == named
        assert {link.get("rel") for link in links} == {"alternate"}
        assert page.find(f"{S}lastmod") is None


def test_the_index_lists_the_sitemaps() -> None:
    read = fromstring(sitemap.index(["https://shop.example/sitemaps/1.xml"], "2026-01-31T08:00:00.000Z"))
    assert read.tag == f"{S}sitemapindex"
    assert [member.text for member in read.find(f"{S}sitemap")] == [
        "https://shop.example/sitemaps/1.xml",
        "2026-01-31T08:00:00.000Z",
    ]


@given(st.text())
def test_no_address_breaks_a_sitemap(address: str) -> None:
    (page,) = urls(*sitemap.pages("https://shop.example/" + address, None, {}))
    assert page.findtext(f"{S}loc").startswith("https://shop.example/")
