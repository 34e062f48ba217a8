"""What search adds to the time of the query that it sends."""

from bench.figures import Section, skipped


def measure() -> Section:
    return skipped("Search", {"search, against the same query sent directly": 1.15}, "no OpenSearch on this machine")
