"""The search engines that a bench can ask: the local stack's, and OpenSearch itself."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from bench import opensearch, osmem
from bench.server import Missing
from bench.whole_shop import say

# Each by the port on which it shall listen; the context is its address, and Missing if it can not run here.
ENGINES: dict[str, Callable[[int], AbstractContextManager[str]]] = {
    "osmem": osmem.running,
    "opensearch": lambda port: opensearch.running(port, say),
}


def best() -> str:
    """OpenSearch where it runs."""
    try:
        opensearch.install(say)
    except Missing as missing:
        say(f"{missing}: osmem is used")
        return "osmem"
    return "opensearch"
