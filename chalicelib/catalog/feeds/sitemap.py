"""Sitemaps: the protocol of https://www.sitemaps.org, with a page's translations as Google and others read them."""

from collections.abc import Iterable, Iterator, Mapping

from chalicelib.catalog.feeds import xml_text
from chalicelib.catalog.feeds.xml_text import element

_NAMES = b'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
HEAD = xml_text.PROLOG + b"<urlset " + _NAMES + b' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
TAIL = b"</urlset>\n"
# Of a page whose language nobody said; readers of languages that it does not have are sent there.
_OWN_WORDS = "x-default"


def pages(url: str, changed_at: str | None, translations: Mapping[str, str]) -> Iterator[bytes]:
    """A page and its translations, address by locale. Each of them names them all, as the readers want it."""
    alternates = {_OWN_WORDS: url, **translations} if translations else {}
    for address in (url, *translations.values()):
        yield xml_text.parent(
            "url",
            [
                element("loc", address),
                *([element("lastmod", changed_at)] if changed_at else []),
                *(element("xhtml:link", rel="alternate", hreflang=tag, href=to) for tag, to in alternates.items()),
            ],
        )


def index(addresses: Iterable[str], made_at: str) -> bytes:
    """The list of all sitemaps."""
    entries = (xml_text.parent("sitemap", [element("loc", url), element("lastmod", made_at)]) for url in addresses)
    return xml_text.PROLOG + b"<sitemapindex " + _NAMES + b">\n" + b"".join(entries) + b"</sitemapindex>\n"
