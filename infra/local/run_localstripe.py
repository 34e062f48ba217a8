"""localstripe on 127.0.0.1, with its payments in a file of ours: `python -I run_localstripe.py PORT FILE`.

Its own command listens on every interface and keeps its payments in /tmp. Its lists can not be narrowed down to a time,
and of a capture it does not say how much was taken: here they can, and it does. It runs as a program of its own, in the
emulators' virtual environment; nothing of the shop imports it.
"""

import logging
import pickle
import sys
from pathlib import Path
from typing import Any

from aiohttp import web
from localstripe import resources, server

port, kept = int(sys.argv[1]), Path(sys.argv[2])


def dump_to_disk(store: object) -> None:
    half = kept.with_suffix(".half")
    half.write_bytes(pickle.dumps(store))
    half.replace(kept)


def narrow_down(kind: Any) -> None:
    """Let a list be of the things of a time, or of one source, the newest first, as Stripe's are."""
    everything = kind._api_list_all.__func__

    def narrowed(
        cls: Any, /, url: str, created: dict[str, str] | None = None, source: str | None = None, **query: Any
    ) -> Any:
        found = everything(cls, url, **query)
        since, until = (int((created or {}).get(end, otherwise)) for end, otherwise in (("gte", 0), ("lte", 2**40)))
        things = [
            t for t in found._list if since <= t.created <= until and source in (None, getattr(t, "source", None))
        ]
        found._list = sorted(things, key=lambda thing: thing.created, reverse=True)
        return found

    kind._api_list_all = classmethod(narrowed)


def let_go(charge: Any) -> list[Any]:
    """What of a charge was authorized and not taken: a refund that nobody asked for."""
    return [refund for refund in charge.refunds._list if refund.payment_intent is None]


def category(line: Any) -> str:
    source = resources.StripeObject._get_class_for_id(line.source)._api_retrieve(line.source)
    return "partial_capture_reversal" if getattr(source, "payment_intent", "") is None else str(line.type)


resources.Charge.amount_captured = property(lambda charge: charge.amount - sum(r.amount for r in let_go(charge)))
resources.BalanceTransaction.reporting_category = property(category, lambda line, given: None)
narrow_down(resources.BalanceTransaction)
narrow_down(resources.PaymentIntent)
resources.Store.dump_to_disk = dump_to_disk
if kept.exists():
    resources.store.update(pickle.loads(kept.read_bytes()))  # noqa: S301 - it wrote the file itself
logging.basicConfig(level=logging.INFO)
web.run_app(server.app, host="127.0.0.1", port=port, shutdown_timeout=1)
