"""Carts: what somebody is about to buy, at the prices of the moment."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from chalicelib.catalog.pricing import prices
from chalicelib.core import clock, dynamo, ids
from chalicelib.core.dynamo import Action, Item
from chalicelib.core.errors import ShopError, busy, invalid, not_found
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.visitor import Visitor
from chalicelib.orders import address as addresses
from chalicelib.orders import billing as bills
from chalicelib.orders.address import Address
from chalicelib.orders.billing import Billing
from chalicelib.orders.cart import cart_tables, offers, touching
from chalicelib.orders.cart.cart_tables import Cart, CartLine
from chalicelib.orders.cart.offers import PricedCart
from chalicelib.orders.pricing.pricing import Offer, Shipping
from chalicelib.orders.tables import OrdersItem

# An order of 40 SKUs still fits into the one transaction that places it.
MOST_LINES = 40
MOST_PIECES = 999
KEPT = timedelta(days=30)
_ATTEMPTS = 5


class CartChanged(Exception):
    """The cart is not what the customer looked at; `cart` is what it is now."""

    def __init__(self, cart: PricedCart) -> None:
        super().__init__(cart.cart.id)
        self.cart = cart


class _Changed(Exception):
    """Somebody changed the cart between reading and writing."""


def create(currency: str | None, once: Once) -> tuple[PricedCart, str]:
    """A new cart of a guest and its secret. The same request again answers with the same cart and secret.

    The secret of a request with a key is derived from the key, which its sender knows and nobody stores. 422 for a
    currency in which nothing is sold; without one it is the shop's.
    """
    cart_id = ids.new_id("crt")
    try:
        return _create(cart_id, prices.currency(currency, "/currency"), once)
    except (AlreadyDone, ShopError):
        made = once.made(OrdersItem)
        if made is None:
            raise
        token = _token(made, once)
        return show(Visitor(secret=token), made), token


def _create(cart_id: str, currency: str, once: Once) -> tuple[PricedCart, str]:
    token = _token(cart_id, once)
    cart = empty(cart_id, cart_id, currency)
    cart.token_hash = ids.digest(token)
    dynamo.transaction([*once.claim(OrdersItem, cart_id), dynamo.insert(cart)])
    return offers.as_seen(cart), token


def empty(owner: str, cart_id: str, currency: str) -> Cart:
    """A cart with nothing in it, in the place of its owner."""
    return Cart(**cart_tables.cart_key(owner), id=cart_id, version=1, currency=currency, lines=[], expires=_expiry())


def _token(cart_id: str, once: Once) -> str:
    return ids.derive_secret(once.key, f"cart-token:{cart_id}") if once.key else ids.new_secret()


def show(visitor: Visitor, cart_id: str | None) -> PricedCart:
    """A cart at the prices and stock of now: two requests."""
    return at_offers_of_now(open_cart(visitor, cart_id))


def at_offers_of_now(cart: Cart) -> PricedCart:
    """The cart at the prices and stock of now: one request."""
    besides = offers.besides(cart, cart.customer_id)
    found = offers.look(offers.all_skus(cart), cart.customer_id, *besides)
    return offers.priced_with_saved(cart, found, cart.customer_id)


def add(visitor: Visitor, cart_id: str | None, sku: str, quantity: int, once: Once) -> PricedCart:
    """Put more of a SKU into the cart: two requests.

    409 `cart_closed` once the cart was checked out: what became of it is in the order.
    """

    def more(cart: Cart, found: dict[str, Offer]) -> None:
        present = line_of(cart.lines, sku)
        pieces = (present.quantity if present else 0) + quantity
        if not found[sku].at(pieces).sold:
            raise ShopError("unknown_sku", 422, f"{sku!r} is not for sale in {cart.currency}.", pointer="/sku")
        set_line(cart, CartLine(sku, pieces, found[sku].at(pieces), present.note if present else ""))

    return change_once(visitor, cart_id, more, [sku], once)


def set_quantity(visitor: Visitor, cart_id: str | None, sku: str, quantity: int, note: str | None = None) -> PricedCart:
    """Change how many pieces of a SKU are in the cart; none takes the line out. Without `note` its note stays."""

    def exactly(cart: Cart, found: dict[str, Offer]) -> None:
        line = present_line(cart, sku)
        set_line(cart, CartLine(sku, quantity, found[sku].at(quantity), line.note if note is None else note))

    return change(visitor, cart_id, exactly, [sku])


def set_note(visitor: Visitor, cart_id: str | None, sku: str, note: str) -> PricedCart:
    """Say something of a line; nothing takes the note away. What the customer has seen of it stays as it was."""

    def say(cart: Cart, found: dict[str, Offer]) -> None:
        set_line(cart, msgspec.structs.replace(present_line(cart, sku), note=note))

    return change(visitor, cart_id, say)


def set_address(visitor: Visitor, cart_id: str | None, address: Address) -> PricedCart:
    """Say where the order goes. A shipping option that does not go there is taken back."""
    addresses.check(address)

    def move(cart: Cart, found: dict[str, Offer]) -> None:
        cart.address = address
        offers.take_back_shipping(cart)

    return change(visitor, cart_id, move)


def set_billing(visitor: Visitor, cart_id: str | None, billing: Billing) -> PricedCart:
    """Say who the order is billed to: a business, another address. It may change the tax.

    What says nothing takes back what was said.
    """
    billed = bills.checked(billing)

    def bill(cart: Cart, found: dict[str, Offer]) -> None:
        cart.billing = billed if billed != Billing() else None

    return change(visitor, cart_id, bill)


def shipping_options(visitor: Visitor, cart_id: str | None) -> list[Shipping]:
    """How this cart can be sent to its address."""
    cart = open_cart(visitor, cart_id)
    return offers.shipping(cart, offers.as_seen(cart).lines)


def set_shipping_option(visitor: Visitor, cart_id: str | None, option_id: str) -> PricedCart:
    """Choose how the order is sent."""

    def choose(cart: Cart, found: dict[str, Offer]) -> None:
        if option_id not in {option.id for option in offers.shipping(cart, offers.as_seen(cart).lines)}:
            raise invalid("/id", "This is not one of the cart's shipping options.")
        cart.shipping_option = option_id

    return change(visitor, cart_id, choose)


def line_of(lines: Sequence[CartLine], sku: str) -> CartLine | None:
    return next((line for line in lines if line.sku == sku), None)


def present_line(cart: Cart, sku: str) -> CartLine:
    """The cart's line of a SKU; 404 if it has none."""
    line = line_of(cart.lines, sku)
    if line is None:
        raise not_found("line in this cart")
    return line


def set_line(cart: Cart, line: CartLine) -> None:
    """Let this be the cart's line of its SKU, in the place where that was; one of no pieces takes it out."""
    if line.quantity > MOST_PIECES:
        raise invalid("/quantity", f"At most {MOST_PIECES} pieces of a SKU go into a cart.")
    others = [other for other in cart.lines if other.sku != line.sku]
    place = next((n for n, other in enumerate(cart.lines) if other.sku == line.sku), len(others))
    cart.lines = [*others[:place], *([line] if line.quantity else []), *others[place:]]
    if len(cart.lines) > MOST_LINES:
        raise ShopError("cart_full", 422, f"A cart has at most {MOST_LINES} lines.", pointer="/sku")


def change_once(
    visitor: Visitor,
    cart_id: str | None,
    how: Callable[[Cart, dict[str, Offer]], None],
    skus: Sequence[str],
    once: Once,
) -> PricedCart:
    """As `change`; the same request again shows the cart, even if it could not be changed so now: it was."""
    try:
        return change(visitor, cart_id, how, skus, once)
    except (AlreadyDone, ShopError):
        if once.made(OrdersItem) is None:
            raise
        return show(visitor, cart_id)


def change(
    visitor: Visitor,
    cart_id: str | None,
    how: Callable[[Cart, dict[str, Offer]], None],
    skus: Sequence[str] = (),
    once: Once | None = None,
) -> PricedCart:
    """Read the cart together with the offers for `skus`, change it, write it; again if somebody else was faster.

    With `once` the write is a transaction, key or no key: one that is sent again because its answer got lost is
    still one, while a plain write would take the first for somebody else's and change the cart twice.
    """
    place = cart_tables.cart_ref(_place(visitor, cart_id))
    for _ in range(_ATTEMPTS):
        found = offers.look(skus, visitor.customer, place, consistent=True)
        cart = _open_to(found.get(place), visitor)
        before = unchanged(cart)
        how(cart, offers.among(skus, found, cart))
        touch(cart)
        write = dynamo.put(cart, before, _Changed())
        try:
            if once is None:
                dynamo.write(write)
            else:
                dynamo.transaction([*once.claim(OrdersItem, cart.id), write])
        except _Changed:
            continue
        return offers.as_seen(cart, found)
    raise busy()


def touch(cart: Cart) -> None:
    """The cart is about to be written again: a new version, and its time begins anew."""
    cart.version = int(cart.version) + 1
    cart.expires = _expiry()
    touching.touched(cart)


def unchanged(cart: Cart) -> dynamo.Condition:
    """Nobody wrote to the cart or checked it out since it was read, nor is another cart in its place."""
    here, still = Cart.id == cart.id, Cart.version == int(cart.version)
    untouched: dynamo.Condition = here & still & Cart.order_id.does_not_exist()
    return untouched


def _place(visitor: Visitor, cart_id: str | None) -> str:
    """Where a visitor's cart is: a customer has one, a guest says which."""
    if visitor.customer is not None:
        return visitor.customer
    if cart_id is None or not ids.is_id("crt", cart_id):
        raise not_found("cart")
    return cart_id


def find(visitor: Visitor, cart_id: str | None) -> Cart:
    """The visitor's cart, checked out or not; 404 if there is none that opens to them."""
    return owned(cart_tables.cart(_place(visitor, cart_id)), visitor)


def open_cart(visitor: Visitor, cart_id: str | None) -> Cart:
    """The visitor's cart; 404 if there is none that opens to them, 409 `cart_closed` if it was checked out."""
    return _open_to(cart_tables.cart(_place(visitor, cart_id)), visitor)


def _open_to(item: Item | None, visitor: Visitor) -> Cart:
    """The cart, if there is one, it opens to the visitor and it was not checked out yet."""
    cart = owned(item, visitor)
    if cart.order_id is not None:
        raise closed(cart)
    return cart


def owned(item: Item | None, visitor: Visitor) -> Cart:
    """404 unless `item` is a cart that opens to this visitor."""
    if not isinstance(item, Cart) or not visitor.opens(item.customer_id, item.token_hash):
        raise not_found("cart")
    return item


def lock(cart_id: str | None, otherwise: Exception) -> list[Action]:
    """The write action that lets a guest's cart open to no secret any more; none if the cart is not kept any more."""
    cart = cart_tables.cart(cart_id) if cart_id else None
    return [dynamo.update(cart, [Cart.token_hash.remove()], otherwise=otherwise)] if cart else []


def closed(cart: Cart) -> ShopError:
    return ShopError("cart_closed", 409, "This cart was checked out.", extra={"order_id": cart.order_id})


def _expiry() -> int:
    return int((clock.now() + KEPT).timestamp())
