from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.core.errors import ShopError
from chalicelib.logistics.routing import Pick, evenly, over_shards, route

SKUS = ["cup", "pot", "tea"]
LOCATIONS = ["berlin", "lyon", "turin"]

# A correction by staff may leave fewer pieces than are reserved, so availability may be below zero.
wishes = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 8), min_size=1)
shelves = st.dictionaries(st.tuples(st.sampled_from(SKUS), st.sampled_from(LOCATIONS)), st.integers(-3, 8))
preferences = st.permutations(LOCATIONS).flatmap(lambda all_: st.integers(0, len(all_)).map(lambda n: all_[:n]))


def free(available, sku, locations):
    return sum(max(0, available.get((sku, location), 0)) for location in locations)


def missing(wanted, available, locations):
    return {sku for sku, quantity in wanted.items() if free(available, sku, locations) < quantity}


@st.composite
def servable(draw):
    wanted, available, locations = draw(wishes), draw(shelves), draw(st.permutations(LOCATIONS))
    for sku in sorted(missing(wanted, available, locations)):
        available[sku, draw(st.sampled_from(LOCATIONS))] = wanted[sku]
    return wanted, available, locations


@given(servable())
def test_an_order_gets_exactly_the_pieces_that_it_wants(case):
    picked = Counter()
    for pick in route(*case):
        picked[pick.sku] += pick.quantity
    assert picked == case[0]


@given(servable())
def test_no_location_gives_more_than_it_has(case):
    _, available, locations = case
    picked = Counter()
    for pick in route(*case):
        assert pick.quantity > 0
        assert pick.location in locations
        picked[pick.sku, pick.location] += pick.quantity
    assert all(quantity <= available[place] for place, quantity in picked.items())


@given(servable())
def test_an_order_comes_from_the_first_location_that_can_send_all_of_it(case):
    wanted, available, locations = case
    whole = [at for at in locations if all(available.get((sku, at), 0) >= n for sku, n in wanted.items())]
    if whole:
        assert {pick.location for pick in route(*case)} == {whole[0]}


@given(servable())
def test_an_order_that_no_location_can_send_alone_empties_the_preferred_ones_first(case):
    wanted, available, locations = case
    picks = route(*case)
    if any(all(available.get((sku, at), 0) >= n for sku, n in wanted.items()) for at in locations):
        return
    for sku in wanted:
        taken = {pick.location: pick.quantity for pick in picks if pick.sku == sku}
        last = max(map(locations.index, taken))
        for earlier in locations[:last]:
            assert taken.get(earlier, 0) == max(0, available.get((sku, earlier), 0))


@given(wishes, shelves, preferences)
def test_an_order_is_refused_for_what_is_truly_short_and_with_the_true_number(wanted, available, locations):
    short = missing(wanted, available, locations)
    assume(short)
    with pytest.raises(ShopError) as refused:
        route(wanted, available, locations)
    problem = refused.value
    assert (problem.code, problem.status) == ("out_of_stock", 409)
    assert problem.extra["sku"] in short
    assert problem.extra["available"] == free(available, problem.extra["sku"], locations)


@given(servable())
def test_the_same_order_is_routed_the_same_way_each_time(case):
    assert route(*case) == route(*case)


def test_the_second_location_is_looked_at_too():
    assert route({"tea": 1}, {("tea", "lyon"): 1}, ["berlin", "lyon"]) == [Pick("tea", "lyon", 1)]


def test_a_location_that_has_just_enough_sends_all_of_it():
    available = {("tea", "berlin"): 1, ("tea", "lyon"): 2, ("cup", "lyon"): 1}
    picks = route({"tea": 2, "cup": 1}, available, ["berlin", "lyon"])
    assert picks == [Pick("tea", "lyon", 2), Pick("cup", "lyon", 1)]


def test_what_one_location_can_not_send_comes_from_two():
    available = {("tea", "berlin"): 2, ("tea", "lyon"): 5}
    assert route({"tea": 6}, available, ["berlin", "lyon"]) == [Pick("tea", "berlin", 2), Pick("tea", "lyon", 4)]


def test_pieces_at_a_location_that_sends_nothing_do_not_count():
    with pytest.raises(ShopError, match="tea is sold out") as refused:
        route({"tea": 1}, {("tea", "lyon"): 9}, ["berlin"])
    assert refused.value.extra == {"sku": "tea", "available": 0}


def test_a_location_that_owes_pieces_takes_none_from_the_others():
    with pytest.raises(ShopError, match="only 3 left") as refused:
        route({"tea": 4}, {("tea", "berlin"): -2, ("tea", "lyon"): 3}, ["berlin", "lyon"])
    assert refused.value.extra == {"sku": "tea", "available": 3}


def test_one_sku_that_is_short_refuses_the_whole_order():
    with pytest.raises(ShopError, match="Of cup there are only 1 left"):
        route({"tea": 1, "cup": 2}, {("tea", "berlin"): 9, ("cup", "berlin"): 1}, ["berlin"])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(0, 2**32), st.data())
def test_a_location_gives_its_pieces_from_whichever_shards_have_them(shards, seed, data):
    assume(sum(shards))
    available = dict(enumerate(shards))
    wanted = data.draw(st.integers(1, sum(shards)))
    picks = over_shards(Pick("tea", "lyon", wanted), available, seed)
    assert sum(pick.quantity for pick in picks) == wanted
    assert all(0 < pick.quantity <= available[pick.shard] for pick in picks)
    assert len({pick.shard for pick in picks}) == len(picks)
    if max(shards) >= wanted:
        assert len(picks) == 1


@given(st.integers(-20, 200), st.integers(1, 32))
def test_pieces_are_spread_evenly(pieces, shards):
    parts = evenly(pieces, shards)
    assert (len(parts), sum(parts)) == (shards, pieces)
    assert max(parts) - min(parts) <= 1
