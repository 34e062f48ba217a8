"""Against carts that only hoard stock: nobody has more than so many orders that hold stock and cost them nothing yet.

Those are the ones that wait for their payment, and what guests pay at the door until the first parcel is on its way.
Whoever has an account is known, and trusted with those. The caps are the order policy's. They hold under concurrency,
by conditions in the checkout's transaction.
"""

import ipaddress
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import msgspec
from pynamodb.expressions.condition import size
from pynamodb.expressions.update import Action as Change

from chalicelib.core import clock, dynamo, ids
from chalicelib.core.dynamo import Action, Item, Key
from chalicelib.core.errors import ShopError
from chalicelib.orders import policy
from chalicelib.orders.limits import hoarding_tables, mailbox
from chalicelib.orders.limits.hoarding_tables import Holder
from chalicelib.orders.policy_tables import OrderPolicy
from chalicelib.orders.pricing import pricing
from chalicelib.orders.pricing.pricing import PricedLine
from chalicelib.orders.tables import OrderHeader

# No order waits that long for its payment, by no policy; a holder that was left behind by an accident goes then, and so
# does that of a guest's order for which the pieces have not come in by then.
_KEPT = timedelta(days=60)


class HolderMoved(Exception):
    """Another order of the same holder was placed since it was read: look again."""


class Buyer(msgspec.Struct, frozen=True):
    """Who checks out, as far as one can tell. `network` is the network address of the request.

    Anybody can give anybody's e-mail address. So who has logged in counts by their account alone, and what is to be
    paid `at_the_door`, which holds stock for days, counts apart from what waits for a card.
    """

    email: str
    network: str | None
    customer_id: str | None
    at_the_door: bool


def refs(buyer: Buyer) -> list[Key]:
    """Keys of what has to be read before an order is placed that is to count as open."""
    now = policy.current()
    if now.open_orders_per_email is None and now.open_pieces_per_email is None:
        return []
    return [hoarding_tables.holder_ref(_who(buyer))]


def hold(header: OrderHeader, buyer: Buyer, lines: Sequence[PricedLine], found: dict[Key, Item]) -> list[Action]:
    """Write actions that count a new order as an open one; `found` is what `refs` asked for.

    409 `too_many_open_orders` if it is one too many, or holds too many pieces of a SKU. Committing raises HolderMoved
    if another order of the same e-mail address was placed meanwhile.
    """
    now = policy.current()
    actions: list[Action] = []
    names: list[str] = []
    if refs(buyer):
        names.append(_who(buyer))
        holder = found.get(hoarding_tables.holder_ref(names[0]))
        actions.append(_by_person(header.id, names[0], lines, holder if isinstance(holder, Holder) else None, now))
    network = _network(buyer)
    if now.open_orders_per_address is not None and network is not None:
        names.append(network)
        actions.append(_by_network(header.id, network, now.open_orders_per_address))
    header.holders = names or None
    return actions


def let_go(header: OrderHeader) -> list[Action]:
    """Write actions that count an order as open no more; commit them with the header, which forgets its holders."""
    names, header.holders = header.holders or [], None
    return [_change(name, Holder.orders.delete({header.id})) for name in names]


def counts_less(header: OrderHeader, lines: Sequence[PricedLine], otherwise: Exception) -> list[Action]:
    """Write actions after which an open order counts for the pieces of these `lines`, if they are fewer than before."""
    actions: list[Action] = []
    for name in header.holders or []:
        holder = None if name.startswith("NETWORK#") else hoarding_tables.holder(name)
        mine = (holder.pieces or {}).get(header.id) if holder else None
        if holder is None or mine is None:
            continue
        now = pricing.to_send(list(lines))
        left = {sku: min(pieces, now[sku]) for sku, pieces in mine.items() if now.get(sku)}
        if left != mine:
            version = int(holder.version or 0)
            pieces = Holder.pieces.set({**(holder.pieces or {}), header.id: left})
            changes = [pieces, Holder.version.set(version + 1)]
            actions.append(dynamo.update(holder, changes, Holder.version == version, otherwise))
    return actions


def _by_person(
    order_id: str, name: str, lines: Sequence[PricedLine], holder: Holder | None, now: OrderPolicy
) -> Action:
    is_open: set[str] = set(holder.orders or ()) if holder else set()
    if now.open_orders_per_email is not None and len(is_open) >= now.open_orders_per_email:
        raise _too_many(f"{len(is_open)} of your orders are neither paid for nor on their way")
    kept = holder.pieces or {} if holder else {}
    before = {order: pieces for order, pieces in kept.items() if order in is_open}
    mine = pricing.to_send(list(lines))
    _check_pieces(mine, list(before.values()), now.open_pieces_per_email)
    version = int(holder.version or 0) if holder else 0
    unmoved = Holder.version == version if version else Holder.version.does_not_exist()
    changes = [
        Holder.kind.set(Holder),
        Holder.expires.set(_expiry()),
        Holder.pieces.set({**before, order_id: mine}),
        Holder.version.set(version + 1),
        Holder.orders.add({order_id}),
    ]
    return dynamo.update(Holder(**hoarding_tables.holder_key(name)), changes, unmoved, HolderMoved())


def _check_pieces(mine: dict[str, int], others: list[dict[str, int]], most: int | None) -> None:
    if most is None:
        return
    held = Counter(mine)
    for pieces in others:
        held.update(pieces)
    for sku in mine:
        if held[sku] > most:
            raise _too_many(
                f"At most {most} pieces of {sku} are kept before they are paid for or on their way", sku=sku
            )


def _by_network(order_id: str, name: str, most: int) -> Action:
    room = Holder.orders.does_not_exist() | (size(Holder.orders) < most)  # type: ignore[no-untyped-call]
    holder = Holder(**hoarding_tables.holder_key(name))
    changes = [Holder.kind.set(Holder), Holder.expires.set(_expiry()), Holder.orders.add({order_id})]
    full = _too_many(f"{most} orders from this network address are neither paid for nor on their way")
    return dynamo.update(holder, changes, room, full)


def _change(name: str, change: Change) -> Action:
    holder = Holder(**hoarding_tables.holder_key(name))
    # Where there is none any more this makes one, which then has to go as well.
    return dynamo.change(holder, [Holder.kind.set(Holder), Holder.expires.set(_expiry()), change])


def _expiry() -> int:
    return int((clock.now() + _KEPT).timestamp())


def _too_many(what: str, **facts: object) -> ShopError:
    detail = f"{what}. Pay for one, cancel one, or wait until one is sent."
    return ShopError("too_many_open_orders", 409, detail, extra=facts)


def _who(buyer: Buyer) -> str:
    if buyer.customer_id is not None:
        return f"CUSTOMER#{buyer.customer_id}"
    whose = ids.digest(mailbox.of(buyer.email))[:32]
    return f"DOOR#{whose}" if buyer.at_the_door else f"EMAIL#{whose}"


def _network(buyer: Buyer) -> str | None:
    """A network address today. So an address can not be followed from day to day, and midnight forgives.

    Of IPv6 the first half counts: who has one address there has all those that differ in the other.
    """
    try:
        address = ipaddress.ip_address(buyer.network or "")
    except ValueError:
        return None
    whose = str(address) if address.version == 4 else str(ipaddress.ip_network(f"{address}/64", strict=False))
    return f"NETWORK#{ids.digest(f'{clock.now():%Y-%m-%d} {whose}')[:32]}"
