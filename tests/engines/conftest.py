"""Each test that looks for something runs on osmem, which serves the local stack, and on OpenSearch itself."""

import os
from collections.abc import Iterator

import msgspec
import pytest
from machine import free_port

from bench import opensearch, osmem
from bench.server import Missing


def lacking(missing: Missing, required_by: str = "JISHI_REQUIRE_ENGINES") -> None:
    """Skip what can not run on this machine; where it has to run, that is a failure."""
    if os.environ.get(required_by):
        pytest.fail(f"{missing}, and {required_by} is set")
    pytest.skip(str(missing))


@pytest.fixture(scope="session")
def opensearch_url() -> Iterator[str]:
    try:
        with opensearch.running(free_port(), print) as url:
            yield url
    except Missing as missing:
        lacking(missing)


@pytest.fixture(scope="session")
def osmem_url() -> Iterator[str]:
    with osmem.running(free_port()) as url:
        yield url


@pytest.fixture(params=["osmem", pytest.param("opensearch", marks=pytest.mark.engines)])
def search_engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an engine, and the shop looks there."""
    from chalicelib.catalog.search import search_engine as engine
    from chalicelib.core.settings import settings

    usual = settings.opensearch_url
    msgspec.structs.force_setattr(settings, "opensearch_url", request.getfixturevalue(f"{request.param}_url"))
    engine.engine.cache_clear()
    yield settings.opensearch_url
    msgspec.structs.force_setattr(settings, "opensearch_url", usual)
    engine.engine.cache_clear()


@pytest.fixture
def pages_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog.search import index_check, reindexing

    monkeypatch.setattr(reindexing, "_BATCH", 2)
    monkeypatch.setattr(index_check, "_BATCH", 2)
