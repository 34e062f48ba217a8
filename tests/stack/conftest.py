"""The deployed template on a stack of the tests' own, beside the one that a developer may be running."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from machine import ROOT, free_port

from infra.local import processes, stack
from infra.local.client import Api, log_in
from infra.local.places import Places


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these tests share one stack, so they run in one process."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("package"))


@pytest.fixture(scope="session")
def places() -> Iterator[Places]:
    home = ROOT / ".local" / "test-stack"
    places = Places(home, free_port(), free_port(), free_port())
    shutil.rmtree(home, ignore_errors=True)
    yield places
    processes.stop(places)


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """A start leads this process's AWS clients to its stack; no other test shall follow them there."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def running(places: Places) -> dict[str, Any]:
    """What stack.json says of the stack, which the first test that needs it starts, demo catalogue and all."""
    known = stack.up(places, print)
    stack.use_local_aws(places)
    return known


@pytest.fixture
def guest(running: dict[str, Any]) -> Api:
    return Api(running["api"], patience=20)


@pytest.fixture
def staff(running: dict[str, Any]) -> Api:
    return log_in(running["api"], running["staff"]["email"], running["staff"]["password"], patience=20)
