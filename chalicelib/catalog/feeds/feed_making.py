"""How Google's product feed and the sitemaps are made: of all published products, shown once they are complete.

A run goes through the shop window and holds at most one part of the feed and one sitemap. When either is full, or its
time is nearly over, it writes down what it has and how far it is. A run that stopped is gone on with there.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice

import msgspec

from chalicelib.catalog import storage
from chalicelib.catalog.feeds import feed_tables, google_feed, sitemap, window
from chalicelib.catalog.feeds.feed_tables import FOLDERS, Feeds
from chalicelib.catalog.feeds.listing import Storefront
from chalicelib.catalog.feeds.window import Shown
from chalicelib.catalog.sorting import categories
from chalicelib.catalog.storage import Growing
from chalicelib.core import clock, dynamo
from chalicelib.core.jobs import Paused, Run

# A sitemap may have 50,000 addresses and 50 MB (sitemaps.org); one of a tenth fits into memory.
_MOST_ADDRESSES = 10_000
_LARGEST_SITEMAP = 5 << 20
# Each page names all of its translations, so they take the square of their number.
_MOST_TRANSLATIONS = 50
# What a run of yesterday began would show yesterday's prices.
_STALE = timedelta(hours=20)
_XML = "application/xml; charset=utf-8"


class _Place(msgspec.Struct, frozen=True):
    """How far a run is: behind which position of the shop window, with what in the bucket. `over`: all is there.

    `rest`: what was made of the feed and is too little for a part lies beside it.
    """

    folder: str
    begun: datetime
    where: Storefront
    feed: Growing
    after: str | None = None
    over: bool = False
    rest: bool = False
    products: int = 0
    offers: int = 0
    sitemaps: int = 0


def make(run: Run, where: Storefront, out_of_time: Callable[[], bool], *, once_a_day: bool = False) -> None:
    """Make the feeds of the shop that customers see at `where`, or go on with those that an earlier run has begun.

    `once_a_day`: not if there are today's. Raises Paused when the time is nearly over.
    """
    shown = feed_tables.shown()
    if once_a_day and run.resume is None and shown is not None and _is_todays(shown):
        return
    place = _begun(run, where) or _new(shown, where)
    if not place.over:
        place = _Making(run, place).all(out_of_time)
    storage.finish(place.feed)
    made_at = clock.stamp(place.begun)
    addresses = (f"{where.url}/sitemaps/{number}.xml" for number in range(1, place.sitemaps + 1))
    storage.put(feed_tables.index_key(place.folder), sitemap.index(addresses, made_at), _XML)
    run.reached(_encoded(place))  # the lease is still ours
    show = Feeds(
        **feed_tables.feeds_key(),
        folder=place.folder,
        made_at=made_at,
        products=place.products,
        offers=place.offers,
        sitemaps=place.sitemaps,
    )
    dynamo.write(dynamo.put(show))


def _is_todays(shown: Feeds) -> bool:
    return bool(shown.made_at[:10] == clock.stamp(clock.now())[:10])


def _begun(run: Run, where: Storefront) -> _Place | None:
    """Where an earlier run stopped, unless what it has made is out of date."""
    try:
        place = msgspec.json.decode(run.resume or "", type=_Place)
    except msgspec.DecodeError:
        return None  # nothing was begun, or an older version of this file began it
    if place.where == where and clock.now() - place.begun < _STALE:
        return place
    storage.give_up(place.feed)
    return None


def _new(shown: Feeds | None, where: Storefront) -> _Place:
    folder = next(name for name in FOLDERS if shown is None or name != shown.folder)
    return _Place(folder, clock.now(), where, storage.begin(feed_tables.google_key(folder), _XML))


def _rest_key(place: _Place) -> str:
    # Each place that is written down has one sitemap more than the one before.
    return feed_tables.rest_key(place.folder, place.sitemaps)


def _encoded(place: _Place) -> str:
    return msgspec.json.encode(place).decode()


class _Making:
    """A run at work: where it is, and what it has made and not written down yet."""

    def __init__(self, run: Run, place: _Place) -> None:
        self.run = run
        self.place = place
        self.feed = bytearray(storage.whole(_rest_key(place)) if place.rest else b"")
        self.pages, self.addresses = bytearray(), 0
        if place.after is None:
            self.feed += google_feed.head(place.where.url)
            self._list(f"{place.where.url}/", None, {})

    def all(self, out_of_time: Callable[[], bool]) -> _Place:
        """Write down everything that is left, and return where that ended. Raises Paused when time is nearly over."""
        for found in window.shown(self.place.after):
            self._add(found)
            if (late := out_of_time()) or self._is_full():
                self._write_down()
            if late:
                raise Paused
        self._add_categories()
        self.feed += google_feed.TAIL
        self._write_down(over=True)
        return self.place

    def _add(self, found: Shown) -> None:
        items = list(google_feed.items(found.listing, found.category, found.in_stock))
        self.feed += b"".join(items)
        where, handle = self.place.where, str(found.product.handle)
        tags = islice(sorted(found.product.translations), _MOST_TRANSLATIONS if where.speaks else 0)
        self._list(where.page(handle), found.product.changed_at, {tag: where.page(handle, tag) for tag in tags})
        self.place = msgspec.structs.replace(
            self.place,
            after=found.position,
            products=self.place.products + 1,
            offers=self.place.offers + len(items),
        )
        self.run.count(products=1, offers=len(items))

    def _add_categories(self) -> None:
        where = self.place.where
        for item in categories.present().below(None):
            tags = islice(sorted(item.translations), _MOST_TRANSLATIONS if where.speaks else 0)
            addresses = {tag: url for tag in tags if (url := where.category(item.id, tag))}
            if address := where.category(item.id):
                self._list(address, None, addresses)
            if self._is_sitemap_full():
                self._end_sitemap()

    def _list(self, url: str, changed_at: str | None, translations: dict[str, str]) -> None:
        for page in sitemap.pages(url, changed_at, translations):
            self.pages += page
            self.addresses += 1

    def _is_full(self) -> bool:
        return len(self.feed) >= storage.SMALLEST_PART or self._is_sitemap_full()

    def _is_sitemap_full(self) -> bool:
        return self.addresses >= _MOST_ADDRESSES or len(self.pages) >= _LARGEST_SITEMAP

    def _write_down(self, *, over: bool = False) -> None:
        """Bring everything into the bucket, and then the place to which it goes on the record."""
        self._end_sitemap()
        feed, rest = self.place.feed, False
        if over or len(self.feed) >= storage.SMALLEST_PART:
            feed = storage.grow(feed, self.feed)
            self.feed.clear()
        elif self.feed:
            storage.put(_rest_key(self.place), bytes(self.feed), _XML)
            rest = True
        self.place = msgspec.structs.replace(self.place, feed=feed, rest=rest, over=over)
        self.run.reached(_encoded(self.place))

    def _end_sitemap(self) -> None:
        if not self.addresses:
            return
        number = self.place.sitemaps + 1
        content = sitemap.HEAD + bytes(self.pages) + sitemap.TAIL
        storage.put(feed_tables.sitemap_key(self.place.folder, number), content, _XML)
        self.place = msgspec.structs.replace(self.place, sitemaps=number)
        self.pages, self.addresses = bytearray(), 0
