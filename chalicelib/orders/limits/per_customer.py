"""At most so many pieces of a SKU to each customer: counted in the checkout's transaction, under a condition.

What is in a bundle counts as what it is, beside the bundle itself: otherwise a set of two would be a way round the
limit of its pieces. A customer counts by their account and by their e-mail address, so that leaving the account makes
nobody another one. What is kept of an address is a hash.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import Action
from chalicelib.core.errors import ShopError
from chalicelib.orders.limits import mailbox
from chalicelib.orders.pricing.pricing import PricedLine
from chalicelib.orders.sale import sale_tables as tables
from chalicelib.orders.sale.sale_tables import Taken
from chalicelib.orders.tables import OrderHeader, Ration


def take(header: OrderHeader, email: str, lines: Sequence[PricedLine]) -> list[Action]:
    """Write actions that count what a new order takes of limited SKUs, and note on its header that they are counted.

    409 `most_per_customer` if one order wants too many; committing raises it if all of the customer's together do.
    """
    wanted = pieces_of(lines)
    limits = {sku: terms.most_per_customer for sku, terms in tables.all_terms().items() if sku in wanted}
    mine = {sku: wanted[sku] for sku, most in limits.items() if most is not None}
    if not mine:
        return []
    header.ration = Ration(_owners(header.customer_id, email), mine)
    return [_count(sku, whose, mine[sku], most) for sku, whose, most in _limited(header.ration, limits)]


def pieces_of(lines: Sequence[PricedLine]) -> Counter[str]:
    """Pieces by SKU as limits count them: of each line, and of what it is made of as far as that is sent."""
    pieces: Counter[str] = Counter()
    for line in lines:
        for sku, count in {**line.parts, line.sku: 1}.items():
            pieces[sku] += count * line.quantity
    return pieces


def _limited(ration: Ration, limits: Mapping[str, int | None]) -> Iterator[tuple[str, str, int]]:
    for sku in ration.pieces:
        most = limits[sku]
        if most is not None:
            yield from ((sku, whose, most) for whose in ration.owners)


def _owners(customer_id: str | None, email: str) -> tuple[str, ...]:
    by_mail = f"EMAIL#{ids.digest(mailbox.of(email))[:32]}"
    return (by_mail, f"CUSTOMER#{customer_id}") if customer_id else (by_mail,)


def _count(sku: str, whose: str, pieces: int, most: int) -> Action:
    detail = f"At most {most} pieces of {sku} to each, those in sets included."
    too_many = ShopError("most_per_customer", 409, detail, extra={"sku": sku, "most": most})
    if pieces > most:
        raise too_many
    changes = [Taken.kind.set(Taken), Taken.pieces.set((Taken.pieces | 0) + pieces)]
    room = Taken.pieces.does_not_exist() | (Taken.pieces <= most - pieces)
    return dynamo.update(Taken(**tables.taken_key(sku, whose)), changes, room, too_many)


def give_back(header: OrderHeader, kept: Mapping[str, int] | None = None) -> list[Action]:
    """Write actions that let a customer order again what is called off: all that an order counts, or what is more than
    it has `kept`, as `pieces_of` has them. What staff add is not counted, so taking it out gives nothing back.

    Commit them with the header, under its version: it forgets them, so they are given back once.
    """
    ration = header.ration
    if ration is None:
        return []
    back = {sku: max(0, counted - (kept or {}).get(sku, 0)) for sku, counted in ration.pieces.items()}
    left = {sku: counted - back[sku] for sku, counted in ration.pieces.items() if counted > back[sku]}
    header.ration = Ration(ration.owners, left) if left else None
    return [
        dynamo.update(Taken(**tables.taken_key(sku, whose)), [Taken.pieces.set(Taken.pieces - count)])
        for sku, count in back.items()
        if count
        for whose in ration.owners
    ]
