"""The benches that need an engine measure what search does today."""

from inprocess import Shop

from bench import search


def test_what_search_sends_is_sent_again(searchable: Shop, search_engine: str) -> None:
    ratio, requests = search.measured(search_engine, products=20, rounds=1).figures
    assert (ratio.value or 0) > 0
    assert (requests.value or 0) >= 1
