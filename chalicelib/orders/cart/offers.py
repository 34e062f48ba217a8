"""What a cart costs now: the catalogue's prices, the stock, the ways to send it."""

from collections.abc import Iterable, Sequence

import msgspec

from chalicelib.catalog import service as catalog
from chalicelib.catalog.pricing import prices
from chalicelib.core import dynamo
from chalicelib.core.dynamo import Item, Key
from chalicelib.core.errors import ShopError
from chalicelib.core.money import zero
from chalicelib.logistics import service as logistics
from chalicelib.logistics import stock
from chalicelib.orders.cart import cart_changes
from chalicelib.orders.cart.cart_changes import Change
from chalicelib.orders.cart.cart_tables import Cart, CartLine
from chalicelib.orders.pricing import pipeline, pricing
from chalicelib.orders.pricing.pricing import Offer, PricedLine, Shipping, Tier, Totals
from chalicelib.orders.promotions import coupons, deals, promotion_book
from chalicelib.orders.promotions.coupons import CouponState
from chalicelib.orders.promotions.deals import Deals
from chalicelib.orders.sale import sale_terms
from chalicelib.orders.taxes import tax_settings
from chalicelib.orders.taxes.assessing import STANDARD_CLASS, TaxTerms
from chalicelib.users import groups


class PricedCart(msgspec.Struct, frozen=True):
    """A cart with what its lines cost. `shipping` is the chosen option at the price that this cart pays.

    `changes` is what became of its lines since its customer last looked. `saved` lines are in no total.
    `promotions` are the ids of those that took something off, `redeemed` the codes of the coupons that made them.
    """

    cart: Cart
    lines: list[PricedLine]
    shipping: Shipping | None
    totals: Totals
    saved: list[PricedLine]
    changes: list[Change]
    coupons: list[CouponState] = []
    promotions: tuple[str, ...] = ()
    redeemed: tuple[str, ...] = ()

    @property
    def needs_shipping(self) -> bool:
        """Whether anything in it has to be sent."""
        return bool(pricing.to_send(self.lines))


def look(skus: Sequence[str], customer_id: str | None, *more: Key, consistent: bool = False) -> dict[Key, Item]:
    """What the shop asks a customer or a guest for SKUs and how many there are, and whatever else is wanted, in one
    request.

    A bundle whose components are not among `skus` takes another one; so does a product of which promotions ask where it
    stands, if it is not among `more` (`besides`).
    """
    found = dynamo.load([*more, *groups.ref(customer_id), *_keys(skus)], consistent=consistent)
    variants = {variant.sku: variant for variant in catalog.variants_among(found)}
    components = {sku for variant in variants.values() for sku in variant.components}
    unknown = _keys(sorted(components - variants.keys() - set(skus)))
    products = (variants[sku].product_id for sku in skus if sku in variants and sku not in components)
    unknown += _products(one for one in products if found.keys().isdisjoint(catalog.shelf_refs([one], ())))
    return found | dynamo.load(unknown, consistent=consistent) if unknown else found


def besides(cart: Cart, who: str | None) -> list[Key]:
    """What else has to be looked at to price a cart for `who` (`coupons.identity`): its coupons, and where promotions
    ask for it the products of its lines."""
    return [*coupons.refs(cart, who), *_products(line.seen.product_id for line in (*cart.lines, *cart.saved))]


def _products(product_ids: Iterable[str]) -> list[Key]:
    return catalog.shelf_refs(product_ids, promotion_book.collections()) if promotion_book.by_shelf() else []


def _keys(skus: Sequence[str]) -> list[Key]:
    return [*catalog.offers(list(skus)), *stock.levels(skus), *sale_terms.refs(skus)]


def skus(cart: Cart) -> list[str]:
    """All that has to be looked at to price a cart, components of its bundles included."""
    return _with_parts(cart.lines)


def all_skus(cart: Cart) -> list[str]:
    """What has to be looked at to show a cart: what is saved for later too."""
    return _with_parts([*cart.lines, *cart.saved])


def _with_parts(lines: Sequence[CartLine]) -> list[str]:
    return list(dict.fromkeys(sku for line in lines for sku in (line.sku, *line.seen.parts)))


def among(skus: Sequence[str], found: dict[Key, Item], cart: Cart) -> dict[str, Offer]:
    """An offer per SKU, in the cart's currency, at the prices that are open to whoever's groups were found.

    What the catalogue no longer has is offered as it was last seen, and not sold.
    """
    on = prices.terms(cart.currency, groups.among(found))
    free, there = _free(found), sale_terms.at_once(found)
    seen = {line.sku: line.seen for line in (*cart.saved, *cart.lines)}
    variants = {variant.sku: variant for variant in catalog.variants_among(found)}
    shelves = catalog.shelves_among(found)
    return {
        sku: sale_terms.on_terms(_offer(variants[sku], on, variants, free, shelves), there)
        if sku in variants
        else _gone(sku, seen.get(sku), on)
        for sku in skus
    }


def _free(found: dict[Key, Item]) -> dict[str, int]:
    """Pieces that can be ordered by SKU, at all locations together."""
    return sale_terms.to_be_had(found)


def _offer(
    variant: catalog.Variant,
    on: prices.Terms,
    variants: dict[str, catalog.Variant],
    free: dict[str, int],
    shelves: dict[str, tuple[str, ...]],
) -> Offer:
    parts = _parts(variant, variants)
    tiers = {pieces: Tier(tier.price, tier.price_list) for pieces, tier in prices.sourced_tiers(variant, on).items()}
    return Offer(
        sku=variant.sku,
        product_id=variant.product_id,
        title=variant.product_title,
        option_values=variant.option_values,
        image=variant.image or variant.product_image,
        price=tiers[1].price if 1 in tiers else zero(on.currency),
        sold=bool(variant.published and tiers) and not _is_nested(variant, variants),
        available=min((free.get(part, 0) // pieces for part, pieces in parts.items()), default=None),
        parts=parts,
        tiers=tiers,
        shelves=shelves.get(variant.product_id, ()),
        tax_class=variant.tax_class or variant.product_tax_class or STANDARD_CLASS,
    )


def _is_nested(variant: catalog.Variant, variants: dict[str, catalog.Variant]) -> bool:
    """Whether a component became a bundle itself: what was counted of it before is no stock any more."""
    return any(sku in variants and variants[sku].components for sku in variant.components)


def _gone(sku: str, seen: Offer | None, on: prices.Terms) -> Offer:
    """What the catalogue does not have (any more). It may have been seen in a cart of another currency."""
    if seen is None:
        return Offer(sku, "", sku, [], None, zero(on.currency), sold=False, available=0)
    if seen.price.currency != on.currency:
        return msgspec.structs.replace(seen, price=zero(on.currency), source=None, sold=False)
    return msgspec.structs.replace(seen, sold=False)


def _parts(variant: catalog.Variant, variants: dict[str, catalog.Variant]) -> dict[str, int]:
    """What is taken off the shelf for one piece. A component that is not there any more has no stock either."""
    if not variant.components:
        return {} if variant.digital else {variant.sku: 1}
    return {
        sku: pieces for sku, pieces in variant.components.items() if not (sku in variants and variants[sku].digital)
    }


def priced(cart: Cart, found: dict[Key, Item], who: str | None) -> PricedCart:
    """The cart at the offers that were found with `look`, and with the coupons that `who` can redeem of those found at
    `besides`; what is saved for later as it was seen."""
    offered = among([line.sku for line in cart.lines], found, cart)
    return price(cart, offered, deals.now(cart, found, who), _free(found))


def priced_plainly(cart: Cart, found: dict[Key, Item]) -> PricedCart:
    """The cart at the offers that were found with `look`, without any promotion."""
    return price(cart, among([line.sku for line in cart.lines], found, cart), deals.none(found), _free(found))


def priced_with_saved(cart: Cart, found: dict[Key, Item], who: str | None) -> PricedCart:
    """The cart, and what is saved for later, at the offers that were found with `look`."""
    now = among([line.sku for line in cart.saved], found, cart)
    return msgspec.structs.replace(priced(cart, found, who), saved=_priced_lines(cart.saved, now))


def price(cart: Cart, offers: dict[str, Offer], deals_now: Deals, free: dict[str, int] | None = None) -> PricedCart:
    """The cart with its lines at `offers`, its discounts, its shipping and its totals."""
    lines = _priced_lines(cart.lines, offers, free)
    option, tax = chosen_shipping(cart, lines), _tax_terms(cart, lines)
    priced = pipeline.price(lines, option, tax, cart.currency, deals_now.active, deals_now.shopper)
    return PricedCart(
        cart,
        priced.lines,
        priced.shipping,
        priced.totals,
        saved=_priced_lines(cart.saved, {line.sku: line.seen for line in cart.saved}),
        changes=[
            change
            for line in cart.lines
            for change in cart_changes.changes(line.quantity, line.seen, offers[line.sku].at(line.quantity))
        ],
        coupons=deals.coupon_states(cart, deals_now, priced),
        promotions=priced.applied,
        redeemed=priced.redeemed,
    )


def _priced_lines(
    lines: Sequence[CartLine], offers: dict[str, Offer], free: dict[str, int] | None = None
) -> list[PricedLine]:
    at_prices = pricing.price_lines([(line.sku, line.quantity) for line in lines], offers, free)
    return [msgspec.structs.replace(at, note=line.note) for at, line in zip(at_prices, lines, strict=True)]


def _tax_terms(cart: Cart, lines: list[PricedLine]) -> TaxTerms:
    """What is sent is taxed where it goes, until that is known and for what is digital, where its buyer is."""
    buyer = cart.billing.address if cart.billing else None
    to = (cart.address or buyer) if pricing.to_send(lines) else buyer
    return tax_settings.terms(to, cart.billing.vat_id or None if cart.billing else None)


def see_anew(cart: Cart) -> None:
    """Let the cart's lines be seen at the offers of now, whatever currency and whosever they were before."""
    see(cart, look(all_skus(cart), cart.customer_id, *besides(cart, None), consistent=True))


def see(cart: Cart, found: dict[Key, Item]) -> None:
    """Let the cart's lines be seen at the offers that were found with `look`."""
    now = among([line.sku for line in (*cart.lines, *cart.saved)], found, cart)
    cart.lines = [_seen_at(line, now[line.sku]) for line in cart.lines]
    cart.saved = [_seen_at(line, now[line.sku]) for line in cart.saved]


def _seen_at(line: CartLine, offer: Offer) -> CartLine:
    return msgspec.structs.replace(line, seen=offer.at(line.quantity))


def as_seen(cart: Cart, found: dict[Key, Item] | None = None) -> PricedCart:
    """The cart at the prices that its customer saw last: no request at all. In `found` may be the customer's groups."""
    return price(cart, {line.sku: line.seen for line in cart.lines}, deals.as_seen(cart, found or {}))


def shipping(cart: Cart, lines: list[PricedLine]) -> list[Shipping]:
    """How the cart can be sent to its address; 409 if it has none yet."""
    if cart.address is None:
        raise ShopError("shipping_address_required", 409, "Say first where the order goes: PUT shipping-address.")
    options = logistics.shipping_options(cart.address.country, pricing.goods(lines, cart.currency))
    return [Shipping(o.id, o.name, o.price, o.price, o.days_min, o.days_max) for o in options]


def take_back_shipping(cart: Cart) -> None:
    """Forget a shipping option that does not go to the cart's address."""
    if chosen_shipping(cart, as_seen(cart).lines) is None:
        cart.shipping_option = None


def chosen_shipping(cart: Cart, lines: list[PricedLine]) -> Shipping | None:
    """What was chosen, if it is offered; None where there is nothing to send."""
    if cart.address is None or cart.shipping_option is None or not pricing.to_send(lines):
        return None
    return next((option for option in shipping(cart, lines) if option.id == cart.shipping_option), None)
