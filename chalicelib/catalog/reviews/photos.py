"""Photos that buyers send for their reviews: whose they are, and that nobody sends the shop full of them."""

from collections.abc import Sequence
from contextlib import suppress

from chalicelib.catalog import storage
from chalicelib.catalog.media import media
from chalicelib.catalog.media.media import READY, SERVED
from chalicelib.catalog.media.media_tables import Media as Media
from chalicelib.catalog.media.media_tables import PhotoCount, media_key, media_ref, photo_count_key
from chalicelib.catalog.reviews.review_tables import Photo
from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError, invalid, not_found
from chalicelib.core.idempotency import AlreadyDone, Once

# An order has at most 40 lines, a review at most five photos; few orders need as many.
MOST_OF_AN_ORDER = 60


def start(order_id: str, content_type: str, size: int, once: Once) -> Media:
    """A photo of an order's buyer that waits for its file. The same request again answers with the same photo."""
    # The secret keeps the photo's address from its sender, so that nobody shows it around before staff have seen it.
    item = media.announced(content_type, size, ids.new_secret())
    item.order_id = order_id
    counted = dynamo.update(
        PhotoCount(**photo_count_key(order_id)),
        [PhotoCount.kind.set(PhotoCount), PhotoCount.photos.add(1)],
        PhotoCount.photos.does_not_exist() | (PhotoCount.photos < MOST_OF_AN_ORDER),
        ShopError("too_many_photos", 409, f"An order has at most {MOST_OF_AN_ORDER} photos, those not used included."),
    )
    try:
        dynamo.transaction([*once.claim(CatalogItem, item.id), dynamo.insert(item), counted])
    except AlreadyDone:
        return find(order_id, str(once.made(CatalogItem)))
    return item


def find(order_id: str, photo_id: str) -> Media:
    """A photo of an order's buyer; 404 if it is none of theirs."""
    item = media.find(photo_id)
    if item.order_id != order_id:
        raise not_found("photo")
    return item


def claim(
    order_id: str, review_id: str, photo_ids: Sequence[str], otherwise: Exception, at: str = "/photos"
) -> tuple[list[Photo], list[Action]]:
    """The photos for a review of an order, or for a return of it, and the write actions that make them its own.

    Their files stay from now on, whether the actions are committed or not. 422 for what is no photo of this order, or
    is in another review; 409 `photo_not_ready` for one that was not checked yet. Committing raises `otherwise` if one
    of them was forgotten meanwhile. `at` is where in the request they stand.
    """
    if len(set(photo_ids)) != len(photo_ids):
        raise invalid(at, "Name a photo once.")
    found = dynamo.load((media_ref(photo_id) for photo_id in photo_ids), consistent=True) if photo_ids else {}
    items = [
        _usable(found.get(media_ref(photo_id)), order_id, review_id, f"{at}/{n}")
        for n, photo_id in enumerate(photo_ids)
    ]
    new = [item for item in items if item.review_id is None]
    for item in new:
        storage.claim(f"{SERVED}{item.name}")
    unclaimed = Media.review_id.does_not_exist() | (Media.review_id == review_id)
    actions = [
        dynamo.update(
            Media(**media_key(item.id)),
            [Media.review_id.set(review_id), Media.expires.remove()],
            (Media.state == READY) & unclaimed,
            otherwise,
        )
        for item in new
    ]
    return [Photo(item.id, item.name, int(item.width or 0), int(item.height or 0)) for item in items], actions


def let_go(photos: Sequence[Photo]) -> list[Action]:
    """Write actions that take photos out of their review, for good."""
    return [dynamo.delete(Media(**media_key(photo.id))) for photo in photos]


def forget(photos: Sequence[Photo]) -> None:
    """After that was committed: let their files go."""
    for photo in photos:
        with suppress(ShopError):  # gone already
            storage.let_go(f"{SERVED}{photo.name}")


def gone(at: str = "/photos") -> ShopError:
    return ShopError("photo_gone", 409, "One of the photos was forgotten or used elsewhere meanwhile.", pointer=at)


def _usable(item: dynamo.Item | None, order_id: str, review_id: str, pointer: str) -> Media:
    if not isinstance(item, Media) or item.order_id != order_id or item.review_id not in (None, review_id):
        raise invalid(pointer, "This is no photo that was sent for this order and is still free.")
    if item.state == media.AWAITING_UPLOAD:
        raise ShopError("photo_not_ready", 409, "This photo has not arrived and been checked yet.", pointer=pointer)
    if item.state != READY:
        raise invalid(pointer, str(item.reason))
    return item
