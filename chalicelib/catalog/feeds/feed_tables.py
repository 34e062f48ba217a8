"""The feeds that are shown, in the catalogue's table: FEEDS / SHOWN.

Feeds are made in one of two folders of the bucket while those in the other one are shown. What is shown is this one
item, so all of them are replaced at once.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import dynamo
from chalicelib.core.dynamo import PrimaryKey

FOLDERS = ("a", "b")


class Feeds(CatalogItem, discriminator="feeds"):
    """`offers` are the items of Google's feed, `products` those on pages, `sitemaps` how many files these fill."""

    folder = UnicodeAttribute()
    made_at = UnicodeAttribute()
    products = NumberAttribute()
    offers = NumberAttribute()
    sitemaps = NumberAttribute()

    @property
    def google(self) -> str:
        return google_key(self.folder)

    @property
    def index(self) -> str:
        return index_key(self.folder)

    def sitemap(self, number: int) -> str | None:
        """The key of one sitemap, counted from 1; None if there are not so many."""
        return sitemap_key(self.folder, number) if 1 <= number <= int(self.sitemaps) else None


def feeds_key() -> PrimaryKey:
    return {"pk": "FEEDS", "sk": "SHOWN"}


def shown() -> Feeds | None:
    return dynamo.get(Feeds, **feeds_key())


def google_key(folder: str) -> str:
    return f"feeds/{folder}/google.xml"


def index_key(folder: str) -> str:
    return f"feeds/{folder}/sitemap.xml"


def sitemap_key(folder: str, number: int) -> str:
    return f"feeds/{folder}/sitemap-{number}.xml"


def rest_key(folder: str, number: int) -> str:
    """What was made of Google's feed and is too little for a part of it; the one before it stays until the next."""
    return f"feeds/{folder}/rest-{number % 2}"
