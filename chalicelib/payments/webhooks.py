"""What a provider tells: put into the queue, looked at, and kept where the shop can do nothing with it."""

from contextlib import suppress

import msgspec

from chalicelib.core import clock, dynamo, log, sqs
from chalicelib.core.errors import ShopError
from chalicelib.core.settings import settings
from chalicelib.payments import disputes, refund_progress, settlement, webhook_tables
from chalicelib.payments.provider import Notice
from chalicelib.payments.webhook_tables import KeptWebhook

# Why a webhook is kept.
UNKNOWN_TYPE, NOTHING_OF_OURS, NOT_HERE = "unknown_type", "nothing_of_ours", "not_here"


def take(notice: Notice) -> None:
    """Let what is about a payment, a refund or a dispute be looked at; keep what the shop does not understand.

    An unknown type that names one of ours is both: to look can do no harm.
    """
    if notice.is_of_ours:
        sqs.send(settings.webhook_queue_url, msgspec.json.encode(notice).decode())
    if not notice.understood:
        _keep(notice, UNKNOWN_TYPE)
    elif not notice.is_of_ours and not notice.needs_nothing:
        _keep(notice, NOTHING_OF_OURS)


def look(body: str) -> None:
    """A provider says that something changed: see what it is now. What is not this shop's is kept for a person."""
    notice = msgspec.json.decode(body, type=Notice)
    try:
        if notice.payment_id is not None:
            settlement.refresh(notice.payment_id)
        if notice.refund_id is not None:
            refund_progress.look_after(notice.refund_id)
        if notice.dispute_id is not None:
            disputes.look(notice.dispute_id)
    except ShopError as error:
        # Nothing goes to the provider before it is committed here, so what is not here now never will be.
        if error.status != 404:
            raise
        _keep(notice, NOT_HERE)


def _keep(notice: Notice, why: str) -> None:
    """Once, however often it is sent."""
    now, event_id = clock.now(), notice.event_id or "unnamed"
    created = notice.created or now
    kept = KeptWebhook(
        **webhook_tables.webhook_key(event_id, created),
        id=event_id,
        type=notice.type,
        why=why,
        created_at=clock.stamp(created),
        kept_at=clock.stamp(now),
        api_version=notice.api_version,
        object_id=notice.object_id,
        object_type=notice.object_type,
        payment_id=notice.payment_id,
        refund_id=notice.refund_id,
        expires=int((now + webhook_tables.KEPT).timestamp()),
    )
    log.write("webhook_kept", type=notice.type, why=why)
    with suppress(dynamo.ConditionFailed):
        dynamo.write(dynamo.insert(kept))
