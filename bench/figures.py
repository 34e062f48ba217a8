"""What a bench finds out: figures with their budgets, and what they are made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One line of the table. Without a value it was skipped, and `note` says why; without a budget it only informs."""

    name: str
    value: float | None
    budget: float | None = None
    unit: str = ""
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "skipped"
        if self.budget is None:
            return ""
        return "ok" if self.value <= self.budget else "OVER"


@dataclass(frozen=True)
class Section:
    """Figures that belong together. `details` is a table of its own: heads, then rows."""

    title: str
    about: str
    figures: list[Figure]
    details: list[list[str]] = field(default_factory=list)


def skipped(title: str, names: dict[str, float], reason: str) -> Section:
    """A section whose figures, with their budgets, can not be measured here."""
    return Section(title, "", [Figure(name, None, budget, note=reason) for name, budget in names.items()])
