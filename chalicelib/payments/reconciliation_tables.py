"""What the reconciliation keeps, in the payments table.

| what                   | pk                          | sk             | index `by_due`                   |
|------------------------|-----------------------------|----------------|----------------------------------|
| finding                | RECONCILIATION#<year-month> | <id>           | FINDING#<spread>, while it is open |
| run that staff ask for | RECONCILIATION              | ASKED#<id>     |                                  |
| how far it has come    | RECONCILIATION              | REACHED        |                                  |

A finding's id is made of the time of what it is about and of what is wrong with it: so the same one is the same item,
and its id tells where it lies.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import UnicodeAttribute

from chalicelib.core import clock, due, dynamo, ids
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey
from chalicelib.core.money import Money
from chalicelib.core.paging import foreign_cursor
from chalicelib.payments.tables import PaymentsItem

OPEN, REPAIRED, CLOSED, NOTED = "open", "repaired", "closed", "noted"
_FINDING = "FINDING"
_SPREAD = 4
_MONTHS_BACK = 12
_ALL = 10_000


class Finding(PaymentsItem, discriminator="finding"):
    """Where the provider's books and ours do not say the same: `what` it is, `state` whether it is still so.

    `seen_in` is the id of the provider's line or intent, or of our entry, that shows it: it holds as long as that is
    looked at and shows it. `closed_by` is who of the staff closed it, None where it no longer held. `order_id` and
    `entry_id` lead to our ledger.
    """

    id = UnicodeAttribute()
    what = UnicodeAttribute()
    state = UnicodeAttribute()
    seen_in = UnicodeAttribute()
    found_at = UnicodeAttribute()
    seen_at = UnicodeAttribute()
    detail = UnicodeAttribute(null=True)
    order_id = UnicodeAttribute(null=True)
    payment_id = UnicodeAttribute(null=True)
    refund_id = UnicodeAttribute(null=True)
    intent_id = UnicodeAttribute(null=True)
    entry_id = UnicodeAttribute(null=True)
    ours = JsonAttribute(Money, null=True)
    theirs = JsonAttribute(Money, null=True)
    closed_at = UnicodeAttribute(null=True)
    closed_by = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)


class Asked(PaymentsItem, discriminator="reconciliation_asked"):
    """A run that staff ask for; `since` is how far back it looks at least."""

    id = UnicodeAttribute()
    state = UnicodeAttribute()
    since = UnicodeAttribute(null=True)


class Reached(PaymentsItem, discriminator="reconciliation_reached"):
    """Up to where everything was compared."""

    until = UnicodeAttribute()


def finding_key(finding_id: str) -> PrimaryKey:
    return {"pk": f"RECONCILIATION#{ids.made_at(finding_id):%Y-%m}", "sk": finding_id}


def asked_key(asked_id: str) -> PrimaryKey:
    return {"pk": "RECONCILIATION", "sk": f"ASKED#{asked_id}"}


def reached_key() -> PrimaryKey:
    return {"pk": "RECONCILIATION", "sk": "REACHED"}


def mark(finding: Finding) -> None:
    """Say whether the finding is among the open ones. The next write of it says so."""
    due.look_after(finding, ids.made_at(finding.id) if finding.state == OPEN else None, _FINDING)


def all_open() -> list[Finding]:
    """All findings that are open, the newest first."""
    return _loaded(_marked(None, _ALL))


def newest(limit: int, after: str | None) -> tuple[list[Finding], str | None]:
    """A page of findings, and where the next page goes on: first what is open, then the rest of the last twelve months,
    each the newest first. 422 if `after` is none of this list's places."""
    part, _, place = (after or "open#").partition("#")
    if part not in ("open", "rest"):
        raise foreign_cursor()
    found: list[tuple[str, Finding]] = []
    if part == "open":
        found += [(f"open#{finding.due_at}", finding) for finding in _loaded(_marked(place or None, limit + 1))]
        place = ""
    for finding in _rest(place or None) if len(found) <= limit else ():
        found.append((f"rest#{finding.sk}", finding))
        if len(found) > limit:
            break
    return [finding for _, finding in found[:limit]], found[limit - 1][0] if len(found) > limit else None


def _marked(before: str | None, limit: int) -> list[str]:
    """Ids of findings that are marked as open, the newest first."""
    behind = PaymentsItem.due_at < before if before else None
    pages = [
        PaymentsItem.by_due.query(f"{_FINDING}#{spread}", behind, scan_index_forward=False, limit=limit)
        for spread in range(_SPREAD)
    ]
    marked = dynamo.merged_page(pages, lambda item: str(item.due_at), limit)
    return [str(item.due_at).rpartition("#")[2] for item in marked]


def _loaded(finding_ids: list[str]) -> list[Finding]:
    keys: list[dynamo.Key] = []
    for finding_id in finding_ids:
        key = finding_key(finding_id)
        keys.append((Finding, key["pk"], key["sk"]))
    found = dynamo.load(keys, consistent=True)
    items = [found.get(key) for key in keys]
    return [item for item in items if isinstance(item, Finding) and item.state == OPEN]


def _rest(before: str | None) -> Iterator[Finding]:
    month = clock.now()
    oldest = f"{month - timedelta(days=31 * _MONTHS_BACK):%Y-%m}"
    behind = Finding.sk < before if before else None
    while f"{month:%Y-%m}" >= oldest:
        pk = f"RECONCILIATION#{month:%Y-%m}"
        for finding in Finding.query(pk, behind, scan_index_forward=False, page_size=100):
            if finding.state != OPEN:
                yield finding
        month = month.replace(day=1) - timedelta(days=1)


def reached() -> datetime | None:
    """Up to where everything was compared, None before the first time."""
    found = dynamo.get(Reached, **reached_key())
    return datetime.fromisoformat(found.until) if found else None
