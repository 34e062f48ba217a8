"""What may strike a call: how often, in this seed."""

import random
from dataclasses import dataclass

# Strikes by what they do to the caller; each call draws at most one.
ANY = (
    "throttled",  # refused, nothing happened
    "lost before",  # no answer, nothing happened
    "lost after",  # no answer, it happened
    "late",  # no answer, and it will happen
    "crash before",
    "crash after",
)
READS = (
    "stale",  # an eventually consistent read sees the past
    "short",  # a page ends early, a batch is not read in full
)
WRITES = (
    "conflict",  # another transaction, unseen here, had the item
    "twice",  # the SDK got no answer and sent it again
)
EVENTS = ("refused entries",)  # EventBridge says 200 and takes only some
_RARE = (0, 0, 0.005, 0.02, 0.06)
_OFTEN = (0, 0.1, 0.3)


@dataclass
class Weather:
    """How often each kind strikes. Every seed has a weather of its own: most kinds are absent, some rage."""

    chances: dict[str, float]
    duplicates: float
    slow: float
    over: bool = False

    @classmethod
    def of(cls, dice: random.Random) -> "Weather":
        chances = {kind: dice.choice(_RARE) for kind in ANY}
        chances |= {kind: dice.choice(_OFTEN if kind in EVENTS else _RARE) for kind in (*READS, *WRITES, *EVENTS)}
        return cls(chances, duplicates=dice.choice([0, 0.1, 0.4]), slow=dice.choice([0.0, 0.02, 0.1, 0.3]))

    def strike(self, dice: random.Random, kinds: tuple[str, ...] = ()) -> str | None:
        """What strikes the call at hand, of what may strike any call and `kinds`; usually nothing."""
        if self.over:
            return None
        drawn = dice.random()
        for kind in (*ANY, *kinds):
            drawn -= self.chances[kind]
            if drawn < 0:
                return kind
        return None

    def latency(self, dice: random.Random) -> float:
        """Seconds that a call takes: a few milliseconds, now and then far longer."""
        if not self.over and dice.random() < self.slow:
            return dice.uniform(0.05, 4.0)
        return dice.uniform(0.002, 0.02)
