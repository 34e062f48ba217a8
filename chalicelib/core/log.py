"""One JSON line per thing worth knowing, on standard output, from where CloudWatch Logs takes it."""

import sys
from typing import Any

import msgspec


def write(what: str, **facts: Any) -> None:
    """Log `what` with `facts`. Never pass secrets or personal data."""
    sys.stdout.write(msgspec.json.encode({"log": what, **facts}, enc_hook=str).decode() + "\n")
    sys.stdout.flush()
