"""Stripe's keys as Secrets Manager has them, remembered in this process."""

import time
from functools import cache
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core import log
from chalicelib.core.settings import settings
from chalicelib.payments import keys
from chalicelib.payments.keys import Keys
from chalicelib.payments.provider import Unavailable

# All in seconds. How long keys are not asked for again, and how long they count while they can not be read.
FRESH, USABLE = 300.0, 3600.0
# Between two reads: whoever forges webhooks, and whoever's key Stripe refuses, causes no more than that.
REST = 10.0
# After a read that failed: soon if there are no keys at all; if there are older ones, no request waits for it twice.
_REST_WITHOUT_KEYS, _REST_WITH_OLDER = 1.0, 30.0
_CONNECT, _ANSWER = 1, 1
LONGEST_READ = _CONNECT + _ANSWER


class _Ring:
    """The keys that this process has, if any, and when it may ask for others."""

    def __init__(self) -> None:
        self.keys: Keys | None = None
        self.read_at = 0.0
        self.rests_until = float("-inf")
        self.doubted = False

    def is_within(self, seconds: float) -> bool:
        return self.keys is not None and time.monotonic() - self.read_at <= seconds

    def renew(self) -> None:
        """Read the keys, unless that was tried just before; without an answer everything stays as it is."""
        if time.monotonic() < self.rests_until:
            return
        found, now = _read(), time.monotonic()
        if found:
            self.keys, self.read_at, self.doubted, self.rests_until = found, now, False, now + REST
        else:
            self.rests_until = now + (_REST_WITH_OLDER if self.keys else _REST_WITHOUT_KEYS)


_ring = _Ring()


def present() -> Keys:
    """The keys, at most five minutes old, or an hour if Secrets Manager does not answer; raises Unavailable."""
    if _ring.doubted or not _ring.is_within(FRESH):
        _ring.renew()
    return _usable()


def newest() -> Keys:
    """The keys as they are now, or were ten seconds ago; raises Unavailable."""
    _ring.renew()
    return _usable()


def doubt() -> None:
    """Stripe does not take this key: the next who asks for it gets what Secrets Manager has by then."""
    _ring.doubted = True


def forget() -> None:
    """Begin as a new process does."""
    global _ring
    _ring = _Ring()


def _usable() -> Keys:
    if _ring.keys is None or not _ring.is_within(USABLE):
        raise Unavailable("no keys")
    return _ring.keys


def _read() -> Keys | None:
    """The keys of the secret; None, with the reason in the log, if it can not be read."""
    try:
        return keys.decode(_client().get_secret_value(SecretId=settings.stripe_secret_id)["SecretString"])
    except ClientError as error:
        log.write("keys_unavailable", kind=error.response["Error"]["Code"])
    except BotoCoreError as error:
        log.write("keys_unavailable", kind=type(error).__name__)
    except msgspec.DecodeError as error:
        log.write("keys_unavailable", kind="malformed", detail=str(error))
    return None


@cache
def _client() -> Any:
    import boto3
    from botocore.config import Config

    # One try: who can not wait longer goes on with older keys or is told to come again.
    patience = Config(connect_timeout=_CONNECT, read_timeout=_ANSWER, retries={"total_max_attempts": 1})
    return boto3.client("secretsmanager", region_name=settings.region, config=patience)
