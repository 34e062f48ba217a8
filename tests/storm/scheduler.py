"""Actors on virtual time: threads of which one runs at a time, and a seed that decides which."""

import hashlib
import heapq
import random
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

MOST_STEPS = 60_000


class Crash(BaseException):
    """The machine under an actor is gone in the middle of its work; nothing that handles errors may catch this."""


class Over(BaseException):
    """The run has ended: actors that still wait are let go."""


class Violation(Exception):
    """Something that must never happen in this shop happened."""


class Actor(threading.Thread):
    """One that acts: a guest, a member of staff, one invocation of a function."""

    def __init__(self, scheduler: "Scheduler", name: str, work: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self.scheduler, self.work = scheduler, work
        self.baton = threading.Lock()
        self.baton.acquire()

    def run(self) -> None:
        self.baton.acquire()
        try:
            if not self.scheduler.over:
                self.work()
        except Over:
            pass
        except BaseException as error:  # an actor of the storm must handle what its work may raise
            self.scheduler.fail(f"{self.name} broke: {error!r}\n{traceback.format_exc()}")
        self.scheduler.leave(self)


class Scheduler:
    """The baton goes from actor to actor in the order of virtual time, which moves only when all of them wait."""

    def __init__(self, seed: int, start: datetime) -> None:
        self.random = random.Random(seed)
        self.start = start
        self.now = 0.0
        self.over = False
        self.failure: str | None = None
        self.trace: list[str] = []
        self.steps = 0
        self._agenda: list[tuple[float, int, Actor | Callable[[], None]]] = []
        self._count = 0
        self._actors: dict[Actor, None] = {}
        self._rest = threading.Semaphore(0)
        self._horizon = 0.0

    @property
    def moment(self) -> datetime:
        return self.start + timedelta(seconds=self.now)

    def note(self, what: str) -> None:
        """Write a line into the trace: what the run is compared and explained by."""
        actor = threading.current_thread().name if self._actors else "-"
        self.trace.append(f"{self.now:.6f} {actor} {what}")

    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()

    def spawn(self, name: str, work: Callable[[], None], after: float = 0.0) -> None:
        """A new actor begins `after` seconds from now."""
        actor = Actor(self, name, work)
        self._actors[actor] = None
        actor.start()
        self._plan(after, actor)

    def at(self, after: float, work: Callable[[], None]) -> None:
        """Do `work`, which must not wait, in `after` seconds: messages that arrive, effects that come late."""
        self._plan(after, work)

    def _plan(self, after: float, entry: Actor | Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (self.now + after, self._count, entry))

    def pause(self, seconds: float) -> None:
        """Wait for `seconds` of virtual time, in which others act."""
        actor = threading.current_thread()
        if not isinstance(actor, Actor):  # the stage is being set; nobody else is there
            self.now += seconds
            return
        if self.over:
            raise Over
        self._plan(seconds, actor)
        following = self._next()
        if following is actor:
            return
        self._hand_to(following)
        actor.baton.acquire()
        if self.over:
            raise Over

    def run(self, until: float) -> None:
        """Let everybody act until that second, or until nobody has anything left to do."""
        self._horizon = until
        first = self._next()
        if first is not None:
            first.baton.release()
            self._rest.acquire()
        if self.failure:
            raise Violation(self.failure)

    def close(self) -> None:
        """Let all who still wait go, and wait until their threads are gone."""
        self.over = True
        for actor in list(self._actors):
            actor.baton.release()
        # Those too that have left and handed the baton on, and whose threads are about to end.
        for actor in [t for t in threading.enumerate() if isinstance(t, Actor) and t.scheduler is self]:
            actor.join(10)
            assert not actor.is_alive(), f"{actor.name} does not end"

    def leave(self, actor: Actor) -> None:
        self._actors.pop(actor, None)
        if not self.over:
            self._hand_to(self._next())

    def fail(self, why: str) -> None:
        self.failure = self.failure or why

    def _hand_to(self, actor: Actor | None) -> None:
        (self._rest if actor is None else actor.baton).release()

    def _next(self) -> Actor | None:
        """Whose turn it is; None if the run rests."""
        while self._agenda and not self.failure and self._agenda[0][0] <= self._horizon:
            moment, _, entry = heapq.heappop(self._agenda)
            self.now = max(self.now, moment)
            self.steps += 1
            if self.steps > MOST_STEPS:
                self.fail(f"after {MOST_STEPS} steps the shop still does not come to rest")
            elif isinstance(entry, Actor):
                return entry
            else:
                try:
                    entry()
                except Exception:
                    self.fail(traceback.format_exc())
        return None

    @property
    def actors(self) -> int:
        return len(self._actors)


def epoch(seed: int) -> datetime:
    """When a run begins: often shortly before an hour, a day or a month ends."""
    choice = random.Random(seed).randrange(4)
    return [
        datetime(2026, 3, 11, 10, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 11, 10, 58, 0, tzinfo=UTC),
        datetime(2026, 3, 11, 23, 55, 0, tzinfo=UTC),
        datetime(2026, 3, 31, 23, 57, 0, tzinfo=UTC),
    ][choice]


class Clock:
    """Stands in for `time`, `datetime` and `secrets` where the shop asks for them."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler

    def now(self, zone: Any = None) -> datetime:
        return self.scheduler.moment

    def time(self) -> float:
        return self.scheduler.moment.timestamp()

    def time_ns(self) -> int:
        return int(self.scheduler.start.timestamp()) * 10**9 + int(self.scheduler.now * 1e9)

    def monotonic(self) -> float:
        return self.scheduler.now

    perf_counter = monotonic

    def sleep(self, seconds: float) -> None:
        self.scheduler.pause(seconds)

    def randbits(self, bits: int) -> int:
        return self.scheduler.random.getrandbits(bits)

    def token_hex(self, size: int) -> str:
        return f"{self.scheduler.random.getrandbits(size * 8):0{2 * size}x}"
