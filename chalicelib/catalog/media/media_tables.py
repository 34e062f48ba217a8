"""The catalogue's pictures, which are files of the media bucket.

| what            | pk           | sk     | file in the bucket                                     |
|-----------------|--------------|--------|--------------------------------------------------------|
| picture         | MEDIA#<id>   | MEDIA  | uploads/<id>, once it is checked media/<name>          |
| photos' count   | ORDER#<id>   | PHOTOS |                                                        |

A picture that nobody sends, or that is no picture, or a photo that is in no review, is forgotten after some days
(`expires`); its file by the bucket's lifecycle rules.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import dynamo
from chalicelib.core.dynamo import PrimaryKey


class Media(CatalogItem, discriminator="media"):
    """A picture that somebody sends, or has sent. `size` is in bytes, `width` and `height` in pixels as it is shown.

    `content_type` and `size` are what was announced, and what came if the picture is ready. `name` is the file's, from
    which its address is made. With an `order_id` it is a buyer's photo for a review or a return, that of `review_id`
    once it is in one.
    """

    id = UnicodeAttribute()
    state = UnicodeAttribute()
    created_at = UnicodeAttribute()
    content_type = UnicodeAttribute()
    size = NumberAttribute()
    name = UnicodeAttribute()
    filename = UnicodeAttribute(null=True)
    width = NumberAttribute(null=True)
    height = NumberAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    order_id = UnicodeAttribute(null=True)
    review_id = UnicodeAttribute(null=True)


class PhotoCount(CatalogItem, discriminator="photo_count"):
    """How many photos the buyer of an order has announced, whatever became of them."""

    photos = NumberAttribute()


def media_key(media_id: str) -> PrimaryKey:
    return {"pk": f"MEDIA#{media_id}", "sk": "MEDIA"}


def photo_count_key(order_id: str) -> PrimaryKey:
    return {"pk": f"ORDER#{order_id}", "sk": "PHOTOS"}


def media_ref(media_id: str) -> dynamo.Key:
    return (Media, f"MEDIA#{media_id}", "MEDIA")
