"""The feeds that are shown: Google's product feed and the sitemaps. feed_making.py makes them."""

from collections.abc import Callable

from chalicelib.catalog import storage
from chalicelib.catalog.feeds import feed_tables
from chalicelib.catalog.feeds.feed_tables import Feeds
from chalicelib.core.errors import ShopError, not_found
from chalicelib.core.settings import settings

# Longer than a CDN keeps the answer that leads there.
_LINK_SECONDS = 900


NOT_CONFIGURED = "This shop does not know where its storefront is: the stack's parameter ShopUrl says it."


def link(key_of: Callable[[Feeds], str | None]) -> str:
    """A link, for some minutes, to one of the files that are shown; 404 if there is none."""
    if not settings.shop_url:
        raise ShopError("no_feeds", 404, NOT_CONFIGURED)
    shown = feed_tables.shown()
    if shown is None:
        raise ShopError("no_feeds", 404, "No feeds were made yet. catalog_feeds makes them, every night or by hand.")
    if (key := key_of(shown)) is None:
        raise not_found("sitemap")
    return storage.download_url(key, _LINK_SECONDS)
