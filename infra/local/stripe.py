"""Who takes card payments: localstripe, or Stripe itself if the developer has a test key of it."""

import json
import secrets
import urllib.request
from dataclasses import dataclass, field

from infra.local.places import Places
from infra.local.processes import StackError

_TEST_KEYS = ("sk_test_", "rk_test_")


@dataclass(frozen=True)
class Provider:
    """`api` is where it answers, `base` the same unless it is Stripe's own address: what the template is told."""

    api: str
    base: str
    key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


def provider(places: Places) -> Provider:
    """Stripe itself with the developer's keys, if there are any, or else this stack's localstripe."""
    if places.stripe_key:
        return _stripe_itself(places)
    kept = places.home / "data" / "stripe.json"
    if not kept.exists():
        # Of the form of Stripe's own; no other stack knows them.
        made = {"key": f"sk_test_{secrets.token_hex(12)}", "webhook_secret": f"whsec_{secrets.token_hex(16)}"}
        kept.write_text(json.dumps(made))
    return Provider(places.stripe_url, places.stripe_url, **json.loads(kept.read_text()))


def _stripe_itself(places: Places) -> Provider:
    if not places.stripe_key.startswith(_TEST_KEYS):
        raise StackError("STRIPE_API_KEY is no test key (sk_test_...); the local stack takes no real money")
    if not places.stripe_webhook_secret:
        raise StackError("STRIPE_WEBHOOK_SECRET is not set; `stripe listen --print-secret` says what it is")
    return Provider("https://api.stripe.com", "", places.stripe_key, places.stripe_webhook_secret)


def send_webhooks(api: str, provider: Provider) -> None:
    """Have localstripe tell the shop what happens to payments. It forgets that when it ends."""
    if not provider.base:
        return
    wish = {"url": f"{api}/webhooks/stripe", "secret": provider.webhook_secret, "events": None}
    request = urllib.request.Request(
        f"{provider.base}/_config/webhooks/shop",
        data=json.dumps(wish).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()
