"""What search adds to the time of the query that it sends."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3

from bench import opensearch
from bench.asking import ask
from bench.figures import Figure, Section, skipped
from bench.server import Missing

NAME = "search, against the same query sent directly"
BUDGET = 1.15
_THINGS = ("mug", "bowl", "plate", "kettle", "teapot", "lamp", "table", "blanket", "pillow", "towel", "carpet", "clock")
_KINDS = ("small", "large", "round", "square", "soft", "heavy", "light", "folding", "striped", "plain", "warm", "flat")
_STUFFS = ("oak", "linen", "cotton", "wool", "silk", "steel", "copper", "glass", "stoneware", "bamboo", "cork", "clay")
_COLOURS = ("white", "black", "red", "blue", "green", "grey")


@dataclass(frozen=True)
class Sent:
    """A request that the shop sent to the engine."""

    method: str
    path: str
    body: bytes


def measure(port: int, products: int, rounds: int, say: Callable[[str], None]) -> Section:
    """On OpenSearch itself, where the shop looks for it: at `port`."""
    try:
        with opensearch.running(port, say) as url:
            say(f"filling OpenSearch with {products:,} products")
            return measured(url, products, rounds)
    except Missing as missing:
        return skipped("Search", {NAME: BUDGET}, str(missing))


def measured(url: str, products: int, rounds: int) -> Section:
    """On the empty engine at `url`, where the shop looks."""
    _fill(products)
    queries = [f"{kind} {stuff} {thing}" for kind, stuff, thing in zip(_KINDS, _STUFFS, _THINGS, strict=True)]
    queries += [*_THINGS, *(f"{stuff} {thing}s" for stuff, thing in zip(reversed(_STUFFS), _THINGS, strict=True))]
    asked = {query: _requests_of(query) for query in queries}
    pool = urllib3.PoolManager()
    ours: dict[str, list[float]] = {query: [] for query in queries}
    direct: dict[str, list[float]] = {query: [] for query in queries}
    for _ in range(rounds):
        for query, sent in asked.items():
            ours[query].append(_seconds(lambda query=query: ask(query)))
            direct[query].append(_seconds(lambda sent=sent: _send(pool, url, sent)))
    # Whatever else a machine does only adds to a time, so the least is what says most.
    ratio = sum(map(min, ours.values())) / sum(map(min, direct.values()))
    requests = sum(map(len, asked.values())) / len(asked)
    about = (
        f"{len(queries)} queries over {products:,} products on OpenSearch, each {rounds} times through the shop's "
        "search and, in turn, as the same requests over a plain connection, answers parsed; the least times, added up."
    )
    figures = [
        Figure(NAME, round(ratio, 2), BUDGET, "x"),
        Figure("requests to the engine for one search", round(requests, 2), None, "requests"),
    ]
    return Section("Search", about, figures)


def _fill(products: int) -> None:
    from chalicelib.catalog import product_items
    from chalicelib.catalog.product import ProductDraft
    from chalicelib.catalog.search import documents, search_engine

    drafts = (msgspec.convert(draft, ProductDraft) for draft in _drafts(products))
    items = (product_items.product(draft, f"prd_{number}", None) for number, draft in enumerate(drafts))
    name = f"{search_engine.ALIAS}-bench"
    search_engine.build(name, documents.INDEX)
    search_engine.fill(documents.written(documents.document(item, None)) for item in items)
    search_engine.show(name)


def _drafts(products: int) -> Iterator[dict[str, Any]]:
    choose = random.Random(4).choice
    for number in range(products):
        kind, stuff, colour, thing = choose(_KINDS), choose(_STUFFS), choose(_COLOURS), choose(_THINGS)
        yield {
            "handle": f"thing-{number}",
            "title": f"{kind} {stuff} {thing}".capitalize(),
            "description": f"A {kind} {colour} {thing} of {stuff}, and {choose(_KINDS)} beside {choose(_STUFFS)}.",
            "brand": f"{choose(_STUFFS)} & {choose(_THINGS)}",
            "category": thing,
            "tags": [kind, stuff],
            "attributes": {"colour": colour, "material": stuff, "height": number % 90},
            "status": "published",
            "variants": [{"sku": f"T-{number}", "price": {"amount": 100 + number % 9_000, "currency": "EUR"}}],
        }


def _requests_of(query: str) -> list[Sent]:
    with _overheard() as sent:
        ask(query)
    return sent


@contextmanager
def _overheard() -> Iterator[list[Sent]]:
    """What goes to the engine meanwhile."""
    from opensearchpy import Urllib3HttpConnection

    sent: list[Sent] = []
    perform = Urllib3HttpConnection.perform_request

    def listening(self: Any, method: str, url: str, params: Any = None, body: Any = None, **more: Any) -> Any:
        sent.append(Sent(method, f"{url}?{urlencode(params)}" if params else url, body or b""))
        return perform(self, method, url, params, body, **more)

    Urllib3HttpConnection.perform_request = listening
    try:
        yield sent
    finally:
        Urllib3HttpConnection.perform_request = perform


def _send(pool: urllib3.PoolManager, url: str, requests: list[Sent]) -> None:
    for sent in requests:
        answer = pool.request(
            sent.method, url + sent.path, body=sent.body, headers={"Content-Type": "application/json"}
        )
        if answer.status != 200:
            raise RuntimeError(f"{sent.path} answers {answer.status}")
        json.loads(answer.data)


def _seconds(do: Callable[[], object]) -> float:
    began = perf_counter()
    do()
    return perf_counter() - began
