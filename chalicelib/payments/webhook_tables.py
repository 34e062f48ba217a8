"""Kept webhooks, in the payments table: WEBHOOK#<year-month>#<spread> / <time>#<event's id>, by the event's own time.

So the same event has the same key however often it is sent.
"""

import zlib
from datetime import datetime, timedelta

from pynamodb.attributes import UnicodeAttribute

from chalicelib.core import clock, dynamo
from chalicelib.core.dynamo import PrimaryKey
from chalicelib.payments.tables import PaymentsItem

KEPT = timedelta(days=180)
_SPREAD = 4


class KeptWebhook(PaymentsItem, discriminator="webhook"):
    """An event that the shop could do nothing with, and `why`: what it is about, and nothing of what it says."""

    id = UnicodeAttribute()
    type = UnicodeAttribute()
    why = UnicodeAttribute()
    created_at = UnicodeAttribute()
    kept_at = UnicodeAttribute()
    api_version = UnicodeAttribute(null=True)
    object_id = UnicodeAttribute(null=True)
    object_type = UnicodeAttribute(null=True)
    payment_id = UnicodeAttribute(null=True)
    refund_id = UnicodeAttribute(null=True)


def webhook_key(event_id: str, created: datetime) -> PrimaryKey:
    at = clock.stamp(created)
    return {"pk": f"WEBHOOK#{at[:7]}#{zlib.crc32(event_id.encode()) % _SPREAD}", "sk": f"{at}#{event_id}"}


def newest(limit: int, after: str | None) -> tuple[list[KeptWebhook], str | None]:
    """A page of what is kept, newest first, and where the next page goes on."""
    month, oldest = clock.now(), clock.now() - KEPT
    found: list[KeptWebhook] = []
    while len(found) <= limit and f"{month:%Y-%m}" >= f"{oldest:%Y-%m}":
        found += _of(month, limit + 1 - len(found), after)
        month = month.replace(day=1) - timedelta(days=1)
    return found[:limit], found[limit - 1].sk if len(found) > limit else None


def _of(month: datetime, limit: int, after: str | None) -> list[KeptWebhook]:
    behind = KeptWebhook.sk < after if after else None
    pages = [
        KeptWebhook.query(f"WEBHOOK#{month:%Y-%m}#{spread}", behind, scan_index_forward=False, limit=limit)
        for spread in range(_SPREAD)
    ]
    return dynamo.merged_page(pages, lambda kept: str(kept.sk), limit)
