"""python -m bench.relevance [--judgments FILE] [--only ENGINE] [--top]: how well search finds what people mean.

Indexes the Icecat products, asks all judged queries through the shop's own search, on osmem and on OpenSearch, and
does the same with the Chinese goods. Prints figures for each query; its last line is JSON with the means of Icecat.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any
from unicodedata import east_asian_width

from bench import opensearch, osmem
from bench.asking import ask
from bench.relevance import goods, icecat, judgments, metrics
from bench.relevance.judgments import Judgments
from bench.server import Missing

FOUND = 50
ENGINES: dict[str, Callable[[int], AbstractContextManager[str]]] = {
    "osmem": osmem.running,
    "opensearch": lambda port: opensearch.running(port, _say),
}


@dataclass(frozen=True)
class Set:
    """Products, and what people said about them."""

    name: str
    drafts: Callable[[], Iterator[dict[str, Any]]]
    judged: Judgments


Rankings = dict[str, list[str]]


def main(file: Path, only: str | None, top: bool) -> None:
    from environment import become_a_function
    from machine import free_port

    port = free_port()
    become_a_function(port)
    if not icecat.files():
        print(f"skipped: {icecat.FOLDER} is absent")
        print(json.dumps({"engines": dict.fromkeys(ENGINES)}))
        return
    sets = [Set("Icecat", icecat.drafts, judgments.read(file))]
    if goods.FILE.exists() and goods.JUDGMENTS.exists():
        sets.insert(0, Set("Chinese goods", goods.drafts, judgments.read(goods.JUDGMENTS)))
    figures: dict[str, dict[str, dict[str, float] | None]] = {one.name: {} for one in sets}
    for engine in ENGINES:
        for one in sets:
            try:
                rankings = _rank(engine, port, one) if only in (None, engine) else None
            except Missing as missing:
                print(f"{engine} is not there: {missing}")
                rankings = None
            figures[one.name][engine] = _tell(engine, one, rankings, top) if rankings else None
    print(json.dumps({"engines": figures["Icecat"]}))


def _rank(engine: str, port: int, one: Set) -> Rankings:
    """What an engine with these products in it finds for each query: handles, best first."""
    from bench.relevance import direct

    with ENGINES[engine](port):
        _say(f"{engine}: indexing {one.name}")
        direct.index(one.drafts())
        return {query: ask(query, FOUND) for query in one.judged}


def _tell(engine: str, one: Set, rankings: Rankings, top: bool) -> dict[str, float]:
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


def _means(judged: Judgments, rankings: Rankings) -> dict[str, float]:
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


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judgments", type=Path, default=icecat.JUDGMENTS, help="other judgments of the Icecat set")
    parser.add_argument("--only", choices=list(ENGINES), help="one engine alone")
    parser.add_argument("--top", action="store_true", help="print the first ten of each query with their ratings")
    arguments = parser.parse_args()
    main(arguments.judgments, arguments.only, arguments.top)
