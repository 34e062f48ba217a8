"""Staff's lists of orders: each starts from the narrowest list that is kept, and the rest of what is wanted is looked
for while reading on. What is read for one page has a bound; where it ends, the cursor goes on."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from chalicelib.core import clock
from chalicelib.core.paging import foreign_cursor
from chalicelib.orders import service, states
from chalicelib.orders.finding import finding_tables, order_filter, saved_filters
from chalicelib.orders.finding.order_filter import OrderFilter, Standing
from chalicelib.orders.tables import OrderHeader

# Of one page: so many orders are looked at, and so many months, if it takes them.
MOST_READ = 500
_MOST_READINGS = 13
_CHUNK = 100
_LOOK_BACK = timedelta(days=372)
# Nothing was sold before; it keeps a reader who wants everything from looking at two thousand years.
_BEGINNING = "2000-01-01T00:00:00.000Z"
_POSITION = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(#ord_[0-9a-z]{26})?")

# The positions before a place, at most so many, and the place where it goes on, None at the list's end.
Reading = tuple[list[str], str | None]
Reader = Callable[[str, int], Reading]


class Wanted(msgspec.Struct, frozen=True):
    """What staff look for. `since` is part of the range, `until` is not."""

    filter: OrderFilter
    since: datetime | None = None
    until: datetime | None = None
    customer: str | None = None
    email: str | None = None


def page(wanted: Wanted, saved: str | None, limit: int, after: str | None) -> tuple[list[OrderHeader], str | None]:
    """A page of orders, newest first, and the position after which the next page goes on.

    Of a filter that hardly any order passes a page may hold less than `limit`, even nothing, and still go on: it ends
    after 500 orders or a year without any. Without `since` nothing is looked for that is older than a year before
    `until`. 404 if there is no saved filter `saved`.
    """
    if saved is not None:
        wanted = msgspec.structs.replace(wanted, filter=wanted.filter.over(saved_filters.find(saved).filter))
    place: str | None = _first_place(wanted, after)
    oldest = _oldest(wanted)
    read = _reader(wanted, oldest)
    count = 0
    found: list[tuple[str, OrderHeader]] = []
    seen = readings = 0
    while place is not None and place > oldest and seen < MOST_READ and readings < _MOST_READINGS:
        count = _how_many(wanted, limit + 1 - len(found), count)
        positions, place = read(place, count)
        headers = finding_tables.headers_of([order_id(position) for position in positions])
        for position in positions:
            if position < oldest:
                place = None
                break
            header = headers.get(order_id(position))
            if header is not None and _fits(header, wanted):
                found.append((position, header))
        if len(found) > limit:
            return [header for _, header in found[:limit]], found[limit - 1][0]
        seen, readings = seen + len(positions), readings + 1
    more = place if place is not None and place > oldest else None
    return [header for _, header in found], more


def of_number(number: str) -> list[OrderHeader]:
    """The order with this number, if there is one."""
    found = finding_tables.order_of_number(number)
    return list(finding_tables.headers_of([found]).values()) if found else []


def order_id(position: str) -> str:
    return position.partition("#")[2]


def _how_many(wanted: Wanted, missing: int, before: int) -> int:
    """How many orders to look at next: those that are missing, where the list says all that is asked; otherwise more
    and more, as fewer of them seem to be what is wanted."""
    rest = msgspec.structs.replace(wanted.filter, days=None)
    if wanted.email is None and wanted.customer is None:
        rest = msgspec.structs.replace(rest, status=None)
    if rest == OrderFilter() and (wanted.email is None or wanted.customer is None):
        return missing
    return min(max(missing, 2 * before), max(missing, _CHUNK))


def _fits(header: OrderHeader, wanted: Wanted) -> bool:
    standing = Standing(
        status=header.state,
        payment_status=service.payment_status(header),
        fulfillment_status=service.fulfillment_status(header),
        payment_method=header.payment_method,
        tags=frozenset(header.tags),
        on_hold=header.hold is not None,
    )
    mine = wanted.customer is None or header.customer_id == wanted.customer
    return mine and order_filter.fits(standing, wanted.filter)


def _first_place(wanted: Wanted, after: str | None) -> str:
    if after is not None and not _is_position(after):
        raise foreign_cursor()
    now = f"{clock.stamp(clock.now())}~"
    until = clock.stamp(wanted.until) if wanted.until else now
    return min(now, until, after or now)


def _is_position(text: str) -> bool:
    if not _POSITION.fullmatch(text):
        return False
    try:
        _moment(text)
    except ValueError:
        return False
    return True


def _oldest(wanted: Wanted) -> str:
    now = clock.now()
    if wanted.filter.days is not None:
        days = clock.stamp(now - timedelta(days=wanted.filter.days))
        return max(_BEGINNING, days, clock.stamp(wanted.since) if wanted.since else days)
    if wanted.since is not None:
        return max(_BEGINNING, clock.stamp(wanted.since))
    until = min(now, wanted.until) if wanted.until else now
    if wanted.email or wanted.customer or (wanted.filter.status and wanted.filter.status not in states.OVER):
        return _BEGINNING
    return max(_BEGINNING, clock.stamp(max(until, _moment(_BEGINNING) + _LOOK_BACK) - _LOOK_BACK))


def _moment(position: str) -> datetime:
    return datetime.fromisoformat(position.partition("#")[0].rstrip("~"))


def _reader(wanted: Wanted, oldest: str) -> Reader:
    """Where to read: the list that holds the fewest orders that are not wanted."""
    if wanted.email is not None:
        return _whole(finding_tables.email_list(wanted.email))
    if wanted.customer is not None:
        return _whole(finding_tables.customer_list(wanted.customer))
    state = wanted.filter.status
    if state is None:
        return _by_month(finding_tables.placed_in, oldest)
    if state in states.OVER:
        return _by_month(lambda month, before, count: finding_tables.in_state(state, month, before, count), oldest)

    def open_orders(before: str, count: int) -> Reading:
        return _going_on(finding_tables.in_state(state, clock.now(), before, count), count)

    return open_orders


def _whole(name: str) -> Reader:
    """A list under one key."""
    return lambda before, count: _going_on(finding_tables.on_list(name, before, count), count)


def _going_on(positions: list[str], count: int) -> Reading:
    return positions, positions[-1] if len(positions) == count else None


def _by_month(positions_of: Callable[[datetime, str, int], list[str]], oldest: str) -> Reader:
    """A list that is kept month by month; a reading ends with its month."""

    def read(before: str, count: int) -> Reading:
        moment = _moment(before)
        if "#" not in before and not before.endswith("~"):  # what is before the first moment of a month is in another
            moment -= timedelta(milliseconds=1)
        positions = positions_of(moment, before, count)
        if len(positions) == count:
            return positions, positions[-1]
        begin = clock.stamp(moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
        return positions, begin if begin > oldest else None

    return read
