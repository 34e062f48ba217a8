"""The promotions of the shop: kept by staff, read once a minute by whoever prices a cart."""

from chalicelib.core import audit, cache, clock, dynamo
from chalicelib.core.errors import ShopError, busy, not_found
from chalicelib.core.staff import Staff
from chalicelib.orders.pricing import promotion as rules
from chalicelib.orders.pricing.promotion import Promotion, PromotionDraft
from chalicelib.orders.promotions import promotion_tables as tables
from chalicelib.orders.promotions.promotion_tables import KeptPromotion

# All of them are read whole, by every function that knows a price.
MOST = 300
_ATTEMPTS = 5


class _Changed(Exception):
    """The promotion was changed between reading and writing."""


def present() -> tuple[Promotion, ...]:
    """All promotions as they were at most a minute ago."""
    return tables.promotions()


def by_shelf() -> bool:
    """Whether any asks on which shelves products stand."""
    return any(one.active and one.by_shelf for one in present())


def collections() -> list[str]:
    """The collections that any of them names."""
    return rules.collections(one for one in present() if one.active)


def for_first_orders() -> bool:
    """Whether any asks for a customer's first order."""
    return any(one.active and one.conditions.first_order for one in present())


def is_over(one: Promotion) -> bool:
    """Whether a promotion will not count any more, whatever the cart."""
    ends = one.conditions.ends_at
    return not one.active or (ends is not None and ends <= clock.now())


def kept() -> list[KeptPromotion]:
    """All promotions by id, as they are this moment."""
    return tables.kept_promotions()


def find(promotion_id: str) -> KeptPromotion:
    """A promotion as it is this moment; 404 if there is none."""
    found = tables.kept_promotion(promotion_id)
    if found is None:
        raise not_found("promotion")
    return found


def put(promotion_id: str, draft: PromotionDraft, by: Staff) -> KeptPromotion:
    """Create or change a promotion. The same again changes nothing."""
    rules.check(draft)
    wanted = rules.promotion(promotion_id, draft)
    entry = audit.entry(by, "promotion.put", promotion_id, name=wanted.name, active=wanted.active)
    for _ in range(_ATTEMPTS):
        before = tables.kept_promotion(promotion_id)
        if before is not None and before.content == wanted:
            return before
        if before is None and len(tables.kept_promotions()) >= MOST:
            raise ShopError("too_many_promotions", 422, f"A shop has at most {MOST} promotions.")
        item = KeptPromotion(
            **tables.promotion_key(promotion_id), content=wanted, version=int(before.version) + 1 if before else 1
        )
        unmoved = KeptPromotion.version == int(before.version) if before else KeptPromotion.pk.does_not_exist()
        try:
            dynamo.transaction([dynamo.put(item, unmoved, _Changed()), entry])
        except _Changed:
            continue
        cache.forget()
        return item
    raise busy()


def delete(promotion_id: str, by: Staff) -> None:
    """Let a promotion count for nobody any more; its coupons are worth nothing then. Orders keep what they got."""
    found = find(promotion_id)
    entry = audit.entry(by, "promotion.deleted", promotion_id, name=found.content.name)
    changed = ShopError("promotion_changed", 409, "The promotion was changed meanwhile. Look at it again.")
    gone = dynamo.delete(found, KeptPromotion.version == int(found.version), changed)
    dynamo.transaction([gone, entry])
    cache.forget()
