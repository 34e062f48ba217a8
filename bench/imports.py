"""What importing a function costs, against importing what it can not do without."""

import os
import subprocess
import sys
from pathlib import Path

from bench.figures import Figure, Section
from infra.package import ROOT

MODULES = ("users", "catalog", "orders", "payments", "logistics", "admin")
BUDGET = 1.25
# Bare of what pynamodb imports only once it is used, so that nothing is hidden in the base.
_PYNAMODB = "import pynamodb.models"
_CHALICE = "import chalice.app, pynamodb.models"
_ALL_ROOMS = "from app import app; [app.open(room) for room in app.later]"
_FILES = "import chalicelib.catalog.files.imports, chalicelib.catalog.files.exports"
_TIMED = "import time; t = time.process_time(); {}; print(time.process_time() - t)"


def measure(rounds: int) -> Section:
    events = _event_modules()
    programs = {
        "chalice and pynamodb": (_CHALICE, {}),
        "pynamodb": (_PYNAMODB, {}),
        **{module: ("import app", {"MODULES": module}) for module in MODULES},
        **{f"{module}, all rooms": (_ALL_ROOMS, {"MODULES": module}) for module in ("catalog", "orders")},
        "catalog.consumers, files": (f"{_FILES}, chalicelib.catalog.consumers", {}),
        **{name: (f"import {name}", {}) for name in events},
    }
    for code, variables in programs.values():
        _seconds(code, variables)  # the first one writes bytecode and warms the page cache
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, (code, variables) in programs.items():
            times[name].append(_seconds(code, variables))

    def ratio(name: str, base: str) -> float:
        # Whatever else a machine does only adds to a time, so the least is what says most.
        return round(min(times[name]) / min(times[base]), 2)

    figures = [Figure(f"API function {m}", ratio(m, "chalice and pynamodb"), BUDGET, "x") for m in MODULES]
    figures += [
        Figure(f"event function {n.removeprefix('chalicelib.')}", ratio(n, "pynamodb"), BUDGET, "x") for n in events
    ]
    figures.append(
        Figure("(chalice and pynamodb, against pynamodb)", ratio("chalice and pynamodb", "pynamodb"), None, "x")
    )
    # No function needs all of this at once, but this is what was put off until somebody wants it.
    figures += [
        Figure(f"(API function {m}, all rooms open)", ratio(f"{m}, all rooms", "chalice and pynamodb"), None, "x")
        for m in ("catalog", "orders")
    ]
    figures.append(
        Figure("(catalog.consumers, reading a file)", ratio("catalog.consumers, files", "pynamodb"), None, "x")
    )
    about = (
        "Importing a module's API function against importing chalice and pynamodb, an event function against importing "
        f"pynamodb: the least processor time of {rounds} rounds in fresh processes, taking turns."
    )
    return Section("Imports", about, figures)


def _event_modules() -> list[str]:
    rooms = ("consumers", "console", "schedules")
    files = sorted(f for room in rooms for f in (ROOT / "chalicelib").glob(f"*/{room}.py"))
    return [".".join(Path(f).relative_to(ROOT).with_suffix("").parts) for f in files]


def _seconds(code: str, variables: dict[str, str]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(code)],
        cwd=ROOT,
        # As in the functions' package, bytecode is there. It is kept apart from the sources.
        env={**_environment(), "PYTHONPYCACHEPREFIX": str(ROOT / ".local" / "bytecode"), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
