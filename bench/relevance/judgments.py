"""Judged queries: a CSV of `query,docid,rating`, ratings 0 (not what is meant) to 3 (just that)."""

import csv
from collections import defaultdict
from pathlib import Path

Judgments = dict[str, dict[str, int]]


def read(file: Path) -> Judgments:
    """Ratings by document, by query."""
    judged: Judgments = defaultdict(dict)
    with file.open(newline="", encoding="utf-8-sig") as rows:
        for row in csv.DictReader(rows):
            judged[row["query"]][row["docid"]] = int(row["rating"])
    return dict(judged)
