"""One effect per Idempotency-Key: the key is written in the transaction of the effect and names what was made.

The record holds the id of what was made, never the answer: a repeated request gets its answer rebuilt.
"""

import hashlib
from datetime import timedelta

import msgspec

from chalicelib.core import clock, dynamo
from chalicelib.core.errors import ShopError

KEPT = timedelta(hours=24)


class AlreadyDone(Exception):
    """The effect of this key was committed before, perhaps a moment ago by a twin of this request."""


class Once(msgspec.Struct, frozen=True):
    """What makes a request the same request: who asks, for what, under which key, with which body (all hashed).

    `key` is the client's own key, None where it sent none: then nothing is recorded and nothing is replayed.
    """

    scope: str
    fingerprint: str
    key: str | None

    def claim(self, table: type[dynamo.Item], made: str) -> list[dynamo.Action]:
        """Write actions that record that this request made `made`; committing them twice raises AlreadyDone."""
        if self.key is None:
            return []
        record: dict[str, str | int] = {
            "pk": self._pk,
            "sk": "IDEMPOTENCY",
            "kind": "idempotency",
            "fingerprint": self.fingerprint,
            "made": made,
            "expires": int((clock.now() + KEPT).timestamp()),
        }
        return [dynamo.put_raw(table, record, AlreadyDone())]

    def made(self, table: type[dynamo.Item]) -> str | None:
        """The id of what this request made before, None if it made nothing; 422 if the key came with another body."""
        if self.key is None:
            return None
        name = table.Meta.table_name
        found = dynamo.get_raw(name, self._pk, "IDEMPOTENCY")
        if found is None:
            return None
        if found["fingerprint"]["S"] != self.fingerprint:
            detail = "This Idempotency-Key was used with a different request."
            raise ShopError("idempotency_key_reused", 422, detail, pointer="/headers/Idempotency-Key")
        return str(found["made"]["S"])

    @property
    def _pk(self) -> str:
        return f"IDEMPOTENCY#{self.scope}"


def once(caller: str, route: str, key: str | None, body: bytes) -> Once:
    """Scope = caller + route + key, as in the IETF draft on the Idempotency-Key header field."""
    scope = hashlib.sha256("\n".join((caller, route, key or "")).encode()).hexdigest()
    return Once(scope, hashlib.sha256(body).hexdigest(), key)
