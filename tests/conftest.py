"""What every test stands on: the environment of a function, and no network but this machine."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from environment import become_a_function
from machine import free_port

from bench import osmem

if TYPE_CHECKING:
    from inprocess import Shop

MODULES = ("users", "catalog", "orders", "payments", "logistics", "admin")
SEARCH_PORT = free_port()

become_a_function(SEARCH_PORT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The storm's tests take longest and go first, so that no worker waits long for the other's last one. Before them
    xdist puts the largest group, which is all that needs the stack."""
    items.sort(key=lambda item: item.path.parent.name != "storm")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A skip that nobody sees is a hole: say how many there were, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = sorted({report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)})
    terminalreporter.write_line(f"{len(skipped)} tests were skipped" + "".join(f"\n  {reason}" for reason in reasons))


@pytest.fixture(scope="session")
def search_engine() -> Iterator[str]:
    """The search engine of the local stack, on a port of its own."""
    with osmem.running(SEARCH_PORT) as url:
        yield url


@pytest.fixture
def shop() -> "Iterator[Shop]":
    """An empty shop of this test's own."""
    from inprocess import opened

    with opened() as shop:
        yield shop


@pytest.fixture
def searchable(shop: "Shop", search_engine: str) -> "Shop":
    """A shop with an empty search index."""
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{search_engine}/_all", method="DELETE")).close()
    return shop
