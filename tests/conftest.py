"""What every test stands on: the environment of a function, and no network but this machine."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from environment import become_a_function
from machine import ROOT, free_port

MODULES = ("users", "catalog", "orders", "payments", "logistics", "admin")
SEARCH_PORT = free_port()

become_a_function(SEARCH_PORT)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A skip that nobody sees is a hole: say how many there were, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = sorted({report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)})
    terminalreporter.write_line(f"{len(skipped)} tests were skipped" + "".join(f"\n  {reason}" for reason in reasons))


@pytest.fixture(scope="session")
def search_engine() -> Iterator[str]:
    """The search engine of the local stack, on a port of its own."""
    found = sorted((ROOT / ".local" / "emulators").glob("lib/python3.*/site-packages/osmem_server/bin/osmem-server"))
    assert found, "install the emulators first: make test does, or python -m infra.local install"
    command = [found[0], "-addr", f"127.0.0.1:{SEARCH_PORT}", "-parent-pid", str(os.getpid()), "-no-stdin-watch"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.readline()  # it says when it is ready
    yield f"http://127.0.0.1:{SEARCH_PORT}"
    process.terminate()
    process.wait()
    process.stdout.close()
