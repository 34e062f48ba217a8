"""The same figures for a person, for a program and for docs/performance.md."""

import json
import platform
import textwrap
from collections.abc import Sequence

from bench.figures import Figure, Section

HEADS = ["", "figure", "budget", ""]


def as_text(sections: Sequence[Section]) -> str:
    lines: list[str] = []
    for section in sections:
        lines += ["", section.title, *_indent(_aligned([HEADS, *map(_row, section.figures)]))]
        if section.details:
            lines += ["", *_indent(_aligned(section.details))]
    return "\n".join(lines)


def summary(sections: Sequence[Section]) -> str:
    """How many figures keep their budget; what was skipped, and why."""
    figures = [figure for section in sections for figure in section.figures]
    counts = {verdict: sum(f.verdict == verdict for f in figures) for verdict in ("ok", "OVER", "skipped")}
    said = f"{counts['ok']} within budget, {counts['OVER']} over, {counts['skipped']} skipped"
    reasons = sorted({figure.note for figure in figures if figure.verdict == "skipped"})
    return "\n".join([said, *(f"  skipped: {reason}" for reason in reasons)])


def as_json(sections: Sequence[Section]) -> str:
    """One line: every figure with its budget."""
    return json.dumps(
        {
            "figures": [
                {"section": s.title, "name": f.name, "value": f.value, "budget": f.budget, "verdict": f.verdict}
                for s in sections
                for f in s.figures
            ]
        }
    )


def as_markdown(sections: Sequence[Section], command: str) -> str:
    figures = [(section, figure) for section in sections for figure in section.figures]
    over = [
        f"- {s.title}: {f.name}: {_number(f.value)} instead of {_number(f.budget)}"
        for s, f in figures
        if f.verdict == "OVER"
    ]
    lines = [
        "# Performance",
        "",
        f"Written by `{command}`; do not edit. Budgets are ratios and counts: times would say more of the machine.",
        f"Python {platform.python_version()}, {platform.system()}.",
        "",
        "## Over budget",
        "",
        *(over or ["Nothing."]),
    ]
    for section in sections:
        lines += ["", f"## {section.title}", ""]
        lines += [*textwrap.wrap(section.about, 118), ""] if section.about else []
        lines += _markdown_table([["what", "figure", "budget", "verdict"], *map(_row, section.figures)])
        notes = [f"- {f.name}: {f.note}" for f in section.figures if f.note]
        lines += ["", *notes] if notes else []
        lines += ["", *_markdown_table(section.details)] if section.details else []
    return "\n".join(lines) + "\n"


def _row(figure: Figure) -> list[str]:
    value = "-" if figure.value is None else f"{_number(figure.value)} {figure.unit}".strip()
    return [figure.name, value, _number(figure.budget), figure.verdict]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _indent(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    head, *rest = [f"| {' | '.join(row)} |" for row in rows]
    return [head, f"|{'---|' * len(rows[0])}", *rest]
