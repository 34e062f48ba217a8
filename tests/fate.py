"""A function that dies at one of its calls, and what waits for it to live again."""

from collections.abc import Callable
from typing import Any

import botocore.client
import pytest
from strict_stripe import StripeServer

# What the hands do that carry events and messages, and no function of the shop's.
_HANDS = {"Scan", "ReceiveMessage", "DeleteMessage"}


class Killed(BaseException):
    """The function's machine is gone: no handler sees this coming."""


class Fate:
    """Kills the function at its n-th call to AWS or to the provider, before or after the call had its effect."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, bank: StripeServer) -> None:
        self.left: int | None = None
        self.moment = ""
        real = botocore.client.BaseClient._make_api_call

        def call(client: Any, operation: str, request: Any) -> Any:
            self.meet("before", operation)
            answer = real(client, operation, request)
            self.meet("after", operation)
            return answer

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        bank.before = self._then(bank.before, "before")
        bank.after = self._then(bank.after, "after")

    def _then(self, also: Callable[..., None], moment: str) -> Callable[..., None]:
        def met(name: str, *facts: Any) -> None:
            self.meet(moment, name)
            also(name, *facts)

        return met

    def meet(self, moment: str, name: str) -> None:
        if self.left is None or moment != self.moment or name in _HANDS:
            return
        self.left -= 1
        if self.left == 0:
            self.left = None
            raise Killed(name)

    def strikes(self, turn: int, moment: str) -> None:
        self.left, self.moment = turn, moment

    def spares(self) -> bool:
        """No more of it; whether nobody was killed."""
        spared, self.left = self.left is not None, None
        return spared
