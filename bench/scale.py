"""python -m bench.scale [--products N] [--engine NAME]: a large catalogue is imported in constant memory, and can be
searched while its index is rebuilt.

The Icecat products, again and again under new ids, in one file. The last line is JSON.
"""

import argparse
import json
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from typing import Any

from bench import whole_shop
from bench.asking import ask
from bench.engines import ENGINES, best
from bench.relevance import icecat
from bench.whole_shop import say

KEY = "imports/catalogue.jsonl"
# What people look for while the index is rebuilt: each finds something in any part of the set.
QUERIES = ("laptop", "cable", "toner", "black", "memory module", "mouse")


def main(products: int, engine: str | None) -> None:
    from environment import become_a_function
    from machine import free_port

    port = free_port()
    become_a_function(port)
    if not icecat.files():
        print(f"skipped: {icecat.FOLDER} is absent")
        print(json.dumps(None))
        return
    with whole_shop.apart():
        size = whole_shop.upload(KEY, repeated(products))
        say(f"importing {products:,} products, {size / 1e6:,.1f} MB")
        imported, seconds, ratio = _import(products)
        print(f"imported in {seconds:,.0f} s: {json.dumps(imported['counts'])}")
        name = engine or best()
        with ENGINES[name](port):
            say(f"indexing on {name}")
            began = time.monotonic()
            whole_shop.reindex()
            print(f"indexed on {name} in {time.monotonic() - began:,.0f} s")
            say("reindexing while somebody searches")
            began = time.monotonic()
            asked = Asked(lambda query: bool(ask(query)))
            with asked:
                whole_shop.reindex()
            print(f"indexed again in {time.monotonic() - began:,.0f} s, slowest answer {asked.slowest:.2f} s")
            for failure in asked.failures[:5]:
                print(f"  failed: {failure}")
    figures = {
        "products": sum(imported["counts"][name] for name in ("created", "updated", "unchanged")),
        "seconds": round(seconds, 1),
        "peak_memory_ratio": ratio,
        "queries_answered": asked.answered,
        "failures": len(asked.failures),
    }
    print(json.dumps(figures))


def repeated(products: int) -> Iterator[dict[str, Any]]:
    """The Icecat drafts, each round of them under handles and SKUs of its own."""
    return islice((_renamed(draft, number) for number in count() for draft in icecat.drafts()), products)


def _renamed(draft: dict[str, Any], number: int) -> dict[str, Any]:
    if number == 0:
        return draft
    handle = f"{draft['handle']}-{number}"
    # Cut to what a SKU may have, and told apart by the handle: some begin with the same eighty characters.
    variants = [{**v, "sku": f"{v['sku'][:80].strip()} {handle}"} for v in draft["variants"]]
    return {**draft, "handle": handle, "variants": variants}


def _import(products: int) -> tuple[dict[str, Any], float, float]:
    """What the import says, how long it took, and its peak memory in the end against that after a fifth of it."""
    began = time.monotonic()
    with _peak_at(max(products // 5, 1)) as peaks:
        imported = whole_shop.import_file(KEY)
    seconds = time.monotonic() - began
    early, late = peaks[0], _peak()
    print(f"peak memory after a fifth: {early / 1e6:,.1f} MB, in the end: {late / 1e6:,.1f} MB")
    return imported, seconds, round(late / early, 3)


@contextmanager
def _peak_at(mark: int) -> Iterator[list[int]]:
    """Holds this process's peak memory once `mark` products were saved."""
    from chalicelib.catalog import products

    save, saved, peaks = products.save, count(1), []

    def counting(*args: Any, **more: Any) -> Any:
        if next(saved) == mark:
            peaks.append(_peak())
            say(f"{mark:,} products are in")
        return save(*args, **more)

    products.save = counting
    try:
        yield peaks
    finally:
        products.save = save


class Asked(threading.Thread):
    """Somebody who searches without a pause, and counts what is answered and what is not."""

    def __init__(self, finds: Callable[[str], bool]) -> None:
        super().__init__(daemon=True)
        self.finds = finds
        self.answered = 0
        self.slowest = 0.0
        self.began = time.monotonic()
        self.failures: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        for query in (query for _ in count() for query in QUERIES):
            began = time.monotonic()
            try:
                if self.finds(query):
                    self.answered += 1
                else:
                    self.failures.append(f"{query}: nothing found")
            except Exception as error:
                seconds = time.monotonic() - self.began
                self.failures.append(f"{query}, after {seconds:.2f} s: {error!r}, {error.__cause__!r}")
            self.slowest = max(self.slowest, time.monotonic() - began)
            if self.over.wait(0.02):
                return

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()


def _peak() -> int:
    """Bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--engine", choices=list(ENGINES), help="OpenSearch where it runs, if not said")
    arguments = parser.parse_args()
    main(arguments.products, arguments.engine)
