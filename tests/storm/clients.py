"""Who asks the shop something in a storm, and what they do when nobody answers."""

import json
import random
from typing import TYPE_CHECKING, Any

from tests.storm.scheduler import Crash
from tests.storm.stage import Door

if TYPE_CHECKING:
    from tests.storm.shop import Town

Json = dict[str, Any]
# How often a guest asks again when nobody answers.
_PATIENCE = 8
_NO_ANSWER = (500, 502, 503, 504)


class Unanswered(Exception):
    """Nobody answered, again and again: the client goes away."""


class Client:
    """Somebody at the other end of API Gateway."""

    def __init__(self, town: "Town", name: str, claims: Json | None = None) -> None:
        self.town, self.name = town, name
        self.dice: random.Random = town.scheduler.random
        self.gateway = Door(claims)
        self.keys = 0

    def key(self) -> str:
        self.keys += 1
        return f"{self.name}-key-{self.keys:08d}"

    def wait(self, least: float, most: float) -> None:
        self.town.scheduler.pause(self.dice.uniform(least, most))

    def ask(self, method: str, path: str, body: Json | None = None, **headers: str) -> tuple[int, Json]:
        """The answer, asked for again while there is none; Unanswered if there is none at last."""
        for _ in range(_PATIENCE):
            calm = self.town.weather.over
            status, answer = self._once(method, path, body, headers)
            if status not in _NO_ANSWER:
                return status, answer
            if calm and status != 503:
                self.town.books.wrong.append(f"{method} {path}: {status} {answer} in calm weather")
            self.wait(0.5, 15)
        raise Unanswered(path)

    def _once(self, method: str, path: str, body: Json | None, headers: dict[str, str]) -> tuple[int, Json]:
        self.town.scheduler.note(f"{method} {path} {headers.get('Idempotency-Key', '')}")
        try:
            status, _, answer = self.gateway.send(
                method,
                path,
                None if body is None else json.dumps(body),
                **{k.replace("_", "-"): v for k, v in headers.items()},
            )
        except Crash:
            status, answer = 502, {}
        if not self.town.weather.over and self.dice.random() < self.town.weather.chances["lost after"]:
            status, answer = 504, {}
        self.town.scheduler.note(f"{method} {path} -> {status} {answer.get('code', '')}")
        return status, answer

    def must(self, expected: tuple[int, ...], method: str, path: str, body: Json | None = None, **headers: str) -> Json:
        """The answer, whose status has to be one of `expected`."""
        status, answer = self.ask(method, path, body, **headers)
        if status not in expected:
            self.town.books.wrong.append(f"{self.name}: {method} {path}: {status} {answer}")
            raise Unanswered(path)
        return answer
