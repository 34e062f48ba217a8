"""What staff changed: an entry in the transaction of the change, so that there is neither without the other.

| what        | admin table's pk               | sk           |
|-------------|--------------------------------|--------------|
| audit entry | AUDIT#<year-month>#<spread>    | <time>#<id>  |
"""

import zlib
from datetime import datetime, timedelta

from pynamodb.attributes import UnicodeAttribute

from chalicelib.core import clock, dynamo, ids
from chalicelib.core.dynamo import Action, Item, JsonAttribute
from chalicelib.core.settings import settings
from chalicelib.core.staff import Staff

Fact = str | int | bool | None
_SPREAD = 4
_MONTHS_BACK = 12


class Entry(Item, discriminator="audit"):
    """Who did what to what. `who` is the `sub` of a staff token, `target` an id whose kind `action` says."""

    class Meta:
        table_name = settings.tables["admin"]

    id = UnicodeAttribute()
    at = UnicodeAttribute()
    who = UnicodeAttribute()
    action = UnicodeAttribute()
    target = UnicodeAttribute()
    facts = JsonAttribute(dict[str, Fact])


def entry(staff: Staff, action: str, target: str, **facts: Fact) -> Action:
    """The write action that records a change by staff; commit it with the change.

    `action` is `<kind of thing>.<verb>`, `target` the thing's id. `facts` never hold personal data of customers.
    """
    entry_id, at = ids.new_id("aud"), clock.stamp(clock.now())
    spread = zlib.crc32(entry_id.encode()) % _SPREAD
    return dynamo.put(
        Entry(
            f"AUDIT#{at[:7]}#{spread}",
            f"{at}#{entry_id}",
            id=entry_id,
            at=at,
            who=staff.id,
            action=action,
            target=target,
            facts=facts,
        )
    )


def newest(month: datetime, limit: int, after: str | None) -> tuple[list[Entry], str | None]:
    """A page of entries, newest first, from `month` back to twelve months before, and where the next page goes on."""
    oldest = f"{month - timedelta(days=31 * _MONTHS_BACK):%Y-%m}"
    found: list[Entry] = []
    while len(found) <= limit and f"{month:%Y-%m}" >= oldest:
        found += _made_in(month, limit + 1 - len(found), after)
        month = month.replace(day=1) - timedelta(days=1)
    return found[:limit], found[limit - 1].sk if len(found) > limit else None


def _made_in(month: datetime, limit: int, after: str | None) -> list[Entry]:
    behind = Entry.sk < after if after else None
    pages = [
        Entry.query(f"AUDIT#{month:%Y-%m}#{spread}", behind, scan_index_forward=False, limit=limit)
        for spread in range(_SPREAD)
    ]
    return dynamo.merged_page(pages, lambda entry: str(entry.sk), limit)
