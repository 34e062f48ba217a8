"""python -m bench.relevance [--judgments FILE] [--only ENGINE] [--straight] [--top]: does search find what people mean?

Imports the Icecat products, asks all judged queries through the shop's own search, on osmem and on OpenSearch, and
does the same with the Chinese goods. Prints figures for each query; its last line is JSON with the means of Icecat.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any
from unicodedata import east_asian_width

from bench import whole_shop
from bench.asking import ask
from bench.engines import ENGINES
from bench.relevance import direct, goods, icecat, judgments, metrics
from bench.relevance.judgments import Judgments
from bench.server import Missing
from bench.whole_shop import say

FOUND = 50


@dataclass(frozen=True)
class Set:
    """Products, and what people said about them."""

    name: str
    drafts: Callable[[], Iterator[dict[str, Any]]]
    judged: Judgments


Rankings = dict[str, list[str]]
Means = dict[str, float]


def main(file: Path, engines: list[str], straight: bool, top: bool) -> None:
    from environment import become_a_function
    from machine import free_port

    port = free_port()
    become_a_function(port)
    figures: dict[str, Means | None] = dict.fromkeys(ENGINES)
    if goods.FILE.exists():
        _measure(Set("Chinese goods", goods.drafts, judgments.read(goods.JUDGMENTS)), port, engines, straight, top)
    if icecat.files():
        figures |= _measure(Set("Icecat", icecat.drafts, judgments.read(file)), port, engines, straight, top)
    else:
        print(f"skipped: {icecat.FOLDER} is absent")
    print(json.dumps({"engines": figures}))


def _measure(one: Set, port: int, engines: list[str], straight: bool, top: bool) -> dict[str, Means | None]:
    """The means of each engine, None where it can not run. The products are imported once and indexed in each."""
    figures: dict[str, Means | None] = {}
    with ExitStack() as stack:
        if straight:
            stack.enter_context(direct.shop())
        else:
            stack.enter_context(whole_shop.together())
            _import(one)
        for engine in engines:
            try:
                with ENGINES[engine](port):
                    say(f"{engine}: indexing {one.name}")
                    _index(one, straight)
                    rankings = {query: ask(query, FOUND) for query in one.judged}
            except Missing as missing:
                print(f"{engine} is not there: {missing}")
                figures[engine] = None
            else:
                figures[engine] = _tell(engine, one, rankings, top)
    return figures


def _index(one: Set, straight: bool) -> None:
    if straight:
        direct.index(one.drafts())
    else:
        whole_shop.reindex()


def _import(one: Set) -> None:
    size = whole_shop.upload("imports/set.jsonl", one.drafts())
    say(f"importing {one.name}, {size / 1e6:.1f} MB")
    counts = whole_shop.import_file("imports/set.jsonl")["counts"]
    if counts["failed"]:
        raise RuntimeError(f"{one.name}: the import says {counts}")


def _tell(engine: str, one: Set, rankings: Rankings, top: bool) -> Means:
    """Print each query's figures, and the means."""
    print(f"\n{one.name} on {engine}")
    print(f"{'query':30} {'nDCG@10':>8} {'unjudged@10':>12} {'recall@50':>10}")
    for query, found in sorted(rankings.items()):
        ratings = one.judged[query]
        ndcg, recall = metrics.ndcg(found, ratings), metrics.recall(found, ratings)
        print(f"{_padded(query, 30)} {_number(ndcg):>8} {metrics.unjudged(found, ratings):12.3f} {_number(recall):>10}")
        if top:
            print("".join(f"    {ratings.get(handle, '-')} {handle}\n" for handle in found[:10]), end="")
    return _means(one.judged, rankings)


def _means(judged: Judgments, rankings: Rankings) -> Means:
    """Of all queries; nDCG and recall of those that have something relevant to find."""
    asked = [(found, judged[query]) for query, found in rankings.items()]
    ndcgs = [value for found, ratings in asked if (value := metrics.ndcg(found, ratings)) is not None]
    recalls = [value for found, ratings in asked if (value := metrics.recall(found, ratings)) is not None]
    print(
        f"mean of {len(asked)} queries; {len(asked) - len(ndcgs)} without anything relevant count in unjudged@10 only"
    )
    means = {
        "ndcg_at_10": round(mean(ndcgs), 4),
        "unjudged_at_10": round(mean(metrics.unjudged(found, ratings) for found, ratings in asked), 4),
        "recall_at_50": round(mean(recalls), 4),
    }
    print(f"{'':30} {means['ndcg_at_10']:8.3f} {means['unjudged_at_10']:12.3f} {means['recall_at_50']:10.3f}")
    return means


def _padded(text: str, width: int) -> str:
    """Chinese characters are two columns wide."""
    return text + " " * (width - len(text) - sum(east_asian_width(character) in "WF" for character in text))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judgments", type=Path, default=icecat.JUDGMENTS, help="other judgments of the Icecat set")
    parser.add_argument("--only", choices=list(ENGINES), help="one engine alone")
    parser.add_argument(
        "--straight", action="store_true", help="into the engines without the import, which takes minutes"
    )
    parser.add_argument("--top", action="store_true", help="print the first ten of each query with their ratings")
    arguments = parser.parse_args()
    chosen = [arguments.only] if arguments.only else list(ENGINES)
    main(arguments.judgments, chosen, arguments.straight, arguments.top)
