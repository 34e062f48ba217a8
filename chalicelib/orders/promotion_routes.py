"""Staff's promotions and coupons."""

from typing import Annotated

from msgspec import Meta

from chalicelib.core.idempotency import Once
from chalicelib.core.paging import decode_cursor, encode_cursor
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.orders.pricing.promotion import PromotionDraft
from chalicelib.orders.promotions import coupon_codes, preview, promotion_book
from chalicelib.orders.promotions import promotion_schemas as schemas

routes = StaffRoutes(__name__)

PromotionId = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=60)]


@routes.get("/admin/promotions", permission=Permission.PROMOTIONS_READ)
def list_promotions() -> schemas.Promotions:
    """All promotions by their ids, over or not."""
    return schemas.Promotions([schemas.promotion(kept) for kept in promotion_book.kept()], None)


@routes.get("/admin/promotions/{promotion_id}", permission=Permission.PROMOTIONS_READ)
def show_promotion(promotion_id: PromotionId) -> schemas.PromotionView:
    """A promotion as it is this moment."""
    return schemas.promotion(promotion_book.find(promotion_id))


@routes.put("/admin/promotions/{promotion_id}", permission=Permission.PROMOTIONS_WRITE)
def put_promotion(promotion_id: PromotionId, body: PromotionDraft, staff: Staff) -> schemas.PromotionView:
    """Create or change a promotion, as a whole. Carts have it within a minute."""
    return schemas.promotion(promotion_book.put(promotion_id, body, staff))


@routes.delete("/admin/promotions/{promotion_id}", permission=Permission.PROMOTIONS_WRITE)
def delete_promotion(promotion_id: PromotionId, staff: Staff) -> None:
    """Let a promotion and its coupons count no more. Orders keep what they got."""
    promotion_book.delete(promotion_id, staff)


@routes.post("/admin/promotions/preview", permission=Permission.PROMOTIONS_READ)
def preview_promotion(body: preview.Trial) -> schemas.PreviewView:
    """What a cart costs with and without a promotion. Nothing is written."""
    return schemas.preview(preview.preview(body))


@routes.get("/admin/coupons", permission=Permission.PROMOTIONS_READ)
def list_coupons(query: schemas.CouponsOf) -> schemas.Coupons:
    """The coupons of a promotion by their codes."""
    found, after = coupon_codes.of_promotion(query.promotion, query.limit, decode_cursor(query.cursor))
    return schemas.Coupons([schemas.coupon(item) for item in found], encode_cursor(after))


@routes.post("/admin/coupons", status=201, permission=Permission.PROMOTIONS_WRITE)
def create_coupon(body: coupon_codes.CouponDraft, once: Once, staff: Staff) -> schemas.CouponView:
    """Make a code for a promotion."""
    return schemas.coupon(coupon_codes.create(body, once, staff))


@routes.get("/admin/coupons/{code}", permission=Permission.PROMOTIONS_READ)
def show_coupon(code: str) -> schemas.CouponView:
    """A coupon and how often it was redeemed."""
    return schemas.coupon(coupon_codes.find(code))


@routes.post("/admin/coupons/{code}/disable", permission=Permission.PROMOTIONS_WRITE)
def disable_coupon(code: str, staff: Staff) -> schemas.CouponView:
    """Let a coupon be redeemed no more. Disabling it again changes nothing."""
    return schemas.coupon(coupon_codes.disable(code, staff))


@routes.post("/admin/coupon-batches", status=201, permission=Permission.PROMOTIONS_WRITE)
def generate_coupons(body: coupon_codes.BatchDraft, once: Once, staff: Staff) -> schemas.BatchView:
    """Make up to a thousand random codes; with the same Idempotency-Key the same ones."""
    return schemas.batch(*coupon_codes.create_many(body, once, staff))
